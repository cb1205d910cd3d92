"""Finding the project's files and reading them into plain data with a position for every value."""
