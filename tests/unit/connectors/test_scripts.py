"""Scripts for the clients: nothing in a name or a summary is executed, statements end once, repeats become loops."""

import re

import pytest

from lbconf.connectors.contract import LedgerStart, Script
from lbconf.connectors.registry import connector_type
from lbconf.connectors.sql.script import comment, terminated
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.steps import Statement, Step

START = LedgerStart(user="", plan_digest="d" * 64, steps='["it\'s \\\\ "]', state="{}")
EVIL = "x\n; DROP TABLE y; --\r\n\\! rm"


def script(connector: str, *batches: tuple[Step, ...]) -> str:
    kind = connector_type(connector)
    assert kind is not None
    assert kind.script is not None
    return kind.script(Script(title=f"db {EVIL}", batches=batches, start=START))


@pytest.mark.parametrize("connector", ["sqlite", "postgresql", "mysql"])
def test_what_is_said_is_never_executed(connector: str) -> None:
    step = Step(
        summary=EVIL,
        statements=(Statement(sql="SELECT 1 ; "),),
        hazards=(Hazard(kind=HazardKind.DELETES_DATA, message=EVIL),),
    )
    lines = script(connector, (step,)).splitlines()
    assert [line for line in lines if "DROP TABLE y" in line and not line.startswith("-- ")] == []
    assert "SELECT 1;" in lines
    assert "-- Dangers, which `lbconf apply` wants accepted: deletes-data" in lines


@pytest.mark.parametrize(("connector", "loop"), [("postgresql", "LOOP"), ("mysql", "WHILE changed > 0 DO")])
def test_what_is_repeated_is_a_loop_that_commits_each_time(connector: str, loop: str) -> None:
    step = Step(
        summary="fill",
        transactional=False,
        statements=(Statement(sql="UPDATE t SET a = '$lbconf$ // '", repeat=True), Statement(sql="SELECT 2")),
    )
    text = script(connector, (step,))
    assert text.index(loop) < text.index("UPDATE t SET a") < text.index("COMMIT", text.index(loop))
    assert text.count("UPDATE t SET a") == 1
    delimiter = r"DO (\$lbconf_+\$)" if connector == "postgresql" else r"DELIMITER (//+)"
    found = re.search(delimiter, text)
    assert found is not None
    assert found[1] not in "UPDATE t SET a = '$lbconf$ // '"
    assert "next_step = 0, next_statement = 1, result = 'running'" in text
    assert "next_step = 1, next_statement = 0, result = 'applied'" in text


def test_a_statement_ends_once_even_behind_a_comment() -> None:
    assert terminated(Statement(sql="SELECT 1;\n")) == "SELECT 1;"
    assert terminated(Statement(sql="SELECT 1 -- one")) == "SELECT 1 -- one\n;"
    assert comment("a\n\tb  c") == "-- a b c"
