"""The working clock: nights, weekends, holidays and summer time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from orchestration.analytics.working_clock import calendar_clock, elapsed_clock, seconds_since_epoch, week_edges


def calendar(first: str, n_days: int, closed: tuple[str, ...] = ()) -> pd.DataFrame:
    days = pd.date_range(first, periods=n_days)
    is_open = (days.day_of_week < 5) & ~days.isin(pd.to_datetime(list(closed)))
    return pd.DataFrame({"calendar_date": days.date, "working_hours": np.where(is_open, 8.0, 0.0)})


def berlin(*wall_times: str) -> np.ndarray:
    return seconds_since_epoch(pd.DatetimeIndex(wall_times).tz_localize("Europe/Berlin"))


def test_weeks_are_local_also_over_the_change_to_summer_time() -> None:
    edges = week_edges(pd.Timestamp("2026-04-06"), 2, "Europe/Berlin")
    assert edges.tz_convert("Europe/Berlin").strftime("%m-%d %H:%M").tolist() == [
        "03-23 00:00",
        "03-30 00:00",
        "04-06 00:00",
    ]
    assert np.diff(seconds_since_epoch(edges)).tolist() == [167 * 3600, 168 * 3600]


def test_an_end_with_a_zone_is_the_same_instant() -> None:
    naive = week_edges(pd.Timestamp("2026-04-06"), 2, "Europe/Berlin")
    aware = week_edges(pd.Timestamp("2026-04-05 22:00", tz="UTC"), 2, "Europe/Berlin")
    assert naive.equals(aware)


def test_a_given_start_may_cut_the_first_week_short() -> None:
    start, end = pd.Timestamp("2026-01-08"), pd.Timestamp("2026-01-19")
    edges = week_edges(end, 13, "UTC", start)
    assert edges.strftime("%m-%d").tolist() == ["01-08", "01-12", "01-19"]
    assert len(week_edges(pd.Timestamp("2026-01-05 20:00"), 13, "UTC", pd.Timestamp("2026-01-05"))) == 2
    with pytest.raises(ValueError, match="is empty"):
        week_edges(start, 13, "UTC", end)
    with pytest.raises(ValueError, match="is empty"):
        week_edges(end, 0, "UTC")


def test_only_working_hours_count() -> None:
    edges = week_edges(pd.Timestamp("2026-04-06"), 2, "Europe/Berlin")
    clock = calendar_clock(calendar("2026-03-01", 60, closed=("2026-04-03",)), edges, "Europe/Berlin", "09:00", "17:00")
    # Friday 16:00 to Monday 10:00 over the change to summer time: one hour on each side.
    friday, monday = clock.hours_at(berlin("2026-03-27 16:00", "2026-03-30 10:00"))
    assert monday - friday == pytest.approx(2)
    # Night and Saturday have no length; Good Friday is closed: 40 + 32 hours in all.
    assert np.ptp(clock.hours_at(berlin("2026-03-28 03:00", "2026-03-29 23:00"))) == 0
    assert clock.hours_at(seconds_since_epoch(edges)).tolist() == pytest.approx([0, 40, 72])
    # Outside the window the clock stands still.
    assert clock.hours_at(berlin("2026-03-01", "2026-05-01")).tolist() == pytest.approx([0, 72])


def test_without_times_of_day_the_hours_spread_over_the_day() -> None:
    edges = week_edges(pd.Timestamp("2026-01-12"), 1, "UTC")
    clock = calendar_clock(calendar("2026-01-05", 7), edges, "UTC")
    noon = seconds_since_epoch(pd.DatetimeIndex(["2026-01-05 12:00", "2026-01-10 12:00"]))
    assert clock.hours_at(noon).tolist() == pytest.approx([4, 40])


def test_a_window_may_begin_inside_a_working_day() -> None:
    edges = week_edges(pd.Timestamp("2026-01-06"), 1, "UTC", pd.Timestamp("2026-01-05 13:00"))
    clock = calendar_clock(calendar("2026-01-05", 7), edges, "UTC", "09:00", "17:00")
    assert clock.hours_at(seconds_since_epoch(edges)).tolist() == pytest.approx([0, 4])


def test_a_closed_window_has_no_length() -> None:
    edges = week_edges(pd.Timestamp("2026-01-12"), 1, "UTC")
    closed = calendar("2026-01-05", 7).assign(working_hours=0.0)
    assert calendar_clock(closed, edges, "UTC").hours_at(seconds_since_epoch(edges)).tolist() == [0, 0]


@pytest.mark.parametrize("fault", ["missing", "repeated", "unknown"])
def test_a_calendar_that_does_not_cover_the_window_is_refused(fault: str) -> None:
    edges = week_edges(pd.Timestamp("2026-01-12"), 1, "UTC")
    days = calendar("2026-01-05", 7)
    if fault == "missing":
        days = days.drop(index=3)
    elif fault == "repeated":
        days = pd.concat([days, days.iloc[[2]]])
    else:
        days.loc[2, "working_hours"] = np.nan
    with pytest.raises(ValueError, match="from 2026-01-05 to 2026-01-11; pass one that covers"):
        calendar_clock(days, edges, "UTC")


def test_a_working_day_must_end_after_its_start() -> None:
    edges = week_edges(pd.Timestamp("2026-01-12"), 1, "UTC")
    with pytest.raises(ValueError, match="give times of one day"):
        calendar_clock(calendar("2026-01-05", 7), edges, "UTC", "17:00", "09:00")


def test_the_elapsed_clock_never_stops() -> None:
    edges = week_edges(pd.Timestamp("2026-04-06"), 2, "Europe/Berlin")
    assert elapsed_clock(edges).hours_at(seconds_since_epoch(edges)).tolist() == pytest.approx([0, 167, 335])
