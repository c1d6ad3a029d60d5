"""The quality gate's Great Expectations suites: what has to hold before anything is published.

Belongs here: which questions are asked (``suites``), the small frames they are asked of (``measures``), running them
and rendering Great Expectations' own Data Docs. Does not belong here: SQL (the warehouse package fills the frames),
Dagster (the asset checks call :func:`run_layer`), keys and identities that dbt tests own.

Large tables never reach pandas: SQL computes an aggregate or counts the offending rows, and a suite validates that
frame. Great Expectations takes seconds to import, so importing this package does not import it; running a layer does.
"""

from checks.definitions import Check, Layer, Severity, SuiteDefinition
from checks.frames import CheckFrameError
from checks.measures import FINDINGS, MEASURES, Finding, Measure, MeasureColumn
from checks.measures.marts import TABLE_KEYS, TABLES_THAT_MAY_BE_EMPTY
from checks.measures.raw import RAW_PORTFOLIO_TABLES
from checks.parameters import CheckParameters
from checks.results import CheckReport, CheckResult
from checks.runner import DataDocs, run_layer, run_suite
from checks.suites import SUITES, suites_of_layer

__all__ = [
    "FINDINGS",
    "MEASURES",
    "RAW_PORTFOLIO_TABLES",
    "SUITES",
    "TABLES_THAT_MAY_BE_EMPTY",
    "TABLE_KEYS",
    "Check",
    "CheckFrameError",
    "CheckParameters",
    "CheckReport",
    "CheckResult",
    "DataDocs",
    "Finding",
    "Layer",
    "Measure",
    "MeasureColumn",
    "Severity",
    "SuiteDefinition",
    "run_layer",
    "run_suite",
    "suites_of_layer",
]
