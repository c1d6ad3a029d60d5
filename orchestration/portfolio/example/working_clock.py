"""The simulation's clock: working hours since the first working day, and back to instants.

Belongs here: which days are worked, and the conversion of a working-hour reading to milliseconds since 1970 (UTC).
Does not belong here: the product's own calendar tables, which are built from ``portfolio.yaml``; nor text formats of
instants (``jira_export``).
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, datetime, time, timedelta

import holidays

from orchestration.portfolio.example import scenario

MS_PER_HOUR = 3_600_000
DAY_MS = 24 * MS_PER_HOUR
SATURDAY = 5


def working_days() -> list[date]:
    """Every day worked from the first to the last day of the data: no weekend, no holiday, no closure."""
    country, subdivision = scenario.HOLIDAYS
    years = range(scenario.FIRST_DAY.year, scenario.LAST_DAY.year + 1)
    public = holidays.country_holidays(country, subdiv=subdivision, years=years)
    span = (scenario.LAST_DAY - scenario.FIRST_DAY).days + 1
    days = (scenario.FIRST_DAY + timedelta(days=offset) for offset in range(span))
    return [
        day
        for day in days
        if day.weekday() < SATURDAY
        and day not in public
        and not any(first <= day <= last for first, last in scenario.CLOSED)
    ]


class WorkingClock:
    """Working hours since the first working day's start ↔ instants.

    The clock only runs 09:00-17:00 local time on worked days, so a reading of 8.0 is the second worked day, 09:00.
    """

    def __init__(self) -> None:
        self.days = working_days()
        start = time(scenario.WORKDAY_STARTS)
        self.day_start_ms = [local_ms(datetime.combine(day, start)) for day in self.days]
        self.presence = [_presence(day) for day in self.days]
        self.last_reading = float(len(self.days) * scenario.WORKDAY_HOURS)

    def to_ms(self, reading: float) -> int:
        """Milliseconds since 1970 (UTC) of a clock reading in working hours; beyond the last day: after the data."""
        day = int(reading // 8)
        if day >= len(self.days):
            return END_MS + 1
        return self.day_start_ms[day] + int((reading - day * 8) * MS_PER_HOUR)

    def reading(self, at_ms: int) -> float:
        """The reading in working hours at an instant; outside working time that of the working day's end before it."""
        day = bisect_right(self.day_start_ms, at_ms) - 1
        if day < 0:
            return 0.0
        return day * 8 + min(8.0, (at_ms - self.day_start_ms[day]) / MS_PER_HOUR)

    def at_day(self, day: date) -> float:
        """The reading when the first worked day on or after ``day`` begins."""
        for index, worked in enumerate(self.days):
            if worked >= day:
                return float(index * scenario.WORKDAY_HOURS)
        return self.last_reading


def local_ms(moment: datetime) -> int:
    """Milliseconds since 1970 (UTC) of a local wall time (without zone) in the portfolio's time zone."""
    return round(moment.replace(tzinfo=scenario.TIMEZONE).timestamp() * 1000)


def _presence(day: date) -> float:
    return next((share for first, last, share in scenario.PRESENCE if first <= day <= last), 1.0)


END_MS = round(scenario.COMPLETE_TO.timestamp() * 1000)
"""The instant up to which the exports are complete; nothing in them is later."""
