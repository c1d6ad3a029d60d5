"""A clock that runs only in working hours.

Belongs here: turning instants into working hours passed, and cutting a window into local weeks.
Does not belong here: building the calendar (the portfolio's business) and what is measured on the clock.

On this clock an evening, a weekend or a holiday has no length, so a stage can be neither busy nor idle in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from orchestration.analytics.array_types import Floats

CALENDAR_COLUMNS = ("calendar_date", "working_hours")

_EPOCH = pd.Timestamp("1970-01-01", tz="UTC")


def seconds_since_epoch(instants: pd.Series | pd.DatetimeIndex) -> Floats:
    """Return instants as seconds since 1970-01-01 UTC, NaN for NaT. Instants without a zone are taken as UTC."""
    index = pd.DatetimeIndex(pd.to_datetime(instants, utc=True))
    return np.asarray((index - _EPOCH) / pd.Timedelta(seconds=1), dtype=float)


def local_instants(wall_times: pd.DatetimeIndex, zone: str) -> pd.DatetimeIndex:
    """Return wall-clock times of a zone as UTC instants.

    A time that the change to summer time skips moves to the next one that exists; one that occurs twice is its first.
    """
    first_occurrence = np.ones(len(wall_times), dtype=bool)
    return wall_times.tz_localize(zone, ambiguous=first_occurrence, nonexistent="shift_forward").tz_convert("UTC")


def week_edges(
    window_end: pd.Timestamp, window_weeks: int, zone: str, window_start: pd.Timestamp | None = None
) -> pd.DatetimeIndex:
    """Return the UTC instants that cut the window into local weeks, oldest first: window_weeks + 1 edges.

    ``window_end`` is the first instant after the window; without a zone it is wall-clock time in ``zone``. Weeks are
    counted back from it by the wall clock, so a week with a change to summer time has 167 hours. ``window_start``
    replaces the first edge, and edges before it are dropped; the first period may then be shorter than a week.
    Raises ``ValueError`` when the window is empty.
    """
    end = _wall_time(window_end, zone)
    if window_start is None:
        weeks = pd.DatetimeIndex([end - pd.Timedelta(weeks=back) for back in range(window_weeks, -1, -1)])
    else:
        start = _wall_time(window_start, zone)
        n_back = int((end - start) // pd.Timedelta(weeks=1)) if end > start else -1
        starts = [end - pd.Timedelta(weeks=back) for back in range(n_back, -1, -1)]
        weeks = pd.DatetimeIndex([start, *[edge for edge in starts if edge > start]])
    if len(weeks) == 1:
        raise ValueError(f"The window up to {end:%Y-%m-%d %H:%M} is empty; pass an earlier start or one week or more.")
    return local_instants(weeks, zone)


def _wall_time(instant: pd.Timestamp, zone: str) -> pd.Timestamp:
    return instant if instant.tzinfo is None else instant.tz_convert(zone).tz_localize(None)


@dataclass(frozen=True, slots=True)
class WorkingClock:
    """Piecewise linear map from seconds since the epoch to working hours passed since the window's start."""

    knot_seconds: Floats
    knot_hours: Floats
    is_working_time: bool

    def hours_at(self, seconds: ArrayLike) -> Floats:
        """Return the working hours passed at each instant; instants outside the window get its start or its end."""
        return np.asarray(np.interp(np.asarray(seconds, dtype=float), self.knot_seconds, self.knot_hours))


def elapsed_clock(edges: pd.DatetimeIndex) -> WorkingClock:
    """Return the clock that never stops, for use where no calendar is known."""
    ends = seconds_since_epoch(edges[[0, -1]])
    return WorkingClock(ends, (ends - ends[0]) / 3600, is_working_time=False)


def calendar_clock(
    calendar: pd.DataFrame, edges: pd.DatetimeIndex, zone: str, day_start: str | None = None, day_end: str | None = None
) -> WorkingClock:
    """Return the clock of a working calendar for the window between the first and the last edge.

    Parameters
    ----------
    calendar: one row per day with ``calendar_date`` (local) and ``working_hours`` (0 for a day off).
    edges: UTC instants from :func:`week_edges`.
    day_start, day_end: wall-clock times of the working day ("09:00", "17:00"). Without them a day's working hours are
        spread evenly over its 24 hours.

    Raises ``ValueError`` when a day of the window is missing, repeated or has no working hours given, and for a working
    day that does not end after its start.
    """
    first = edges[0].tz_convert(zone).tz_localize(None).normalize()
    last = (edges[-1].tz_convert(zone).tz_localize(None) - pd.Timedelta(microseconds=1)).normalize()
    days = pd.DatetimeIndex(pd.to_datetime(calendar["calendar_date"]))
    in_window = (days >= first) & (days <= last)
    hours = calendar["working_hours"].astype("float64").to_numpy()[in_window]
    days = days[in_window]
    order = np.argsort(days)
    days, hours = days[order], hours[order]
    expected = (last - first).days + 1
    if days.has_duplicates or len(days) != expected or np.isnan(hours).any():
        raise ValueError(
            f"The calendar does not give working hours exactly once for each day from {first:%Y-%m-%d} to "
            f"{last:%Y-%m-%d}; pass one that covers the window."
        )
    opening, closing = _time_of_day(day_start, pd.Timedelta(0)), _time_of_day(day_end, pd.Timedelta(days=1))
    if closing <= opening:
        raise ValueError(f"The working day ends at {day_end}, not after its start {day_start}; give times of one day.")
    worked = hours > 0
    days, hours = days[worked], hours[worked]
    starts, ends = local_instants(days + opening, zone), local_instants(days + closing, zone)
    passed = np.cumsum(hours)
    window = seconds_since_epoch(edges[[0, -1]])
    seconds = np.concatenate([seconds_since_epoch(starts), seconds_since_epoch(ends)])
    totals = np.concatenate([passed - hours, passed])
    order = np.lexsort((totals, seconds))
    if not hours.size:
        return WorkingClock(window, np.zeros(2), is_working_time=True)
    at_start = np.interp(window[0], seconds[order], totals[order])
    clipped = np.concatenate([window[:1], np.clip(seconds[order], window[0], window[1]), window[1:]])
    at_knots = np.interp(clipped, seconds[order], totals[order]) - at_start
    return WorkingClock(clipped, at_knots, is_working_time=True)


def _time_of_day(text: str | None, default: pd.Timedelta) -> pd.Timedelta:
    return default if text is None else pd.Timedelta(f"{text}:00")
