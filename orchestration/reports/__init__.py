"""Reports: frames of one published generation in, a self-contained offline site out.

Belongs here: figures (frame → Plotly figure), sections (figure and the words that follow its numbers), templates, and
the page builder. Does not belong here: reading a warehouse (the caller passes frames), computing a metric (the marts
hold them) and any verdict that the numbers do not carry.
"""

from orchestration.reports.context import ReportContext
from orchestration.reports.frames import REQUIRED_FRAMES, REQUIRED_ROWS, ReportFrameError

__all__ = ["REQUIRED_FRAMES", "REQUIRED_ROWS", "ReportContext", "ReportFrameError", "build_site"]


def __getattr__(name: str) -> object:
    """Load the page builder, and with it Plotly, only when a site is built: the import takes a second."""
    if name == "build_site":
        from orchestration.reports.page import build_site

        return build_site
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
