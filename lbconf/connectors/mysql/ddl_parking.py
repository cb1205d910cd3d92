"""Parking a table in MySQL: renamed without its foreign keys, whose names are the whole database's."""

from lbconf.connectors.mysql.done import asked, has_foreign_key, has_table, negated
from lbconf.connectors.mysql.server import Server
from lbconf.connectors.mysql.spelling import foreign_key_clause, name_text, quote
from lbconf.state.steps import Statement, Step
from lbconf.state.structure import QualifiedName, Table

__all__ = ["park_table"]

EXCLUSIVE = "EXCLUSIVE"


def park_table(place: int, table: Table, parked: QualifiedName, server: Server) -> Step:
    """One step. The table's own foreign keys go: rows that nobody looks after must not hold up others' deletes."""
    before, after = name_text(table.name), name_text(parked)
    there = [
        Statement(
            sql=f"RENAME TABLE {before} TO {after}",
            lock=EXCLUSIVE,
            done=asked(has_table(parked), negated(has_table(table.name))),
        )
    ]
    back = [Statement(sql=f"RENAME TABLE {after} TO {before}")]
    keys = table.foreign_keys
    if keys:
        drops = ", ".join(f"DROP FOREIGN KEY {quote(key.name)}" for key in keys)
        gone = asked(*(negated(has_foreign_key(table.name, key.name)) for key in keys))
        there.insert(0, Statement(sql=f"ALTER TABLE {before} {drops}", lock=EXCLUSIVE, done=gone))
        adds = ", ".join(f"ADD {foreign_key_clause(key, server)}" for key in keys)
        back.append(Statement(sql=f"ALTER TABLE {before} {adds}"))
    return Step(
        summary=f"rename table {table.name} to {parked.name}, out of the way",
        statements=tuple(there),
        undo=tuple(back),
        table=table.name,
        transactional=False,
        lock=EXCLUSIVE,
        covers=(place,),
    )
