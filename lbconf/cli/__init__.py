"""The command line: parses arguments, calls one operation, renders the result."""
