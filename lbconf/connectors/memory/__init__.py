"""The memory connector: rows in this process, optionally kept in a file."""
