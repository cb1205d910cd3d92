"""The SQLite connector, on the standard library's driver."""
