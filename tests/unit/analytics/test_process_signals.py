"""Making Data Count rules: worked examples and properties."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from orchestration.analytics.process_limits import ProcessLimits, natural_process_limits
from orchestration.analytics.process_signals import (
    ALERT_COLUMNS,
    SIGNAL_COLUMNS,
    detect_alerts,
    detect_signals,
    run_chart_test,
    run_positions,
    same_side_in_window,
    steps,
    two_of_three_windows,
)

NAN = float("nan")


def limits_at(centre: float, sigma: float) -> ProcessLimits:
    """Return firm limits three sigma around a centre line."""
    return ProcessLimits(
        n_baseline=20,
        status="firm",
        centre_line=centre,
        lower_limit=centre - 3 * sigma,
        upper_limit=centre + 3 * sigma,
        lower_near_limit=centre - 2 * sigma,
        upper_near_limit=centre + 2 * sigma,
        moving_range=1.128 * sigma,
        moving_range_limit=3.268 * 1.128 * sigma,
        sigma=sigma,
        n_screened=0,
        r1=0.0,
        widening=1.0,
    )


STANDARD = limits_at(0, 1)


def rules(values: list[float], **options: object) -> list[str | None]:
    found = detect_signals(values, STANDARD, **options)["signal_rule"]  # type: ignore[arg-type]
    return [None if pd.isna(rule) else rule for rule in found]


def test_a_point_on_a_limit_is_inside_and_one_beyond_it_outside() -> None:
    assert rules([3.0, -3.0, 3.1, -3.1]) == [None, None, "outside", "outside"]


def test_seven_on_one_side_are_a_shift_and_all_are_flagged() -> None:
    six = [0.5, 0.2, 0.6, 0.1, 0.4, 0.3]
    assert rules(six) == [None] * 6
    assert rules([*six, 0.2, -0.1]) == ["shift"] * 7 + [None]
    assert rules([*six, 0.2, 0.3]) == ["shift"] * 8


@pytest.mark.parametrize("interruption", [0.0, NAN])
def test_a_point_on_the_line_or_a_missing_one_ends_a_shift(interruption: float) -> None:
    assert rules([0.5, 0.2, 0.6, interruption, 0.1, 0.4, 0.3, 0.2]) == [None] * 8


def test_windows_do_not_cross_a_break() -> None:
    values = [0.5, 0.2, 0.6, 0.1, 0.4, 0.3, 0.2, 0.5]
    breaks = [True, False, False, False, True, False, False, False]
    assert rules(values) == ["shift"] * 8
    assert rules(values, breaks=breaks) == [None] * 8
    rising = [-0.3, -0.2, -0.1, 0.1, 0.2, 0.3, 0.4]
    assert rules(rising) == ["trend"] * 7
    assert rules(rising, breaks=[True, False, True, False, False, False, False]) == [None] * 7
    assert rules([2.5, 0.1, 2.5]) == ["two_of_three", None, "two_of_three"]
    assert rules([2.5, 0.1, 2.5], breaks=[True, False, True]) == [None] * 3


def test_a_trend_takes_seven_points_and_a_tie_breaks_it() -> None:
    assert rules([-0.3, -0.2, -0.1, 0.1, 0.2, 0.3]) == [None] * 6
    assert rules([-0.3, -0.2, -0.1, 0.1, 0.2, 0.3, 0.4]) == ["trend"] * 7
    assert rules([-0.3, -0.2, -0.1, -0.1, 0.1, 0.2, 0.3, 0.4]) == [None] * 8


def test_two_of_three_flags_only_the_points_near_the_limit_and_needs_one_side() -> None:
    assert rules([2.5, -0.1, 2.5]) == [None] * 3
    assert rules([0.1, 2.5, 2.6, 0.1]) == [None, "two_of_three", "two_of_three", None]
    # A point beyond the limit is not near it, so one near point is left.
    assert rules([2.5, 3.5, 0.1]) == [None, "outside", None]


def test_precedence_is_outside_then_trend_then_two_of_three_then_shift() -> None:
    found = detect_signals([0.1, 0.2, 0.3, 0.4, 2.1, 2.2, 3.5, 0.2], STANDARD, desired_direction="up")
    assert found["signal_rule"].tolist() == ["trend"] * 6 + ["outside", "shift"]
    assert found["is_two_of_three"].tolist() == [False] * 4 + [True, True, False, False]
    assert found["is_shift"].all()
    assert rules([0.4, 0.1, 0.4, 2.1, 0.3, 2.2, 0.4]) == ["shift"] * 3 + [
        "two_of_three",
        "shift",
        "two_of_three",
        "shift",
    ]


def test_direction_follows_what_is_wanted() -> None:
    values = [3.5, -3.5, 0.1]
    expected = {
        "up": ["improvement", "concern"],
        "down": ["concern", "improvement"],
        None: ["high", "low"],
    }
    for wanted, words in expected.items():
        found = detect_signals(values, STANDARD, desired_direction=wanted)
        assert found["signal_direction"].tolist()[:2] == words
        assert pd.isna(found["signal_direction"].iloc[2])
    with pytest.raises(ValueError, match="give 'up', 'down' or None"):
        detect_signals(values, STANDARD, desired_direction="left")


def test_a_falling_trend_above_the_centre_counts_as_falling() -> None:
    falling = detect_signals([1.9, 1.8, 1.7, 1.6, 1.5, 1.4, 1.3], STANDARD, desired_direction="up")
    assert falling["signal_rule"].tolist() == ["trend"] * 7
    assert falling["signal_direction"].tolist() == ["concern"] * 7


def test_a_turning_point_belongs_to_the_trend_that_ends_there() -> None:
    peak = [-0.6, -0.4, -0.2, 0.2, 0.4, 0.6, 0.8, 0.6, 0.4, 0.2, -0.2, -0.4, -0.6]
    assert detect_signals(peak, STANDARD)["signal_side"].tolist() == ["high"] * 7 + ["low"] * 6


def test_an_undrawn_limit_signals_nothing() -> None:
    bounded = natural_process_limits([1, 3, 2, 4, 1, 3], floor=0)
    assert not detect_signals([0.0], bounded)["is_outside"].any()
    none = natural_process_limits([1, 2, 3])
    assert detect_signals([1, 2, 3, 4, 5, 6, 7, 100], none)["signal_rule"].isna().all()


def test_a_baseline_without_variation_leaves_only_runs() -> None:
    # The mean of ten times 0.1 is not 0.1 in floating point: the points must still lie on the line.
    flat = natural_process_limits([0.1] * 10)
    assert not flat.has_width
    assert detect_signals([0.1] * 10, flat)["side"].eq(0).all()
    assert detect_signals([0.2] * 3, flat)["signal_rule"].isna().all()
    assert detect_signals([0.2] * 7, flat)["signal_rule"].tolist() == ["shift"] * 7


def test_strong_autocorrelation_leaves_only_points_outside() -> None:
    wandering = [5, 6, 7, 8, 9, 10, 9, 8, 7, 6, 5, 6, 7, 8]
    limits = natural_process_limits(wandering, allow_for_autocorrelation=True)
    new_points = [8] * 7 + [1000]
    assert detect_signals(new_points, limits)["signal_rule"].notna().tolist() == [False] * 7 + [True]
    unaware = natural_process_limits(wandering)
    assert detect_signals(new_points, unaware)["signal_rule"].tolist() == ["shift"] * 7 + ["outside"]


def test_empty_input_gives_an_empty_frame_with_every_column() -> None:
    assert tuple(detect_signals([], STANDARD).columns) == SIGNAL_COLUMNS
    assert len(detect_signals([], STANDARD)) == 0


def test_run_positions_and_steps() -> None:
    position, length = run_positions([1, 1, 0, -1, -1, -1, 1], breaks=[0, 0, 0, 0, 0, 1, 0])
    assert position.tolist() == [1, 2, 0, 1, 2, 1, 1]
    assert length.tolist() == [2, 2, 0, 2, 2, 1, 1]
    assert steps([1, 2, 2, NAN, 3, 1]).tolist() == [0, 1, 0, 0, 0, -1]
    assert two_of_three_windows([True, True], [1, 1]).tolist() == [False, False]


def alerts(values: list[float], **options: object) -> list[str | None]:
    found = detect_alerts(values, STANDARD, **options)["alert_rule"]  # type: ignore[arg-type]
    return [None if pd.isna(rule) else rule for rule in found]


def test_a_message_needs_eight_on_one_side_or_two_of_three_outside() -> None:
    assert alerts([0.5] * 7) == [None] * 7
    assert alerts([0.5] * 9) == [None] * 7 + ["eight_run"] * 2
    assert alerts([3.5]) == [None]
    assert alerts([3.5, 0.1, 3.5]) == [None, None, "outside_two_of_three"]
    assert alerts([3.5, 3.5, 0.1]) == [None, "outside_two_of_three", None]
    # Not on two sides, not over four points, not over a gap.
    assert alerts([3.5, -3.5, 0.1]) == [None] * 3
    assert alerts([3.5, 0.1, -0.1, 3.5]) == [None] * 4
    assert alerts([3.5, NAN, 3.5]) == [None] * 3
    assert alerts([0.5] * 8, breaks=[False] * 4 + [True] + [False] * 3) == [None] * 8


def test_alerts_follow_what_is_wanted_and_what_the_limits_allow() -> None:
    falling = [-0.5] * 8
    assert detect_alerts(falling, STANDARD, desired_direction="down")["alert_direction"].iloc[-1] == "improvement"
    assert detect_alerts(falling, STANDARD, desired_direction="up")["alert_direction"].iloc[-1] == "concern"
    assert detect_alerts(falling, STANDARD)["alert_direction"].iloc[-1] == "low"
    wandering = [5, 6, 7, 8, 9, 10, 9, 8, 7, 6, 5, 6, 7, 8]
    limits = natural_process_limits(wandering, allow_for_autocorrelation=True)
    assert detect_alerts([8] * 8 + [1000] * 2, limits)["alert_rule"].notna().tolist() == [False] * 9 + [True]
    assert tuple(detect_alerts([], STANDARD).columns) == ALERT_COLUMNS


@pytest.mark.parametrize(
    ("values", "line", "at_least", "window", "flagged"),
    [
        ([0, 2.5, 1.0, 2.6, 0], 2, 2, 3, [4]),
        ([0, 1.2, 1.3, 0.2, 1.4, 1.5], 1, 4, 5, [6]),
        ([0, 2.3, 0.4, 2.2, -2.4, -0.2, -2.5], 2, 2, 3, [4, 7]),
        ([1.2, 1.3, 0.2, 1.4, 1.5, -1.2, -1.3, -0.1, -1.4, -1.5], 1, 4, 5, [5, 10]),
    ],
)
def test_windows_of_western_electric_as_qcc_judges_them(
    values: list[float], line: float, at_least: int, window: int, flagged: list[int]
) -> None:
    points = np.array(values)
    found = same_side_in_window(np.sign(points) * (abs(points) > line), at_least, window)
    assert (np.flatnonzero(found) + 1).tolist() == flagged


def test_a_run_chart_has_too_long_a_run_or_too_few_crossings() -> None:
    steady = run_chart_test([1, 3] * 10)
    assert (steady.n_useful, steady.longest_run, steady.n_crossings) == (20, 1, 19)
    assert (steady.longest_run_limit, steady.n_crossings_limit) == (7, 6)
    assert not steady.is_signal
    assert run_chart_test([1.0] * 8 + [3.0] * 8).is_signal
    # Points on the median neither lengthen a run nor end it.
    assert run_chart_test([1, 2, 1, 2, NAN, 3, 2, 3]).longest_run == 2
    for nothing in ([], [2.0] * 9, [NAN]):
        assert not run_chart_test(nothing).is_signal


#: Average run lengths without a change and after one of 1 sigma: Champ and Woodall 1987 for the first block (C1: one
#: beyond 3 sigma, C2: two of three beyond 2, C3: four of five beyond 1, C4: eight on one side). Those of the second are
#: not published: they were simulated from runs of at most 4,000 points before this code was written.
RUN_LENGTHS = {
    ("C1",): (370.40, 43.89),
    ("C1", "C2"): (225.44, 20.01),
    ("C1", "C3"): (166.05, 12.66),
    ("C1", "C4"): (152.73, 14.58),
    ("C1", "C2", "C3"): (132.89, None),
    ("C1", "C2", "C4"): (122.05, None),
    ("C1", "C3", "C4"): (105.78, None),
    ("C1", "C2", "C3", "C4"): (91.75, 9.22),
    ("C4",): (251.3, 18.6),
    ("C1", "C4", "W"): (126.5, 11.3),
    ("MDC",): (86.0, 10.5),
}


@pytest.mark.slow
@pytest.mark.parametrize("change", [0.0, 1.0])
def test_average_run_lengths_are_those_published_and_those_simulated_before(change: float) -> None:
    """20,000 runs of 4,000 points, of 600 after a change; tolerance 3 standard errors, and the rounding above."""
    rng = np.random.default_rng(19870429)
    n_points, n_batch = (4000, 100) if change == 0 else (600, 500)
    first: dict[tuple[str, ...], list[np.ndarray]] = {rules: [] for rules in RUN_LENGTHS}
    breaks = np.zeros((n_batch, n_points), dtype=bool)
    breaks[:, 0] = True
    breaks = breaks.ravel()
    for _ in range(20_000 // n_batch):
        points = rng.normal(change, size=n_batch * n_points)
        side = np.sign(points).astype(np.int64)
        fires = {
            "C1": abs(points) > 3,
            "C2": same_side_in_window(side * (abs(points) > 2), 2, 3, breaks),
            "C3": same_side_in_window(side * (abs(points) > 1), 4, 5, breaks),
            "C4": run_positions(side, breaks)[0] >= 8,
            "W": same_side_in_window(side * (abs(points) > 1.5), 3, 4, breaks),
        }
        # The chart flags whole runs once they are complete: a run fires at its last needed point.
        near = (abs(points) > 2) & (abs(points) <= 3)
        window = np.zeros(points.size, dtype=bool)
        inside = ~breaks[2:] & ~breaks[1:-1] & (side[2:] == side[1:-1]) & (side[1:-1] == side[:-2])
        window[2:] = inside & (near[2:].astype(int) + near[1:-1] + near[:-2] >= 2)
        step_place, _ = run_positions(steps(points, breaks))
        fires["MDC"] = fires["C1"] | (run_positions(side, breaks)[0] >= 7) | (step_place >= 6) | window
        for rules in RUN_LENGTHS:
            fired = np.logical_or.reduce([fires[rule] for rule in rules]).reshape(n_batch, n_points)
            assert fired.any(axis=1).mean() > 0.99
            first[rules].append(np.where(fired.any(axis=1), fired.argmax(axis=1) + 1, n_points))
    # The last runs, told point by point: the chart's own rules fire where the windows above say.
    for run, length in zip(points.reshape(n_batch, n_points)[:25], first["MDC",][-1], strict=False):
        assert detect_signals(run[: length - 1], STANDARD)["signal_rule"].isna().all()
        assert detect_signals(run[:length], STANDARD)["signal_rule"].notna().any()
    for rules, (unchanged, changed) in RUN_LENGTHS.items():
        expected = unchanged if change == 0 else changed
        lengths = np.concatenate(first[rules])
        if expected is not None:
            tolerance = 3 * lengths.std() / np.sqrt(lengths.size)
            # What was itself simulated has an error of its own.
            own = 1.5 if rules in {("C4",), ("C1", "C4", "W"), ("MDC",)} else 1.0
            assert lengths.mean() == pytest.approx(expected, abs=tolerance * own + 0.05), rules


quarter_points = arrays(float, st.integers(1, 60), elements=st.integers(-16, 16).map(lambda number: number / 4))


@given(quarter_points)
def test_mirroring_the_series_swaps_improvement_and_concern(values: np.ndarray) -> None:
    found = detect_signals(values, STANDARD, desired_direction="up")
    mirrored = detect_signals(-values, STANDARD, desired_direction="up")
    wanted_low = detect_signals(values, STANDARD, desired_direction="down")
    swapped = found["signal_direction"].map({"improvement": "concern", "concern": "improvement"})
    assert mirrored["signal_direction"].fillna("").tolist() == swapped.fillna("").tolist()
    assert wanted_low["signal_direction"].fillna("").tolist() == swapped.fillna("").tolist()
    assert mirrored["signal_rule"].fillna("").tolist() == found["signal_rule"].fillna("").tolist()


@given(quarter_points, st.integers(-40, 40), st.sampled_from([0.5, 2.0, 4.0]))
def test_signals_do_not_depend_on_origin_or_unit(values: np.ndarray, shift: int, scale: float) -> None:
    moved = detect_signals(values * scale + shift, limits_at(shift, scale))
    pd.testing.assert_frame_equal(moved, detect_signals(values, STANDARD))


@given(values=quarter_points, later=st.integers(-16, 16).map(lambda number: number / 4))
@example(values=np.full(7, 0.25), later=0.25)
@example(values=np.arange(7) / 4, later=1.75)
def test_a_later_point_takes_no_signal_away(values: np.ndarray, later: float) -> None:
    flags = ["is_outside", "is_trend", "is_two_of_three", "is_shift"]
    earlier = detect_signals(values, STANDARD)[flags]
    longer = detect_signals(np.append(values, later), STANDARD)[flags].iloc[:-1]
    assert not (earlier & ~longer).any(axis=None)
    assert longer["is_outside"].equals(earlier["is_outside"])
    # Runs of seven are flagged as a whole once they are complete: only the six points before the later one can gain.
    pd.testing.assert_frame_equal(longer.iloc[:-6], earlier.iloc[:-6])
