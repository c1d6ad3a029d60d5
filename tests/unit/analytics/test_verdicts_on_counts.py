"""Verdicts on counts, shares and rare events: through the charts, from frames as the marts have them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from orchestration.analytics.intervention_effects import interrupted_effects
from orchestration.analytics.intervention_verdict import (
    EXPECTATION_COLUMNS,
    ITEM_SHIFT_COLUMNS,
    intervention_verdicts,
)
from orchestration.analytics.process_behaviour import chart_interventions, chart_periods
from orchestration.analytics.rare_event_charts import EVENT_COLUMNS

WEEKS = pd.date_range("2025-01-06", periods=52, freq="7D")
N_BEFORE = 26
AFTER = np.arange(52) >= N_BEFORE


def series(metric: str, counts: np.ndarray, sizes: np.ndarray | None = None, direction: str = "down") -> pd.DataFrame:
    is_share = sizes is not None and metric != "failed_deployments"
    return pd.DataFrame(
        {
            "intervention_id": "a", "metric": metric, "week_start": WEEKS, "desired_direction": direction,
            "phase": np.where(AFTER, "after", "before"), "is_baseline": ~AFTER, "is_complete": True,
            "value": counts / sizes if is_share else counts, "numerator": counts,
            "denominator": np.nan if sizes is None else sizes, "n_items": counts,
        }
    )  # fmt: skip


def judged(frame: pd.DataFrame, events: pd.DataFrame | None = None, minimum: float = np.nan) -> pd.DataFrame:
    points = chart_interventions(frame)
    parts = frame[["week_start", "numerator", "denominator", "desired_direction"]]
    named = points.merge(parts.assign(week_start=parts["week_start"].astype("datetime64[us]")), on="week_start")
    expected = pd.DataFrame([("a", frame["metric"].iloc[0], np.nan, minimum)], columns=list(EXPECTATION_COLUMNS))
    return intervention_verdicts(named, expected, pd.DataFrame(columns=list(ITEM_SHIFT_COLUMNS)), events=events)


def events_of(counts: np.ndarray, metric: str = "incidents") -> pd.DataFrame:
    rng = np.random.Generator(np.random.PCG64(5))
    moments = sorted(
        week + pd.Timedelta(hours=float(rng.uniform(1, 160)))
        for week, count in zip(WEEKS, counts, strict=True)
        for _ in range(int(count))
    )
    frame = pd.DataFrame({"intervention_id": "a", "metric": metric, "occurred_at": pd.to_datetime(moments)})
    return frame.assign(occurred_on=frame["occurred_at"].dt.normalize(), items_between=np.nan)[list(EVENT_COLUMNS)]


def poisson(rate: float, ratio: float, sizes: np.ndarray | float = 1.0, seed: int = 2) -> np.ndarray:
    rng = np.random.Generator(np.random.PCG64(seed))
    return rng.poisson(rate * np.asarray(sizes) * np.where(AFTER, ratio, 1.0)).astype(float) * np.ones(52)


SIZES = 20.0 + np.arange(52) % 7


@pytest.mark.parametrize(
    ("metric", "rate", "sizes", "chart"),
    [
        ("defects", 9.0, None, "c"),
        ("change_failure_share", 0.3, SIZES, "p_prime"),
        ("defects_per_item", 0.8, SIZES, "u_prime"),
    ],
)
def test_counts_and_shares_that_halve_are_improved(
    metric: str, rate: float, sizes: np.ndarray | None, chart: str
) -> None:
    frame = series(metric, poisson(rate, 0.5, 1.0 if sizes is None else sizes), sizes)
    points = chart_interventions(frame)
    assert set(points["chart"]) == {chart}
    assert set(points["effect_method"]) == {"quasi_poisson"}
    last = judged(frame).iloc[-1]
    assert last["verdict"] == "improved"
    assert -65 < last["effect_percent"] < -35
    assert (
        judged(series(metric, poisson(rate, 0.5, 1.0 if sizes is None else sizes), sizes, "up")).iloc[-1]["verdict"]
        == "worsened"
    )
    periods = chart_periods(frame)
    assert periods["decision"].tolist() == ["baseline", "auto_accepted"]
    assert periods["first_week"].tolist() == [WEEKS[0], WEEKS[N_BEFORE]]


def test_counts_that_scatter_more_than_chance_have_a_prime_chart() -> None:
    rng = np.random.Generator(np.random.PCG64(9))
    assert set(chart_interventions(series("defects", np.round(rng.lognormal(2, 0.8, 52))))["chart"]) == {"c_prime"}


def test_an_unchanged_share_is_not_improved() -> None:
    verdicts = judged(series("change_failure_share", poisson(0.3, 1.0, SIZES), SIZES))
    assert set(verdicts["verdict"]) <= {"insufficient_data", "inconclusive", "no_effect", "improving_early"}


def test_rare_events_that_nearly_stop_are_improved_by_their_gaps() -> None:
    counts = np.zeros(52)
    counts[[0, 2, 3, 6, 8, 9, 12, 14, 18, 20, 23, 25, 27]] = 1
    frame = series("incidents", counts)
    points = chart_interventions(frame)
    assert set(points["chart"]) == {"t"}
    assert set(points["effect_method"]) == {"rate_ratio"}
    assert points["upper_limit"].isna().all()
    assert points["note"].iloc[0].startswith("No limits by week: the median week has 0 events")
    verdicts = judged(frame, events_of(counts))
    assert verdicts.iloc[-1]["verdict"] == "improved"
    assert verdicts.iloc[-1]["reason"].endswith("lies beyond what the baseline gives by itself and the interval "
                                               "excludes no change.")  # fmt: skip
    assert verdicts.iloc[0]["verdict"] == "insufficient_data"


def test_of_rare_events_the_office_says_what_is_too_small_to_matter() -> None:
    counts = np.where(np.arange(52) % 3 == 0, 1.0, 0.0)
    last = judged(series("incidents", counts), events_of(counts)).iloc[-1]
    assert last["verdict"] in {"inconclusive", "improving_early"}
    assert last["minimum_effect"] == 0
    assert judged(series("incidents", counts), events_of(counts), minimum=0.9).iloc[-1]["verdict"] == "no_effect"


def test_none_since_the_launch_is_read_as_two_rates() -> None:
    counts = np.where(AFTER, 0.0, 3.0)
    found = judged(series("defects", counts)).iloc[-1]
    assert (found["effect_upper"] < 0, found["effect_lower"]) == (True, -np.inf)
    points = chart_interventions(series("defects", counts)).assign(numerator=counts, denominator=np.nan)
    assert interrupted_effects(points)["method_version"].tolist() == ["rate_step-1"]


def test_later_weeks_change_no_verdict_of_a_closed_week() -> None:
    for metric, rate, sizes in (("defects", 9.0, None), ("incidents", 0.4, None), ("escape_rate", 0.3, SIZES)):
        counts = poisson(rate, 0.6, 1.0 if sizes is None else sizes)
        frame, events = series(metric, counts, sizes), events_of(counts, metric)
        then = judged(frame.head(44), events)
        pd.testing.assert_frame_equal(then, judged(frame, events).head(len(then)))


@pytest.mark.slow
@pytest.mark.parametrize(("metric", "rate"), [("defects", 6.0), ("incidents", 0.4), ("change_failure_share", 0.25)])
def test_how_often_an_unchanged_process_is_called_improved(metric: str, rate: float) -> None:
    n_wrong = 0
    for seed in range(60):
        sizes = SIZES if metric == "change_failure_share" else None
        counts = poisson(rate, 1.0, 1.0 if sizes is None else sizes, seed)
        frame = series(metric, counts, sizes)
        n_wrong += judged(frame, events_of(counts)).iloc[-1]["verdict"] == "improved"
    # 3 % by the methods; three standard errors of 60 cases.
    assert n_wrong <= 60 * 0.03 + 3 * np.sqrt(60 * 0.03 * 0.97)
