"""What a project's own Python code is written with: hooks, remote methods, validators, roles, boot functions.

A model names modules under `code:` (LoopBack layouts: `pythonCode`); functions
in them say with a decorator what they are. Nothing happens on import but that
mark: `lbconf serve` collects marked functions, `lbconf validate` reads them
without running anything.
"""

from lbconf.code.contexts import (
    BootContext,
    Caller,
    HookContext,
    ModelRows,
    Models,
    RemoteContext,
    Request,
    RoleContext,
)
from lbconf.code.marks import (
    access,
    after_delete,
    after_remote,
    after_remote_error,
    after_save,
    before_delete,
    before_remote,
    before_save,
    boot,
    loaded,
    persist,
    remote,
    role,
    validator,
)
from lbconf.code.refusing import HttpError

__all__ = [
    "BootContext",
    "Caller",
    "HookContext",
    "HttpError",
    "ModelRows",
    "Models",
    "RemoteContext",
    "Request",
    "RoleContext",
    "access",
    "after_delete",
    "after_remote",
    "after_remote_error",
    "after_save",
    "before_delete",
    "before_remote",
    "before_save",
    "boot",
    "loaded",
    "persist",
    "remote",
    "role",
    "validator",
]
