"""What a model declares about its table beside properties: indexes, unique and check constraints, foreign keys."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from lbconf.project.drafts import Draft
from lbconf.project.resolved import EMPTY, CheckSpec, ForeignKeySpec, IndexSpec, UniqueSpec
from lbconf.project.sources import Places

__all__ = ["checks_of", "foreign_keys_of", "indexes_of", "referential_action", "uniques_of"]

_ACTIONS: Final = frozenset({"RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT", "NO ACTION"})
_OPTION_KEYS: Final = frozenset({"keys", "options", "columns", "where", "renamedFrom", "name"})


def indexes_of(draft: Draft, places: Places) -> tuple[IndexSpec, ...]:
    """The indexes under `indexes`, in every form LoopBack's connectors accept."""
    return tuple(
        _index(draft, name, written, places)
        for name, written in _entries(draft, "indexes")
        if written is not None and written is not False
    )


def uniques_of(draft: Draft, places: Places) -> tuple[UniqueSpec, ...]:
    """The constraints under `uniques`: `{name: {properties: [...]}}`, or the list alone."""
    found = []
    for name, written in _entries(draft, "uniques"):
        named = written.get("properties") if isinstance(written, Mapping) else written
        properties = _texts(named)
        if properties:
            place = draft.places.get(("uniques", name))
            found.append(
                UniqueSpec(
                    name=_own_name(draft, place, name),
                    properties=properties,
                    renamed_from=_former(written),
                    location=places.later(place),
                )
            )
    return (*found, *_of_users(draft, found, places))


def _of_users(draft: Draft, said: Sequence[UniqueSpec], places: Places) -> Iterator[UniqueSpec]:
    """What no two users may have alike, in one realm where realms part them."""
    if draft.data_source is None or "password" not in draft.properties or "User" not in (draft.name, *draft.ancestors):
        return
    realms = draft.settings.get("realmRequired") and draft.settings.get("realmDelimiter")
    for name in ("email", "username"):
        names = ("realm", name) if realms and "realm" in draft.properties else (name,)
        own = draft.properties.get(name)
        if own is None or (own.unique and len(names) == 1):
            continue
        if all(set(one.properties) != set(names) for one in said):
            yield UniqueSpec(name=None, properties=names, location=places.later(draft.at))


def checks_of(draft: Draft, places: Places) -> tuple[CheckSpec, ...]:
    """The constraints under `checks`: name to SQL expression, or `{expression, renamedFrom}`."""
    found = []
    for name, written in _entries(draft, "checks"):
        expression = written.get("expression") if isinstance(written, Mapping) else written
        if isinstance(expression, str) and expression.strip():
            place = places.later(draft.places.get(("checks", name)))
            found.append(CheckSpec(name=name, expression=expression, renamed_from=_former(written), location=place))
    return tuple(found)


def foreign_keys_of(draft: Draft, places: Places) -> tuple[ForeignKeySpec, ...]:
    """The constraints under `foreignKeys`."""
    found = []
    for key, written in _entries(draft, "foreignKeys"):
        if not isinstance(written, Mapping) or not isinstance(written.get("entity"), str):
            continue
        name = written.get("name")
        found.append(
            ForeignKeySpec(
                name=name if isinstance(name, str) and name else key,
                columns=_texts(written.get("foreignKey")),
                target=written["entity"],
                target_columns=_texts(written.get("entityKey")),
                on_delete=referential_action(written.get("onDelete")),
                on_update=referential_action(written.get("onUpdate")),
                renamed_from=_former(written),
                location=places.later(draft.places.get(("foreignKeys", key))),
            )
        )
    return tuple(found)


def referential_action(value: Any) -> str | None:
    """The action in upper case, None where it is none."""
    if not isinstance(value, str):
        return None
    action = " ".join(value.upper().replace("_", " ").split())
    return action if action in _ACTIONS else None


def _former(written: Any) -> str | None:
    """The name before, as `renamedFrom` says."""
    said = written.get("renamedFrom") if isinstance(written, Mapping) else None
    return said if isinstance(said, str) and said else None


def _index(draft: Draft, name: str, written: Any, places: Places) -> IndexSpec:
    place = draft.places.get(("indexes", name))
    said: Mapping[str, Any] = written if isinstance(written, Mapping) else {"keys": written}
    if "keys" not in said and "columns" not in said:
        said = {"keys": {key: value for key, value in said.items() if isinstance(value, int | str)}}
    options = said.get("options") if isinstance(said.get("options"), Mapping) else EMPTY
    assert options is not None  # noqa: S101 - EMPTY at least
    kind = said.get("kind") or said.get("type") or options.get("kind") or options.get("type")
    unique = bool(options.get("unique") or said.get("unique")) or (isinstance(kind, str) and kind.lower() == "unique")
    if isinstance(kind, str) and kind.lower() == "unique":
        kind = said.get("type") or options.get("type")
    where = said.get("where") or options.get("where")
    renamed = said.get("renamedFrom") or options.get("renamedFrom")
    return IndexSpec(
        name=_own_name(draft, place, name),
        keys=tuple(_keys(said["keys"] if "keys" in said else said.get("columns"))),
        unique=unique,
        kind=kind.lower() if isinstance(kind, str) else None,
        where=where if isinstance(where, str) else None,
        renamed_from=renamed if isinstance(renamed, str) else None,
        options={**options, **{key: value for key, value in said.items() if key not in _OPTION_KEYS}},
        location=places.later(place),
    )


def _keys(written: Any) -> Iterator[tuple[str, bool]]:
    if isinstance(written, Mapping):
        for name, direction in written.items():
            yield name, direction == -1 or (isinstance(direction, str) and direction.lower() in {"desc", "-1"})
        return
    parts = written.split(",") if isinstance(written, str) else written if isinstance(written, list | tuple) else ()
    for part in parts:
        if isinstance(part, Mapping):
            yield from _keys(part)
        elif isinstance(part, str) and part.strip():
            name, *direction = part.split()
            yield name, bool(direction) and direction[0].upper() == "DESC"


def _own_name(draft: Draft, place: str | None, name: str) -> str | None:
    # Index names are unique in a namespace, so in the native layout a child's table cannot have its base's.
    inherited = place is not None and draft.at is not None and not place.startswith(f"{draft.at}/")
    return None if inherited and not draft.layout.is_loopback else name


def _entries(draft: Draft, key: str) -> Iterator[tuple[str, Any]]:
    written = draft.settings.get(key)
    if isinstance(written, Mapping):
        yield from written.items()


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(value, list | tuple):
        return tuple(part for part in value if isinstance(part, str) and part)
    return ()
