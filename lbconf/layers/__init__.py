"""Putting documents of several layers on top of each other: merging, provenance, variables, secrets."""
