"""Promises are frozen when first seen, and held against what came once due."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from orchestration.analytics.projection_calibration import projection_calibration
from orchestration.analytics.projection_record import (
    COLUMNS,
    SCORE_COLUMNS,
    as_scored,
    expectations,
    projected_gains,
    record_projections,
)

LAUNCH = pd.Timestamp("2026-03-02")
EARLY, LATE, LATER = (
    pd.Timestamp("2026-02-22 22:00"),
    pd.Timestamp("2026-06-28 22:00"),
    pd.Timestamp("2026-07-05 22:00"),
)


def register(name: str = "a", change: float | None = -20.0, **other: object) -> pd.DataFrame:
    row = {
        "intervention_id": name,
        "metric": "cycle_time",
        "desired_direction": "down",
        "kind": "capacity",
        "launched_date": LAUNCH.date(),
        "transition_days": 14,
        "projected_change_percent": change,
        "projected_change_low_percent": -30.0,
        "projected_change_high_percent": -10.0,
        "minimum_change_percent": None,
        **other,
    }
    return pd.DataFrame([row]).astype({"projected_change_percent": float, "minimum_change_percent": float})


def test_the_first_version_counts_and_an_edit_is_kept_beside_it() -> None:
    first = record_projections(register(), None, EARLY)
    edited = record_projections(register(change=-5.0, projected_change_high_percent=0.0), first, LATE)

    assert tuple(edited.columns) == COLUMNS
    assert edited["version_number"].tolist() == [1, 2]
    assert edited["projected_change_percent"].tolist() == [-20.0, -5.0]
    assert edited["is_in_force"].tolist() == [True, False]
    assert edited["first_seen_as_of"].tolist() == [EARLY, LATE]
    pd.testing.assert_frame_equal(edited.iloc[:1], first)


def test_the_same_promise_again_changes_nothing_whenever_it_is_run() -> None:
    first = record_projections(register(), None, EARLY)
    for as_of in (EARLY, LATE):
        pd.testing.assert_frame_equal(record_projections(register(), first, as_of), first)


def test_an_edit_at_the_same_moment_does_not_replace_what_was_seen() -> None:
    edited = record_projections(register(change=-25.0), record_projections(register(), None, EARLY), EARLY)
    assert edited.loc[edited["is_in_force"], "projected_change_percent"].tolist() == [-20.0]


def test_a_promise_cannot_be_dated_back() -> None:
    seen_late = record_projections(register(), None, LATE)
    again = record_projections(register(change=-25.0), seen_late, EARLY)
    pd.testing.assert_frame_equal(again, seen_late)


def test_what_leaves_the_register_stays_recorded() -> None:
    first = record_projections(register(), None, EARLY)
    later = record_projections(register("b"), first, LATE)
    assert later["intervention_id"].tolist() == ["a", "b"]
    assert record_projections(register().iloc[:0], later, LATER)["intervention_id"].tolist() == ["a", "b"]


def test_another_metric_is_another_promise() -> None:
    both = record_projections(register(metric="flow_time"), record_projections(register(), None, EARLY), LATE)
    assert both["is_in_force"].tolist() == [True, True]


def test_a_promise_is_in_time_until_the_first_week_after_the_transition_is_over() -> None:
    end = LAUNCH + pd.Timedelta(days=14) + pd.Timedelta(weeks=1)
    for as_of, in_time in ((end, True), (end + pd.Timedelta(seconds=1), False)):
        assert record_projections(register(), None, as_of)["was_seen_in_time"].tolist() == [in_time]


def test_rows_that_promise_nothing_are_not_recorded_and_no_row_at_all_has_the_types() -> None:
    nothing = record_projections(register(change=None), None, EARLY)
    assert nothing.empty
    assert nothing.dtypes.equals(record_projections(register(), None, EARLY).dtypes)


def test_a_column_that_is_missing_is_named() -> None:
    with pytest.raises(ValueError, match="register lacks kind"):
        record_projections(register().drop(columns="kind"), None, EARLY)


def test_expectations_are_shares_on_a_logarithmic_chart_and_in_the_unit_on_a_linear_one() -> None:
    recorded = record_projections(
        pd.concat([register(minimum_change_percent=10.0), register("b", metric="wip")]), None, EARLY
    )
    points = pd.DataFrame(
        {
            "intervention_id": ["a", "a", "b"],
            "metric": ["cycle_time", "cycle_time", "wip"],
            "chart_scale": ["log", "log", "linear"],
            "centre_line": [12.0, 12.0, 50.0],
        }
    )
    found = expectations(recorded, points).set_index("intervention_id")
    assert found.loc["a", ["projected_change", "minimum_change"]].tolist() == pytest.approx([-0.2, 0.1])
    assert found.loc["b", "projected_change"] == pytest.approx(-10.0)
    assert np.isnan(found.loc["b", "minimum_change"])


def effects(post_level: float = 15.0) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "intervention_id": ["a"],
            "metric": ["cycle_time"],
            "baseline_level": [20.0],
            "post_level": [post_level],
            "sigma_baseline": [2.0],
            "n_baseline": [26],
            "n_post": [24],
            "withheld_reason": pd.Series(["too few" if np.isnan(post_level) else None], dtype="str"),
        }
    )


def test_a_gain_in_time_and_due_is_scored() -> None:
    recorded = record_projections(register(), None, EARLY)
    (row,) = projected_gains(recorded, effects(), pd.Timestamp("2026-09-14")).to_dict("records")
    assert (row["projected_gain"], row["projected_gain_lower"], row["projected_gain_upper"]) == (4.0, 2.0, 6.0)
    assert (row["actual_gain"], row["is_due"], row["is_scored"]) == (5.0, True, True)
    assert pd.isna(row["withheld_reason"])


@pytest.mark.parametrize(
    ("seen", "day", "level", "reason"),
    [
        (EARLY, "2026-09-13", 15.0, "it comes due on 2026-09-14"),
        (LATE, "2026-09-14", 15.0, "first seen on 2026-06-28, when results were known already"),
        (EARLY, "2026-09-14", float("nan"), "too few"),
    ],
)
def test_what_is_not_scored_says_why(seen: pd.Timestamp, day: str, level: float, reason: str) -> None:
    gains = projected_gains(record_projections(register(), None, seen), effects(level), pd.Timestamp(day))
    assert gains["withheld_reason"].tolist() == [reason]
    assert gains["actual_gain"].isna().all()


def test_a_promise_without_a_series_says_so() -> None:
    gains = projected_gains(record_projections(register(), None, EARLY), effects().iloc[:0], pd.Timestamp("2026-09-14"))
    assert gains["withheld_reason"].tolist() == ["its metric has no series"]


def test_gains_have_the_same_columns_without_any_and_are_read_by_the_record() -> None:
    empty = projected_gains(record_projections(register(change=None), None, EARLY), effects(), LATE)
    assert tuple(empty.columns) == SCORE_COLUMNS
    assert projection_calibration(as_scored(empty)).empty
    recorded = record_projections(register(), None, EARLY)
    scored = as_scored(projected_gains(recorded, effects(), pd.Timestamp("2026-09-14")))
    assert projection_calibration(scored)["n_scored"].tolist() == [1, 1]
    too_late = projected_gains(record_projections(register(), None, LATE), effects(), pd.Timestamp("2026-09-14"))
    assert as_scored(too_late).empty
