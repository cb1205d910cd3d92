"""The models every project may use without writing them: User, AccessToken, Role and their like.

Written as definitions, so that they go through inheritance and relations as a
project's own models do. Facts: LoopBack 3's documentation of its built-in
models.
"""

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["ABSTRACT", "BUILT_IN"]

ABSTRACT: Final[Mapping[str, tuple[str, ...]]] = {
    "Model": (),
    "PersistedModel": ("Model",),
    "KeyValueModel": ("Model",),
}
"""Models without properties of their own that others build on, with their ancestors."""


def _rule(principal: str, permission: str, *properties: str) -> dict[str, Any]:
    rule = {"principalType": "ROLE", "principalId": principal, "permission": permission}
    if properties:
        rule["property"] = list(properties) if len(properties) > 1 else properties[0]  # type: ignore[assignment]
    return rule


_TEXT: Final = {"type": "string"}
_REQUIRED_TEXT: Final = {"type": "string", "required": True}
_FLAG: Final = {"type": "boolean"}
_TEXTS: Final = {"type": ["string"]}

BUILT_IN: Final[Mapping[str, Mapping[str, Any]]] = {
    "User": {
        "base": "PersistedModel",
        "properties": {
            "realm": _TEXT,
            "username": _TEXT,
            "password": _REQUIRED_TEXT,
            "email": _REQUIRED_TEXT,
            "emailVerified": _FLAG,
            "verificationToken": _TEXT,
        },
        "caseSensitiveEmail": True,
        "hidden": ["password", "verificationToken"],
        "relations": {
            "accessTokens": {
                "type": "hasMany",
                "model": "AccessToken",
                "foreignKey": "userId",
                "options": {"disableInclude": True},
            }
        },
        "acls": [
            _rule("$everyone", "DENY"),
            *(
                _rule("$everyone", "ALLOW", method)
                for method in ("create", "login", "logout", "verify", "confirm", "resetPassword")
            ),
            *(
                _rule("$owner", "ALLOW", method)
                for method in ("deleteById", "findById", "patchAttributes", "replaceById")
            ),
            *(_rule("$authenticated", "ALLOW", method) for method in ("changePassword", "setPassword")),
        ],
    },
    "AccessToken": {
        "base": "PersistedModel",
        "forceId": False,
        "properties": {
            "id": {"type": "string", "id": True},
            "ttl": {"type": "number", "default": 1209600, "ttl": True},
            "scopes": _TEXTS,
            "created": {"type": "date", "defaultFn": "now"},
        },
        "relations": {"user": {"type": "belongsTo", "model": "User", "foreignKey": "userId"}},
        "acls": [_rule("$everyone", "DENY")],
    },
    "ACL": {
        "base": "PersistedModel",
        "properties": {
            "model": _TEXT,
            "property": _TEXT,
            "accessType": _TEXT,
            "permission": _TEXT,
            "principalType": _TEXT,
            "principalId": _TEXT,
        },
    },
    "Role": {
        "base": "PersistedModel",
        "properties": {
            "id": {"type": "string", "id": True, "generated": True},
            "name": _REQUIRED_TEXT,
            "description": _TEXT,
            "created": {"type": "date", "defaultFn": "now"},
            "modified": {"type": "date", "defaultFn": "now"},
        },
        "relations": {"principals": {"type": "hasMany", "model": "RoleMapping", "foreignKey": "roleId"}},
    },
    "RoleMapping": {
        "base": "PersistedModel",
        "properties": {
            "id": {"type": "string", "id": True, "generated": True},
            "principalType": _TEXT,
            "principalId": {"type": "string", "index": True},
        },
        "relations": {"role": {"type": "belongsTo", "model": "Role", "foreignKey": "roleId"}},
    },
    "Scope": {"base": "PersistedModel", "properties": {"name": _REQUIRED_TEXT, "description": _TEXT}},
    "Application": {
        "base": "PersistedModel",
        "properties": {
            "id": {"type": "string", "id": True},
            "realm": _TEXT,
            "name": _REQUIRED_TEXT,
            "description": _TEXT,
            "icon": _TEXT,
            "owner": _TEXT,
            "collaborators": _TEXTS,
            "email": _TEXT,
            "emailVerified": _FLAG,
            "url": _TEXT,
            "callbackUrls": _TEXTS,
            "permissions": _TEXTS,
            "clientKey": _TEXT,
            "javaScriptKey": _TEXT,
            "restApiKey": _TEXT,
            "windowsKey": _TEXT,
            "masterKey": _TEXT,
            "pushSettings": {"type": "object"},
            "authenticationEnabled": {"type": "boolean", "default": True},
            "anonymousAllowed": {"type": "boolean", "default": True},
            "authenticationSchemes": {"type": ["object"]},
            "status": {"type": "string", "default": "sandbox"},
            "created": {"type": "date", "defaultFn": "now"},
            "modified": {"type": "date", "defaultFn": "now"},
        },
    },
    "Email": {
        "base": "Model",
        "properties": {
            "to": _REQUIRED_TEXT,
            "from": _REQUIRED_TEXT,
            "subject": _REQUIRED_TEXT,
            "text": _TEXT,
            "html": _TEXT,
        },
    },
    "Change": {
        "base": "PersistedModel",
        "properties": {
            "id": {"type": "string", "id": True},
            "rev": _TEXT,
            "prev": _TEXT,
            "checkpoint": {"type": "number"},
            "modelName": _TEXT,
            "modelId": _TEXT,
        },
    },
    "Checkpoint": {
        "base": "PersistedModel",
        "properties": {"seq": {"type": "number"}, "time": {"type": "date"}, "sourceId": {"type": "number"}},
    },
}
