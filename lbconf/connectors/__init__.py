"""Connectors: the code that speaks to one kind of place each.

`contract` says what one can do, `capabilities` how far, `registry` finds them.
One database is one package here; `sql` is what the SQL ones share.
"""
