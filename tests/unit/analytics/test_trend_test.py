"""Slope, rank test and what autocorrelation does to them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau, theilslopes

from orchestration.analytics.trend_test import (
    COLUMNS,
    DEFAULT_SETTINGS,
    SERIES_COLUMNS,
    ar1_factor,
    hamed_rao_factor,
    mann_kendall,
    measure_trend,
    measure_trends,
)

MONDAY = pd.Timestamp("2026-01-05")


def ar1(generator: np.random.Generator, phi: float, n_series: int, n_weeks: int) -> np.ndarray:
    noise = generator.normal(size=(n_series, n_weeks + 30))
    for week in range(1, noise.shape[1]):
        noise[:, week] += phi * noise[:, week - 1]
    return noise[:, 30:]


def series_frame(values: list[float], **columns: Any) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "scope_type": "value_stream",
            "scope_id": "payments",
            "level": "story",
            "stage_id": "flow.ready",
            "metric": "queue_length_mean",
            "week_start": pd.date_range(MONDAY, periods=len(values), freq="7D"),
            "is_complete": True,
            "value": values,
        }
    )
    return frame.assign(**columns)[list(SERIES_COLUMNS)]


@given(st.lists(st.integers(-5, 5), min_size=3, max_size=25))
def test_the_rank_statistic_is_scipys(values: list[int]) -> None:
    s, variance, tau = mann_kendall(np.array(values, dtype=float))
    expected = kendalltau(range(len(values)), values).statistic
    assert tau == pytest.approx(expected, nan_ok=True)
    assert (variance == 0) == (len(set(values)) == 1)
    assert -len(values) * (len(values) - 1) / 2 <= s <= len(values) * (len(values) - 1) / 2


def test_without_autocorrelation_the_interval_is_sens() -> None:
    # Alternating distances: r1 is negative, so nothing widens the interval.
    values = np.arange(20) * 0.1 + np.tile([0.0, 1.0], 10) + np.linspace(0, 0.3, 20) ** 2
    found = measure_trend(values)
    expected = theilslopes(values, alpha=0.95)
    assert found.variance_factor == 1
    assert found.slope_per_week == pytest.approx(expected.slope)
    # scipy rounds the two ranks to the nearest, this rounds both outwards: at most one rank apart.
    assert found.slope_lower <= expected.low_slope < found.slope_per_week < expected.high_slope <= found.slope_upper
    assert found.slope_upper - found.slope_lower < 1.2 * (expected.high_slope - expected.low_slope)


def test_under_13_weeks_with_a_value_nothing_is_said() -> None:
    assert measure_trend(np.arange(13.0)).p_value < 0.001
    values = np.arange(13.0)
    values[4] = np.nan
    found = measure_trend(values)
    assert found.n_weeks == 12
    assert math.isnan(found.slope_per_week)
    assert math.isnan(found.p_value)
    assert found.withheld_reason == "12 complete weeks with a value, at least 13 needed"


def test_a_constant_series_has_no_trend() -> None:
    found = measure_trend(np.full(15, 4.2))
    assert (found.slope_per_week, found.slope_lower, found.slope_upper, found.p_value) == (0, 0, 0, 1)
    assert math.isnan(found.kendall_tau)


def test_a_straight_line_is_certain() -> None:
    found = measure_trend(0.1 * np.arange(15) + 3)
    assert found.slope_per_week == pytest.approx(0.1)
    assert (found.kendall_tau, found.r1) == (1, 0)
    assert found.slope_lower > 0


def test_weeks_without_a_value_keep_their_place() -> None:
    values = 2.0 * np.arange(20)
    values[[3, 4, 9]] = np.nan
    assert measure_trend(values).slope_per_week == 2


def test_infinite_values_are_refused() -> None:
    with pytest.raises(ValueError, match="finite values"):
        measure_trend([1.0, math.inf])


@given(st.lists(st.integers(0, 40), min_size=13, max_size=26), st.integers(-9, 9), st.sampled_from([0.5, 2.0, 4.0]))
def test_shift_and_scale_move_the_slope_and_not_the_test(values: list[int], shift: int, scale: float) -> None:
    base, moved = measure_trend(values), measure_trend([scale * value + shift for value in values])
    assert moved.slope_per_week == pytest.approx(scale * base.slope_per_week)
    assert moved.slope_lower == pytest.approx(scale * base.slope_lower)
    assert moved.slope_upper == pytest.approx(scale * base.slope_upper)
    assert moved.p_value == pytest.approx(base.p_value)
    mirrored = measure_trend([-value for value in values])
    assert mirrored.slope_per_week == pytest.approx(-base.slope_per_week)
    assert mirrored.p_value == pytest.approx(base.p_value)


def test_persistence_makes_a_trend_less_sure() -> None:
    assert ar1_factor(0.0, 24) == pytest.approx((1 + 0.1) / (1 - 0.1))
    assert ar1_factor(-0.4, 24) == 1
    assert ar1_factor(0.99, 24) == pytest.approx(1.9 / 0.1)
    persistent = ar1(np.random.default_rng(2), 0.8, 1, 60)[0]
    assert hamed_rao_factor(persistent) > 1.5
    found = measure_trend(persistent, replace(DEFAULT_SETTINGS, max_autocorrelation=0.0))
    assert found.variance_factor == pytest.approx(hamed_rao_factor(persistent - found.slope_per_week * np.arange(60)))


def test_one_row_per_series_over_its_last_26_complete_weeks() -> None:
    long, short = series_frame([50.0] * 10 + [float(week) for week in range(26)]), series_frame([1.0] * 5, level="epic")
    running = series_frame([0.0] * 37).tail(1).assign(is_complete=False)
    whole = measure_trends(pd.concat([long, short, running], ignore_index=True).sample(frac=1, random_state=3))
    assert tuple(whole.columns) == COLUMNS
    assert whole["level"].tolist() == ["epic", "story"]
    assert whole["n_weeks"].tolist() == [5, 26]
    assert math.isnan(whole["slope_per_week"].iloc[0])
    assert whole["withheld_reason"].iloc[0] == "5 complete weeks with a value, at least 13 needed"
    assert whole["slope_per_week"].iloc[1] == 1
    assert pd.isna(whole["withheld_reason"].iloc[1])
    assert whole["window_start"].iloc[1] == MONDAY + pd.Timedelta(weeks=10)
    assert whole["window_end"].iloc[1] == MONDAY + pd.Timedelta(days=36 * 7 - 1)


def test_a_scope_without_a_stage_is_a_series_too() -> None:
    found = measure_trends(series_frame([float(week % 4) for week in range(20)], stage_id=None))
    assert len(found) == 1
    assert pd.isna(found["stage_id"].iloc[0])


def test_no_series_gives_the_same_columns() -> None:
    empty, full = measure_trends(series_frame([])), measure_trends(series_frame([1.0, 2.0] * 10))
    assert empty.empty
    assert empty.dtypes.equals(full.dtypes)


def test_a_missing_column_or_a_repeated_week_is_refused() -> None:
    frame = series_frame([1.0] * 15)
    with pytest.raises(ValueError, match="The series lack metric"):
        measure_trends(frame.drop(columns="metric"))
    with pytest.raises(ValueError, match="twice"):
        measure_trends(pd.concat([frame, frame.tail(1)]))


@pytest.mark.slow
@pytest.mark.parametrize(("n_weeks", "phi"), [(13, 0.0), (13, 0.3), (13, 0.6), (26, 0.0), (26, 0.3), (26, 0.6)])
def test_error_rate_and_coverage_without_a_trend(n_weeks: int, phi: float) -> None:
    """At most 10 % false trends of a nominal 5 %, and an interval that holds the true slope in 90 % and more."""
    found = [measure_trend(values) for values in ar1(np.random.default_rng(11), phi, 1000, n_weeks)]
    assert np.mean([trend.p_value < 0.05 for trend in found]) < 0.10
    assert np.mean([trend.slope_lower <= 0 <= trend.slope_upper for trend in found]) > 0.90
