"""Charts of interventions: baseline, exclusions, scales, frozen limits, wording."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.analytics.process_behaviour import (
    METHOD_VERSION,
    PERIOD_COLUMNS,
    POINT_COLUMNS,
    chart_interventions,
    chart_periods,
)
from orchestration.analytics.process_limits import natural_process_limits

if TYPE_CHECKING:
    from collections.abc import Callable

LIMITS = ["centre_line", "lower_limit", "upper_limit", "lower_near_limit", "upper_near_limit"]
STEADY = [20.0, 22.0, 19.0, 21.0, 23.0, 20.0, 18.0, 22.0, 21.0, 19.0, 22.0, 20.0, 21.0]


def test_every_row_comes_back_with_every_column(weekly_series: Callable[..., pd.DataFrame]) -> None:
    series = weekly_series(STEADY, [30.0, 31.0], [25.0, 26.0])
    points = chart_interventions(series)
    assert tuple(points.columns) == POINT_COLUMNS
    assert points["value"].tolist() == series["value"].tolist()
    assert points["week_start"].tolist() == series["week_start"].tolist()
    assert points["method_version"].eq(METHOD_VERSION).all()
    assert points["limits_status"].eq("usable").all()


def test_empty_input_keeps_columns_and_types(weekly_series: Callable[..., pd.DataFrame]) -> None:
    full = chart_interventions(weekly_series(STEADY))
    empty = chart_interventions(weekly_series(STEADY).iloc[:0])
    assert len(empty) == 0
    assert empty.dtypes.equals(full.dtypes)


def test_limits_are_frozen_on_the_baseline(weekly_series: Callable[..., pd.DataFrame]) -> None:
    points = chart_interventions(weekly_series(STEADY, [40.0, 41.0]), allow_for_autocorrelation=False)
    expected = natural_process_limits(STEADY, floor=0)
    for column in LIMITS:
        assert points[column].tolist() == pytest.approx([getattr(expected, column)] * len(points))
    assert points["signal_rule"].tolist()[-2:] == ["outside", "outside"]
    assert points["signal_direction"].tolist()[-2:] == ["improvement", "improvement"]


def test_only_the_last_26_complete_weeks_with_a_value_make_the_baseline(
    weekly_series: Callable[..., pd.DataFrame],
) -> None:
    rng = np.random.default_rng(7)
    before: list[float | None] = [500.0] * 4 + list(rng.integers(15, 25, 30).astype(float))
    before[-3] = None
    series = weekly_series(before)
    series.loc[10, "is_complete"] = False
    points = chart_interventions(series)
    used = points.loc[points["is_baseline"]]
    assert len(used) == 26
    assert points["n_baseline"].eq(26).all()
    assert used["week_start"].min() == series["week_start"].iloc[6]
    assert points["exclusion_reason"].iloc[:6].tolist() == ["before_baseline"] * 6
    assert points["exclusion_reason"].iloc[10] == "incomplete_week"
    assert points["exclusion_reason"].iloc[-3] == "no_value"
    assert points["signal_rule"].iloc[:6].isna().all()


def test_transition_and_incomplete_weeks_are_not_judged(weekly_series: Callable[..., pd.DataFrame]) -> None:
    series = weekly_series(STEADY, [40.0, 41.0], [60.0, 60.0])
    series.loc[len(series) - 1, "is_complete"] = False
    points = chart_interventions(series)
    assert points["is_excluded"].tolist() == [False] * 13 + [True, True, False, True]
    assert points["signal_rule"].notna().tolist() == [False] * 15 + [True, False]
    assert points["moving_range"].iloc[13:].isna().all()


def test_runs_do_not_cross_the_launch_or_a_missing_week(weekly_series: Callable[..., pd.DataFrame]) -> None:
    # Four points above the mean before the launch, five after: no seven on one side within a phase.
    before = [18.0, 22.0, 18.0, 22.0, 18.0, 22.0, 18.0, 18.5, 22.0, 21.5, 22.0, 21.0]
    rules = chart_interventions(weekly_series(before, [21.5, 22.0, 21.0, 21.5, 22.0]))["signal_rule"]
    assert rules.isna().all()
    series = weekly_series(before, [21.5, 22.0, 21.0, 21.5, 22.0, 21.0, 21.5])
    assert chart_interventions(series)["signal_rule"].tolist()[-7:] == ["shift"] * 7
    series.loc[series.index[-4:], "week_start"] += pd.Timedelta(weeks=1)
    assert chart_interventions(series)["signal_rule"].isna().all()


def test_durations_are_charted_on_the_log_and_limits_transformed_back(
    weekly_series: Callable[..., pd.DataFrame],
) -> None:
    days = [8.0, 9.0, 12.0, 7.0, 10.0, 9.0, 8.0, 11.0, 9.0, 10.0, 8.0, 9.0]
    series = weekly_series(days, [2.0, 0.0], metric="cycle_time", desired_direction="down")
    points = chart_interventions(series, allow_for_autocorrelation=False)
    expected = natural_process_limits(np.log(days))
    assert points["chart_scale"].eq("log").all()
    assert points["charted_value"].iloc[:13].tolist() == pytest.approx(np.log([*days, 2.0]).tolist())
    for column in LIMITS:
        assert points[column].iloc[0] == pytest.approx(np.exp(getattr(expected, column)))
    assert points["moving_range"].iloc[1] == pytest.approx(np.log(9 / 8))
    assert points["signal_direction"].iloc[12] == "improvement"
    # A later duration of 0 cannot be charted, and must not change the chart of the past.
    assert points["exclusion_reason"].iloc[13] == "not_positive"
    assert pd.isna(points["charted_value"].iloc[13])


def test_a_baseline_with_durations_of_0_is_charted_linear(weekly_series: Callable[..., pd.DataFrame]) -> None:
    points = chart_interventions(weekly_series([0.0, 2.0, 1.0, 3.0, 0.0, 2.0, 1.0], metric="lead_time"))
    assert points["chart_scale"].eq("linear").all()
    assert "durations of 0" in points["note"].iloc[0]
    assert points["lower_limit"].isna().all()


def test_shares_stay_between_0_and_1(weekly_series: Callable[..., pd.DataFrame]) -> None:
    shares = [0.9, 0.99, 0.95, 0.99, 0.9, 0.97, 0.95, 0.92]
    points = chart_interventions(weekly_series(shares, metric="flow_efficiency"))
    assert points["upper_limit"].isna().all()
    assert points["lower_limit"].notna().all()
    assert "No upper limit is drawn, as it would lie above 1." in points["note"].iloc[0]


def test_too_few_baseline_weeks_give_no_limits_and_say_so(weekly_series: Callable[..., pd.DataFrame]) -> None:
    points = chart_interventions(weekly_series(STEADY[:5], [90.0, 1.0]))
    assert points[LIMITS].isna().all(axis=None)
    assert points["signal_rule"].isna().all()
    assert points["limits_status"].eq("run_chart").all()
    assert points["note"].iloc[0] == ("No limits: 5 complete weeks with a value before the launch, at least 6 needed.")
    stricter = chart_interventions(weekly_series(STEADY[:11], [90.0]), min_baseline=12)
    assert stricter[LIMITS].isna().all(axis=None)
    assert "at least 12 needed" in stricter["note"].iloc[0]
    apart = chart_interventions(weekly_series([5.0, None] * 7))
    assert apart["note"].iloc[0].startswith("No limits: no two of the 7 complete weeks")


def test_the_note_says_what_the_limits_rest_on(weekly_series: Callable[..., pd.DataFrame]) -> None:
    trial = chart_interventions(weekly_series(STEADY[:8]))["note"].iloc[0]
    assert trial.startswith(
        "Limits frozen on 8 complete weeks, 2026-01-05 to 2026-02-23 (trial). Trial limits: 12 weeks"
    )
    wandering = [20.0, 24.0, 28.0, 32.0, 36.0, 40.0, 36.0, 32.0, 28.0, 24.0, 20.0, 24.0, 28.0, 32.0]
    points = chart_interventions(weekly_series(wandering, [30.0]))
    assert points["r1"].iloc[0] > 0.6
    assert "Autocorrelated, limits widened by 58%" in points["note"].iloc[0]
    assert "No run rules" in points["note"].iloc[0]
    assert points["signal_rule"].isna().all()
    flat = chart_interventions(weekly_series([5.0] * 8, [6.0]))
    assert "The baseline did not vary" in flat["note"].iloc[0]


def shares(series: pd.DataFrame, sizes: list[float | None]) -> pd.DataFrame:
    """Return the series with the parts of its shares."""
    frame = series.assign(metric="flow_efficiency", denominator=pd.Series(sizes, dtype="float64"))
    return frame.assign(numerator=frame["value"] * frame["denominator"])


def test_a_share_of_known_size_has_limits_by_week(weekly_series: Callable[..., pd.DataFrame]) -> None:
    values, sizes = [0.3, 0.2, 0.4, 0.3, 0.2, 0.4, 0.3, 0.2, 0.4, 0.3, 0.2, 0.4], [40.0, 60.0, 20.0] * 4
    points = chart_interventions(shares(weekly_series(values, [0.5, 0.5]), [*sizes, 20.0, 400.0]))
    assert points["chart"].eq("p_prime").all()
    assert points["centre_line"].iloc[0] == pytest.approx((0.3 * 40 + 0.2 * 60 + 0.4 * 20) / 120)
    assert points["upper_limit"].nunique() == 4
    width = points["upper_limit"] - points["centre_line"]
    assert width.iloc[2] / width.iloc[13] == pytest.approx(np.sqrt(400 / 20))
    assert points["signal_rule"].fillna("").tolist()[-2:] == ["", "outside"]
    assert "Limits differ by week" in points["note"].iloc[0]
    assert points["moving_range_limit"].isna().all()
    periods = chart_periods(shares(weekly_series(values, [0.5, 0.5]), [*sizes, 20.0, 400.0]))
    assert periods["upper_limit"].isna().all()
    assert periods["centre_line"].iloc[0] == points["centre_line"].iloc[0]


def test_a_share_without_its_parts_is_left_out_later_and_charted_plainly_before(
    weekly_series: Callable[..., pd.DataFrame],
) -> None:
    values, sizes = [0.3, 0.2, 0.4] * 4, [40.0, 60.0, 20.0] * 4
    later = chart_interventions(shares(weekly_series(values, [0.5, 0.5]), [*sizes, None, 0.0]))
    assert later["exclusion_reason"].tolist()[-2:] == ["no_size", "no_size"]
    plain = chart_interventions(shares(weekly_series(values, [0.5]), [None, *sizes[1:], 40.0]))
    assert plain["chart"].eq("xmr").all()
    other = shares(weekly_series(values), sizes).assign(numerator=7.0)
    with pytest.raises(ValueError, match="not its numerator over its denominator"):
        chart_interventions(other)


def test_thin_weeks_are_told(weekly_series: Callable[..., pd.DataFrame]) -> None:
    series = weekly_series(STEADY, metric="cycle_time")
    assert chart_interventions(series)["advised_period"].isna().all()
    for n_items, advised in ((9, "week"), (3, "two_weeks"), (1, "longer")):
        points = chart_interventions(series.assign(n_items=n_items))
        assert points["advised_period"].eq(advised).all()
        assert ("too few items" in points["note"].iloc[0]) == (advised != "week")


#: Thirteen weeks about 20, and the same about 26 and 14; never four on one side.
WAVE = [19.0, 21.0, 19.5, 22.0, 18.0, 20.5, 19.0, 21.5, 18.5, 22.0, 19.0, 21.0, 20.2]
UP, DOWN = [value + 6 for value in WAVE], [value - 6 for value in WAVE]


def test_a_lasting_gain_puts_its_own_limits_in_force(weekly_series: Callable[..., pd.DataFrame]) -> None:
    series = weekly_series(WAVE * 2, UP * 2)
    periods, points = chart_periods(series), chart_interventions(series)
    assert tuple(periods.columns) == PERIOD_COLUMNS
    assert periods["decision"].tolist() == ["baseline", "auto_accepted"]
    gain = periods.iloc[1]
    assert gain["first_week"] == series["week_start"].iloc[26]
    assert (gain["n_weeks"], gain["n_window"], gain["shift_side"]) == (26, 21, "high")
    assert gain["cause_intervention_id"] == "INT-1"
    assert [gain[name] for name in ("is_clearly_different", "is_desired", "is_expected_to_last")] == [True] * 3
    assert points["period_in_force"].tolist() == [1] * 26 + [2] * 26
    assert points["period_centre_line"].iloc[-1] == pytest.approx(np.mean((UP * 2)[:21]))
    assert points["centre_line"].eq(np.mean(WAVE)).all()
    # Against the baseline each week is a signal, against the new limits none is.
    assert points["alert_rule"].iloc[-1] == "eight_run"
    assert points["alert_direction"].iloc[-1] == "improvement"
    assert points["period_alert_rule"].isna().all()
    assert points["period_signal_rule"].isna().all()


def test_a_lasting_loss_stays_measured_against_the_old_limits(weekly_series: Callable[..., pd.DataFrame]) -> None:
    series = weekly_series(WAVE * 2, DOWN * 2)
    periods, points = chart_periods(series), chart_interventions(series)
    assert periods["decision"].tolist() == ["baseline", "pending_review"]
    assert periods["period_in_force"].tolist() == [1, 1]
    assert "undesired direction" in periods["reason"].iloc[1]
    assert points["period_number"].tolist() == [1] * 26 + [2] * 26
    assert points["period_in_force"].eq(1).all()
    assert points["period_centre_line"].tolist() == points["centre_line"].tolist()
    assert points["period_alert_direction"].iloc[-1] == "concern"


def test_no_periods_without_limits_and_only_one_on_a_short_or_wandering_baseline(
    weekly_series: Callable[..., pd.DataFrame],
) -> None:
    none = weekly_series(STEADY[:5], UP * 2)
    assert len(chart_periods(none)) == 0
    assert chart_interventions(none)["period_number"].isna().all()
    assert chart_interventions(none)["chart"].eq("run_chart").all()
    assert len(chart_periods(weekly_series(WAVE[:11], UP * 2))) == 1
    wandering = [20.0, 24.0, 28.0, 32.0, 36.0, 40.0, 36.0, 32.0, 28.0, 24.0, 20.0, 24.0, 28.0, 32.0]
    assert len(chart_periods(weekly_series(wandering, [90.0] * 26))) == 1
    assert chart_periods(none).dtypes.equals(chart_periods(weekly_series(WAVE * 2)).dtypes)


def test_incomplete_and_transition_weeks_are_in_no_period(weekly_series: Callable[..., pd.DataFrame]) -> None:
    series = weekly_series(WAVE * 2, UP * 2, [90.0, 90.0])
    series.loc[len(series) - 1, "is_complete"] = False
    points = chart_interventions(series)
    assert points.loc[points["is_excluded"], "period_number"].isna().all()
    assert points["period_number"].isna().sum() == 3
    last = chart_periods(series).iloc[-1]
    assert (last["first_week"], last["n_weeks"]) == (series["week_start"].iloc[28], 25)


def test_charts_of_several_interventions_do_not_touch(weekly_series: Callable[..., pd.DataFrame]) -> None:
    one = weekly_series(STEADY, [40.0])
    other = weekly_series([5.0, 6.0, 4.0, 5.0, 6.0, 5.0], [5.0], intervention_id="INT-2", metric="wip")
    together = chart_interventions(pd.concat([other, one]).sample(frac=1, random_state=3))
    apart = pd.concat([chart_interventions(one), chart_interventions(other)], ignore_index=True)
    pd.testing.assert_frame_equal(together, apart)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metric": "mood"}, "Unknown metric mood"),
        ({"phase": "later"}, "Unknown phase later"),
        ({"desired_direction": "left"}, "Unknown desired_direction left"),
        ({"week_start": pd.Timestamp("2026-01-05")}, "has week 2026-01-05 of throughput twice"),
    ],
)
def test_wrong_words_and_repeated_weeks_are_refused(
    weekly_series: Callable[..., pd.DataFrame], change: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        chart_interventions(weekly_series(STEADY).assign(**change))


def test_a_missing_column_is_named(weekly_series: Callable[..., pd.DataFrame]) -> None:
    with pytest.raises(ValueError, match="lacks phase"):
        chart_interventions(weekly_series(STEADY).drop(columns="phase"))


weekly_values = st.lists(st.one_of(st.none(), st.integers(1, 400).map(lambda number: number / 4)), max_size=30)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(before=weekly_values, after=weekly_values, later=weekly_values, metric=st.sampled_from(["cycle_time", "wip"]))
def test_later_weeks_change_no_limit_and_take_no_signal_away(
    weekly_series: Callable[..., pd.DataFrame],
    before: list[float | None],
    after: list[float | None],
    later: list[float | None],
    metric: str,
) -> None:
    known = chart_interventions(weekly_series(before, after, metric=metric))
    grown = chart_interventions(weekly_series(before, [*after, *later], metric=metric)).iloc[: len(known)]
    settled = [column for column in POINT_COLUMNS if not column.startswith(("signal_", "period_"))]
    pd.testing.assert_frame_equal(known[settled], grown[settled])
    assert not (known["signal_rule"].notna() & grown["signal_rule"].isna()).any()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(
    values=st.lists(st.integers(1, 100).map(float), min_size=8, max_size=30), scale=st.sampled_from([0.5, 2.0, 24.0])
)
def test_the_unit_of_a_duration_does_not_matter(
    weekly_series: Callable[..., pd.DataFrame], values: list[float], scale: float
) -> None:
    days = chart_interventions(weekly_series(values[:6], values[6:], metric="cycle_time"))
    other_unit = [value * scale for value in values]
    rescaled = chart_interventions(weekly_series(other_unit[:6], other_unit[6:], metric="cycle_time"))
    assert rescaled["signal_rule"].fillna("").tolist() == days["signal_rule"].fillna("").tolist()
    assert rescaled["upper_limit"].tolist() == pytest.approx((days["upper_limit"] * scale).tolist())
