"""Lists of any length: rows as CSV or lines of JSON, out and in, of which only a part is ever in memory."""
