"""Where several models have users, a token says which of them its user is of."""

from collections.abc import Iterator

from lbconf.diagnostics import Code, Diagnostic, Related, Severity
from lbconf.project.resolved import Model
from lbconf.project.rules.facts import Facts

__all__ = ["users_apart"]


def users_apart(facts: Facts) -> Iterator[Diagnostic]:
    """One finding for all public models of users whose tokens look alike: the first of each would be the same user."""
    alike = [
        (model, source)
        for model, source in facts.written()
        if model.public and model.data_source and model.is_a("User") and not _told_apart(model) and facts.whole(model)
    ]
    if len(alike) > 1:
        (first, source), *others = alike
        names = ", ".join(model.name for model, _ in alike)
        yield facts.found(
            Code.USERS_ALIKE,
            f"tokens do not say which model their user is of, so user 1 of {names} is the same to access rules",
            facts.places.value(source.pointer("relations")) or first.location,
            "give each of them accessTokens with polymorphic: {foreignKey: userId, discriminator: principalType}, "
            "and the tokens' model the relation user with the same polymorphic",
            related=tuple(
                Related(message=f"{model.name} is here", location=model.location)
                for model, _ in others
                if model.location is not None
            ),
            severity=Severity.WARNING if facts.layout.is_loopback else Severity.ERROR,
        )


def _told_apart(model: Model) -> bool:
    relation = model.relations.get("accessTokens")
    return relation is not None and relation.polymorphic is not None
