"""The planted truth of the bundled example, as data.

Belongs here: who works in the fictional portfolio, how much capacity each stage has, what is asked of it, which
interventions change what and when, and how many flaws of real exports are planted. Nothing here computes anything.
Does not belong here: how work flows (``simulator``), how Jira words it (``jira_vocabulary``), the calendar's
arithmetic (``working_clock``).

The adopter-facing description of the same portfolio is ``portfolio.yaml``; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

EXAMPLE_VERSION: Final = "4"
"""Raised whenever the same seed would give other bytes than before; 2 brought deliveries and code quality, 3 a register
of capacity that counts those who are away, 4 links between value streams that keep somebody
waiting, and stories handed from team to team."""

DEFAULT_SEED: Final = 20260628
COPY_ITEMS: Final = 6500
"""Issues taken from each simulated copy of the portfolio when a number of issues is asked for. One copy always yields
a few hundred more than this, so that the number asked for is met exactly."""

TIMEZONE: Final = ZoneInfo("Europe/Berlin")
FIRST_DAY: Final = date(2024, 12, 30)
LAST_DAY: Final = date(2026, 6, 28)
COMPLETE_TO: Final = datetime(2026, 6, 29, 0, 0, tzinfo=TIMEZONE)
EXPORTED_AT: Final = datetime(2026, 6, 29, 1, 30, tzinfo=TIMEZONE)
HOLIDAYS: Final = ("DE", "BE")
WORKDAY_STARTS: Final = 9
WORKDAY_HOURS: Final = 8
CLOSED: Final = ((date(2024, 12, 24), date(2025, 1, 1)), (date(2025, 12, 24), date(2026, 1, 2)))

PRESENCE: Final = (
    (date(2025, 1, 2), date(2025, 1, 10), 0.75),
    (date(2025, 7, 14), date(2025, 8, 22), 0.95),
    (date(2025, 12, 15), date(2025, 12, 23), 0.65),
    (date(2026, 1, 5), date(2026, 1, 9), 0.75),
)
"""Share of people at work in (from, to inclusive); work begun on such a day takes 1 / share as long."""

STATUS_RENAMED_AT: Final = datetime(2025, 10, 1, 8, 0, tzinfo=TIMEZONE)
"""The day ``In Review`` of ``jira-main`` was renamed to ``Code Review``; histories written before keep the old name."""

WARM_UP_WEEKS: Final = 12
"""Weeks until the queues have filled; the truth's utilisations leave them out."""


@dataclass(frozen=True, slots=True)
class Team:
    """A team: its developers (servers of Build), its WIP limit from Build on, what is asked of it per week.

    ``ready_limit`` is how many of its refined items may wait for a developer; the others wait in the backlog.
    """

    id: str
    name: str
    train: str
    project: str
    component: str
    developers: int
    wip_limit: int
    stories_per_week: float
    backlog_limit: int
    ready_limit: int = 5


@dataclass(frozen=True, slots=True)
class Train:
    """A release train; ``reviewers`` are shared by its teams unless the stream shares them over its trains."""

    id: str
    name: str
    teams: tuple[Team, ...]


@dataclass(frozen=True, slots=True)
class ValueStream:
    """A value stream: its trains, the reviewers and testers all its teams share, and its release windows.

    ``reviewers`` counts the people there at the end; ``release_days`` are weekdays (0 = Monday); ``release_at`` is
    the local wall time of the release in hours after midnight of that day (24.5 = half past midnight, the next day).
    Without reviewers work goes from Build straight to test; with approvers it is approved after it. ``…_hours`` are
    hours of one person's work for an item of size 1 (the mean over items is a little above).
    """

    id: str
    name: str
    source: str
    trains: tuple[Train, ...]
    reviewers: int
    testers: int
    release_days: tuple[int, ...]
    release_at: float
    story_points: float
    flag_share: float
    flag_reasons: tuple[tuple[str, float], ...]
    build_hours: float = 19.0
    review_hours: float = 5.0
    test_hours: float = 8.0
    approvers: int = 0
    approval_hours: float = 5.0

    @property
    def teams(self) -> tuple[Team, ...]:
        """All teams of the stream, in file order."""
        return tuple(team for train in self.trains for team in train.teams)


@dataclass(frozen=True, slots=True)
class Intervention:
    """A registered intervention: what it really changes, where its metric is measured, and what that must show.

    It fills ``added_seats`` seats of a stage that stood empty before the launch, and multiplies the stage's service
    times by ``service_factor`` from then on; ``team`` is given where the stage's people belong to one team (Build).
    ``verdict`` is the planted truth: worked, did nothing, or too recent to tell.
    """

    id: str
    launched_on: date
    verdict: str
    metric: str
    value_stream: str
    train: str | None
    stage: str
    team: str | None = None
    added_seats: int = 0
    service_factor: float = 1.0


ENVIRONMENT, OTHER_TEAM, DECISION = "Waiting for environment", "Waiting for other team", "Waiting for decision"

VALUE_STREAMS: Final = (
    ValueStream(
        id="payments",
        name="Payments",
        source="jira-main",
        reviewers=8,
        testers=8,
        release_days=(1, 3),
        release_at=21.5,
        story_points=1.0,
        flag_share=0.09,
        flag_reasons=((ENVIRONMENT, 0.6), (OTHER_TEAM, 0.25), (DECISION, 0.15)),
        trains=(
            Train(
                "cards",
                "Cards",
                (
                    Team("card-issuing", "Card Issuing", "cards", "CARD", "Issuing", 9, 20, 11.0, 30),
                    Team("card-controls", "Card Controls", "cards", "CARD", "Controls", 7, 20, 11.0, 30),
                ),
            ),
            Train(
                "transfers",
                "Transfers",
                (
                    Team("instant-transfers", "Instant Transfers", "transfers", "TRF", "Instant", 7, 20, 11.0, 30),
                    Team("standing-orders", "Standing Orders", "transfers", "TRF", "Orders", 7, 20, 11.0, 30),
                ),
            ),
        ),
    ),
    ValueStream(
        id="servicing",
        name="Everyday Banking",
        source="jira-main",
        reviewers=7,
        testers=9,
        release_days=(0, 1, 2, 3, 4),
        release_at=18.0,
        story_points=1.0,
        flag_share=0.06,
        flag_reasons=((ENVIRONMENT, 0.3), (OTHER_TEAM, 0.4), (DECISION, 0.3)),
        trains=(
            Train(
                "everyday",
                "Everyday Banking",
                (
                    Team("onboarding", "Customer Onboarding", "everyday", "SRV", "Onboarding", 8, 24, 8.8, 40),
                    Team("mobile-app", "Mobile App", "everyday", "SRV", "Mobile", 8, 24, 8.8, 40),
                    Team("statements", "Statements", "everyday", "SRV", "Statements", 8, 24, 8.8, 40),
                ),
            ),
        ),
    ),
    ValueStream(
        id="lending",
        name="Lending",
        source="jira-lending",
        reviewers=5,
        review_hours=3.9,
        testers=6,
        release_days=(0, 2),
        release_at=24.5,
        story_points=1.0,
        flag_share=0.08,
        flag_reasons=((ENVIRONMENT, 0.25), (OTHER_TEAM, 0.25), (DECISION, 0.5)),
        trains=(
            Train(
                "lending",
                "Lending",
                (
                    Team("loan-origination", "Loan Origination", "lending", "LOAN", "Origination", 7, 20, 7.4, 16),
                    Team("credit-decision", "Credit Decision", "lending", "LOAN", "Decision", 7, 20, 7.4, 16),
                    Team("collections", "Collections", "lending", "COLL", "Collections", 7, 20, 7.4, 16),
                ),
            ),
        ),
    ),
)

INTERVENTIONS: Final = (
    Intervention(
        "lending-reviewers", date(2025, 12, 1), "worked", "cycle_time", "lending", None, "review", added_seats=3
    ),
    Intervention(
        "issuing-developers",
        date(2025, 9, 29),
        "did nothing",
        "cycle_time",
        "payments",
        "cards",
        "build",
        team="card-issuing",
        added_seats=2,
    ),
    Intervention(
        "small-changes",
        date(2026, 6, 1),
        "too recent to tell",
        "flow_time",
        "servicing",
        None,
        "review",
        service_factor=0.85,
    ),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What one simulation plays: value streams, what is changed in them, and what changes the pace of everybody.

    ``paces`` are (first day, factor): service times of all stages are multiplied by the factor from that day on.
    """

    value_streams: tuple[ValueStream, ...] = VALUE_STREAMS
    interventions: tuple[Intervention, ...] = INTERVENTIONS
    paces: tuple[tuple[date, float], ...] = ()


@dataclass(frozen=True, slots=True)
class PlantedDelivery:
    """How releases of a value stream's services go.

    ``failure_share`` of the deployments into production are rolled back; half of the repeated ones end within
    ``recovery_hours`` of the failure. After ``incident_share`` of those that succeed an incident opens, and half of the
    incidents are over within ``restore_hours``. Hours are elapsed ones.
    """

    failure_share: float
    recovery_hours: float
    incident_share: float
    restore_hours: float


DELIVERY: Final = {
    "payments": PlantedDelivery(failure_share=0.15, recovery_hours=12.0, incident_share=0.10, restore_hours=3.0),
    "servicing": PlantedDelivery(failure_share=0.03, recovery_hours=5.0, incident_share=0.03, restore_hours=1.0),
    "lending": PlantedDelivery(failure_share=0.08, recovery_hours=9.0, incident_share=0.06, restore_hours=6.0),
}
DELIVERY_SOURCE: Final = "delivery-log"
QUALITY_SOURCE: Final = "quality"
PRODUCTION: Final = "prod-fra"
REHEARSAL: Final = "preprod"
SERVICES: Final = {
    "card-issuing": "issuing-core",
    "card-controls": "card-limits",
    "instant-transfers": "transfer-engine",
    "standing-orders": "order-scheduler",
    "onboarding": "account-opening",
    "mobile-app": "mobile-banking",
    "statements": "statement-archive",
    "loan-origination": "loan-desk",
    "credit-decision": "decision-engine",
    "collections": "dunning-letters",
}
"""The service (and repository) of each team, by the team's id."""

NEEDS_NO_CODE: Final = 0.05
"""Share of stories that are done without a change to code."""
NAMELESS_CHANGES: Final = 0.06
"""Changes that name no issue (dependencies, certificates), per change that does."""
KEY_IN_TITLE: Final = 0.7
"""Share of changes whose title names the issue; the others' branches do."""

FINDINGS_PER_WEEK: Final = {"BUG": 0.5, "VULNERABILITY": 0.2, "CODE_SMELL": 1.4}
"""New findings of code analysis per service and week."""
DAYS_TO_FIX: Final = {
    "payments": {"BUG": 35.0, "VULNERABILITY": 25.0, "CODE_SMELL": 160.0},
    "servicing": {"BUG": 14.0, "VULNERABILITY": 9.0, "CODE_SMELL": 90.0},
    "lending": {"BUG": 60.0, "VULNERABILITY": 120.0, "CODE_SMELL": 400.0},
}
"""Mean calendar days from a finding to its fix; Lending's findings pile up."""

CONSTRAINT_TRUTH: Final = {
    "payments": ((FIRST_DAY, LAST_DAY, "delivery.test"),),
    "servicing": ((FIRST_DAY, LAST_DAY, None),),
    "lending": (
        (FIRST_DAY, date(2025, 11, 30), "delivery.review"),
        (date(2025, 12, 1), LAST_DAY, "delivery.test"),
    ),
}
"""Per value stream: (from, to, the stage that limits it, or None where none does)."""

SIZE_SPREAD: Final = 0.45
SERVICE_SPREAD: Final = 0.45
PICK_UP_HOURS: Final = (0.05, 0.55)
"""Between work being there with a free person and the person moving it on the board; uniform."""

REFINEMENT_HOURS: Final = 14.0
STORIES_PER_FEATURE: Final = 9.0
STANDALONE_SHARE: Final = 0.25
OPENING_BACKLOG: Final = 14
"""Items each team brings along on the first day, when the tracker was introduced."""

REWORK_FROM_REVIEW: Final = 0.05
REWORK_FROM_TEST: Final = 0.08
REWORK_FACTOR: Final = 0.35
SKIP_REVIEW: Final = 0.03
REOPENED: Final = 0.02
REOPENED_HOURS: Final = 40.0
ON_HOLD: Final = 0.02
ON_HOLD_HOURS: Final = 20.0
FLAG_HOURS: Final = 12.0
TEST_FLAG_HOURS: Final = 3.0
DROPPED_FROM_BACKLOG: Final = 0.04
DROPPED_HOURS: Final = 160.0
DROPPED_AFTER_BUILD: Final = 0.012

EPIC_EVERY_WEEKS: Final = 2.6

HAND_OVERS: Final = (
    ("instant-transfers", "card-issuing"),
    ("onboarding", "card-controls"),
    ("card-controls", "card-issuing"),
)
"""Givers and takers of stories that change hands while they wait for a tester: between trains, value streams, teams."""
HAND_OVERS_FROM: Final = date(2025, 12, 29)
"""The day from which teams hand stories over; before, each team kept its own."""


@dataclass(frozen=True, slots=True)
class PlantedFlaws:
    """How many of each flaw of real exports are planted per copy of the portfolio (fewer in a thinned copy)."""

    sub_tasks: int = 250
    straight_to_done: int = 30
    night_incidents: int = 2
    duplicate_resolution: int = 15
    completed_by_pages: int = 4
    truncated: int = 1
    self_transitions: int = 15
    same_second: int = 20
    created_in_later_status: int = 12
    moved_project: int = 40
    unmapped_status: int = 12
    change_before_creation: int = 6
    without_team: int = 25
    retyped: int = 20
    linked_across_streams: int = 60
    handed_over: int = 90
    history_gaps: int = 4
    markup_titles: int = 3
    exported_twice: int = 12


FLAWS: Final = PlantedFlaws()
