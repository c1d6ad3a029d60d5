"""The teams' two-week sprints: one board a team.

Belongs here: sprints as an issue's field shows them and as the agile API lists them. Does not belong here: which issue
is in which sprint (``jira_histories``).
"""

from __future__ import annotations

from datetime import datetime, time

from orchestration.portfolio.example import scenario
from orchestration.portfolio.example.jira_timestamps import Timestamps
from orchestration.portfolio.example.jira_vocabulary import INSTANCES, Json
from orchestration.portfolio.example.working_clock import DAY_MS, MS_PER_HOUR, local_ms

SPRINT_MS = 14 * DAY_MS
FIRST_SPRINT_MS = local_ms(datetime.combine(scenario.FIRST_DAY, time()))
N_SPRINTS = ((scenario.LAST_DAY - scenario.FIRST_DAY).days + 1) // 14


def sprints_by_team(source_id: str) -> dict[str, list[Json]]:
    """Two-week sprints of each team of a source, as the issues' sprint field shows them."""
    found: dict[str, list[Json]] = {}
    board = 0
    for stream in scenario.VALUE_STREAMS:
        for team in stream.teams:
            board += 1
            if stream.source == source_id:
                found[team.id] = [
                    {"id": board * 100 + n, "name": f"{team.name} {n + 1}", "state": state, "boardId": board}
                    for n, state in enumerate(["closed"] * (N_SPRINTS - 1) + ["active"])
                ]
    return found


def sprint_list(source_id: str) -> list[Json]:
    """The sprints of all boards of a source, as the agile API answers them."""
    text = Timestamps(utc=INSTANCES[source_id].writes_utc)
    listed = []
    for sprints in sprints_by_team(source_id).values():
        for n, sprint in enumerate(sprints):
            start = FIRST_SPRINT_MS + n * SPRINT_MS + 9 * MS_PER_HOUR
            end = start + SPRINT_MS - 16 * MS_PER_HOUR
            entry = {
                "id": sprint["id"],
                "state": sprint["state"],
                "name": sprint["name"],
                "startDate": text(start),
                "endDate": text(end),
                "originBoardId": sprint["boardId"],
                "goal": "",
            }
            if sprint["state"] == "closed":
                entry["completeDate"] = text(end + MS_PER_HOUR)
            listed.append(entry)
    return listed


def sprint_at(sprints: list[Json], at_ms: int) -> Json:
    """The one of a team's sprints in which an instant lies; the first or last one outside of all."""
    position = (at_ms - FIRST_SPRINT_MS) // SPRINT_MS
    return sprints[min(max(position, 0), len(sprints) - 1)]
