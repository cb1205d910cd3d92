"""The command line: parses arguments, calls one operation, renders the result.

`verbs` is the command group, one module per verb beside it; `options` holds
what every verb takes, `output` how results and findings reach a person, `views`
the renderers, `plain` the one way past click. Nothing is imported before it is known to be needed.
"""

import gc
import os
import sys

from lbconf import __version__

__all__ = ["main"]

_ALLOCATIONS = 50_000
"""Objects made between two searches for garbage; Python's own 700 is for programs that throw most away."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code: 0 good, 1 findings or failure, 2 wrong usage.

    `arguments` are those after the program's name; None takes them from the process.
    """
    given = sys.argv[1:] if arguments is None else arguments
    if given in (["--version"], ["-V"]):  # answered before click is imported: pipelines ask for it often
        print(f"lbconf {__version__}")  # noqa: T201 - a result
        return 0
    if arguments is not None:
        return _run(given)
    from lbconf.operations import own_process

    # The process is ours: what a start makes stays, so looking for garbage among it, and again at the end, is in vain.
    gc.set_threshold(_ALLOCATIONS)
    own_process.claim()
    if "plan" in given:
        from lbconf.operations import ahead

        ahead.start(given)
    code = _run(given)
    gc.freeze()
    own_process.leave(code)
    return code


def _run(arguments: list[str]) -> int:
    verb = next((name for name in ("validate", "plan") if name in arguments), None)
    if verb is not None and "_LBCONF_COMPLETE" not in os.environ:
        from lbconf.cli.plain import do, plain

        found = plain(verb, arguments)
        if found is not None:
            from lbconf.cli.ending import exit_code

            return exit_code(lambda: do(verb, *found), arguments)
    from lbconf.cli.verbs import run

    return run(arguments)
