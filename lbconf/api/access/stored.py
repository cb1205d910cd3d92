"""Access rules that are kept as rows of the model `ACL`. Source: LoopBack 3, documentation of the ACL model."""

from collections.abc import Mapping
from typing import Any, Final

from lbconf.api.access.gate import Gate
from lbconf.project.resolved import Acl, Model, Project
from lbconf.records import dataclass
from lbconf.repository import Repository

__all__ = ["StoredRules", "stored_rules"]

ANY: Final = "*"
REPLICATE: Final = "REPLICATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRules:
    """Where a project keeps access rules. They are read for each call: a change holds from the next one on."""

    model: Model

    def rules(self, repository: Repository, gate: Gate) -> tuple[Acl, ...]:
        """Those that may fit an endpoint, as they are now."""
        access = [REPLICATE, "WRITE", ANY] if gate.access == REPLICATE else [gate.access, ANY]
        where = {
            "model": {"inq": [gate.endpoint.model.name, ANY]},
            "property": {"inq": [*gate.names, ANY]},
            "accessType": {"inq": access},
        }
        return tuple(_rule(row) for row in repository.find(self.model, {"where": where}))


def stored_rules(project: Project) -> StoredRules | None:
    """Where a project keeps access rules; None where it has no attached model for them."""
    models = [model for model in project.models.values() if model.is_a("ACL") and model.data_source]
    if not models:
        return None
    return StoredRules(model=next((model for model in models if model.name != "ACL"), models[0]))


def _rule(row: Mapping[str, Any]) -> Acl:
    return Acl(
        principal_type=str(row.get("principalType") or ""),
        principal_id=str(row.get("principalId") if row.get("principalId") is not None else ""),
        permission=str(row.get("permission") or "ALLOW"),
        access_type=str(row.get("accessType") or ANY),
        properties=(str(row.get("property") or ANY),),
        model=str(row.get("model") or ANY),
    )
