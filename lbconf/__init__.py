"""lbconf: a backend as configuration. Data sources and models in files; checked, planned, applied and served.

The verbs are imported when they are first used, so that importing one low
package of lbconf loads nothing of the others.
"""

__version__ = "0.1.0"

__all__ = ["LoadedDataSource", "LoadedModel", "LoadedProject", "__version__", "connect", "load"]

TYPE_CHECKING = False
if TYPE_CHECKING:  # what type checkers see; `typing` itself would slow the start
    from lbconf.operations.loaded import LoadedDataSource, LoadedModel, LoadedProject, connect, load
else:

    def __getattr__(name: str) -> object:
        """What `__all__` names, imported from where it is."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module("lbconf.operations.loaded"), name)


def __dir__() -> list[str]:
    return [*__all__]
