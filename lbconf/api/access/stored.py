"""Access rules that are kept as rows of the model `ACL`. Source: LoopBack 3, documentation of the ACL model."""

from collections.abc import Mapping
from typing import Any, Final

from lbconf.api.access.gate import Gate
from lbconf.project.resolved import Acl, Model, Project
from lbconf.query.nodes import Query
from lbconf.records import dataclass, field
from lbconf.repository import Repository

__all__ = ["StoredRules", "stored_rules"]

ANY: Final = "*"
REPLICATE: Final = "REPLICATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRules:
    """Where a project keeps access rules. They are read for each call: a change holds from the next one on."""

    model: Model
    queries: dict[int, Query] = field(default_factory=dict)
    """What was asked for each gate, by its `id`."""

    def rules(self, repository: Repository, gate: Gate) -> tuple[Acl, ...]:
        """Those that may fit an endpoint, as they are now."""
        query = self.queries.get(id(gate))
        if query is None:
            query = self.queries[id(gate)] = repository.query(self.model, self._filter(gate))
        return tuple(_rule(row) for row in repository.rows(query))

    def _filter(self, gate: Gate) -> Mapping[str, Any]:
        access = [REPLICATE, "WRITE", ANY] if gate.access == REPLICATE else [gate.access, ANY]
        return {
            "where": {
                "model": {"inq": [gate.endpoint.model.name, ANY]},
                "property": {"inq": [*gate.names, ANY]},
                "accessType": {"inq": access},
            }
        }


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
