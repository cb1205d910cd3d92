"""The REST API of a project: routes, handlers, error bodies, OpenAPI, explorer, health, access log.

Built once at start from a resolved `Project` and a `Repository`; knows no
database. Model endpoints follow LoopBack's paths, argument rules and bodies;
`app.create_app` puts them behind one ASGI application.
"""
