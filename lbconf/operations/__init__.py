"""One module a verb; the only place that opens connectors."""
