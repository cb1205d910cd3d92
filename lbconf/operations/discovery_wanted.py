"""What `discover` is asked for, from the words of a command line or of LoopBack's options."""

import importlib
import sys
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import PlanError
from lbconf.plan.discovered_wanted import CAMEL, KEEP, Naming
from lbconf.records import dataclass, replace

__all__ = ["Discovery", "naming"]

WORDS: Final = MappingProxyType({"camel": CAMEL, "keep": KEEP})


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """Where to look, and what to make of it."""

    namespaces: tuple[str, ...] | None = None
    """LoopBack's `owner` or `schema`; everywhere when None."""
    tables: tuple[str, ...] = ()
    """Only these tables and views, with their namespace where that is not plain; all when empty."""
    relations: bool = True
    views: bool = True
    naming: Naming = CAMEL


def naming(mapper: Any = "camel", *, camel_case: bool = True) -> Naming:
    """How to name things.

    Args:
        mapper: `camel`; `keep` or None, as LoopBack's `nameMapper: null`; `module:function`; or a function itself,
            called with `table`, `column` or `fk` and a name there, that returns a name or None for the usual one.
        camel_case: Whether properties are in camel case; LoopBack's `disableCamelCase` turns it off.

    Raises:
        PlanError: There is no such function.
    """
    if mapper is None:
        return KEEP
    if callable(mapper):
        found = Naming(mapper=mapper)
    elif mapper in WORDS:
        found = WORDS[mapper]
    else:
        found = Naming(mapper=_function(str(mapper)))
    return found if camel_case else replace(found, keep_columns=True)


def _function(path: str) -> Any:
    module, colon, name = path.partition(":")
    if not (module and colon and name):
        raise _refused(f"{path} names no way to name things", "say camel, keep, or module:function")
    here = str(Path.cwd())
    added = here not in sys.path
    if added:
        sys.path.insert(0, here)
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ImportError as error:
        raise _refused(f"the module {module} of the name mapper cannot be imported: {error}", _HINT) from error
    finally:
        if added:
            sys.path.remove(here)
    if not callable(found):
        raise _refused(f"the module {module} has no function {name}", _HINT)
    return found


_HINT: Final = "modules are looked for in this folder and where Python looks; the function takes a kind and a name"


def _refused(message: str, hint: str) -> PlanError:
    return PlanError(Diagnostic(code=Code.VALUE_UNKNOWN, message=message, hint=hint))
