"""Pulling exports from the tools' own APIs: what was updated since, written as files that land like any dropped ones.

Belongs here: one pull from beginning to end. Does not belong here: what is asked of a tool
(``orchestration.sources.pull_plans``), reading the files (``orchestration.warehouse``), when a pull runs
(``orchestration.refresh``).
"""

from orchestration.pulling.pull import PullReport, PullSource, pull_source
from orchestration.pulling.session import Patience, PullError

__all__ = ["Patience", "PullError", "PullReport", "PullSource", "pull_source"]
