"""The merged configuration, checked for shape: what every later step may rely on."""

from collections.abc import Container, Mapping
from typing import Any

from lbconf.diagnostics import Code, Collector
from lbconf.documents.pointer import child
from lbconf.layers.merged import MergedConfig
from lbconf.project.acceptance import forget
from lbconf.project.resolved import Layout
from lbconf.project.sources import Places
from lbconf.project.structure import Checker
from lbconf.records import replace

__all__ = ["Broken", "checked"]


class Broken(Container[str]):
    """Names of models whose files could not be read, so that a reference to one is no finding of its own."""

    def __init__(self, pointers: Container[str] = ()) -> None:
        """Take the pointers of the parts that are not whole."""
        self._pointers = pointers
        self._models = "/models" in pointers

    def __contains__(self, name: object) -> bool:
        """Whether a model of that name may exist although nothing of it was read."""
        return self._models or (isinstance(name, str) and child("/models", name) in self._pointers)

    @property
    def data_sources(self) -> bool:
        """Whether the list of data sources is not whole."""
        return "/datasources" in self._pointers


def checked(merged: MergedConfig, places: Places, findings: Collector) -> MergedConfig:
    """The same configuration without what has the wrong shape, which is reported."""
    checker = Checker(places, findings)
    native = Layout(merged.layout) is Layout.NATIVE
    data = dict(merged.data)
    server = _section(data, "server", places, findings)
    data["server"] = checker.check("native-server" if native else "loopback-server", server, "/server", "the server")
    data["datasources"] = {
        name: settings
        for name, written in _section(data, "datasources", places, findings).items()
        if (settings := _data_source(checker, name, written, places, findings)) is not None
    }
    shape = "native-model" if native else "loopback-model"
    data["models"] = {
        name: _model(checker, shape, name, entry, places, findings)
        for name, entry in _section(data, "models", places, findings).items()
    }
    forget()
    return replace(merged, data=data)


def _data_source(checker: Checker, name: str, written: Any, places: Places, findings: Collector) -> Any:
    at = child("/datasources", name)
    if written is None:
        return None
    if not isinstance(written, Mapping):
        _refuse(written, at, f"data source {name}", places, findings)
        return None
    return checker.check("datasource", written, at, f"data source {name}")


def _model(
    checker: Checker, shape: str, name: str, entry: Any, places: Places, findings: Collector
) -> Mapping[str, Any]:
    at = child("/models", name)
    if not isinstance(entry, Mapping):
        if entry is not None:
            _refuse(entry, at, f"model {name}", places, findings)
        return {}
    found: dict[str, Any] = {}
    for part, root in (("definition", shape), ("wiring", "wiring")):
        if part not in entry:
            continue
        written = entry[part]
        if isinstance(written, Mapping):
            found[part] = _with_properties(written, checker.check(root, written, f"{at}/{part}", f"model {name}"))
        elif written is not None:
            _refuse(written, f"{at}/{part}", f"model {name}", places, findings)
    return found


def _with_properties(written: Mapping[str, Any], checked: Any) -> Mapping[str, Any]:
    """The checked part with a stand-in for every property that was left out, so that references to it hold."""
    if checked is written or checked is None:
        return checked or {}
    before, after = written.get("properties"), checked.get("properties")
    if not isinstance(before, Mapping) or not isinstance(after, Mapping) or len(before) == len(after):
        return checked  # type: ignore[no-any-return]
    return {**checked, "properties": {name: after.get(name, "any") for name in before}}


def _section(data: Mapping[str, Any], name: str, places: Places, findings: Collector) -> Mapping[str, Any]:
    written = data.get(name)
    if written is None:
        return {}
    if not isinstance(written, Mapping):
        _refuse(written, f"/{name}", f"the section {name}", places, findings)
        return {}
    return written


def _refuse(written: Any, at: str, what: str, places: Places, findings: Collector) -> None:
    kind = "a list" if isinstance(written, list | tuple) else "a single value"
    findings.error(Code.VALUE_TYPE, f"{what} is {kind}", places.value(at), hint="it must be an object")
