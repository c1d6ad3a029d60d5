"""Weekly values of value streams in the register's terms, and on an intervention's calendar."""

from __future__ import annotations

import pandas as pd
import pytest

from orchestration.analytics.weekly_measures import (
    FLOW_COLUMNS,
    end_to_end_metric,
    end_to_end_series,
    weekly_values,
)

WEEK = pd.Timestamp("2026-03-02")


def flow_weeks() -> pd.DataFrame:
    row = dict.fromkeys(FLOW_COLUMNS, 1.0) | {"value_stream_id": "payments", "level": "story", "is_complete": True}
    later = {**row, "period_start": WEEK + pd.Timedelta(weeks=1), "is_complete": False, "n_finished": 7}
    return pd.DataFrame([{**row, "period_start": WEEK, "p50_flow_time_elapsed_days": 9.5}, later])


def test_each_metric_is_a_row_of_its_own() -> None:
    values = weekly_values(flow_weeks())
    assert len(values) == 2 * 8
    picked = values.set_index(["metric", "week_start"])["value"]
    assert picked["flow_time", WEEK] == 9.5
    assert picked["throughput", WEEK + pd.Timedelta(weeks=1)] == 7
    with pytest.raises(ValueError, match="lack wip_mean"):
        weekly_values(flow_weeks().drop(columns="wip_mean"))


@pytest.mark.parametrize(
    ("scope", "metric", "found"),
    [
        ("value_stream", "flow_time", None),
        ("value_stream", "throughput", None),
        ("value_stream", "cycle_time", "flow_time"),
        ("team", "flow_time", "flow_time"),
        ("team", "throughput", "throughput"),
        ("value_stream", "stage_departures", "throughput"),
        ("value_stream", "stage_wip", "flow_time"),
    ],
)
def test_a_local_metric_has_its_end_to_end_one(scope: str, metric: str, found: str | None) -> None:
    assert end_to_end_metric(scope, metric) == found


def test_the_streams_weeks_are_put_on_the_interventions_calendar() -> None:
    week = {
        "scope_type": "team", "value_stream_id": "payments", "level": "story", "desired_direction": "down",
        "phase": "before", "is_baseline": True, "is_complete": True, "value": 3.0,
    }  # fmt: skip
    series = pd.DataFrame(
        [
            {**week, "intervention_id": name, "metric": metric, "week_start": start}
            for name, metric in (("local", "throughput"), ("whole", "flow_time"))
            for start in (WEEK, WEEK + pd.Timedelta(weeks=1))
        ]
    )
    series.loc[series["intervention_id"] == "whole", "scope_type"] = "value_stream"

    found = end_to_end_series(series, weekly_values(flow_weeks()))

    assert found["intervention_id"].tolist() == ["local", "local"]
    assert found["desired_direction"].tolist() == ["up", "up"]
    assert found["value"].tolist() == [1.0, 7.0]
    assert found["is_complete"].tolist() == [True, False]
    assert found["is_baseline"].tolist() == [True, False]
