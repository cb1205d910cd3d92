"""Definitions (what users write, pydantic) and the resolved project (what everything else sees)."""
