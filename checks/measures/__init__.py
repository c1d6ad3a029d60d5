"""The frames that the warehouse package has to compute: :data:`MEASURES` and :data:`FINDINGS`.

Belongs here: gathering the declarations of each layer. Does not belong here: the SQL that fills the frames
(``orchestration.warehouse``) or what is expected of them (``checks.suites``).
"""

from collections.abc import Mapping

from checks.measures.declaration import Finding, Measure, MeasureColumn
from checks.measures.marts import MART_FINDINGS, MART_MEASURES
from checks.measures.raw import RAW_JIRA_FINDINGS, RAW_MEASURES, RAW_PORTFOLIO_TABLES

MEASURES: Mapping[str, Measure] = {measure.name: measure for measure in (*RAW_MEASURES, *MART_MEASURES)}

FINDINGS: Mapping[str, tuple[Finding, ...]] = {
    "raw_jira_findings": RAW_JIRA_FINDINGS,
    "mart_findings": MART_FINDINGS,
}

__all__ = [
    "FINDINGS",
    "MEASURES",
    "RAW_PORTFOLIO_TABLES",
    "Finding",
    "Measure",
    "MeasureColumn",
]
