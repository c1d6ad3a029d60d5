"""Making Data Count rules: worked examples and properties."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from orchestration.analytics.process_limits import ProcessLimits, natural_process_limits
from orchestration.analytics.process_signals import (
    SIGNAL_COLUMNS,
    detect_signals,
    run_positions,
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


@given(quarter_points, st.integers(-16, 16).map(lambda number: number / 4))
def test_a_later_point_takes_no_signal_away(values: np.ndarray, later: float) -> None:
    flags = ["is_outside", "is_trend", "is_two_of_three", "is_shift"]
    earlier = detect_signals(values, STANDARD)[flags]
    longer = detect_signals(np.append(values, later), STANDARD)[flags].iloc[:-1]
    assert not (earlier & ~longer).any(axis=None)
    # Rules that look back can only add: a point seven or more before the end is settled for rules within a window.
    assert longer["is_outside"].equals(earlier["is_outside"])
