"""Rules a project must follow, one per module; `RULES` lists them in the order of their findings."""

from typing import Final

from lbconf.project.rules.access_declared import access_declared
from lbconf.project.rules.access_names import access_names
from lbconf.project.rules.access_settings import access_settings_usable
from lbconf.project.rules.built_in_attached import built_in_attached
from lbconf.project.rules.data_source_known import data_source_known
from lbconf.project.rules.data_source_named import data_source_named
from lbconf.project.rules.default_types import default_types
from lbconf.project.rules.facts import Facts, Rule
from lbconf.project.rules.hidden_known import hidden_known
from lbconf.project.rules.id_present import id_present
from lbconf.project.rules.index_properties import index_properties
from lbconf.project.rules.mail_usable import mail_usable
from lbconf.project.rules.model_defined import model_defined
from lbconf.project.rules.modules_served import modules_served
from lbconf.project.rules.name_once import name_once
from lbconf.project.rules.names_reserved import names_reserved
from lbconf.project.rules.path_once import path_once
from lbconf.project.rules.renames_clear import renames_clear
from lbconf.project.rules.sqlite_names import sqlite_names
from lbconf.project.rules.table_once import table_once
from lbconf.project.rules.tokens_closed import tokens_closed
from lbconf.project.rules.users_apart import users_apart
from lbconf.project.rules.validations_sound import validations_sound

__all__ = ["RULES", "Facts", "Rule"]

RULES: Final[tuple[Rule, ...]] = (
    model_defined,
    data_source_known,
    data_source_named,
    built_in_attached,
    name_once,
    path_once,
    table_once,
    names_reserved,
    sqlite_names,
    renames_clear,
    id_present,
    default_types,
    index_properties,
    hidden_known,
    validations_sound,
    access_declared,
    access_names,
    users_apart,
    tokens_closed,
    modules_served,
    access_settings_usable,
    mail_usable,
)
