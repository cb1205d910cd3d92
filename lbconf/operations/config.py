"""The resolved configuration, to print it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lbconf.diagnostics import Diagnostic
from lbconf.layers.secret import masked, revealed
from lbconf.operations.compose import compose

__all__ = ["resolved_config"]


def resolved_config(
    root: Path,
    environment: str | None = None,
    *,
    layout: str | None = None,
    overrides: Sequence[str] = (),
    raw: bool = False,
    show_secrets: bool = False,
) -> tuple[dict[str, Any], tuple[Diagnostic, ...]]:
    """`datasources`, `models` (per model `wiring` and `definition`), `server`, `components`, `middleware`; warnings.

    Args:
        root: As for `compose`.
        environment: As for `compose`.
        layout: As for `compose`.
        overrides: As for `compose`.
        raw: Before variables are filled in.
        show_secrets: Secrets in clear; else `***`.

    Raises:
        ConfigError: as `compose`.
    """
    config = compose(root, environment, layout=layout, overrides=overrides)
    data = config.raw if raw else config.data
    ordered = {key: data[key] for key in ("datasources", "models", "server", "components", "middleware")}
    return (revealed if show_secrets else masked)(ordered), config.diagnostics
