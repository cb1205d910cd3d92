"""The REST API: routes, handlers, presentation, error bodies, OpenAPI, explorer."""
