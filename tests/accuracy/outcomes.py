"""What really came after the exports end: the rest of the simulated lives.

Belongs here: queues, finished stories and finished features by day, from the simulator's own records. Does not belong
here: what was forecast of them, and scores.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np

from orchestration.portfolio.example import records
from orchestration.portfolio.example.records import SimulatedItem
from tests.accuracy.portfolio_exports import day_ms

ENDED = (records.DONE, records.CANCELLED)
NEVER = np.inf


@dataclass(frozen=True, slots=True)
class Outcomes:
    """One portfolio's outcomes. Instants are milliseconds since 1970; `NEVER` = not by the end of the simulation.

    ``stays``: by value stream and status of stories, when each stay in it began and ended, shape (stays, 2).
    ``story_ends``: by value stream, when each finished story was finished for good. ``feature_ends``: by the feature's
    key, when the last of its stories had ended for good.
    """

    stays: dict[tuple[str, str], np.ndarray]
    story_ends: dict[str, np.ndarray]
    feature_ends: dict[str, float]

    @classmethod
    def of(cls, items: list[SimulatedItem]) -> Outcomes:
        """Read the outcomes off a portfolio's simulated items."""
        stays: defaultdict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
        story_ends: defaultdict[str, list[float]] = defaultdict(list)
        feature_ends: defaultdict[str, float] = defaultdict(float)
        for story in (item for item in items if item.level == "story"):
            for (began, status), (ended, _) in pairwise([*story.moves, (NEVER, "")]):
                stays[story.stream.id, status].append((began, ended))
            ended = float(story.moves[-1][0]) if story.status in ENDED else NEVER
            if story.status == records.DONE:
                story_ends[story.stream.id].append(ended)
            if story.parent is not None:
                feature_ends[story.parent.key] = max(feature_ends[story.parent.key], ended)
        return cls(
            {key: np.array(found, dtype=float) for key, found in stays.items()},
            {stream: np.array(found) for stream, found in story_ends.items()},
            dict(feature_ends),
        )

    def queue_at_end(self, stream: str, status: str, day: date) -> int:
        """Return how many stories stood in a status when a day ended."""
        found = self.stays.get((stream, status))
        after = _end_of(day)
        return 0 if found is None else int(((found[:, 0] < after) & (found[:, 1] >= after)).sum())

    def stories_finished(self, stream: str, first: date, last: date) -> int:
        """Return how many stories were finished from one day to another, both included."""
        ends = self.story_ends.get(stream, np.empty(0))
        return int(((ends >= day_ms(first)) & (ends < _end_of(last))).sum())

    def is_feature_done(self, key: str, day: date) -> bool:
        """Return whether all stories of a feature had ended for good when a day ended."""
        return self.feature_ends[key] < _end_of(day)


def _end_of(day: date) -> int:
    return day_ms(day + timedelta(days=1))
