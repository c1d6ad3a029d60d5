"""What was known of a gain week by week, against the state that is told of the weeks known by then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from orchestration.analytics.gain_history import COLUMNS, gain_history
from orchestration.analytics.process_behaviour import chart_interventions, chart_periods
from orchestration.analytics.sustainment import assess_sustainment, desired_directions

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(("metric", "direction", "factor"), [("throughput", "up", 1.5), ("cycle_time", "down", 0.6)])
def test_each_week_is_as_its_sustainment_was_told_then(
    weekly_series: Callable[..., pd.DataFrame], metric: str, direction: str, factor: float
) -> None:
    values = 20 * np.exp(np.random.default_rng(4).normal(0, 0.08, 64))
    values[26:52] *= factor
    series = weekly_series(list(values[:26]), list(values[26:]), metric=metric, desired_direction=direction)
    found = gain_history(series, chart_interventions(series))
    assert tuple(found.columns) == COLUMNS
    assert found["week_start"].tolist() == series["week_start"].iloc[26 + 11 :].tolist()
    told = []
    for week in found["week_start"]:
        known = series.loc[series["week_start"] <= week]
        charts = chart_interventions(known), chart_periods(known)
        row = assess_sustainment(*charts, desired_directions(known), generator=np.random.default_rng(1)).iloc[0]
        told.append((bool(row["is_regressed"]), bool(row["state"] != "no_gain")))
    assert list(zip(found["has_regressed"], found["was_improved_phase"], strict=True)) == told
    # The gain was accepted, and lost by the end.
    assert {(False, True), (True, True)} <= set(told)


def test_without_a_week_to_tell_of_there_is_no_row(weekly_series: Callable[..., pd.DataFrame]) -> None:
    series = weekly_series([20.0, 21.0] * 13, [30.0] * 5)
    found = gain_history(series, chart_interventions(series))
    assert len(found) == 0
    assert found.dtypes.astype("str").to_dict()["has_regressed"] == "bool"
