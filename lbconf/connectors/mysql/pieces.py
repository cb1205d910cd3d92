"""Changes of one table as pieces of ALTER TABLE statements, and how pieces are joined to steps.

A piece is what one change adds to a statement. Pieces of a table that make the
server write it anew, or copy it, share one statement; cheaper ones stay by
themselves, so that nothing is held up longer than it must be.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from lbconf.connectors.mysql.algorithms import Algorithm, algorithm_clause, weakest
from lbconf.connectors.mysql.done import asked
from lbconf.connectors.mysql.spelling import name_text
from lbconf.diagnostics import Location
from lbconf.records import dataclass
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.steps import DataCheck, Statement, Step
from lbconf.state.structure import QualifiedName

__all__ = ["Piece", "hazard", "joined", "step_of"]

LOCKS: Final = {Algorithm.SHARED: "SHARED", Algorithm.REBUILD_SHARED: "SHARED", Algorithm.COPY: "SHARED"}
"""What others wait for while the statement runs; at its ends every one takes the table for a moment."""
WHOLE_TABLE: Final = frozenset({Algorithm.REBUILD, Algorithm.REBUILD_SHARED, Algorithm.COPY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What one change adds to a statement about its table."""

    places: tuple[int, ...]
    """0-based places of the changes it makes."""
    table: QualifiedName
    summary: str
    clauses: tuple[str, ...]
    """Parts of ALTER TABLE."""
    undo: tuple[str, ...] = ()
    algorithm: Algorithm = Algorithm.INSTANT
    done: str | None = None
    """A condition: the piece has had its effect. None: making it again does no harm."""
    hazards: tuple[Hazard, ...] = ()
    before: tuple[Statement, ...] = ()
    """Statements that must run first."""
    after: tuple[Statement, ...] = ()
    check: DataCheck | None = None
    unchecked: str | None = None
    """The variable of MariaDB that is off during the statement, so that rows are checked afterwards."""
    glued: bool = False
    """Whether the server takes it only in one statement with the other glued pieces of the table."""
    alone: bool = False
    """Whether it shares a statement with nothing."""
    fresh: bool = False
    """Whether this plan makes the table: it has no rows, and nobody uses it."""
    bare: bool = False
    """Whether the server takes no clause about algorithm and lock beside it."""
    source: Location | None = None

    @property
    def builds_index(self) -> bool:
        """Whether it takes no more than building or dropping an index."""
        return self.algorithm in {Algorithm.INPLACE, Algorithm.SHARED}


def hazard(kind: HazardKind, message: str) -> Hazard:
    """One danger."""
    return Hazard(kind=kind, message=message)


def joined(pieces: Sequence[Piece]) -> tuple[Step, ...]:
    """Steps for all the pieces of one table, in their order."""
    return tuple(step_of(group) for group in _groups(pieces))


def step_of(group: Sequence[Piece]) -> Step:
    """One step with one ALTER TABLE for all these pieces of a table, and what comes before and after it."""
    first = group[0]
    algorithm = weakest(piece.algorithm for piece in group)
    if len([piece for piece in group if piece.glued]) > 1 and algorithm is not Algorithm.INPLACE:
        algorithm = Algorithm.COPY if algorithm is not Algorithm.REBUILD else algorithm
    clauses = [clause for piece in group for clause in piece.clauses]
    statements = [statement for piece in group for statement in piece.before]
    if clauses:
        statements.append(
            Statement(
                sql=_alter(first, clauses, algorithm),
                lock=None if first.fresh else LOCKS.get(algorithm),
                rewrites=algorithm in WHOLE_TABLE and not first.fresh,
                done=asked(*(piece.done for piece in group)),
            )
        )
    statements.extend(statement for piece in group for statement in piece.after)
    undo = [clause for piece in reversed(group) for clause in piece.undo]
    undoable = undo and all(piece.undo for piece in group)
    return Step(
        summary="; ".join(piece.summary for piece in group),
        statements=tuple(statements),
        undo=(Statement(sql=f"ALTER TABLE {name_text(first.table)} {', '.join(undo)}"),) if undoable else (),
        table=first.table,
        transactional=False,
        lock=None if first.fresh else LOCKS.get(algorithm),
        hazards=_hazards(group, algorithm),
        rewrites=algorithm in WHOLE_TABLE and not first.fresh,
        check=next((piece.check for piece in group if piece.check), None),
        source=next((piece.source for piece in group if piece.source), None),
        covers=tuple(sorted({place for piece in group for place in piece.places})),
    )


def _groups(pieces: Sequence[Piece]) -> Iterable[Sequence[Piece]]:
    """Pieces that share a statement."""
    if pieces and pieces[0].fresh and not any(piece.alone for piece in pieces):
        yield pieces
        return
    spans = _spans(pieces)
    place = 0
    while place < len(pieces):
        end = spans.get(place)
        if end is None:
            end = place + 1
            while end < len(pieces) and end not in spans and _alike(pieces[place], pieces[end]):
                end += 1
        yield pieces[place:end]
        place = end


def _spans(pieces: Sequence[Piece]) -> dict[int, int]:
    """The run of pieces from the first to the last that must or had better be one statement."""
    dear = [place for place, piece in enumerate(pieces) if piece.algorithm in WHOLE_TABLE and not piece.alone]
    glued = [place for place, piece in enumerate(pieces) if piece.glued]
    for chosen in (sorted({*dear, *glued}) if len(glued) > 1 else dear,):
        if len(chosen) > 1 and not any(piece.alone for piece in pieces[chosen[0] : chosen[-1] + 1]):
            return {chosen[0]: chosen[-1] + 1}
    return {}


def _alike(one: Piece, other: Piece) -> bool:
    if one.alone or other.alone or one.unchecked != other.unchecked:
        return False
    if any((one.before, one.after, one.check, other.before, other.after, other.check)):
        return False
    return one.algorithm is other.algorithm


def _alter(first: Piece, clauses: Sequence[str], algorithm: Algorithm) -> str:
    unchecked = f"SET STATEMENT {first.unchecked} = 0 FOR " if first.unchecked else ""
    clause = "" if first.fresh or first.bare else f", {algorithm_clause(algorithm)}"
    return f"{unchecked}ALTER TABLE {name_text(first.table)} {', '.join(clauses)}{clause}"


def _hazards(group: Sequence[Piece], algorithm: Algorithm) -> tuple[Hazard, ...]:
    if group[0].fresh:
        return tuple(found for piece in group for found in piece.hazards if found.kind is HazardKind.DELETES_DATA)
    table = group[0].table
    found = [one for piece in group for one in piece.hazards]
    if algorithm in WHOLE_TABLE:
        found.append(hazard(HazardKind.REWRITES_TABLE, f"{table} is written anew"))
    if algorithm in LOCKS:
        found.append(hazard(HazardKind.BLOCKS_WRITES, f"writes to {table} wait until it is done"))
    return tuple(dict.fromkeys(found))
