"""The memory connector: keys, uniqueness, transactions, the file."""

import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from lbconf.connectors.memory.connector import MemoryConnector
from lbconf.datatypes import BinaryType, DateTimeType, DecimalType, NumberType, StringType, UuidType
from lbconf.errors import ConnectionFailedError, ConnectorError, ConstraintError, ConstraintKind
from lbconf.project.resolved import DataSource, Layout, Model, Property
from lbconf.query.nodes import AllOf, Comparison, Operator, Query, Target
from tests.strategies.shop import model


def connector(
    settings: Mapping[str, Any] | None = None, *, layout: Layout = Layout.NATIVE, root: Path | None = None
) -> MemoryConnector:
    source = DataSource(
        name="db", connector="memory", settings=MappingProxyType(dict(settings or {})), layout=layout, root=root
    )
    made = MemoryConnector(source)
    made.open()
    return made


NOTE = model("Note", Property(name="title", type=StringType()), layout=Layout.NATIVE)
COUPON = model("Coupon", Property(name="code", type=StringType(), unique=True), layout=Layout.NATIVE)


def where(found: Model, **values: Any) -> AllOf:
    return AllOf(
        tuple(Comparison(Target(found.properties[name]), Operator.EQ, value) for name, value in values.items())
    )


def test_ids_count_up_past_those_that_were_given() -> None:
    memory = connector()

    rows = memory.insert(NOTE, [{"title": "a"}, {"id": 7, "title": "b"}, {"title": "c"}])

    assert [row["id"] for row in rows] == [1, 7, 8]


def test_a_missing_text_id_is_counted_as_loopback_counts() -> None:
    setting = model("Setting", Property(name="key", type=StringType(), id=1))
    memory = connector(layout=Layout.LOOPBACK)

    memory.insert(setting, [{"key": "color"}])
    with pytest.raises(ConstraintError):
        memory.insert(setting, [{"key": "color"}])

    assert memory.insert(setting, [{}]) == [{"key": "3"}]


def test_a_missing_uuid_is_made() -> None:
    thing = model("Thing", Property(name="id", type=UuidType(), id=1, generated=True))

    (row,) = connector().insert(thing, [{}])

    assert len(row["id"]) == 36


def test_composite_keys() -> None:
    seat = model(
        "Seat",
        Property(name="row", type=NumberType(), id=1),
        Property(name="place", type=StringType(), id=2),
        Property(name="taken", type=StringType()),
    )
    memory = connector()
    memory.insert(seat, [{"row": 1, "place": "a"}, {"row": 1, "place": "b"}])

    assert memory.update(seat, where(seat, row=1, place="b"), {"taken": "x"}) == 1
    assert memory.find(Query(model=seat, where=where(seat, place="b", row=1))) == [
        {"row": 1, "place": "b", "taken": "x"}
    ]
    with pytest.raises(ConstraintError) as refused:
        memory.insert(seat, [{"row": 1, "place": "a"}])
    assert refused.value.columns == ("row", "place")


def test_models_without_an_id() -> None:
    loner = model("Loner", Property(name="title", type=StringType()))
    loner = Model(
        **{
            **{name: getattr(loner, name) for name in Model.__dataclass_fields__},
            "properties": {"title": loner.properties["title"]},
        }
    )
    memory = connector()

    memory.insert(loner, [{"title": "a"}, {"title": "a"}])

    assert memory.count(loner, None) == 2
    assert memory.delete(loner, where(loner, title="a")) == 2


def test_a_duplicate_leaves_nothing_behind() -> None:
    memory = connector()
    memory.insert(NOTE, [{"id": 1, "title": "first"}])

    with pytest.raises(ConstraintError) as refused:
        memory.insert(NOTE, [{"id": 2, "title": "new"}, {"id": 1, "title": "again"}])

    assert refused.value.kind is ConstraintKind.UNIQUE
    assert str(refused.value) == "Duplicate entry for Note.id"
    assert memory.find(Query(model=NOTE)) == [{"id": 1, "title": "first"}]


def test_unique_properties_in_the_native_layout() -> None:
    memory = connector()
    memory.insert(COUPON, [{"code": "TEN"}, {"code": None}, {"code": None}, {"code": "TWO"}])

    with pytest.raises(ConstraintError):
        memory.insert(COUPON, [{"code": "TEN"}])
    with pytest.raises(ConstraintError):
        memory.update(COUPON, where(COUPON, id=4), {"code": "TEN"})
    assert memory.update(COUPON, where(COUPON, id=4), {"code": "TWO"}) == 1
    assert memory.delete(COUPON, where(COUPON, id=1)) == 1
    assert memory.update(COUPON, where(COUPON, id=4), {"code": "TEN"}) == 1
    assert memory.insert(COUPON, [{"code": "TWO"}])[0]["id"] == 6


def test_unique_properties_are_no_matter_in_loopback() -> None:
    memory = connector(layout=Layout.LOOPBACK)

    memory.insert(COUPON, [{"code": "TEN"}, {"code": "TEN"}])

    assert not memory.capabilities.write.unique


def test_rows_are_not_shared_with_callers() -> None:
    memory = connector()
    row = {"id": 1, "title": "a", "list": [1]}

    (given,) = memory.insert(NOTE, [row])
    row["list"].append(2)  # type: ignore[attr-defined]
    given["list"].append(3)
    memory.find(Query(model=NOTE))[0]["title"] = "changed"

    assert memory.find(Query(model=NOTE)) == [{"id": 1, "title": "a", "list": [1]}]


def test_a_failed_transaction_changes_nothing() -> None:
    memory = connector()
    memory.insert(NOTE, [{"title": "a"}, {"title": "b"}])

    def fail() -> None:
        with memory.transaction():
            memory.insert(NOTE, [{"title": "c"}])
            with memory.transaction():
                memory.update(NOTE, where(NOTE, title="a"), {"title": "x"})
            memory.delete(NOTE, where(NOTE, title="b"))
            memory.insert(COUPON, [{"code": "TEN"}])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    found = memory.find(Query(model=NOTE))
    assert sorted(found, key=lambda row: row["id"]) == [{"id": 1, "title": "a"}, {"id": 2, "title": "b"}]
    assert memory.count(COUPON, None) == 0
    assert memory.insert(COUPON, [{"code": "TEN"}])


def test_threads_do_not_lose_writes() -> None:
    memory = connector()

    def work() -> None:
        for _ in range(100):
            memory.insert(NOTE, [{"title": "x"}])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [row["id"] for row in memory.find(Query(model=NOTE))] == [*range(1, 801)]


def test_transient_keeps_nothing() -> None:
    memory = connector({"connector": "transient"})

    assert memory.insert(NOTE, [{"title": "a"}]) == [{"title": "a", "id": 1}]
    assert memory.find(Query(model=NOTE)) == []
    assert memory.count(NOTE, None) == 0


EVENT = model(
    "Event",
    Property(name="at", type=DateTimeType()),
    Property(name="cost", type=DecimalType()),
    Property(name="data", type=BinaryType()),
    layout=Layout.NATIVE,
)


def test_the_file_survives(tmp_path: Path) -> None:
    row = {
        "at": datetime(2020, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC),
        "cost": Decimal("1.10"),
        "data": b"\0\xff",
        "x": [1],
    }
    first = connector({"file": "rows/db.json"}, root=tmp_path)
    first.insert(EVENT, [row])
    first.insert(NOTE, [{"id": 41, "title": "ü"}])

    second = connector({"file": "rows/db.json"}, root=tmp_path)

    assert second.find(Query(model=EVENT)) == [{**row, "id": 1}]
    assert second.insert(NOTE, [{"title": "next"}])[0]["id"] == 42
    assert sorted(path.name for path in (tmp_path / "rows").iterdir()) == ["db.json"]
    assert json.loads((tmp_path / "rows/db.json").read_text())["models"]["Note"]["41"] == '{"id":41,"title":"ü"}'


def test_loopbacks_own_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "db.json").write_text(
        json.dumps(
            {
                "ids": {"Event": 4, "Other": 2},
                "models": {
                    "Event": {"3": '{"at":"2020-01-02T03:04:05.678Z","id":3}'},
                    "Other": {"1": '{"id":1,"kept":true}'},
                },
            }
        )
    )
    memory = connector({"file": "db.json"}, layout=Layout.LOOPBACK, root=tmp_path)

    assert memory.find(Query(model=EVENT)) == [{"at": datetime(2020, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC), "id": 3}]
    assert memory.insert(EVENT, [{}]) == [{"id": 4}]
    written = json.loads((tmp_path / "db.json").read_text())
    assert written["models"]["Other"] == {"1": '{"id":1,"kept":true}'}
    assert written["ids"] == {"Event": 5, "Other": 2}


@pytest.mark.parametrize("text", ["{", "[]", '{"models": [1]}', '{"models": {"Note": []}}'])
def test_a_file_of_another_form(tmp_path: Path, text: str) -> None:
    (tmp_path / "db.json").write_text(text)

    with pytest.raises(ConnectionFailedError, match="cannot be read"):
        connector({"file": "db.json"}, root=tmp_path)


def test_a_row_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "db.json").write_text(json.dumps({"models": {"Event": {"1": '{"id": 1, "at": "never"}'}}}))
    memory = connector({"file": "db.json"}, root=tmp_path)

    with pytest.raises(ConnectorError, match="has a row of Event that cannot be used"):
        memory.find(Query(model=EVENT))


def test_a_file_that_cannot_be_written_undoes_the_change(tmp_path: Path) -> None:
    memory = connector({"file": "db.json"}, root=tmp_path)
    memory.insert(NOTE, [{"title": "a"}])
    (tmp_path / "db.json").unlink()
    (tmp_path / "db.json").mkdir()
    (tmp_path / "db.json/x").touch()

    with pytest.raises(ConnectorError, match="cannot be written"):
        memory.insert(NOTE, [{"title": "b"}])

    assert memory.count(NOTE, None) == 1


def test_the_collection_may_have_another_name() -> None:
    named = model("Named", layout=Layout.NATIVE, settings=MappingProxyType({"memory": {"collection": "Note"}}))
    memory = connector()
    memory.insert(NOTE, [{"title": "a"}])

    assert memory.count(named, None) == 1
