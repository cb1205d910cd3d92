"""What the memory connector can do."""

from lbconf.connectors.capabilities import (
    FULL,
    Capabilities,
    QueryCapabilities,
    StateCapabilities,
    TypeCapabilities,
    WriteCapabilities,
    emulated,
    impossible,
)

__all__ = ["memory_capabilities"]

_NO_STRUCTURE = impossible("rows in memory have no structure to inspect or change")


def memory_capabilities(*, loopback: bool = False) -> Capabilities:
    """Its answers; in LoopBack's layouts unique indexes are no matter of the store."""
    return Capabilities(
        state=StateCapabilities(
            inspect=_NO_STRUCTURE,
            apply=_NO_STRUCTURE,
            transactional_ddl=_NO_STRUCTURE,
            namespaces=_NO_STRUCTURE,
            foreign_keys=_NO_STRUCTURE,
            checks=_NO_STRUCTURE,
            enum_types=_NO_STRUCTURE,
            partial_indexes=_NO_STRUCTURE,
            expression_indexes=_NO_STRUCTURE,
            comments=_NO_STRUCTURE,
            alter_column=_NO_STRUCTURE,
            online_indexes=_NO_STRUCTURE,
            online_constraints=_NO_STRUCTURE,
            instant_columns=_NO_STRUCTURE,
            lock_clauses=_NO_STRUCTURE,
            generated_columns=_NO_STRUCTURE,
            expression_defaults=_NO_STRUCTURE,
            sequences=_NO_STRUCTURE,
            domains=_NO_STRUCTURE,
            partitions=_NO_STRUCTURE,
            views=_NO_STRUCTURE,
        ),
        query=QueryCapabilities(
            json_paths=FULL,
            regexp=FULL,
            ilike=FULL,
            near=FULL,
            json_result=impossible("rows are Python values, so there is no text to hand on"),
            case_sensitive_like=FULL,
            related=emulated("the related rows are asked first"),
            aggregate=FULL,
        ),
        write=WriteCapabilities(
            transactions=emulated("one at a time; what a failed one changed is put back"),
            returning=FULL,
            generated_ids=FULL,
            composite_ids=FULL,
            unique=impossible("LoopBack's memory connector does not look at unique indexes") if loopback else FULL,
            unknown_properties=FULL,
            announced_changes=impossible("rows live in one process, and so do streams of their changes"),
        ),
        types=TypeCapabilities(
            decimal=FULL,
            bigint=FULL,
            uuid=FULL,
            json=FULL,
            enum=FULL,
            datetime_milliseconds=FULL,
            binary=FULL,
            geo_point=FULL,
            boolean=FULL,
        ),
    )
