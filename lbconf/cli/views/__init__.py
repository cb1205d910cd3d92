"""Renderers: the same data as text for people and as JSON for programs."""
