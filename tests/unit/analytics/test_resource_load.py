"""How long a resource was fully busy, against adding it up minute by minute; and sums in any order."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.analytics.exact_sums import summed_seconds, total_seconds
from orchestration.analytics.resource_load import ResourceLoad
from orchestration.analytics.working_clock import calendar_clock, elapsed_clock, seconds_since_epoch, week_edges

EDGES = week_edges(pd.Timestamp("2026-06-29"), 2, "UTC")
MINUTE = 60.0


def made_work(n_instances: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(3)
    first = seconds_since_epoch(EDGES)[0]
    start = first + MINUTE * generator.integers(0, 14 * 24 * 60, n_instances)
    return start, start + MINUTE * generator.integers(1, 3 * 24 * 60, n_instances)


def test_full_hours_are_those_in_which_enough_instances_were_in_work() -> None:
    start, finish = made_work(40)
    first, last = seconds_since_epoch(EDGES)[[0, -1]]
    days = pd.date_range("2026-06-15", "2026-06-28")
    calendar = pd.DataFrame({"calendar_date": days, "working_hours": np.where(days.day_of_week < 5, 8.0, 0.0)})
    minutes = np.arange(first, last, MINUTE)
    in_work = ((start[:, None] <= minutes) & (finish[:, None] > minutes)).sum(axis=0)
    begin, end = (
        np.array([first, first + 90 * MINUTE, start[3], last]),
        np.array([last, first + 5000 * MINUTE, last, last]),
    )
    for clock in (elapsed_clock(EDGES), calendar_clock(calendar, EDGES, "UTC", "09:00", "17:00")):
        length = np.diff(clock.hours_at(np.append(minutes, last)))
        load = ResourceLoad.of(start, finish, full_from=6.0)
        expected = [
            length[(in_work >= 6) & (minutes >= one) & (minutes < other)].sum()
            for one, other in zip(begin, end, strict=True)
        ]
        np.testing.assert_allclose(load.full_hours(clock, begin, end), expected, atol=1e-9)
    assert 0 < expected[0] < 80


def test_a_resource_without_work_is_never_full() -> None:
    nothing = np.empty(0)
    load = ResourceLoad.of(nothing, nothing, 1.0)
    assert load.full_hours(elapsed_clock(EDGES), np.zeros(2), np.ones(2)).tolist() == [0.0, 0.0]


def test_sums_of_durations_do_not_depend_on_their_order() -> None:
    generator = np.random.default_rng(4)
    seconds = generator.uniform(0, 4e7, 50_000)
    group = generator.integers(0, 3, seconds.size)
    order = generator.permutation(seconds.size)
    assert summed_seconds(seconds, group, 4).tolist() == summed_seconds(seconds[order], group[order], 4).tolist()
    np.testing.assert_allclose(summed_seconds(seconds, group, 4)[:3], np.bincount(group, seconds), rtol=1e-12)
    assert total_seconds(np.array([0.1, 0.2, 0.3])) == 0.6
    assert total_seconds(np.empty(0)) == 0.0
