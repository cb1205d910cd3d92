import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from lbconf import records
from lbconf.state.structure import Column, ColumnType, Default, QualifiedName, State, Table

CASES = ({"a": 1}, {"a": 1, "b": [2]}, {"a": 2, "b": [], "c": "x"}, {"a": 1, "c": "other"})


def made(module: Any, **options: bool) -> Any:
    @module.dataclass(**options)
    class Made:
        """What it is."""

        a: int
        b: list[int] = module.field(default_factory=list)
        c: str | None = module.field(default=None, compare=False)

        @property
        def double(self) -> int:
            return 2 * self.a

    return Made


@pytest.fixture(
    params=[
        {"frozen": True, "slots": True, "kw_only": True},
        {"frozen": True, "slots": True},
        {"frozen": True, "kw_only": True},
        {"slots": True, "kw_only": True},
        {"frozen": True, "slots": True, "order": True},
    ],
    ids=",".join,
)
def pair(request: pytest.FixtureRequest) -> tuple[Any, Any]:
    return made(records, **request.param), made(dataclasses, **request.param)


def outcome(run: Callable[[], Any]) -> Any:
    try:
        return run()
    except (TypeError, AttributeError) as error:
        return type(error)


def test_values_are_shown_and_compared_as_those_of_the_standard_library(pair: tuple[Any, Any]) -> None:
    ours, theirs = pair
    for one in CASES:
        assert repr(ours(**one)) == repr(theirs(**one))
        assert ours(**one).double == theirs(**one).double
        assert ours(**one) != theirs(**one)
        for other in CASES:
            assert (ours(**one) == ours(**other)) is (theirs(**one) == theirs(**other))
            assert outcome(lambda: ours(**one) < ours(**other)) == outcome(lambda: theirs(**one) < theirs(**other))  # noqa: B023
            assert outcome(lambda: ours(**one) >= ours(**other)) == outcome(lambda: theirs(**one) >= theirs(**other))  # noqa: B023


@pytest.mark.parametrize("made_before", [0, 20])
@pytest.mark.parametrize(
    ("args", "wrong"), [((), {}), ((), {"a": 1, "d": 2}), ((), {"b": []}), ((1,), {"a": 1}), ((1, [], None, 4), {})]
)
def test_wrong_arguments_are_refused(
    pair: tuple[Any, Any], made_before: int, args: tuple[Any, ...], wrong: dict[str, Any]
) -> None:
    for of in pair:
        for _ in range(made_before):
            of(a=1)
        with pytest.raises(TypeError, match="argument"):
            of(*args, **wrong)


def test_the_first_values_are_made_as_the_later_ones(pair: tuple[Any, Any]) -> None:
    ours, theirs = pair
    for case in CASES * 8:
        assert repr(ours(**case)) == repr(theirs(**case))


def test_arguments_by_place_and_patterns_follow_kw_only(pair: tuple[Any, Any]) -> None:
    ours, theirs = pair
    assert ours.__match_args__ == theirs.__match_args__
    assert outcome(lambda: repr(ours(1, [2]))) == outcome(lambda: repr(theirs(1, [2])))


def test_what_is_frozen_stays(pair: tuple[Any, Any]) -> None:
    ours, theirs = pair
    assert outcome(lambda: setattr(ours(a=1), "a", 5)) == outcome(lambda: setattr(theirs(a=1), "a", 5))
    assert outcome(lambda: delattr(ours(a=1), "a")) == outcome(lambda: delattr(theirs(a=1), "a"))


def test_each_value_has_a_default_of_its_own(pair: tuple[Any, Any]) -> None:
    ours, _ = pair
    assert ours(a=1).b is not ours(a=1).b


def test_hashes_follow_what_is_compared() -> None:
    @records.dataclass(frozen=True, slots=True)
    class Point:
        x: int
        y: int = records.field(default=0, compare=False)

    assert len({Point(1), Point(1, 5), Point(2)}) == 2
    changing = made(records, slots=True)
    with pytest.raises(TypeError, match="unhashable"):
        hash(changing(1))


def test_functions_of_the_standard_library_work_on_them(pair: tuple[Any, Any]) -> None:
    ours, theirs = pair
    one, other = ours(a=1, b=[2]), theirs(a=1, b=[2])
    assert dataclasses.is_dataclass(ours)
    assert dataclasses.asdict(one) == dataclasses.asdict(other)
    assert repr(dataclasses.replace(one, a=3)) == repr(dataclasses.replace(other, a=3))
    assert repr(records.replace(one, a=3)) == repr(dataclasses.replace(other, a=3))
    assert [(field.name, field.type, field.compare) for field in dataclasses.fields(ours)] == [
        (field.name, field.type, field.compare) for field in dataclasses.fields(theirs)
    ]
    assert copy.copy(one) == one
    assert copy.deepcopy(one) == one


@records.dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    a: int
    b: tuple[str, ...] = ()


def test_they_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(Kept(a=1, b=("x",)))) == Kept(a=1, b=("x",))  # noqa: S301 - our own


def test_own_methods_win() -> None:
    @records.dataclass(frozen=True, slots=True)
    class Named:
        name: str

        def __repr__(self) -> str:
            return f"<{self.name}>"

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Named) and self.name.lower() == other.name.lower()

        def __hash__(self) -> int:
            return 7

    assert repr(Named("x")) == "<x>"
    assert Named("x") == Named("X")
    assert hash(Named("x")) == 7


def test_the_hundredth_changed_copy_is_as_the_first(pair: tuple[Any, Any]) -> None:
    ours, theirs = pair
    for _ in range(100):
        for one in CASES:
            for changes in ({"a": 5}, {"c": "y", "a": 6}, {"a": 7, "b": [1], "c": None}, {}):
                made_by_ours = records.replace(ours(**one), **changes)
                assert repr(made_by_ours) == repr(dataclasses.replace(theirs(**one), **changes))
                assert type(made_by_ours) is ours
        with pytest.raises(TypeError):
            records.replace(ours(a=1), unknown=1)


def test_a_whole_state_is_pickled_and_is_equal_again() -> None:
    name = QualifiedName("public", "t")
    column = Column(name="a", type=ColumnType("integer"), default=Default("0"), backfill="1")
    state = State(tables=(Table(name=name, columns=(column, column), renamed_from=QualifiedName("public", "s")),))
    for protocol in (2, 4, pickle.HIGHEST_PROTOCOL):
        again = pickle.loads(pickle.dumps(state, protocol))  # noqa: S301 - our own data
        assert again == state
        assert repr(again) == repr(state)
        assert again.tables[0].columns[0] is again.tables[0].columns[1]
        assert hash(again.tables[0]) == hash(state.tables[0])
