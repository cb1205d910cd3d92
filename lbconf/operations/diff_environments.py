"""Two environments of one project, value by value."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lbconf.diagnostics import Location
from lbconf.documents.pointer import MISSING, child
from lbconf.layers.merged import MergedConfig
from lbconf.layers.secret import masked
from lbconf.operations.compose import compose
from lbconf.records import dataclass

__all__ = ["Difference", "diff_environments"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A value that is not the same in both environments."""

    pointer: str
    kind: str
    """`added`: only in the second; `removed`: only in the first; `changed`."""
    before: Any = None
    """In the first environment, secrets masked."""
    after: Any = None
    """In the second, secrets masked."""
    before_location: Location | None = None
    after_location: Location | None = None


def diff_environments(
    root: Path,
    first: str,
    second: str,
    *,
    layout: str | None = None,
    overrides: Sequence[str] = (),
) -> tuple[Difference, ...]:
    """Every value that differs, in the order of the configuration.

    Raises:
        ConfigError: as `compose`, of either environment.
    """
    before = compose(root, first, layout=layout, overrides=overrides)
    after = compose(root, second, layout=layout, overrides=overrides)
    return tuple(_compare(before.data, after.data, "", before, after))


def _compare(
    old: Any,
    new: Any,
    pointer: str,
    before: MergedConfig,
    after: MergedConfig,
) -> Iterator[Difference]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from _compare(old.get(key, MISSING), new.get(key, MISSING), child(pointer, key), before, after)
        return
    if old is new or (old == new and isinstance(old, bool) == isinstance(new, bool)):
        return
    yield Difference(
        pointer=pointer,
        kind="added" if old is MISSING else "removed" if new is MISSING else "changed",
        before=None if old is MISSING else masked(old),
        after=None if new is MISSING else masked(new),
        before_location=None if old is MISSING else before.location(pointer),
        after_location=None if new is MISSING else after.location(pointer),
    )
