"""The two Jira instances of the fictional bank: their statuses, types, projects and custom fields.

Belongs here: what one instance calls a thing and under which id. Does not belong here: the JSON around it
(``jira_export``) and what the portfolio maps it to (``portfolio.yaml``).

``jira-main`` is worded in English and writes local offsets, newest history first; ``jira-lending`` came with a bank
that was taken over: German statuses, UTC, oldest history first, other custom fields, an epic link instead of a parent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from orchestration.portfolio.example import records

Json = dict[str, Any]

ISSUE_TYPES: Final = {
    "Story": "10001",
    "Task": "10002",
    "Bug": "10004",
    "Feature": "10005",
    "Epic": "10000",
    "Sub-task": "10003",
}
PROJECT_NAMES: Final = {
    "CARD": "Cards",
    "TRF": "Transfers",
    "SRV": "Everyday Banking",
    "LOAN": "Lending",
    "COLL": "Collections",
}
PROJECT_IDS: Final = {"CARD": "10100", "TRF": "10101", "SRV": "10102", "LOAN": "11100", "COLL": "11101"}
PRIORITIES: Final = ("Medium", "Medium", "Medium", "High", "Low")
IMPEDIMENT: Final = "Impediment"
IMPEDIMENT_ID: Final = "10019"
RESOLUTION_IDS: Final = {"Done": "10000", "Won't Do": "10001", "Duplicate": "10002"}
RENAMED_STATUS_OLD_NAME: Final = "In Review"

_NEW = (records.BACKLOG, records.READY, records.FUNNEL, records.PORTFOLIO_BACKLOG)
_ENDED = (records.DONE, records.CANCELLED)
_CATEGORIES = {"new": (2, "To Do"), "indeterminate": (4, "In Progress"), "done": (3, "Done")}


@dataclass(frozen=True)
class JiraInstance:
    """One instance: status names by stage, the first status id, custom field ids by role, and its habits."""

    source_id: str
    host: str
    names: dict[str, str]
    first_status_id: int
    fields: dict[str, str]
    writes_utc: bool
    newest_first: bool
    has_parent_field: bool
    renamed: tuple[str, str] | None = None
    status_ids: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        ids = {stage: str(self.first_status_id + position) for position, stage in enumerate(self.names)}
        object.__setattr__(self, "status_ids", ids)

    def status_name(self, stage: str, *, before_rename: bool = False) -> str:
        """What the instance called a stage's status; ``before_rename`` for histories written before the rename."""
        if before_rename and self.renamed is not None and self.renamed[0] == stage:
            return self.renamed[1]
        return self.names[stage]

    def status(self, stage: str) -> Json:
        """The status as ``/status`` and an issue's fields show it."""
        key = category(stage)
        number, name = _CATEGORIES[key]
        return {
            "self": f"{self.host}/rest/api/2/status/{self.status_ids[stage]}",
            "id": self.status_ids[stage],
            "name": self.names[stage],
            "statusCategory": {"id": number, "key": key, "name": name},
        }

    def statuses(self) -> list[Json]:
        """The answer of ``/status``."""
        return [self.status(stage) for stage in self.names]

    def field_list(self) -> list[Json]:
        """The answer of ``/field``, as far as the exports use it."""
        standard = [
            {"id": key, "key": key, "name": name, "custom": False, "schema": {"type": kind, "system": key}}
            for key, name, kind in _STANDARD_FIELDS
        ]
        custom = [
            {"id": key, "key": key, "name": FIELD_NAMES[role], "custom": True, "schema": {"type": _FIELD_KINDS[role]}}
            for role, key in self.fields.items()
        ]
        return standard + custom


def category(stage: str) -> str:
    """Jira's own category of a stage's status: new, indeterminate or done."""
    return "new" if stage in _NEW else "done" if stage in _ENDED else "indeterminate"


_STANDARD_FIELDS = (
    ("summary", "Summary", "string"),
    ("status", "Status", "status"),
    ("issuetype", "Issue Type", "issuetype"),
    ("project", "Project", "project"),
    ("created", "Created", "datetime"),
    ("updated", "Updated", "datetime"),
    ("resolution", "Resolution", "resolution"),
    ("resolutiondate", "Resolved", "datetime"),
    ("priority", "Priority", "priority"),
    ("labels", "Labels", "array"),
    ("components", "Components", "array"),
    ("assignee", "Assignee", "user"),
    ("reporter", "Reporter", "user"),
    ("issuelinks", "Linked Issues", "array"),
)
FIELD_NAMES = {
    "team": "Team",
    "parent": "Epic Link",
    "estimate": "Story Points",
    "sprint": "Sprint",
    "flagged": "Flagged",
    "blocked_reason": "Blocked reason",
    "rank": "Rank",
}
_FIELD_KINDS = {
    "team": "option",
    "parent": "any",
    "estimate": "number",
    "sprint": "array",
    "flagged": "array",
    "blocked_reason": "option",
    "rank": "any",
}

_ENGLISH = {
    records.BACKLOG: "To Do",
    records.READY: "Ready",
    records.BUILD: "In Progress",
    records.READY_FOR_REVIEW: "Ready for Review",
    records.REVIEW: "Code Review",
    records.READY_FOR_TEST: "Ready for Test",
    records.TEST: "In Test",
    records.READY_FOR_RELEASE: "Ready for Release",
    records.DONE: "Done",
    records.CANCELLED: "Cancelled",
    records.ON_HOLD: "On Hold",
    records.UNMAPPED: "Waiting for Vendor",
    records.FUNNEL: "Funnel",
    records.ANALYSING: "Analysing",
    records.IMPLEMENTING: "Implementing",
    records.VALIDATING: "Validating",
    records.REVIEWING: "Reviewing",
    records.PORTFOLIO_BACKLOG: "Portfolio Backlog",
}
_GERMAN = {
    records.BACKLOG: "Offen",
    records.READY: "Bereit",
    records.BUILD: "In Arbeit",
    records.READY_FOR_REVIEW: "Bereit zur Prüfung",
    records.REVIEW: "In Prüfung",
    records.READY_FOR_TEST: "Testbereit",
    records.TEST: "Im Test",
    records.READY_FOR_RELEASE: "Freigabebereit",
    records.DONE: "Fertig",
    records.CANCELLED: "Verworfen",
    records.ON_HOLD: "Angehalten",
    records.UNMAPPED: "Rückfrage Fachbereich",
    records.FUNNEL: "Ideen",
    records.ANALYSING: "Analyse",
    records.IMPLEMENTING: "Umsetzung",
    records.VALIDATING: "Abnahme",
    records.REVIEWING: "Begutachtung",
    records.PORTFOLIO_BACKLOG: "Portfolio-Vorrat",
}

INSTANCES: Final = {
    "jira-main": JiraInstance(
        source_id="jira-main",
        host="https://jira.lindenhall.example",
        names=_ENGLISH,
        first_status_id=10200,
        fields={
            "team": "customfield_10001",
            "estimate": "customfield_10016",
            "sprint": "customfield_10020",
            "flagged": "customfield_10021",
            "blocked_reason": "customfield_10050",
            "rank": "customfield_10019",
        },
        writes_utc=False,
        newest_first=True,
        has_parent_field=True,
        renamed=(records.REVIEW, RENAMED_STATUS_OLD_NAME),
    ),
    "jira-lending": JiraInstance(
        source_id="jira-lending",
        host="https://tracker.lindenhall-lending.example",
        names=_GERMAN,
        first_status_id=11200,
        fields={
            "parent": "customfield_10414",
            "estimate": "customfield_10416",
            "sprint": "customfield_10420",
            "flagged": "customfield_10421",
            "blocked_reason": "customfield_10450",
            "rank": "customfield_10419",
        },
        writes_utc=True,
        newest_first=False,
        has_parent_field=False,
    ),
}
