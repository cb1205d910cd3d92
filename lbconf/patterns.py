"""Regular expressions that are compiled when they are first used.

A command defines some thirty and uses three; compiling them all took a tenth of its time.
"""

import re
from typing import Any, cast

__all__ = ["pattern"]


def pattern(text: str, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    """What `re.compile` gives, compiled at the first use."""
    return cast("re.Pattern[str]", _Late(text, flags))


class _Late:
    """Becomes a compiled pattern's methods one by one, so that the second use costs nothing more."""

    def __init__(self, text: str, flags: re.RegexFlag) -> None:
        self._source = (text, flags)

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(*self._source), name)  # the standard library keeps what it compiled
        setattr(self, name, found)
        return found
