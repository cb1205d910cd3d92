"""Findings and where they stand: spans, locations, codes, severities and a collector.

Pure data. Every stage reports what it finds as `Diagnostic` values; `errors`
carries them when a stage cannot go on. Codes are listed once, in `codes`.
"""

from lbconf.diagnostics.codes import Code
from lbconf.diagnostics.collector import Collector
from lbconf.diagnostics.diagnostic import Diagnostic, Location, Related, Severity
from lbconf.diagnostics.later import LaterLocation
from lbconf.diagnostics.nearest import nearest

__all__ = ["Code", "Collector", "Diagnostic", "LaterLocation", "Location", "Related", "Severity", "nearest"]
