"""Finding, creating, updating and deleting instances of models: validation, defaults, includes."""
