"""Donors by rule, the controlled step and its placebo p."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from orchestration.analytics.controlled_effect import (
    COLUMNS,
    choose_donors,
    controlled_effects,
    controlled_step,
)
from orchestration.analytics.interrupted_series import step_effect

N_BASELINE, N_TRANSITION, N_POST = 20, 2, 12
N_WEEKS = N_BASELINE + N_TRANSITION + N_POST
WEEKS = pd.date_range("2025-01-06", periods=N_WEEKS, freq="7D").as_unit("us")
LAUNCH = WEEKS[N_BASELINE]
PHASE = np.repeat(["before", "transition", "after"], [N_BASELINE, N_TRANSITION, N_POST])


def portfolio(n_streams: int, own_change: float, common_change: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the treated points and the cycle times (days) of streams that share a wave and a common change."""
    generator = np.random.default_rng(1)
    after = np.arange(N_WEEKS) >= N_BASELINE
    wave = 0.2 * np.sin(np.arange(N_WEEKS)) + np.log(common_change) * after
    logs = np.log(10) + wave + generator.normal(0, 0.05, (n_streams, N_WEEKS))
    logs[0] += np.log(own_change) * after
    treated = pd.DataFrame(
        {
            "intervention_id": "pairing",
            "metric": "cycle_time",
            "value_stream_id": "stream-00",
            "level": "story",
            "week_start": WEEKS,
            "charted_value": logs[0],
            "chart_scale": "log",
            "phase": PHASE,
            "is_baseline": PHASE == "before",
            "is_excluded": PHASE == "transition",
        }
    )
    candidates = pd.DataFrame(
        {
            "value_stream_id": np.repeat([f"stream-{place:02}" for place in range(n_streams)], N_WEEKS),
            "level": "story",
            "metric": "cycle_time",
            "week_start": np.tile(WEEKS, n_streams),
            "is_complete": True,
            "value": np.exp(logs).ravel(),
        }
    )
    return treated, candidates


def launches(**others: pd.Timestamp) -> pd.DataFrame:
    named = {"pairing": ("stream-00", LAUNCH)} | {name: (f"stream-{name[-2:]}", when) for name, when in others.items()}
    return pd.DataFrame(
        [(name, stream, when) for name, (stream, when) in named.items()],
        columns=["intervention_id", "value_stream_id", "launched_at"],
    )


def test_what_everybody_got_is_taken_off() -> None:
    treated, candidates = portfolio(6, own_change=0.8, common_change=0.7)
    row = controlled_effects(treated, candidates, launches()).iloc[0]
    assert np.exp(row["effect"]) == pytest.approx(0.56, rel=0.1)
    assert row["controlled_percent"] == pytest.approx(-20, abs=4)
    assert row["controlled_percent_lower"] < row["controlled_percent"] < row["controlled_percent_upper"] < 0
    assert row["donors"] == "stream-01, stream-02, stream-03, stream-04, stream-05"
    assert row["donor_rule"] == "correlated"
    assert row["placebo_p_value"] == row["smallest_placebo_p_value"] == pytest.approx(1 / 6)
    assert row["note"] == "5 donors, smallest possible placebo p 0.17."
    unchanged, candidates = portfolio(6, own_change=1.0, common_change=0.7)
    row = controlled_effects(unchanged, candidates, launches()).iloc[0]
    assert row["effect_upper"] < 0
    assert row["controlled_lower"] < 0 < row["controlled_upper"]


def test_streams_with_a_launch_nearby_or_ruled_out_are_no_donors() -> None:
    treated, candidates = portfolio(7, own_change=0.8, common_change=1)
    near = {
        "before01": LAUNCH - pd.Timedelta(weeks=13),
        "after02": LAUNCH + pd.Timedelta(weeks=13),
        "long-ago03": LAUNCH - pd.Timedelta(weeks=13, days=1),
    }
    row = controlled_effects(treated, candidates, launches(**near), excluded={"pairing": ["stream-06"]}).iloc[0]
    assert row["donors"] == "stream-03, stream-04, stream-05"


def test_later_weeks_and_later_launches_change_nothing() -> None:
    treated, candidates = portfolio(6, own_change=0.8, common_change=1)
    known_until = WEEKS[-3]
    early = controlled_effects(
        treated.loc[treated["week_start"] <= known_until],
        candidates.loc[candidates["week_start"] <= known_until],
        launches(),
    )
    later = controlled_effects(
        treated.loc[treated["week_start"] <= known_until], candidates, launches(next01=WEEKS[-1])
    )
    pd.testing.assert_frame_equal(early, later)


def test_fewer_than_two_donors_withhold_the_comparison_and_keep_the_step() -> None:
    treated, candidates = portfolio(2, own_change=0.8, common_change=1)
    row = controlled_effects(treated, candidates, launches()).iloc[0]
    assert row["withheld_reason"] == ("1 comparable value stream has no launch near this one, at least 2 needed")
    assert np.isfinite(row["effect"])
    assert np.isnan(row["controlled_effect"])
    alone = controlled_effects(treated, candidates.iloc[:0], launches()).iloc[0]
    assert (alone["n_donors"], alone["n_candidates"]) == (0, 0)
    with pytest.raises(ValueError, match="1 donor gives no comparison"):
        controlled_step(np.zeros(20), np.zeros((1, 20)), np.arange(20), np.arange(20) >= 12)


def test_incomplete_weeks_and_other_metrics_or_levels_take_no_part() -> None:
    treated, candidates = portfolio(5, own_change=0.8, common_change=1)
    plain = controlled_effects(treated, candidates, launches())
    noise = candidates.assign(value=1e6)
    running = noise.loc[noise["week_start"] == WEEKS[-1]].assign(
        week_start=WEEKS[-1] + pd.Timedelta(weeks=1), is_complete=False
    )
    more = pd.concat([candidates, noise.assign(level="epic"), noise.assign(metric="wip"), running])
    pd.testing.assert_frame_equal(plain, controlled_effects(treated, more, launches()))


def test_few_correlated_streams_bring_in_all_with_enough_weeks() -> None:
    generator = np.random.default_rng(2)
    post = np.arange(30) >= 18
    series = generator.normal(size=30)
    candidates = np.vstack([series + generator.normal(0, 0.1, 30), -series, generator.normal(0, 1, (3, 30))])
    candidates[4, 20:26] = np.nan
    chosen, rule = choose_donors(series, candidates, post)
    assert (chosen.tolist(), rule) == ([True, True, True, True, False], "all")
    alike = np.vstack([series + generator.normal(0, 0.1, 30) for _ in range(3)] + [-series])
    assert choose_donors(series, alike, post)[0].tolist() == [True, True, True, False]
    assert choose_donors(series, alike, post)[1] == "correlated"


def test_a_missing_week_of_one_donor_does_not_move_the_level_of_the_mean() -> None:
    post = np.arange(30) >= 18
    generator = np.random.default_rng(3)
    donors = np.array([[100.0], [0.0], [-50.0]]) + generator.normal(0, 0.1, (3, 30))
    series = generator.normal(0, 0.1, 30)
    donors[0, 22:25] = np.nan
    found = controlled_step(series, donors, np.arange(30), post)
    assert abs(found.step.effect) < 0.3
    whole = np.where(np.isnan(donors), 100.0, donors)
    plain = step_effect(series - whole.mean(axis=0), np.arange(30), post)
    assert controlled_step(series, whole, np.arange(30), post).step.effect == pytest.approx(plain.effect)


def test_no_interventions_give_an_empty_table_of_the_same_types() -> None:
    treated, candidates = portfolio(4, 0.8, 1)
    empty = controlled_effects(treated.iloc[:0], candidates, launches())
    assert tuple(empty.columns) == COLUMNS
    assert empty.dtypes.equals(controlled_effects(treated, candidates, launches()).dtypes)


def test_wrong_input_is_refused() -> None:
    treated, candidates = portfolio(4, 0.8, 1)
    with pytest.raises(ValueError, match="candidates lack level"):
        controlled_effects(treated, candidates.drop(columns="level"), launches())
    with pytest.raises(ValueError, match="no launch"):
        controlled_effects(treated, candidates, launches().iloc[:0])
    with pytest.raises(ValueError, match="week twice"):
        controlled_effects(treated, pd.concat([candidates] * 2), launches())
