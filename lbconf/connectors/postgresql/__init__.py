"""The PostgreSQL connector, on psycopg 3."""
