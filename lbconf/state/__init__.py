"""States, changes between them, steps and hazards: pure data and the functions on it."""
