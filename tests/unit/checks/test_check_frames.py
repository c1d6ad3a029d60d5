"""A frame that does not keep its measure's promise is refused, so that no check passes because it saw nothing.

Belongs here: what is refused and what it says. Does not belong here: bad data in a frame that keeps its promise.
"""

from collections.abc import Callable
from decimal import Decimal

import pandas as pd
import pytest

from checks import MEASURES, SUITES, CheckFrameError, run_layer, run_suite
from checks.frames import checked_frame

Frames = dict[str, pd.DataFrame]
Change = Callable[[pd.DataFrame], pd.DataFrame]

REFUSED: dict[str, tuple[str, Change, str]] = {
    "column missing": ("raw_jira_load", lambda f: f.drop(columns="n_issues"), "the columns n_issues are missing"),
    "null count": (
        "mart_findings",
        lambda f: f.assign(n_offending=f["n_offending"].astype(float).where(f.index > 0)),
        "mart_findings.n_offending: 1 of 13 values are NULL",
    ),
    "finding not counted": ("mart_findings", lambda f: f.iloc[1:], "rows are missing: negative_item_duration"),
    "no findings at all": ("mart_findings", lambda f: f.iloc[:0], "rows are missing: negative_item_duration, "),
    "finding nobody checks": (
        "raw_jira_findings",
        lambda f: pd.concat([f, f.iloc[:1].assign(finding="new_defect")]),
        "unknown rows: new_defect",
    ),
    "row twice": ("raw_jira_load", lambda f: pd.concat([f, f.iloc[:1]]), "more than one row for jira-main"),
    "negative count": ("mart_shape", lambda f: f.assign(n_rows=-1), "mart_shape.n_rows: a count has to be"),
    "broken count": ("mart_shape", lambda f: f.assign(n_rows=0.5), "mart_shape.n_rows: a count has to be"),
    "text for a number": (
        "flow_identity",
        lambda f: f.assign(littles_law_residual="high"),
        "flow_identity.littles_law_residual: not all values are numbers",
    ),
    "table not measured": (
        "raw_portfolio_tables",
        lambda f: f[f["table_name"] != "stages"],
        "rows are missing: stages",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_frame_is_refused(case: str, good_frames: Frames) -> None:
    name, change, message = REFUSED[case]
    good_frames[name] = change(good_frames[name])
    suite = next(suite for suite in SUITES if suite.frame == name)
    with pytest.raises(CheckFrameError, match=message) as caught:
        run_suite(suite, good_frames)
    assert "\n" not in str(caught.value)


def test_missing_frame_is_refused_before_anything_runs(good_frames: Frames) -> None:
    del good_frames["source_coverage"]
    with pytest.raises(CheckFrameError, match="source_coverage: the frame is missing"):
        run_layer("marts", good_frames)


@pytest.mark.parametrize("name", MEASURES)
def test_measure_is_declared_completely(name: str) -> None:
    measure = MEASURES[name]
    assert measure.name == name
    assert len(set(measure.column_names)) == len(measure.columns)
    assert set(measure.key) <= set(measure.column_names)
    assert all(column.meaning and column.kind for column in measure.columns)


def test_numbers_of_an_engine_become_plain_numbers() -> None:
    """DuckDB gives decimals for sums, nullable or object columns for unions."""
    frame = pd.DataFrame(
        {
            "intervention_id": ["b", "a"],
            "metric": ["wip", "wip"],
            "n_series_weeks": [Decimal(70), Decimal(3)],
            "n_baseline_weeks": pd.array([26, 12], dtype="Int64"),
            "n_weeks_judged": [40.0, 30.0],
            "n_weeks_missing": pd.Series([0, 7], dtype=object),
            "missing_share": pd.array([None, 0.25], dtype="Float64"),
            "not_declared": ["x", "y"],
        }
    )
    typed = checked_frame("intervention_series", {"intervention_series": frame})
    assert list(typed.columns) == list(MEASURES["intervention_series"].column_names)
    assert typed["intervention_id"].tolist() == ["a", "b"]
    assert typed["n_series_weeks"].tolist() == [3, 70]
    assert {str(dtype) for dtype in typed.dtypes.iloc[2:6]} == {"int64"}
    assert str(typed["missing_share"].dtype) == "float64"
    assert typed["missing_share"].isna().tolist() == [False, True]


def test_frame_of_nothing_registered_keeps_its_types() -> None:
    empty = pd.DataFrame({name: [] for name in MEASURES["intervention_series"].column_names})
    typed = checked_frame("intervention_series", {"intervention_series": empty})
    assert len(typed) == 0
    assert str(typed["n_series_weeks"].dtype) == "int64"
