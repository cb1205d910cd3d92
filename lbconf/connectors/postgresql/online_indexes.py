"""Indexes built and dropped while rows are read and written.

Source: PostgreSQL manual, pages CREATE INDEX and DROP INDEX (concurrently), section 5.12.2 (indexes of partitions).
"""

from collections.abc import Sequence
from typing import Final

from lbconf.connectors.postgresql.spelling import index_statement, literal, name_text, quote
from lbconf.connectors.sql.mapping import shortened
from lbconf.patterns import pattern
from lbconf.records import replace
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.steps import Statement, Step
from lbconf.state.structure import Index, Partition, QualifiedName

__all__ = [
    "SHARE_UPDATE",
    "concurrently",
    "index_built",
    "index_built_in_parts",
    "index_dropped",
    "index_replaced",
    "unblocked",
]

SHARE_UPDATE: Final = "SHARE UPDATE EXCLUSIVE"
NAME_LIMIT: Final = 63
NUMBERS: Final = 99
"""How many names are tried that differ in a number."""
CALL: Final = pattern(r"^(?:\w+\.)?(?P<name>[a-z_]\w*)\(")
HOLDING_UP: Final = frozenset({HazardKind.BLOCKS_READS, HazardKind.BLOCKS_WRITES})


def unblocked(hazards: Sequence[Hazard], *kinds: HazardKind) -> tuple[Hazard, ...]:
    """The hazards without those of holding others up, nor those of `kinds`."""
    return tuple(hazard for hazard in hazards if hazard.kind not in HOLDING_UP and hazard.kind not in kinds)


def concurrently(table: QualifiedName, index: Index) -> Statement:
    """The statement that builds an index while the table is in use."""
    name = QualifiedName(table.namespace, index.name)
    sql = index_statement(table, index).replace(" INDEX ", " INDEX CONCURRENTLY ", 1)
    found = f"indexrelid = to_regclass({_regclass(name)}) AND indrelid = to_regclass({_regclass(table)})"
    return Statement(
        sql=sql,
        lock=SHARE_UPDATE,
        done=f"SELECT EXISTS (SELECT FROM pg_catalog.pg_index WHERE {found} AND indisvalid)",
        broken=f"SELECT EXISTS (SELECT FROM pg_catalog.pg_index WHERE {found} AND NOT indisvalid)",
        cleanup=(f"DROP INDEX CONCURRENTLY IF EXISTS {name_text(name)}",),
    )


def index_built(table: QualifiedName, index: Index, plain: Step) -> tuple[Step, ...]:
    """One step without a transaction."""
    name = name_text(QualifiedName(table.namespace, index.name))
    return (
        replace(
            plain,
            statements=(concurrently(table, index), *plain.statements[1:]),
            undo=(Statement(sql=f"DROP INDEX CONCURRENTLY {name}"),),
            transactional=False,
            lock=SHARE_UPDATE,
            hazards=unblocked(plain.hazards),
        ),
    )


def index_dropped(table: QualifiedName, index: Index, plain: Step) -> Step:
    """One step without a transaction. Executed again after a crash it goes on where that one was."""
    name = name_text(QualifiedName(table.namespace, index.name))
    return replace(
        plain,
        statements=(Statement(sql=f"DROP INDEX CONCURRENTLY IF EXISTS {name}", lock=SHARE_UPDATE),),
        undo=(concurrently(table, index), *plain.undo[1:]),
        transactional=False,
        lock=SHARE_UPDATE,
    )


def index_replaced(table: QualifiedName, before: Index, after: Index, plain: Step) -> tuple[Step, ...]:
    """The new one under another name, then the old one dropped, then the new one renamed: one of them is always there.

    Where that is interrupted, the next plan finds the new one and renames it, or builds it again.
    """
    built = QualifiedName(table.namespace, shortened(after.name, "lbconf_new", NAME_LIMIT))
    name = QualifiedName(table.namespace, after.name)
    waiting = replace(after, name=built.name)
    dropped = f"DROP INDEX CONCURRENTLY IF EXISTS {name_text(built)}"
    first = replace(
        plain,
        summary=f"{plain.summary}, as {built.name}",
        statements=(Statement(sql=dropped, lock=SHARE_UPDATE), concurrently(table, waiting)),
        undo=(Statement(sql=dropped),),
        transactional=False,
        lock=SHARE_UPDATE,
        hazards=unblocked(plain.hazards),
    )
    old = replace(plain, summary=f"drop the former index {before.name} of {table}", hazards=(), undo=())
    forth, back = (
        Statement(sql=f"ALTER INDEX {name_text(one)} RENAME TO {quote(two.name)}")
        for one, two in ((built, name), (name, built))
    )
    renamed = replace(
        plain,
        summary=f"rename index {built.name} to {after.name}",
        statements=(forth, *plain.statements[1:]),
        undo=(back,),
        lock=SHARE_UPDATE,
        hazards=(),
        apart=True,
    )
    return first, index_dropped(table, before, old), renamed


def index_built_in_parts(
    table: QualifiedName, index: Index, partitions: Sequence[Partition], plain: Step
) -> tuple[Step, ...]:
    """A partitioned table's: the whole without its parts, then each part concurrently, and attached."""
    whole = QualifiedName(table.namespace, index.name)
    only = index_statement(table, index).replace(f" ON {name_text(table)} ", f" ON ONLY {name_text(table)} ", 1)
    rest = unblocked(plain.hazards, HazardKind.INDEX_BUILD, HazardKind.MAY_FAIL_ON_DATA)
    frame = replace(plain, statements=(Statement(sql=only), *plain.statements[1:]), hazards=rest, apart=True)
    steps = [replace(frame, summary=f"{plain.summary}, without its partitions")]
    for partition in partitions:
        steps.extend(_part(table, index, whole, partition, plain))
    return tuple(steps)


def _part(
    table: QualifiedName, index: Index, whole: QualifiedName, partition: Partition, plain: Step
) -> Sequence[Step]:
    here = partition.name
    name = QualifiedName(here.namespace, shortened(f"{here.name}_{index.name}", "lbconf_idx", NAME_LIMIT))
    own = replace(index, name=name.name, comment=None)
    where = f"{index.name} on partition {here}"
    attach = Statement(sql=f"ALTER INDEX {name_text(whole)} ATTACH PARTITION {name_text(name)}")
    attached = Step(
        summary=f"attach index {where}",
        statements=(attach, _named(here, name, index)),
        table=table,
        source=plain.source,
        apart=True,
    )
    if partition.by is not None:
        only = index_statement(here, own).replace(f" ON {name_text(here)} ", f" ON ONLY {name_text(here)} ", 1)
        frame = Step(
            summary=f"create index {where}, without its partitions",
            statements=(Statement(sql=f"DROP INDEX IF EXISTS {name_text(name)}"), Statement(sql=only)),
            table=table,
            source=plain.source,
            apart=True,
        )
        below = [step for part in partition.partitions for step in _part(table, own, name, part, plain)]
        return [frame, *below, attached]
    # What an earlier plan, stopped half-way, built and did not attach.
    left = Statement(sql=f"DROP INDEX CONCURRENTLY IF EXISTS {name_text(name)}", lock=SHARE_UPDATE)
    built = Step(
        summary=f"create index {where}",
        statements=(left, concurrently(here, own)),
        table=table,
        transactional=False,
        lock=SHARE_UPDATE,
        hazards=unblocked(plain.hazards),
        source=plain.source,
    )
    return [built, attached]


def _named(partition: QualifiedName, built: QualifiedName, index: Index) -> Statement:
    """Gives the index of a partition the name the server would have given it, with a number where that is taken."""
    columns = [part.column or _word(part.expression or "") for part in index.parts]
    name = shortened("_".join([partition.name, *columns, *index.include]), "idx", NAME_LIMIT)
    space = literal(partition.namespace)
    body = (
        f"DECLARE usual text := {literal(name)}; number int := 0; BEGIN"
        f" WHILE pg_catalog.to_regclass(format('%I.%I', {space}, usual)) IS NOT NULL AND number < {NUMBERS} LOOP"
        f" number := number + 1; usual := {literal(name[: NAME_LIMIT - len(str(NUMBERS))])} || number; END LOOP;"
        f" IF number < {NUMBERS} AND pg_catalog.to_regclass({_regclass(built)}) IS NOT NULL THEN"
        f" EXECUTE format('ALTER INDEX %I.%I RENAME TO %I', {space}, {literal(built.name)}, usual); END IF; END"
    )
    return Statement(sql=f"DO {literal(body)}")


def _word(expression: str) -> str:
    """What the server calls a column of an index that is an expression."""
    called = CALL.match(expression)
    return called["name"] if called is not None else "expr"


def _regclass(name: QualifiedName) -> str:
    return literal(name_text(name))
