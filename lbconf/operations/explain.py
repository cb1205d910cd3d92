"""Where one value comes from."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from lbconf.diagnostics import Code, Diagnostic, nearest
from lbconf.documents.pointer import MISSING, join, lookup, split
from lbconf.errors import MergeError
from lbconf.layers.merged import MergedConfig, Origin
from lbconf.layers.overrides import SECTIONS
from lbconf.layers.secret import masked
from lbconf.operations.compose import compose
from lbconf.records import dataclass

__all__ = ["Explanation", "Hidden", "explain", "explain_pointer"]

URL_SETTINGS: Final = (
    "host", "hostname", "port", "user", "username", "password", "database", "db", "protocol", "authSource",
)  # fmt: skip
"""Settings of a data source that its `url` says too, and wins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """A setting that has no effect beside a `url`."""

    pointer: str
    value: Any
    """Secrets masked."""
    origin: Origin | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One value and its history."""

    pointer: str
    value: Any
    """Secrets masked; None where it is absent."""
    origins: tuple[Origin, ...]
    """Winner last."""
    absent_because: str | None = None
    """Name of the unset variable that leaves the setting out."""
    hides: tuple[Hidden, ...] = ()
    """What a data source's `url` makes ineffective."""
    hidden_by: str | None = None
    """Pointer of the `url` that makes this setting ineffective."""

    @property
    def variable(self) -> str | None:
        """The variable the value came from."""
        return self.origins[-1].variable if self.origins else None


def explain(
    root: Path,
    pointer: str,
    environment: str | None = None,
    *,
    layout: str | None = None,
    overrides: Sequence[str] = (),
) -> Explanation:
    """The winning value at a pointer, where it is written, and everything it replaced.

    Raises:
        ConfigError: as `compose`, and for a pointer that leads nowhere, with the nearest one.
    """
    return explain_pointer(compose(root, environment, layout=layout, overrides=overrides), pointer)


def explain_pointer(config: MergedConfig, pointer: str) -> Explanation:
    """The same on a configuration that is already there.

    Inside a model, `/models/Account/properties/email` finds what stands under `wiring` or `definition`.

    Raises:
        MergeError: for a pointer that leads nowhere.
    """
    for candidate in _candidates(pointer):
        value = lookup(config.data, split(candidate))
        if value is not MISSING:
            return Explanation(
                pointer=candidate,
                value=masked(value),
                origins=config.provenance.get(candidate, ()),
                hides=_hides(config, candidate),
                hidden_by=_hidden_by(config, candidate),
            )
        if candidate in config.absent:
            origins = config.absent[candidate]
            variable = origins[-1].variable if origins else None
            return Explanation(pointer=candidate, value=None, origins=origins, absent_because=variable)
    raise MergeError(_unknown(config, pointer))


def _candidates(pointer: str) -> Iterable[str]:
    segments = split(pointer)
    yield join(segments)
    if len(segments) > 2 and segments[0] == "models" and segments[2] not in {"wiring", "definition"}:  # noqa: PLR2004 - /models/<name>/<rest>
        for half in ("wiring", "definition"):
            yield join((*segments[:2], half, *segments[2:]))


def _hides(config: MergedConfig, pointer: str) -> tuple[Hidden, ...]:
    segments = split(pointer)
    settings = _settings_of_url(config, segments)
    if settings is None or segments[-1] != "url":
        return ()
    own = segments[:-1]
    return tuple(
        Hidden(
            pointer=join((*own, name)),
            value=masked(settings[name]),
            origin=next(iter(reversed(config.provenance.get(join((*own, name)), ()))), None),
        )
        for name in URL_SETTINGS
        if name in settings
    )


def _hidden_by(config: MergedConfig, pointer: str) -> str | None:
    segments = split(pointer)
    settings = _settings_of_url(config, segments)
    if settings is None or segments[-1] not in URL_SETTINGS:
        return None
    return join((*segments[:-1], "url"))


def _settings_of_url(config: MergedConfig, segments: Sequence[str]) -> Mapping[str, Any] | None:
    """The data source's settings where the pointer is one of them and a `url` is set."""
    if len(segments) != 3 or segments[0] != "datasources":  # noqa: PLR2004 - /datasources/<name>/<setting>
        return None
    settings = config.data["datasources"].get(segments[1])
    return settings if isinstance(settings, dict) and settings.get("url") else None


def _unknown(config: MergedConfig, pointer: str) -> Diagnostic:
    known: tuple[str, ...] = ()
    segments = split(pointer)
    if not segments:
        hint = f"parts are {', '.join(f'/{section}' for section in SECTIONS)}"
    else:
        known = tuple(_said(config.provenance))
        near = nearest(join(segments), known) or nearest(segments[-1], (one.rpartition("/")[2] for one in known))
        if near is not None and not near.startswith("/"):
            near = next(one for one in known if one.rpartition("/")[2] == near)
        hint = f"did you mean {near}?" if near else f"parts are {', '.join(f'/{section}' for section in SECTIONS)}"
    return Diagnostic(
        code=Code.POINTER_UNKNOWN, message=f"the configuration has nothing at {pointer or '/'}", hint=hint
    )


def _said(pointers: Iterable[str]) -> Iterable[str]:
    """The pointers as people say them: without `wiring` and `definition`."""
    for pointer in pointers:
        segments = pointer.split("/")
        halves = len(segments) > 4 and segments[1] == "models" and segments[3] in {"wiring", "definition"}  # noqa: PLR2004
        yield "/".join(segments[:3] + segments[4:]) if halves else pointer
