"""lbconf's ledger in PostgreSQL as SQL: for an apply, and for a script that does the same. Needs no driver."""

from typing import Final

__all__ = ["ADD_COLUMNS", "COLUMNS", "FIND", "LOCK_KEY", "STATEMENT_LOCK_SECONDS"]

LOCK_KEY: Final = 0x6C62636F6E66
"""`lbconf` as a number: the advisory lock of every apply in a database."""
STATEMENT_LOCK_SECONDS: Final = 5.0
"""How long one statement of a step waits for a lock on a user's table, at most."""
COLUMNS: Final = """
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz,
  applied_by text NOT NULL,
  plan_digest text NOT NULL,
  result text NOT NULL,
  next_step integer NOT NULL DEFAULT 0,
  next_statement integer NOT NULL DEFAULT 0,
  environment text NOT NULL DEFAULT '',
  configuration text NOT NULL DEFAULT '',
  steps text NOT NULL,
  state text NOT NULL,
  documents text NOT NULL DEFAULT ''
"""
"""Of the ledger's table."""
ADD_COLUMNS: Final = """
  ADD COLUMN IF NOT EXISTS next_statement integer NOT NULL DEFAULT 0,
  ADD COLUMN IF NOT EXISTS environment text NOT NULL DEFAULT '',
  ADD COLUMN IF NOT EXISTS configuration text NOT NULL DEFAULT '',
  ADD COLUMN IF NOT EXISTS documents text NOT NULL DEFAULT ''"""
"""What a table made by an older lbconf may lack."""
FIND: Final = (
    "SELECT n.nspname AS namespace, ARRAY(SELECT a.attname::text FROM pg_attribute a"
    "   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relname = {name} AND c.relkind = 'r'"
    " ORDER BY n.nspname <> coalesce(current_schema(), ''), n.nspname <> 'public', n.nspname"
)
"""The ledger's namespace and columns, the likeliest first; `{name}` is for the table's name as a value."""
