"""Settings that are plainly right, read without pydantic: importing that would take a tenth of a plan."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from lbconf.connectors.table import FIELDS, SECRETS, SETTINGS
from lbconf.layers.secret import Secret
from lbconf.project.acceptance import accepts_shape
from lbconf.project.resolved import DataSource

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["plain_settings", "read_plainly"]

Settings = TypeVar("Settings", bound="BaseModel")

EXACT: Final = 2**53
"""Whole numbers below this are the same as a float."""


def read_plainly(definition: "Callable[[], type[Settings]]", data_source: DataSource) -> Settings:
    """The settings of a data source, checked: a record with the fields of the definition, or an instance of it.

    Raises:
        ConnectorError: with one diagnostic per setting that is wrong, at its place.
    """
    plain = plain_settings(data_source)
    if plain is not None:
        return cast("Settings", plain)
    from lbconf.connectors.sql.settings import read_settings

    return read_settings(definition(), data_source)


def plain_settings(data_source: DataSource) -> SimpleNamespace | None:
    """The settings by their names in Python, defaults filled in; None where pydantic must have a look.

    That is so for other names than the usual ones, for values that must be converted, and for whatever is wrong.
    """
    fields = FIELDS[data_source.connector]
    secrets = SECRETS[data_source.connector]
    given: dict[str, Any] = {}
    for name, written in data_source.settings.items():
        value = written.reveal() if isinstance(written, Secret) else written
        if written is None or value == "":
            continue
        if not _is_plain(value, secret=name in secrets):
            return None
        given[name] = value
    if not accepts_shape(SETTINGS[data_source.connector], given):
        return None
    given.update({name: Secret(given[name]) for name in secrets if name in given})
    return SimpleNamespace(**{attribute: given.get(name, default) for attribute, (name, default) in fields.items()})


def _is_plain(value: Any, *, secret: bool) -> bool:
    """Whether pydantic would leave the value as it is."""
    if secret:
        return type(value) is str
    if type(value) is int:
        return -EXACT < value < EXACT
    return type(value) in {str, bool}
