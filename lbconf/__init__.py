"""lbconf: a backend as configuration. Data sources and models in files; checked, planned, applied and served."""

__version__ = "0.1.0"
