"""Models for a database nobody described, built at run time: `python discover_and_build.py URL`."""

import sys

import lbconf

with lbconf.connect(sys.argv[1]) as database:
    models = database.data_source("db").discover_and_build_models()
    print({name: model.find({"limit": 2}) for name, model in models.items()})
