"""Load ahead: arrivals, work per item, capacity, and when nothing is said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from orchestration.analytics.load_forecast import (
    COLUMNS,
    DEFAULT_SETTINGS,
    fit_smoothing,
    forecast_arrivals,
    forecast_load,
    smoothed_mean_error,
)

MONDAY = pd.Timestamp("2025-01-06")
FOUR = replace(DEFAULT_SETTINGS, horizon_weeks=(4,))


def stage_weeks(arrivals: list[int] | np.ndarray, hours_per_item: float = 10, **columns: Any) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "scope_type": "value_stream",
            "scope_id": "payments",
            "stage_id": "flow.build",
            "week_start": pd.date_range(MONDAY, periods=len(arrivals), freq="7D"),
            "is_complete": True,
            "n_arrivals": arrivals,
            "n_departures": arrivals,
            "work_hours": np.asarray(arrivals) * hours_per_item,
            "capacity_hours": 100.0,
            "capacity_source": "given",
        }
    )
    return frame.assign(**columns)


def poisson(seed: int, n_weeks: int, rate: float = 6) -> np.ndarray:
    return np.random.default_rng(seed).poisson(rate, n_weeks)


def test_steady_arrivals_give_their_load() -> None:
    found = forecast_load(stage_weeks([6] * 40))
    assert tuple(found.columns) == COLUMNS
    assert found["horizon_weeks"].tolist() == [4, 8]
    # 6 items a week of 10 hours on 100 hours.
    assert found["load"].tolist() == pytest.approx([0.6, 0.6])
    assert found["load_now"].tolist() == pytest.approx([0.6, 0.6])
    assert found["model"].tolist() == ["naive", "naive"]
    assert found["state"].tolist() == ["below", "below"]
    assert found["target_start"].tolist() == [MONDAY + pd.Timedelta(weeks=40), MONDAY + pd.Timedelta(weeks=44)]
    assert found["target_end"].tolist() == [
        MONDAY + pd.Timedelta(days=44 * 7 - 1),
        MONDAY + pd.Timedelta(days=48 * 7 - 1),
    ]


def test_the_states_follow_the_interval() -> None:
    weeks = stage_weeks(poisson(1, 52))
    states = {
        hours: forecast_load(weeks.assign(work_hours=weeks["n_arrivals"] * hours), settings=FOUR)
        for hours in (4, 15, 40)
    }
    assert [found["state"].iloc[0] for found in states.values()] == ["below", "may_cross", "above"]
    middle = states[15].iloc[0]
    assert middle["load_lower"] < middle["load"] < middle["load_upper"]
    assert middle["load"] == pytest.approx(middle["arrivals_per_week"] * 15 / 100)
    assert middle["mase"] < 1


def test_capacity_known_ahead_overrides_what_was() -> None:
    weeks = stage_weeks(poisson(2, 45))
    known = pd.DataFrame(
        {
            "scope_type": "value_stream",
            "scope_id": "payments",
            "stage_id": "flow.build",
            "week_start": MONDAY + pd.to_timedelta(7 * np.array([45, 46, 47]), unit="D"),
            "capacity_hours": [50.0, 50.0, 0.0],
        }
    )
    before, after = forecast_load(weeks), forecast_load(weeks, known)
    # Three weeks of 50, 50 and 0 hours, the fourth goes on with 100.
    assert after["capacity_hours_per_week"].tolist() == [50, 100]
    assert after["n_weeks_capacity_known"].tolist() == [3, 0]
    assert after["load"].iloc[0] == pytest.approx(2 * before["load"].iloc[0])
    assert after["load"].iloc[1] == before["load"].iloc[1]
    with pytest.raises(ValueError, match="capacity ahead lack capacity_hours"):
        forecast_load(weeks, known.drop(columns="capacity_hours"))


def test_too_little_is_withheld_with_its_reason() -> None:
    assert forecast_load(stage_weeks(poisson(3, 27)), settings=FOUR)["withheld_reason"].tolist() == [
        "27 complete weeks without a gap, at least 28 needed"
    ]
    assert forecast_load(stage_weeks(poisson(3, 28)), settings=FOUR)["withheld_reason"].isna().all()
    few = forecast_load(stage_weeks(poisson(3, 40), n_departures=0), settings=FOUR).iloc[0]
    assert few["withheld_reason"] == "0 items left with known hours in 13 weeks, at least 10 needed"
    assert np.isnan(few["load"])
    assert np.isnan(few["hours_per_item"])
    unknown = forecast_load(stage_weeks(poisson(3, 40), capacity_hours=np.nan), settings=FOUR).iloc[0]
    assert unknown["withheld_reason"] == "the capacity of the stage is not known, or is 0, in the weeks forecast"
    assert pd.isna(unknown["state"])
    gap = stage_weeks(poisson(3, 40)).drop(index=20)
    assert forecast_load(gap, settings=FOUR)["withheld_reason"].tolist() == [
        "19 complete weeks without a gap, at least 28 needed"
    ]


def test_a_forecast_no_better_than_the_naive_one_is_withheld() -> None:
    # A random walk: what the last four weeks were is about the best that can be said.
    wander = np.maximum(0, 40 + np.cumsum(np.random.default_rng(4).choice([-6, 6], 52)))
    found = forecast_load(stage_weeks(wander), settings=FOUR).iloc[0]
    assert found["mase"] >= 1
    assert found["withheld_reason"].startswith("no forecast of arrivals erred less than the mean of the last 4 weeks")
    assert pd.isna(found["load"])


def test_no_look_ahead_and_no_incomplete_weeks() -> None:
    weeks = stage_weeks(poisson(4, 50))
    cut = forecast_load(weeks.head(40))
    running = weeks.assign(is_complete=weeks.index < 40, n_arrivals=weeks["n_arrivals"].where(weeks.index < 40, 999))
    pd.testing.assert_frame_equal(forecast_load(running.sample(frac=1, random_state=1)), cut)


def test_the_error_of_a_mean_worked_by_hand() -> None:
    assert smoothed_mean_error(0.0, 8, 4) == pytest.approx(0.5)
    assert smoothed_mean_error(0.0, 4, 4) == pytest.approx(0.5)
    # A random walk, two weeks ahead, mean of both: e1 counts twice, e2 once.
    assert smoothed_mean_error(1.0, 2, 2) == pytest.approx(np.sqrt(1 + 0.25))
    assert smoothed_mean_error(1.0, 3, 1) == pytest.approx(np.sqrt(3))


def test_both_models_are_those_of_statsmodels() -> None:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel
    from statsmodels.tsa.forecasting.theta import ThetaModel

    # Saudi oil production, 1996 to 2007 (million tonnes), of the handbook of forecasting; alpha 0.892, next 496.49.
    oil = np.array(
        [
            446.6565,
            454.4733,
            455.663,
            423.6322,
            456.2713,
            440.5881,
            425.3325,
            485.1494,
            506.0482,
            526.792,
            514.2689,
            494.211,
        ]
    )
    fit = fit_smoothing(oil, [12])
    assert fit.alpha[0] == pytest.approx(0.892, abs=0.005)
    assert fit.ahead(1, "ets")[0] == pytest.approx(496.49, abs=0.1)
    for seed in range(3):
        arrivals = poisson(seed, 40).astype(float) + np.linspace(0, 8, 40)
        ours = fit_smoothing(arrivals, [20, 40])
        theirs = ETSModel(arrivals, error="add").fit(disp=False)
        assert ours.level[1] == pytest.approx(theirs.forecast(1)[0], abs=0.05)
        assert ours.alpha[1] == pytest.approx(theirs.params[0], abs=0.01)
        by_theta = ThetaModel(pd.Series(arrivals), period=1, deseasonalize=False).fit().forecast(4).to_numpy()
        steps = np.array([ours.ahead(week, "theta")[1] for week in (1, 2, 3, 4)])
        assert np.diff(steps) == pytest.approx(np.diff(by_theta))
        # statsmodels fits theta's smoothing by another likelihood, from another start.
        assert steps[0] == pytest.approx(by_theta[0], abs=0.5)
        # What comes later does not change an earlier fit.
        assert fit_smoothing(arrivals[:20], [20]).level[0] == pytest.approx(ours.level[0])


def test_no_stage_gives_the_same_columns() -> None:
    empty, full = forecast_load(stage_weeks([])), forecast_load(stage_weeks([6] * 40))
    assert empty.empty
    assert empty.dtypes.equals(full.dtypes)
    with pytest.raises(ValueError, match="lack work_hours"):
        forecast_load(stage_weeks([6] * 40).drop(columns="work_hours"))
    with pytest.raises(ValueError, match="twice"):
        forecast_load(pd.concat([stage_weeks([6] * 40)] * 2))


@pytest.mark.slow
@pytest.mark.parametrize("phi", [0.0, 0.5])
def test_coverage_of_the_interval(phi: float) -> None:
    generator, held = np.random.default_rng(31), []
    for _ in range(1000):
        noise = generator.normal(0, 2, 48)
        for week in range(1, 48):
            noise[week] += phi * noise[week - 1]
        arrivals = np.maximum(0, np.rint(12 + noise))
        found = forecast_arrivals(arrivals[:40], 8)
        assert found is not None
        held.append(abs(arrivals[44:48].mean() - found.mean) <= 1.2816 * found.standard_error)
    assert 0.70 < np.mean(held) < 0.95
