"""Planning for a MySQL or MariaDB server that was asked before and is not asked now; and asking it about rows."""

from collections.abc import Iterator, Sequence

from lbconf.connectors.contract import Failing, Predicted, ServerFacts, Unproved
from lbconf.connectors.mysql.inspect import Defaults
from lbconf.connectors.mysql.normalize import collation_defaults, defaults_of, predicted, questions
from lbconf.connectors.mysql.probe import Question
from lbconf.connectors.mysql.server import Server
from lbconf.connectors.mysql.session import Session
from lbconf.connectors.sql.failing import failing
from lbconf.state.steps import DataCheck
from lbconf.state.structure import QualifiedName, State

__all__ = ["ask", "defaults_from", "facts", "predict", "server_of"]

MARIADB, MYSQL = "MariaDB", "MySQL"
COLLATION, CHARSET = "collation.", "charset."


def ask(session: Session, check: DataCheck) -> Failing:
    """The rows that a check is about."""
    ((counted,),) = session.rows(check.count)
    if not counted:
        return Failing(rows=0)
    rows = session.rows(check.sample)
    columns = [column[0] for column in session.cursor.description or ()]
    return failing(int(counted), columns, rows)


def facts(session: Session, namespaces: Sequence[str]) -> ServerFacts:
    """Of the server behind a session, for its own database and these others."""
    server, defaults = session.server, defaults_of(session, namespaces)
    settings = {
        "database": defaults.database,
        "engine": defaults.engine,
        **{f"{COLLATION}{name}": collation for name, collation in defaults.collations},
        **{f"{CHARSET}{name}": collation for name, collation in collation_defaults(session).items()},
    }
    return ServerFacts(
        product=MARIADB if server.mariadb else MYSQL,
        version=".".join(map(str, server.version)),
        settings=tuple(sorted(settings.items())),
    )


def server_of(found: ServerFacts) -> Server:
    """The kind and version. Raises `ValueError` where there is no such version."""
    major, minor, patch = (int(part) for part in found.version.split("."))
    return Server(mariadb=found.product == MARIADB, version=(major, minor, patch))


def predict(desired: State, actual: State, found: ServerFacts) -> Predicted:
    """What needs no server, and which parts do."""
    state = predicted(desired, actual, defaults_from(found), dict(_after(CHARSET, dict(found.settings))))
    asked = questions(state, actual)
    unproved = [part for name, question in asked.items() for part in _parts(name, question)]
    return Predicted(state=state, unproved=tuple(unproved))


def defaults_from(found: ServerFacts) -> Defaults:
    """What tables are like that do not say otherwise."""
    settings = dict(found.settings)
    return Defaults(
        database=settings.get("database", ""),
        engine=settings.get("engine", "InnoDB"),
        collations=tuple((name, said) for name, said in _after(COLLATION, settings)),
    )


def _after(prefix: str, settings: dict[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in settings.items():
        if name.startswith(prefix):
            yield name.removeprefix(prefix), value


def _parts(name: QualifiedName, question: Question) -> Iterator[Unproved]:
    yield from (Unproved(name, "column", column.name) for column in question.columns)
    yield from (Unproved(name, "check", check.name) for check in question.checks)
    yield from (Unproved(name, "index", index.name) for index in question.indexes)
