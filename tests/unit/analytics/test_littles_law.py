"""Little's law as a check of the visits to one station."""

from __future__ import annotations

import math

import numpy as np
import pytest

from orchestration.analytics.littles_law import LittlesLawSettings, check_littles_law

DAY = 86_400.0


def check(spans: list[tuple[float, float | None]], start: float, end: float, **options: float):
    entered = np.array([DAY * begin for begin, _ in spans])
    left = np.array([np.nan if until is None else DAY * until for _, until in spans])
    return check_littles_law(entered, left, DAY * start, DAY * end, LittlesLawSettings(**options))


def test_both_sides_by_hand() -> None:
    # One item after another for two days each: always one there, one leaving every other day.
    found = check([(day, day + 2) for day in range(0, 20, 2)], 4, 14)
    assert (found.mean_items, found.left_per_day, found.mean_days, found.gap) == (1, 0.5, 2, 0)
    assert (found.wip_at_start, found.wip_at_end, found.holds) == (1, 1, True)


def test_a_history_told_twice_breaks_the_law() -> None:
    # Nine items leave after a day each, the tenth is still there; five more are said to have come long before.
    honest = [(day, day + 1) for day in range(10)]
    stale = [(-100, day + 0.5) for day in range(5)]
    found = check([*honest, *stale, *[(0.0, None)] * 4], 0, 10)
    assert found.wip_at_start == found.wip_at_end == 5
    assert found.gap > 0.1
    assert found.holds is False


def test_the_law_is_not_asked_for_while_work_piles_up() -> None:
    found = check([(float(day), None) for day in range(10)] + [(0, 5)], 0, 10)
    assert found.holds is None
    assert found.gap > 0
    assert check([(float(day), None) for day in range(10)] + [(0, 5)], 0, 10, max_wip_change=2).holds is False


def test_an_empty_station_has_no_gap() -> None:
    for spans in ([], [(20.0, 21.0)], [(-5.0, -4.0)]):
        found = check(spans, 0, 10)
        assert found.mean_items == 0
        assert math.isnan(found.gap)
        assert math.isnan(found.mean_days)
        assert found.holds is None
    # Something stayed all the time and nothing left: the two sides cannot be compared.
    stuck = check([(-1.0, None)], 0, 10)
    assert stuck.mean_items == 1
    assert math.isnan(stuck.gap)


def test_what_happens_later_does_not_count() -> None:
    spans = [(0.0, 4.0), (2.0, 30.0), (5.0, 9.0)]
    known = [(0.0, 4.0), (2.0, None), (5.0, 9.0)]
    assert check(spans, 0, 10) == check([*known, (12.0, 13.0)], 0, 10)
    assert check(spans, 0, 10).mean_items == pytest.approx((4 + 8 + 4) / 10)
