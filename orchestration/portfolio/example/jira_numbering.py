"""Native ids and keys, given in the order in which Jira would have given them.

Belongs here: numbering. Does not belong here: what an issue looks like (``jira_export``).
"""

from __future__ import annotations

from collections import defaultdict

from orchestration.portfolio.example import records
from orchestration.portfolio.example.records import SimulatedItem

ID_STRIDE = 20_000
KEY_STRIDE = 10_000


def number_issues(items: list[SimulatedItem], copy: int) -> None:
    """Give every item its native id and keys (in place), in the order Jira would have: by moment, per project.

    Each copy of the portfolio has its own range of ids and key numbers, so copies can be numbered one by one.
    """
    counters: defaultdict[str, int] = defaultdict(lambda: copy * KEY_STRIDE)

    def next_key(project: str) -> str:
        counters[project] += 1
        return f"{project}-{counters[project]}"

    events = [(item.created_ms, position, False) for position, item in enumerate(items)]
    for position, item in enumerate(items):
        if item.came_from_project is not None:
            moved = next(at for at, kind, _ in item.edits if kind == records.PROJECT_MOVED)
            events.append((moved, position, True))
    natives: defaultdict[str, int] = defaultdict(lambda: 10_000 + copy * ID_STRIDE)
    for _, position, moves_project in sorted(events):
        item = items[position]
        if moves_project:
            item.old_key, item.key = item.key, next_key(item.team.project)
            continue
        natives[item.stream.source] += 1
        item.native_id = natives[item.stream.source]
        item.key = next_key(item.came_from_project or item.team.project)
