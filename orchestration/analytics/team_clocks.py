"""The clocks of teams: which hours count for them, and in which of those they are there.

Belongs here: a team's two clocks and what they show for instances of many teams. Does not belong here: one clock
(:mod:`.working_clock`) and what the hours are made of (:mod:`.waiting_classes`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from orchestration.analytics.work_instances import check_columns
from orchestration.analytics.working_clock import WorkingClock, calendar_clock, elapsed_clock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestration.analytics.array_types import Floats, Ints

CALENDAR_COLUMNS = ("calendar_date", "working_hours", "is_working_weekday")


@dataclass(frozen=True, slots=True)
class TeamClock:
    """The hours in which waiting counts for a team, and those of them in which the team is there.

    ``available`` must run only while ``counted`` runs: its hours are a part of the others.
    """

    counted: WorkingClock
    available: WorkingClock


def elapsed_team_clock(edges: pd.DatetimeIndex) -> TeamClock:
    """Return the clock on which every hour counts and the team is always there."""
    return TeamClock(elapsed_clock(edges), elapsed_clock(edges))


def team_clock(
    calendar: pd.DataFrame, edges: pd.DatetimeIndex, zone: str, day_start: str | None = None, day_end: str | None = None
) -> TeamClock:
    """Return the clock of a location: its usual working hours count, its holidays and closed days are unavailability.

    ``calendar`` holds one row per day with ``CALENDAR_COLUMNS`` (grain of ``dim_working_days``, one location). A day
    off on a weekday that is worked counts with the longest hours of that weekday in the calendar. Nights and weekends
    are no wait. The other parameters and errors are those of :func:`.working_clock.calendar_clock`.
    """
    check_columns(calendar, CALENDAR_COLUMNS, "calendar")
    hours = calendar["working_hours"].astype("float64")
    weekday = pd.DatetimeIndex(pd.to_datetime(calendar["calendar_date"])).day_of_week
    usual = hours.groupby(weekday).transform("max")
    counted = calendar.assign(working_hours=hours.where(~calendar["is_working_weekday"].astype(bool), usual))
    return TeamClock(
        calendar_clock(counted, edges, zone, day_start, day_end),
        calendar_clock(calendar, edges, zone, day_start, day_end),
    )


@dataclass(frozen=True, slots=True)
class ClocksOfRows:
    """Different clocks, and per row the place among them of its own."""

    clocks: list[TeamClock]
    place: Ints

    @classmethod
    def of_teams(cls, teams: pd.Series, default_clock: TeamClock, clocks: Mapping[str, TeamClock]) -> ClocksOfRows:
        """Return the clock of each row's team; the default one for a team without one and where there is no team."""
        named = pd.Categorical(teams)
        # The last is that of a row without a team: its code is -1.
        of_name = [*(clocks.get(name, default_clock) for name in named.categories), default_clock]
        different = list({id(clock): clock for clock in of_name}.values())
        place = {id(clock): number for number, clock in enumerate(different)}
        return cls(different, np.array([place[id(clock)] for clock in of_name], dtype=np.int64)[named.codes])

    def taken(self, rows: Ints) -> ClocksOfRows:
        """Return the clocks of these rows, in their order."""
        return ClocksOfRows(self.clocks, self.place[rows])

    def hours_at(self, instants: list[Floats], which: Literal["counted", "available"]) -> Floats:
        """Return what each row's clock shows at several instants (seconds since the epoch), shape (instants, rows)."""
        readings = np.zeros((len(instants), self.place.size))
        for place, clock in enumerate(self.clocks):
            rows = np.flatnonzero(self.place == place)
            of_rows: WorkingClock = getattr(clock, which)
            for number, instant in enumerate(instants):
                readings[number, rows] = of_rows.hours_at(instant[rows])
        return readings
