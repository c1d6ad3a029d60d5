"""Charts of counts, rates and shares: worked by hand, against published numbers, and as properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.analytics.attribute_charts import (
    attribute_baseline,
    attribute_values,
    dispersion_test,
    g_chart_limits,
    t_chart_limits,
)
from orchestration.analytics.process_signals import detect_signals

SIZES = [50, 40, 60, 50, 45, 55, 50, 50, 48, 52]
COUNTS = [12, 9, 14, 10, 11, 12, 9, 13, 10, 12]

known_weeks = st.lists(
    st.integers(1, 60).flatmap(lambda size: st.tuples(st.integers(0, size), st.just(size))), min_size=6, max_size=40
)


def test_a_share_worked_by_hand() -> None:
    plain = attribute_baseline("p", COUNTS, SIZES, prime=False)
    assert plain.centre_line == sum(COUNTS) / sum(SIZES)
    limits = plain.limits([100, 25])
    sigma = np.sqrt(plain.centre_line * (1 - plain.centre_line))
    assert limits.upper_limit == pytest.approx(plain.centre_line + 3 * sigma / np.array([10, 5]))
    assert limits.upper_near_limit == pytest.approx(plain.centre_line + 2 * sigma / np.array([10, 5]))
    assert limits.lower_limit[0] == pytest.approx(plain.centre_line - 3 * sigma / 10)
    # At 25 items it would lie below 0: not drawn, no rule.
    assert np.isnan(limits.lower_limit[1])


def test_laney_widens_by_the_moving_ranges_of_the_scores() -> None:
    counts, sizes = [10, 30, 10, 30, 10, 30, 10], [100] * 7
    prime = attribute_baseline("p", counts, sizes, screen=False)
    centre = 130 / 700
    step = 0.2 / np.sqrt(centre * (1 - centre) / 100)
    assert prime.sigma_z == pytest.approx(step / 1.128)
    assert prime.limits([100]).sigma[0] == pytest.approx(0.2 / 1.128)


def test_a_moving_range_above_its_limit_is_left_out_once() -> None:
    counts = [20, 21, 19, 20, 21, 19, 20, 21, 19, 20, 21, 60]
    screened = attribute_baseline("c", counts)
    assert screened.spread.n_screened == 1
    assert screened.sigma_z < attribute_baseline("c", counts, screen=False).sigma_z
    assert screened.centre_line == np.mean(counts)


def test_a_size_that_is_missing_or_0_is_no_value() -> None:
    with_gaps = attribute_baseline("u", [*COUNTS, 7, 9], [*SIZES, 0, np.nan], prime=False)
    assert with_gaps.centre_line == attribute_baseline("u", COUNTS, SIZES, prime=False).centre_line
    assert with_gaps.spread.n_baseline == len(COUNTS)
    assert np.isnan(with_gaps.limits([0, np.nan]).upper_limit).all()
    assert np.isnan(attribute_values([3, np.nan], [0, 4])).all()


def test_too_few_points_give_no_limits() -> None:
    for counts in ([], [3.0] * 5, [np.nan] * 9):
        baseline = attribute_baseline("c", counts)
        assert not baseline.has_limits
        assert np.isnan(baseline.limits(np.ones(3)).upper_limit).all()
        assert baseline.spread.status == "run_chart"


def test_a_baseline_of_zeros_has_a_centre_and_no_width() -> None:
    baseline = attribute_baseline("p", [0] * 10, SIZES)
    assert baseline.centre_line == 0
    limits = baseline.limits([50] * 8)
    assert not limits.has_width
    found = detect_signals(np.full(8, 0.1), limits, desired_direction="down")
    assert not found["is_outside"].any()
    assert found["is_shift"].all()
    assert found["signal_direction"].eq("concern").all()


def test_points_are_judged_by_the_limits_of_their_own_size() -> None:
    limits = attribute_baseline("p", COUNTS, SIZES, prime=False).limits([20, 500, 20])
    found = detect_signals(np.array([0.36, 0.36, 0.22]), limits)
    assert found["is_outside"].tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("kind", "counts", "sizes", "message"),
    [
        ("p", [5, 11], [10, 10], "no share"),
        ("p", [5, 1], None, "size of each period"),
        ("u", [5, -1], [10, 10], "negative"),
        ("u", [5, 1], [10, -10], "negative"),
        ("u", [5, 1], [10], "equally long"),
    ],
)
def test_what_is_no_count_is_refused(kind: str, counts: list[int], sizes: list[int] | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        attribute_baseline(kind, counts, sizes)  # type: ignore[arg-type]


def test_dispersion_worked_by_hand() -> None:
    # Mean 4, squared deviations 4 + 4 + 0: 8 / 4 on 2 degrees of freedom, where the tail is exp(-x / 2).
    found = dispersion_test([2, 6, 4])
    assert (found.statistic, found.degrees_of_freedom) == (2.0, 2)
    assert found.p_value == pytest.approx(2 * min(np.exp(-1), 1 - np.exp(-1)))
    assert found.is_poisson
    assert not dispersion_test([1, 20, 1, 20, 1, 20]).is_poisson
    # Counts that scatter less than chance does are no Poisson process either.
    assert not dispersion_test([20] * 12).is_poisson
    for counts in ([], [4], [0, 0, 0], [np.nan]):
        assert np.isnan(dispersion_test(counts).p_value)
        assert not dispersion_test(counts).is_poisson


def test_items_between_rare_events() -> None:
    limits = g_chart_limits([10, 30, 20, 5, 100, 15])
    assert limits.centre_line == 17.5
    assert limits.upper_limit == pytest.approx(30 + 3 * np.sqrt(30 * 31))
    assert np.isnan(limits.lower_limit)
    assert np.isnan(g_chart_limits([1, 2]).upper_limit)
    with pytest.raises(ValueError, match="0 or more"):
        g_chart_limits([-1])


def test_times_between_rare_events_in_any_unit() -> None:
    hours = [286, 948, 536, 124, 816, 729, 4, 143, 431, 8]
    limits, in_days = t_chart_limits(hours), t_chart_limits(np.array(hours) / 24)
    assert in_days.upper_limit == pytest.approx(limits.upper_limit / 24)
    assert in_days.centre_line == pytest.approx(limits.centre_line / 24)
    assert limits.lower_limit == 0
    assert np.isnan(t_chart_limits([3, 4]).upper_limit)
    with pytest.raises(ValueError, match="above 0"):
        t_chart_limits([3, 0, 4])


@given(weeks=known_weeks, factor=st.sampled_from([2, 10]))
def test_hours_instead_of_days_do_not_move_a_share(weeks: list[tuple[int, int]], factor: int) -> None:
    counts, sizes = np.array(weeks, dtype=float).T
    days, hours = attribute_baseline("p", counts, sizes), attribute_baseline("p", counts * factor, sizes * factor)
    assert hours.limits(sizes * factor).upper_limit == pytest.approx(
        days.limits(sizes).upper_limit, rel=1e-6, abs=1e-9, nan_ok=True
    )


@given(weeks=known_weeks)
def test_a_share_and_its_rest_mirror_each_other(weeks: list[tuple[int, int]]) -> None:
    counts, sizes = np.array(weeks, dtype=float).T
    share, rest = attribute_baseline("p", counts, sizes), attribute_baseline("p", sizes - counts, sizes)
    assert share.centre_line == pytest.approx(1 - rest.centre_line)
    assert share.limits(sizes).sigma == pytest.approx(rest.limits(sizes).sigma, rel=1e-6, abs=1e-9)
