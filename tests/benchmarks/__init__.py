"""Figures that are promised: measured in one run, as ratios, and written into docs/performance.md."""
