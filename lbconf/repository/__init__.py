"""Finding, creating, changing and deleting rows of a project's models: includes, relations, validation, defaults.

`Repository` has one method for each LoopBack operation. It sees of connectors
only the contract and the capabilities.
"""

from lbconf.repository.errors import NotFoundError, ValidationFailedError
from lbconf.repository.hooked import HookedRepository
from lbconf.repository.repository import Repository

__all__ = ["HookedRepository", "NotFoundError", "Repository", "ValidationFailedError"]
