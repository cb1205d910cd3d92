"""Hooks and remote methods, one module for each model."""
