"""Instants as Jira writes them.

Belongs here: milliseconds since 1970 to text, in local offsets or in UTC. Does not belong here: working time
(``working_clock``).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from orchestration.portfolio.example import scenario
from orchestration.portfolio.example.working_clock import DAY_MS, MS_PER_HOUR


class Timestamps:
    """Milliseconds since 1970 as Jira writes them: ``2026-01-05T09:12:33.120+0100``, or everything in ``+0000``."""

    def __init__(self, *, utc: bool) -> None:
        self._changes = [] if utc else _offset_changes()
        self._days: dict[int, str] = {}

    def __call__(self, at_ms: int) -> str:
        """Write one instant."""
        offset_hours = 0
        for since, hours in self._changes:
            if at_ms < since:
                break
            offset_hours = hours
        day, rest = divmod(at_ms + offset_hours * MS_PER_HOUR, DAY_MS)
        text = self._days.get(day)
        if text is None:
            text = self._days[day] = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).strftime("%Y-%m-%dT")
        seconds, milliseconds = divmod(rest, 1000)
        minutes, second = divmod(seconds, 60)
        hour, minute = divmod(minutes, 60)
        return f"{text}{hour:02d}:{minute:02d}:{second:02d}.{milliseconds:03d}+0{offset_hours}00"


def _offset_changes() -> list[tuple[int, int]]:
    """(from which instant in ms, offset in hours) over the years of the data, found by stepping hour by hour."""
    moment = datetime(scenario.FIRST_DAY.year, 1, 1, tzinfo=UTC)
    changes: list[tuple[int, int]] = []
    while moment.year <= scenario.LAST_DAY.year:
        offset = moment.astimezone(scenario.TIMEZONE).utcoffset()
        hours = int((offset or timedelta()) / timedelta(hours=1))
        if not changes or changes[-1][1] != hours:
            changes.append((round(moment.timestamp() * 1000), hours))
        moment += timedelta(hours=1)
    changes[0] = (0, changes[0][1])
    return changes
