"""What the SQL connectors share: compiling queries, DDL, dialects, mapping of models."""
