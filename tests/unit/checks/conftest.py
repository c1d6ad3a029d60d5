"""Frames of a sound warehouse, small enough to read: every check passes on them.

Belongs here: what several test modules of the checks start from. Does not belong here: anything bad.
"""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from checks import FINDINGS, MEASURES, TABLE_KEYS, TABLES_THAT_MAY_BE_EMPTY, DataDocs


def _findings(measure: str) -> pd.DataFrame:
    names = [finding.name for finding in FINDINGS[measure]]
    return pd.DataFrame({"finding": names, "n_examined": 6120, "n_offending": 0, "examples": None})


@pytest.fixture
def good_frames() -> dict[str, pd.DataFrame]:
    """One frame per measure; each test gets its own copy to spoil."""
    portfolio_tables = MEASURES["raw_portfolio_tables"].rows
    return {
        "export_load": pd.DataFrame(
            {
                "source_id": ["jira-main", "jira-labs"],
                "n_export_files": [12, 3],
                "n_unreadable_files": [0, 0],
                "n_records": [6000, 200],
                "n_quarantined": [0, 0],
                "quarantined_share": [0.0, 0.0],
                "n_unaccounted": [0, 0],
                "days_behind_as_of": [0.2, 1.5],
                "n_days_silent": [0, 9],
                "n_days_silent_usual": [1, 4],
                "n_days_silent_beyond_habit": [0, 0],
            }
        ),
        "raw_jira_load": pd.DataFrame(
            {
                "source_id": ["jira-main", "jira-labs"],
                "n_issues": [5900, 200],
                "n_without_status": [0, 0],
                "without_status_share": [0.0, 0.0],
            }
        ),
        "raw_jira_findings": _findings("raw_jira_findings"),
        "raw_portfolio_tables": pd.DataFrame({"table_name": list(portfolio_tables), "n_rows": 3}),
        "raw_portfolio_calendar": pd.DataFrame(
            {
                "calendar": ["portfolio"],
                "n_days_required": [540],
                "n_days_missing": [0],
                "n_working_days": [370],
                "days_since_as_of": [0.4],
            }
        ),
        "mart_shape": pd.DataFrame(
            {
                "table_name": list(TABLE_KEYS),
                "n_rows": [0 if table in TABLES_THAT_MAY_BE_EMPTY else 40 for table in TABLE_KEYS],
                "n_key_duplicates": 0,
                "n_null_keys": 0,
                "may_be_empty": [int(table in TABLES_THAT_MAY_BE_EMPTY) for table in TABLE_KEYS],
            }
        ),
        "mart_findings": _findings("mart_findings"),
        "flow_identity": pd.DataFrame(
            {
                "value_stream_id": ["payments", "lending", "not-started"],
                "n_weeks": [26, 26, 8],
                "n_finished": [240, 90, 0],
                "mean_wip": [31.0, 12.5, 0.0],
                "mean_cycle_time_elapsed_days": [24.5, 22.0, None],
                # At both ends of the tolerance, and not measurable.
                "littles_law_residual": [-0.25, 0.25, None],
                "n_finished_last_weeks": [38, 1, 0],
                "n_finished_before": [202, 89, 0],
                # Work in a value stream that has not finished any yet is no stop.
                "wip_last_weeks": [30.1, 9.8, 4.0],
            }
        ),
        "source_coverage": pd.DataFrame(
            {
                "source_id": ["jira-main", "jira-labs"],
                "n_items": [5900, 200],
                "n_counted_items": [5600, 0],
                "usable_history_share": [0.98, None],
                "n_unusable_history": [112, 0],
                "unassigned_share": [0.01, None],
                "n_unassigned": [56, 0],
                "unmapped_status_share": [0.0, None],
                "n_unmapped_status_items": [0, 0],
                "n_announced_missing": [0, 0],
            }
        ),
        "intervention_series": pd.DataFrame(
            {
                "intervention_id": ["INT-1", "INT-2"],
                "metric": ["cycle_time", "wip"],
                "n_series_weeks": [70, 70],
                "n_baseline_weeks": [26, 12],
                "n_weeks_judged": [40, 30],
                "n_weeks_missing": [0, 7],
                "missing_share": [0.0, 7 / 30],
            }
        ),
    }


@pytest.fixture
def data_docs(tmp_path: Path) -> DataDocs:
    """A place for Data Docs of one refresh."""
    return DataDocs(tmp_path / "data-docs", tmp_path / "working", "r-0001", datetime(2026, 11, 22, 2, tzinfo=UTC))
