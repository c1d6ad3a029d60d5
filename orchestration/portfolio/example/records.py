"""What the simulation hands on: one record per simulated issue, in no tool's words.

Belongs here: the stages' names inside the simulation and the record itself. Does not belong here: how a record comes
about (``simulator``, ``hierarchy``, ``imperfections``) and how Jira writes it (``jira_export``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from orchestration.portfolio.example.scenario import Team, ValueStream

BACKLOG: Final = "backlog"
READY: Final = "ready"
BUILD: Final = "build"
READY_FOR_REVIEW: Final = "ready-for-review"
REVIEW: Final = "review"
READY_FOR_TEST: Final = "ready-for-test"
TEST: Final = "test"
READY_FOR_APPROVAL: Final = "ready-for-approval"
APPROVAL: Final = "approval"
READY_FOR_RELEASE: Final = "ready-for-release"
DONE: Final = "done"
CANCELLED: Final = "cancelled"
ON_HOLD: Final = "on-hold"
UNMAPPED: Final = "unmapped"
FUNNEL: Final = "funnel"
ANALYSING: Final = "analysing"
IMPLEMENTING: Final = "implementing"
VALIDATING: Final = "validating"
REVIEWING: Final = "reviewing"
PORTFOLIO_BACKLOG: Final = "portfolio-backlog"

STORY_ORDER: Final = (BACKLOG, READY, BUILD, READY_FOR_REVIEW, REVIEW, READY_FOR_TEST, TEST, READY_FOR_RELEASE, DONE)
FEATURE_ORDER: Final = (FUNNEL, ANALYSING, READY, IMPLEMENTING, VALIDATING, DONE)
EPIC_ORDER: Final = (FUNNEL, REVIEWING, PORTFOLIO_BACKLOG, IMPLEMENTING, DONE)

# Kinds of change beside a move from stage to stage: (time, kind, value).
REFINED: Final = "refined"  # value: points or None; sprint and estimate are set
FLAGGED: Final = "flagged"  # value: reason
UNFLAGGED: Final = "unflagged"  # value: reason
RETYPED: Final = "retyped"  # value: (type before, type after)
PROJECT_MOVED: Final = "project-moved"  # value: None; keys are taken from the numbering
HANDED_OVER: Final = "handed-over"  # value: the Team that gave the item away
LINKED: Final = "linked"  # value: the other SimulatedItem
EDITED: Final = "edited"  # value: which plain field was touched

Edit = tuple[int, str, Any]


@dataclass(slots=True, eq=False)
class SimulatedItem:
    """One issue's life. ``moves[0]`` is its creation: (milliseconds since 1970, status); edits are in any order.

    ``created_ms`` differs from ``moves[0][0]`` only for an issue imported with changes older than itself.
    ``gaps`` holds positions of moves that the export shall leave out.
    """

    level: str
    kind: str
    stream: ValueStream
    team: Team
    moves: list[tuple[int, str]]
    parent: SimulatedItem | None = None
    edits: list[Edit] = field(default_factory=list)
    size: float = 1.0
    points: float | None = None
    title_seed: int = 0
    labels: tuple[str, ...] = ()
    resolution: str | None = None
    imported_at_ms: int | None = None
    has_team: bool = True
    came_from_project: str | None = None
    gaps: tuple[int, ...] = ()
    long_history: str | None = None
    title: str | None = None
    blocks: SimulatedItem | None = None
    blocked_by: SimulatedItem | None = None
    position: int = 0
    native_id: int = 0
    key: str = ""
    old_key: str | None = None

    @property
    def created_ms(self) -> int:
        """When the tracker says the issue was created, in milliseconds since 1970."""
        return self.moves[0][0] if self.imported_at_ms is None else self.imported_at_ms

    @property
    def status(self) -> str:
        """The stage (in the simulation's words) where the issue is at the end."""
        return self.moves[-1][1]

    def first(self, status: str) -> int | None:
        """When the issue first entered a status, or None."""
        return next((at for at, entered in self.moves if entered == status), None)

    def entered(self, status: str) -> int:
        """When the issue first entered a status; ValueError if it never did."""
        at = self.first(status)
        if at is None:
            raise ValueError(f"The simulated {self.level} never entered {status}. Ask only where it did.")
        return at
