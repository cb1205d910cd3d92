"""A data source that sends mail says through which server."""

from collections.abc import Iterator

from lbconf.diagnostics import Code, Diagnostic, Severity
from lbconf.project.mail_server import MAIL, mail_server
from lbconf.project.rules.facts import Facts

__all__ = ["mail_usable"]


def mail_usable(facts: Facts) -> Iterator[Diagnostic]:
    """A warning for each data source that sends mail but names no SMTP server; one for users who wait for a letter."""
    sources = [place for place in facts.data_sources.values() if place.connector == MAIL]
    for place in sources:
        if mail_server(place) is None:
            yield facts.found(
                Code.SETTING_MISSING,
                f"data source {place.name} names no SMTP server, so no mail is sent through it",
                place.location,
                "add transports: [{type: smtp, host: ..., port: 587}]",
                severity=Severity.WARNING,
            )
    if any(mail_server(place) for place in sources):
        return
    for model, source in facts.written():
        if model.data_source and model.is_a("User") and source.settings.get("emailVerificationRequired"):
            yield facts.found(
                Code.SETTING_MISSING,
                f"users of {model.name} must confirm their address to log in, and no letter can be sent to them",
                model.location,
                "add a data source of the connector mail, or send the letters by code of your own",
                severity=Severity.WARNING,
            )
