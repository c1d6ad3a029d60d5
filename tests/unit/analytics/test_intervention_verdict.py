"""The table of verdicts row by row, no look-ahead, and its error rates by simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from autocorrelated_series import ar1
from scipy.stats import t as student_t

from orchestration.analytics.intervention_verdict import (
    COLUMNS,
    EXPECTATION_COLUMNS,
    ITEM_SHIFT_COLUMNS,
    intervention_verdicts,
    on_chart_scale,
)
from orchestration.analytics.verdict_table import VerdictSettings, judge

N_BASELINE, N_POST = 26, 14
NAN = float("nan")


def weeks_of(effect: float | np.ndarray, *, n_post: int = N_POST, sigma: float = 0.1, seed: int = 1) -> np.ndarray:
    """Return a log series with a change after 26 weeks."""
    values = np.random.default_rng(seed).normal(2.3, sigma, N_BASELINE + n_post)
    values[N_BASELINE:] += effect
    return values


def verdict_of(values: np.ndarray, **options: object) -> str:
    places = np.arange(values.size)
    return judge(values, places, places >= N_BASELINE, desired_direction="down", **options).verdict  # type: ignore[arg-type]


def test_too_few_weeks_say_nothing_whatever_they_show() -> None:
    values = weeks_of(-3)
    places = np.arange(values.size)
    assert verdict_of(values[: N_BASELINE + 7]) == "insufficient_data"
    assert verdict_of(values[: N_BASELINE + 8]) == "improved"
    assert judge(values[15:], places[15:], places[15:] >= 26, desired_direction="down").verdict == "insufficient_data"


def test_a_clear_change_is_improved_or_worsened_by_the_desired_direction() -> None:
    values = weeks_of(-0.3)
    places = np.arange(values.size)
    assert verdict_of(values) == "improved"
    up = judge(values, places, places >= N_BASELINE, desired_direction="up")
    assert (up.verdict, up.has_bad_run) == ("worsened", True)
    assert verdict_of(values, has_regressed=True) == "regressed"
    mirrored = judge(-values, places, places >= N_BASELINE, desired_direction="up")
    assert mirrored.verdict == "improved"


def test_an_effect_smaller_than_what_matters_is_not_improved() -> None:
    assert verdict_of(weeks_of(-0.3), minimum_effect=0.2) == "improved"
    assert verdict_of(weeks_of(-0.3), minimum_effect=0.6) != "improved"


def test_items_that_do_not_move_the_same_way_stand_against_improved() -> None:
    values = weeks_of(-0.3)
    assert verdict_of(values, asks_items=True, item_shift=-0.2) == "improved"
    assert verdict_of(values, asks_items=True, item_shift=0.1) == "inconclusive"
    assert verdict_of(values, asks_items=True) == "inconclusive"


@pytest.mark.parametrize(
    ("projected", "status"), [(-0.3, "on_target"), (-0.05, "on_target"), (-1.2, "below_projection"), (NAN, None)]
)
def test_an_improvement_is_held_against_its_projection(projected: float, status: str | None) -> None:
    values = weeks_of(-0.3)
    places = np.arange(values.size)
    judged = judge(values, places, places >= N_BASELINE, desired_direction="down", projected_effect=projected)
    assert (judged.verdict, judged.sub_status) == ("improved", status)


def test_no_effect_is_said_only_where_what_matters_is_ruled_out() -> None:
    values = weeks_of(0, n_post=26)
    assert verdict_of(values, minimum_effect=0.3) == "no_effect"
    assert verdict_of(values[: N_BASELINE + 8], minimum_effect=0.02) == "inconclusive"


def test_a_first_sign_is_improving_early_and_a_stall_short_of_the_aim_is_stagnating() -> None:
    sign = weeks_of(np.r_[np.zeros(11), [-0.28, -0.28, -0.5]])
    assert verdict_of(sign) == "improving_early"
    faded = weeks_of(np.r_[[-0.5, -0.4, -0.5], np.zeros(15)], n_post=18)
    assert verdict_of(faded, was_improving=True, projected_effect=-1.5) == "stagnating"
    assert verdict_of(faded, was_improving=False, projected_effect=-1.5) not in ("stagnating", "improving_early")
    assert verdict_of(faded, was_improving=True, projected_effect=-0.05) != "stagnating"


def test_a_run_across_a_missing_week_is_no_run() -> None:
    values = weeks_of(-0.3, n_post=14)
    places = np.arange(values.size)
    places[N_BASELINE + 7 :] += 1
    judged = judge(values, places, np.arange(values.size) >= N_BASELINE, desired_direction="down")
    assert (judged.has_good_run, judged.verdict) == (False, "improving_early")


def test_a_baseline_that_makes_runs_by_itself_is_never_improved_by_one() -> None:
    values = np.concatenate([np.linspace(0, 3, N_BASELINE), np.full(N_POST, -3) + weeks_of(0)[:N_POST]])
    judged = judge(values, np.arange(values.size), np.arange(values.size) >= N_BASELINE, desired_direction="down")
    assert not judged.run_rules_apply
    assert not judged.has_good_run
    assert judged.verdict != "improved"


def test_weeks_for_power_give_the_power_asked_for() -> None:
    generator = np.random.default_rng(3)
    values = generator.normal(size=N_BASELINE + 8)
    places = np.arange(values.size)
    judged = judge(values, places, places >= N_BASELINE, desired_direction="down", projected_effect=-0.9)
    assert judged.verdict == "inconclusive"
    assert judged.weeks_for_power is not None

    def power(n_post: int) -> float:
        error, degrees = judged.effect.standard_error_ahead(n_post)
        return float(student_t.cdf(0.9 / error - student_t.ppf(0.975, degrees), degrees))

    assert power(judged.weeks_for_power) >= 0.8 > power(judged.weeks_for_power - 1)
    hopeless = judge(values, places, places >= N_BASELINE, desired_direction="down", projected_effect=-0.01)
    assert hopeless.weeks_for_power is None


def test_wrong_direction_is_refused() -> None:
    with pytest.raises(ValueError, match="desired direction"):
        judge(np.zeros(3), np.arange(3), np.arange(3) > 1, desired_direction="left")


def points(values: np.ndarray, metric: str = "cycle_time", intervention: str = "pairing") -> pd.DataFrame:
    phase = np.repeat(["before", "transition", "after"], [N_BASELINE, 2, values.size - N_BASELINE])
    charted = np.concatenate([values[:N_BASELINE], [9.0, 9.0], values[N_BASELINE:]])
    return pd.DataFrame(
        {
            "intervention_id": intervention,
            "metric": metric,
            "week_start": pd.date_range("2025-01-06", periods=charted.size, freq="7D").as_unit("us"),
            "charted_value": charted,
            "chart_scale": "log",
            "phase": phase,
            "is_baseline": phase == "before",
            "is_excluded": phase == "transition",
            "desired_direction": "down",
        }
    )


def expectation(projected: float = -0.25, minimum: float = NAN) -> pd.DataFrame:
    return pd.DataFrame([("pairing", "cycle_time", projected, minimum)], columns=list(EXPECTATION_COLUMNS))


def shifts(frame: pd.DataFrame, value: float = -0.3) -> pd.DataFrame:
    after = frame.loc[frame["phase"] == "after", ["intervention_id", "metric", "week_start"]]
    return after.assign(item_shift=value)[list(ITEM_SHIFT_COLUMNS)]


def test_every_week_has_the_verdict_of_its_own_time() -> None:
    frame = points(weeks_of(-0.3))
    table = intervention_verdicts(frame.sample(frac=1, random_state=1), expectation(), shifts(frame))
    assert table["verdict"].tolist() == ["insufficient_data"] * 7 + ["improved"] * 7
    assert table["n_post"].tolist() == list(range(1, 15))
    assert (table["week_start"] == table["window_end"]).all()
    assert (table["window_start"] == pd.Timestamp("2025-01-06")).all()
    assert table["missing"].iloc[4] == "3 more complete weeks after the launch"
    last = table.iloc[-1]
    assert last["sub_status"] == "on_target"
    assert last["effect_percent"] == pytest.approx(-26, abs=5)
    assert "reaches the projected -25 %" in last["reason"]
    assert pd.isna(last["missing"])
    for n_weeks in (30, 35, 38):
        known = frame.iloc[:n_weeks]
        early = intervention_verdicts(known, expectation(), shifts(known))
        pd.testing.assert_frame_equal(early, table.iloc[: len(early)])


def test_a_stall_remembers_the_improvement_of_earlier_weeks() -> None:
    change = np.r_[np.full(9, -0.35), np.full(17, 0.02)]
    frame = points(weeks_of(change, n_post=26))
    table = intervention_verdicts(frame, expectation(projected=-0.6), shifts(frame))
    assert "improved" in set(table["verdict"])
    assert table["verdict"].iloc[-1] == "stagnating"


def test_flags_on_accepted_phases_count_from_their_week_on() -> None:
    frame = points(weeks_of(-0.3))
    frame["has_regressed"] = np.arange(len(frame)) >= 39
    table = intervention_verdicts(frame, expectation(), shifts(frame))
    assert table["verdict"].tolist()[-4:] == ["improved", "regressed", "regressed", "regressed"]
    assert table["action"].iloc[-1].startswith("Call a review")


def test_without_items_a_duration_is_not_called_improved_and_a_count_is() -> None:
    frame = points(weeks_of(-0.3))
    nothing = pd.DataFrame(columns=list(ITEM_SHIFT_COLUMNS))
    last = intervention_verdicts(frame, expectation(), nothing).iloc[-1]
    assert last["verdict"] == "inconclusive"
    assert "single items" in last["missing"]
    assert "single items do not confirm" in last["reason"]
    counts = points(weeks_of(-0.3), metric="wip").assign(chart_scale="linear")
    last = intervention_verdicts(counts, expectation(), nothing).iloc[-1]
    assert last["verdict"] == "improved"
    assert pd.isna(last["sub_status"])
    assert pd.isna(last["effect_percent"])


def test_a_gain_that_is_long_gone_is_no_longer_called_improved() -> None:
    change = np.r_[np.full(12, -0.4), np.full(9, 0.02)]
    values = weeks_of(change, n_post=21)
    assert verdict_of(values[: N_BASELINE + 12]) == "improved"
    assert verdict_of(values) != "improved"
    assert verdict_of(values, settings=VerdictSettings(min_retained_share=-np.inf)) == "improved"


def test_what_is_missing_counts_the_weeks_for_power() -> None:
    frame = points(weeks_of(0, n_post=9, seed=4))
    last = intervention_verdicts(frame, expectation(projected=-0.06), shifts(frame)).iloc[-1]
    assert last["verdict"] == "inconclusive"
    assert last["missing"].startswith("8 weeks in a row on the better side, an interval that leaves out no change")
    more = last["weeks_for_power"] - 9
    assert last["missing"].endswith(
        f"{more} more weeks would show the smallest change that matters with a chance of 80 %"
    )


def test_a_launch_without_a_week_since_has_one_row_that_waits() -> None:
    frame = points(weeks_of(0)).iloc[:N_BASELINE]
    table = intervention_verdicts(frame, expectation(), shifts(frame))
    assert table["verdict"].tolist() == ["insufficient_data"]
    assert table["week_start"].isna().all()
    assert table["missing"].iloc[0] == "8 more complete weeks after the launch"


def test_no_points_give_an_empty_table_of_the_same_types() -> None:
    frame = points(weeks_of(-0.3))
    empty = intervention_verdicts(frame.iloc[:0], expectation(), shifts(frame))
    assert tuple(empty.columns) == COLUMNS
    assert empty.dtypes.equals(intervention_verdicts(frame, expectation(), shifts(frame)).dtypes)


def test_wrong_frames_are_refused() -> None:
    frame = points(weeks_of(-0.3))
    with pytest.raises(ValueError, match="lack desired_direction"):
        intervention_verdicts(frame.drop(columns="desired_direction"), expectation(), shifts(frame))
    with pytest.raises(ValueError, match="comes twice"):
        intervention_verdicts(frame, pd.concat([expectation()] * 2), shifts(frame))
    with pytest.raises(ValueError, match="leaves nothing"):
        intervention_verdicts(frame, expectation(projected=-1.0), shifts(frame))


def test_a_share_becomes_a_difference_of_logarithms() -> None:
    assert on_chart_scale(-0.2, is_log=True) == pytest.approx(np.log(0.8))
    assert on_chart_scale(-0.2, is_log=False) == -0.2


#: Power in percent at steps of 0.5, 1, 1.5 and 2 standard deviations. Not published: simulated from 1,000 series each
#: with a draft of the rule, before this code was written.
_SIMULATED_BEFORE = [
    (12, 12, 0.0, (9, 34, 68, 89)),
    (12, 12, 0.3, (9, 31, 57, 80)),
    (20, 13, 0.0, (9, 39, 73, 91)),
    (20, 13, 0.3, (11, 37, 68, 88)),
    (26, 26, 0.0, (24, 74, 97, 100)),
    (26, 26, 0.3, (23, 67, 94, 99)),
]


@pytest.mark.slow
@pytest.mark.parametrize(("n_baseline", "n_post", "phi", "simulated_before"), _SIMULATED_BEFORE)
def test_improved_is_rarely_false_and_found_as_often_as_simulated_before(
    n_baseline: int, n_post: int, phi: float, simulated_before: tuple[int, ...]
) -> None:
    n_series = 600
    generator = np.random.default_rng([n_baseline, n_post, round(10 * phi)])
    n_weeks = n_baseline + n_post
    noise = ar1(generator, n_series, n_weeks, phi)
    places = np.arange(n_weeks)
    post = places >= n_baseline
    shares = []
    for step in (0.0, 0.5, 1.0, 1.5, 2.0):
        # The minimum that matters is part of the shipped rule; the draft left it out.
        settings = VerdictSettings() if step == 0 else VerdictSettings(minimum_sigmas=0.0)
        verdicts = [
            judge(series - step * post, places, post, desired_direction="down", settings=settings).verdict
            for series in noise
        ]
        shares.append(100 * verdicts.count("improved") / n_series)
    print(f"improved {n_baseline}+{n_post} phi {phi}: {[round(share, 1) for share in shares]}")  # noqa: T201
    assert shares[0] <= 3
    # Within 5 points, give or take one standard error of the difference of the two simulations.
    for share, expected in zip(shares[1:], simulated_before, strict=True):
        spread = np.sqrt(expected * (100 - expected) * (1 / n_series + 1 / 1000))
        assert abs(share - expected) <= 5 + spread
