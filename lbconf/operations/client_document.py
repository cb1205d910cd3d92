"""The description of the API as generators of clients want it."""

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["json_alone", "with_json_parameters"]

JSON: Final = "application/json"
UPLOAD: Final = {"$ref": "#/components/schemas/Answer.upload"}
TEXT_ALONE: Final = frozenset({"406"})
"""Statuses whose answer is no JSON; a client that takes JSON never gets them."""


def json_alone(document: Mapping[str, Any]) -> dict[str, Any]:
    """The description without other media types than JSON, where there is JSON: clients send and take nothing else."""
    components = dict(document["components"])
    components["responses"] = {name: _json_of(response) for name, response in components["responses"].items()}
    paths = {
        path: {verb: _operation(operation) for verb, operation in item.items()}
        for path, item in document["paths"].items()
    }
    return {**document, "paths": paths, "components": components}


def with_json_parameters(document: Mapping[str, Any], schema: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The description whose parameters that travel as JSON have a plain schema: their own, or the one given."""
    components = dict(document["components"])
    components["parameters"] = {
        name: {key: value for key, value in parameter.items() if key not in {"content", "example"}}
        | ({"schema": schema or parameter["content"][JSON]["schema"]} if "content" in parameter else {})
        for name, parameter in components["parameters"].items()
    }
    return {**document, "components": components}


def _operation(operation: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(operation)
    if "requestBody" in found:
        found["requestBody"] = _json_of(found["requestBody"])
    found["responses"] = {
        status: _json_of(response) for status, response in found["responses"].items() if status not in TEXT_ALONE
    }
    return found


def _json_of(part: Mapping[str, Any]) -> dict[str, Any]:
    content = part.get("content", {})
    return {**part, "content": {JSON: _plain(content[JSON])}} if JSON in content else dict(part)


def _plain(media: Mapping[str, Any]) -> dict[str, Any]:
    """Without the answer to uploads of lines, which are no JSON."""
    schema = media["schema"]
    if "anyOf" not in schema:
        return dict(media)
    return {**media, "schema": {**schema, "anyOf": [one for one in schema["anyOf"] if one != UPLOAD]}}
