"""Dataclasses that cost next to nothing to define: each method is written when it is first called.

`dataclass`, `field` and `replace` are used as those of the standard library, and type checkers see those. There a
frozen class costs half a millisecond, because six methods are compiled for it, and a command defines some sixty
classes of which it uses a third. Here a class keeps stand-ins that compile the real method when they are called.
`dataclasses.fields` and its like work on the classes too. See docs/adr/0009-records.md.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

__all__ = ["copier", "dataclass", "field", "replace"]

T = TypeVar("T")

_MISSING: Final = object()
_FEW: Final = 10
"""Values of a class after which compiling its `__init__` pays: that costs as much as filling in forty."""
_COPIED: Final[dict[type, int]] = {}
"""Classes whose values can be copied slot by slot, and how many were copied before that was compiled."""
_COPIES: Final[dict[tuple[Any, ...], Callable[..., Any]]] = {}
"""A class and the names of the fields that change, to the function that makes the changed copy."""
_ITSELF: Final = frozenset({"__dict__", "__weakref__"})


class _Field:
    """What `field` says about one field."""

    __slots__ = ("compare", "default", "factory")

    def __init__(self, default: Any, factory: Any, compare: bool) -> None:  # noqa: FBT001 - two callers, both below
        self.default = default
        self.factory = factory
        self.compare = compare


def _field(*, default: Any = _MISSING, default_factory: Any = _MISSING, compare: bool = True) -> Any:
    return _Field(default, default_factory, compare)


def _dataclass(
    *, frozen: bool = False, slots: bool = False, kw_only: bool = False, order: bool = False
) -> Callable[[type], type]:
    return lambda given: _record(given, frozen=frozen, slots=slots, kw_only=kw_only, order=order)


def _replace(record: Any, /, **changes: Any) -> Any:
    key = (type(record), *changes)
    copy = _COPIES.get(key)
    if copy is not None:
        return copy(record, *changes.values())
    of = type(record)
    if of in _COPIED and changes.keys() <= of.__annotations__.keys():
        _COPIED[of] += 1
        if _COPIED[of] > _FEW:
            _COPIES[key] = _write_copy(of, tuple(changes))
    kept = {name: getattr(record, name) for name in type(record).__annotations__ if name not in changes}
    return type(record)(**kept, **changes)


def copier(of: type[T], *names: str) -> Callable[..., T]:
    """What `replace` does for one class and these fields, as a function of the record and the values in this order.

    For where thousands are copied: it is compiled at once.
    """
    if of not in _COPIED:
        return lambda record, *values: replace(record, **dict(zip(names, values, strict=True)))
    copy = _COPIES.get((of, *names))
    if copy is None:
        copy = _COPIES[of, *names] = _write_copy(of, names)
    return copy


def _record(given: type, *, frozen: bool, slots: bool, kw_only: bool, order: bool) -> type:
    """The class again with stand-ins, and slots where they are wanted; what it defines itself stays."""
    space = {name: value for name, value in vars(given).items() if name not in _ITSELF}
    fields: dict[str, _Field] = {}
    for name in given.__annotations__:
        said = space.pop(name, _MISSING)
        fields[name] = said if isinstance(said, _Field) else _Field(said, _MISSING, compare=True)
    space["__qualname__"] = given.__qualname__
    if slots:
        space["__slots__"] = tuple(fields)
    space["__match_args__"] = () if kw_only else tuple(fields)
    space["__dataclass_fields__"] = _StandardFields(fields)
    made: list[type] = []
    for name in (*_METHODS, *_ORDER) if order else _METHODS:
        if name not in space:
            space[name] = _late(name, made, fields, kw_only=kw_only) if frozen or name != "__hash__" else None
    if "__init__" not in vars(given):
        space["__init__"] = _late_init(space["__init__"], fields, kw_only=kw_only)
    if frozen:
        space |= {"__setattr__": _refuse, "__delattr__": _refuse}
    if frozen and slots:
        space |= {"__getstate__": _state, "__setstate__": _restore}
        if given.__bases__ == (object,) and "__reduce__" not in space:
            space |= {"__reduce__": _late_reduce(made, fields), "_make": _Maker()}
    made.append(type(given)(given.__name__, given.__bases__, space))
    if slots and given.__bases__ == (object,) and "__init__" not in vars(given):
        _COPIED[made[0]] = 0
    return made[0]


def _late(name: str, made: list[type], fields: Mapping[str, _Field], *, kw_only: bool) -> Callable[..., Any]:
    """A stand-in for a method: puts the real one in its place and calls it. `made` will hold the class."""

    def stand_in(self: Any, *args: Any, **given: Any) -> Any:
        write = _METHODS.get(name)
        written = write(made[0], fields, kw_only) if write else _compiled_comparison(name, _ORDER[name], fields)
        written.__qualname__ = f"{made[0].__qualname__}.{name}"
        setattr(made[0], name, written)
        return written(self, *args, **given)

    return stand_in


def _late_reduce(made: list[type], fields: Mapping[str, _Field]) -> Callable[..., Any]:
    """Pickled as the call of `_make` with the values: a state of a thousand tables goes from process to process."""

    def reduce(self: Any) -> Any:
        of = made[0]
        if type(self) is not of:
            return _empty, (type(self),), self.__getstate__()
        values = ", ".join(f"self.{name}" for name in fields)
        body = f" if type(self) is not _of:\n  return _inherited(self)\n return _of._make, ({values},)"
        written = _compiled("__reduce__", ["self"], body, {"_of": of, "_inherited": reduce})
        setattr(of, "__reduce__", written)  # noqa: B010 - it takes the place of this very function
        return written(self)

    return reduce


def _empty(of: type) -> Any:
    return object.__new__(of)


class _Maker:
    """`_make` of a class: takes all values in order. Written when it is first looked up, by pickle."""

    def __get__(self, instance: object, owner: type) -> Callable[..., Any]:
        names: dict[str, Any] = {}
        body = _filling(owner, {name: name for name in owner.__annotations__}, names)
        make = _compiled("_make", [*owner.__annotations__], f"{body}\n return _made", names)
        make.__module__, make.__qualname__ = owner.__module__, f"{owner.__qualname__}._make"
        owner._make = staticmethod(make)  # type: ignore[attr-defined]
        return make  # type: ignore[no-any-return]


def _late_init(write: Callable[..., None], fields: Mapping[str, _Field], *, kw_only: bool) -> Callable[..., None]:
    """A stand-in for `__init__`: fills in the first values itself, for most classes make too few to be worth compiling.

    `write` compiles the method and calls it; it also tells what is wrong with arguments.
    """
    left = _FEW

    def stand_in(self: Any, *args: Any, **given: Any) -> None:
        nonlocal left
        left -= 1
        values = {**dict(zip(fields, args, strict=False)), **given}
        fit = len(values) == len(args) + len(given) and not (args and kw_only)
        if left < 0 or not fit or not _filled(self, fields, values):
            write(self, *args, **given)

    return stand_in


def _filled(record: object, fields: Mapping[str, _Field], values: Mapping[str, Any]) -> bool:
    """Set every field; False where a value is missing or belongs to none."""
    if not values.keys() <= fields.keys():
        return False
    for name, said in fields.items():
        if name in values:
            value = values[name]
        elif said.factory is not _MISSING:
            value = said.factory()
        else:
            value = said.default
            if value is _MISSING:
                return False
        object.__setattr__(record, name, value)
    return True


def _write_init(of: type, fields: Mapping[str, _Field], kw_only: bool) -> Any:  # noqa: FBT001 - see _METHODS
    slots = vars(of) if "__slots__" in vars(of) else {}
    names: dict[str, Any] = {"_MISSING": _MISSING, "_set": object.__setattr__}
    parameters = ["self", "*"] if kw_only and fields else ["self"]
    values: dict[str, str] = {}
    for name, said in fields.items():
        value = name
        parameter = name
        if said.factory is not _MISSING:
            names[f"_make_{name}"] = said.factory
            parameter = f"{name}=_MISSING"
            value = f"_make_{name}() if {name} is _MISSING else {name}"
        elif said.default is not _MISSING:
            names[f"_default_{name}"] = said.default
            parameter = f"{name}=_default_{name}"
        parameters.append(parameter)
        values[name] = value
    if not slots:
        body = "\n".join(f' _set(self, "{name}", {value})' for name, value in values.items()) or " pass"
    elif _twin(of) is None:
        body = _filling(of, values, names, init=True)
    else:  # of a class below, objects may have more slots, and are filled one by one
        below = {f"_set_{name}": slots[name].__set__ for name in values}
        quick = _filling(of, values, names, init=True).replace("\n", "\n ")
        slow = "\n".join(f"  _set_{name}(self, {value})" for name, value in values.items()) or "  pass"
        names |= below
        body = f" if self.__class__ is _of:\n {quick}\n else:\n{slow}"
    return _compiled("__init__", parameters, body, names)


def _write_copy(of: type, changed: tuple[str, ...]) -> Any:
    names: dict[str, Any] = {}
    values = {name: name if name in changed else f"_record.{name}" for name in of.__annotations__}
    body = _filling(of, values, names)
    return _compiled("copy", ["_record", *changed], f"{body}\n return _made", names)


def _filling(of: type, values: Mapping[str, str], names: dict[str, Any], *, init: bool = False) -> str:
    """The lines that fill the slots of `_made` (of `self`, in `__init__`), and the names that they need.

    A frozen class has a `__setattr__` of its own, and each slot's descriptor costs a call; so for the moment the object
    is one of a class that has the same slots and lets them be set.
    """
    made = "self" if init else "_made"
    twin = _twin(of)
    if twin is not None:
        names |= {"_of": of, "_twin": twin, "_new": object.__new__, "_become": vars(object)["__class__"].__set__}
        start = " _become(self, _twin)" if init else " _made = _new(_twin)"
        return "\n".join(
            [start, *(f" {made}.{name} = {value}" for name, value in values.items()), f" {made}.__class__ = _of"]
        )
    names |= {"_of": of, "_new": object.__new__}
    names |= {f"_set_{name}": vars(of)[name].__set__ for name in values}
    lines = [] if init else [" _made = _new(_of)"]
    return "\n".join([*lines, *(f" _set_{name}({made}, {value})" for name, value in values.items())]) or " pass"


def _twin(of: type) -> type | None:
    """A class with the same slots that are free to be set; None where an object of it cannot become one of `of`."""
    if of.__bases__ != (object,) or "__slots__" not in vars(of):
        return None
    made = type(of.__name__, (), {"__slots__": vars(of)["__slots__"]})
    try:
        made().__class__ = of
    except TypeError:
        return None
    return made


def _write_repr(_of: type, fields: Mapping[str, _Field], _kw_only: bool) -> Any:  # noqa: FBT001 - see _METHODS
    shown = ", ".join(f"{name}={{self.{name}!r}}" for name in fields)
    return _compiled("__repr__", ["self"], f' return f"{{self.__class__.__qualname__}}({shown})"', {})


def _write_eq(_of: type, fields: Mapping[str, _Field], _kw_only: bool) -> Any:  # noqa: FBT001 - see _METHODS
    return _compiled_comparison("__eq__", "==", fields)


def _write_hash(_of: type, fields: Mapping[str, _Field], _kw_only: bool) -> Any:  # noqa: FBT001 - see _METHODS
    return _compiled("__hash__", ["self"], f" return hash({_compared('self', fields)})", {})


_METHODS: Final[Mapping[str, Callable[[type, Mapping[str, _Field], bool], Any]]] = {
    "__init__": _write_init,
    "__repr__": _write_repr,
    "__eq__": _write_eq,
    "__hash__": _write_hash,
}
_ORDER: Final[Mapping[str, str]] = {"__lt__": "<", "__le__": "<=", "__gt__": ">", "__ge__": ">="}


def _compiled_comparison(name: str, operator: str, fields: Mapping[str, _Field]) -> Any:
    body = (
        " if other.__class__ is not self.__class__:\n  return NotImplemented\n"
        f" return {_compared('self', fields)} {operator} {_compared('other', fields)}"
    )
    return _compiled(name, ["self", "other"], body, {})


def _compared(of: str, fields: Mapping[str, _Field]) -> str:
    return f"({''.join(f'{of}.{name}, ' for name, said in fields.items() if said.compare)})"


def _compiled(name: str, parameters: list[str], body: str, names: dict[str, Any]) -> Any:
    """A function from source text that holds nothing but names of fields."""
    exec(f"def {name}({', '.join(parameters)}):\n{body}", names)  # noqa: S102 - as the standard library does it
    return names[name]


def _refuse(self: object, name: str, _value: object = None) -> NoReturn:
    from dataclasses import FrozenInstanceError

    msg = f"cannot change field {name!r} of {type(self).__qualname__}"
    raise FrozenInstanceError(msg)


def _state(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__slots__]


def _restore(self: Any, state: list[Any]) -> None:
    for name, value in zip(self.__slots__, state, strict=True):
        object.__setattr__(self, name, value)


class _StandardFields:
    """`__dataclass_fields__` as the standard library's functions expect it, made when the first of them asks."""

    def __init__(self, fields: Mapping[str, _Field]) -> None:
        self._fields = fields

    def __get__(self, instance: object, owner: type) -> Any:
        import dataclasses

        of = next(one for one in owner.__mro__ if "__dataclass_fields__" in vars(one))
        specifications: list[tuple[str, Any, Any]] = []
        for name, said in self._fields.items():
            options: dict[str, Any] = {"compare": said.compare, "kw_only": True}
            if said.factory is not _MISSING:
                options["default_factory"] = said.factory
            elif said.default is not _MISSING:
                options["default"] = said.default
            specifications.append((name, of.__annotations__[name], dataclasses.field(**options)))
        twin = dataclasses.make_dataclass(of.__name__, specifications, init=False, repr=False, eq=False)
        found = {one.name: one for one in dataclasses.fields(twin)}
        of.__dataclass_fields__ = found  # type: ignore[attr-defined]
        return found


if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace
else:
    dataclass, field, replace = _dataclass, _field, _replace
