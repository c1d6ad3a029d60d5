"""Simulated lives in Jira's shape: one record becomes one issue with its changelog, as the REST API answers it.

Belongs here: field values, what of a changelog is embedded and what stands on changelog pages, the issue as it stood
some days before. Does not belong here: changelog entries (``jira_histories``), numbering (``jira_numbering``), files
(``export_files``), names and ids of one instance (``jira_vocabulary``).
"""

from __future__ import annotations

from orchestration.portfolio.example import records
from orchestration.portfolio.example.jira_histories import ENDED, HistoryWriter, resolution, story_points
from orchestration.portfolio.example.jira_titles import title
from orchestration.portfolio.example.jira_vocabulary import (
    IMPEDIMENT,
    IMPEDIMENT_ID,
    INSTANCES,
    ISSUE_TYPES,
    PRIORITIES,
    PROJECT_IDS,
    PROJECT_NAMES,
    JiraInstance,
    Json,
)
from orchestration.portfolio.example.records import SimulatedItem

EMBEDDED_LIMIT = 100
PAGE_SIZE = 100


class IssueWriter:
    """Writes the issues of one Jira instance. ``issue`` gives the whole issue, ``pages`` its changelog pages."""

    def __init__(self, instance: JiraInstance) -> None:
        self.jira = instance
        self.changelogs = HistoryWriter(instance)
        self.text = self.changelogs.text
        self._statuses = {stage: instance.status(stage) for stage in instance.names}

    def issue(self, item: SimulatedItem) -> Json:
        """The issue as a search with ``expand=changelog`` answers it; a long changelog holds its newest 100 entries."""
        histories = self.changelogs.histories(item)
        total = len(histories)
        embedded = histories[-EMBEDDED_LIMIT:]
        if self.jira.newest_first:
            embedded = embedded[::-1]
        return {
            "id": str(item.native_id),
            "self": f"{self.jira.host}/rest/api/2/issue/{item.native_id}",
            "key": item.key,
            "fields": self._fields(item, histories),
            "changelog": {
                "startAt": 0,
                "maxResults": min(total, EMBEDDED_LIMIT),
                "total": total,
                "histories": embedded,
            },
        }

    def pages(self, item: SimulatedItem) -> list[Json]:
        """The pages of ``/issue/{id}/changelog``, oldest entry first."""
        histories = self.changelogs.histories(item)
        address = f"{self.jira.host}/rest/api/3/issue/{item.native_id}/changelog"
        return [
            {
                "self": f"{address}?maxResults={PAGE_SIZE}&startAt={start}",
                "maxResults": PAGE_SIZE,
                "startAt": start,
                "total": len(histories),
                "isLast": start + PAGE_SIZE >= len(histories),
                "values": histories[start : start + PAGE_SIZE],
            }
            for start in range(0, len(histories), PAGE_SIZE)
        ]

    def _fields(self, item: SimulatedItem, histories: list[Json]) -> Json:
        jira, text = self.jira, self.text
        created = text(item.created_ms)
        project = item.team.project
        ended = item.status in ENDED
        last_change = max(item.created_ms, item.moves[-1][0], *(edit[0] for edit in item.edits)) if histories else None
        fields: Json = {
            "summary": title(item),
            "status": self._statuses[item.status],
            "issuetype": {"id": ISSUE_TYPES[item.kind], "name": item.kind, "subtask": item.level == "sub-task"},
            "project": {"id": PROJECT_IDS[project], "key": project, "name": PROJECT_NAMES[project]},
            "created": created,
            "updated": created if last_change is None else text(last_change),
            "resolution": {"name": resolution(item, item.status)[1]} if ended else None,
            "resolutiondate": text(item.moves[-1][0]) if ended else None,
            "priority": {"name": PRIORITIES[item.title_seed % len(PRIORITIES)]},
            "labels": list(_labels(item)),
            "components": [{"name": item.team.component}] if item.has_team and project != "SRV" else [],
            "assignee": {"accountId": self.changelogs.developer(item)}
            if item.first(records.BUILD) is not None
            else None,
            "reporter": {"accountId": self.changelogs.reporter(item)},
        }
        if project == "SRV":
            fields[jira.fields["team"]] = {"value": item.team.name} if item.has_team else None
        if item.parent is not None:
            if jira.has_parent_field or item.level == "sub-task":
                fields["parent"] = {"id": str(item.parent.native_id), "key": item.parent.key}
            else:
                fields[jira.fields["parent"]] = item.parent.key
        if item.level == "story":
            self._add_story_fields(item, fields)
        return fields

    def _add_story_fields(self, item: SimulatedItem, fields: Json) -> None:
        ids = self.jira.fields
        refined = next((at for at, kind, _ in item.edits if kind == records.REFINED), None)
        fields[ids["estimate"]] = story_points(item) if refined is not None else None
        fields[ids["sprint"]] = [self.changelogs.sprint(item, refined)] if refined is not None else None
        marks = [edit for edit in item.edits if edit[1] in {records.FLAGGED, records.UNFLAGGED}]
        last = max(marks, key=_moment_of_edit, default=None)
        is_flagged = last is not None and last[1] == records.FLAGGED
        fields[ids["flagged"]] = [{"id": IMPEDIMENT_ID, "value": IMPEDIMENT}] if is_flagged else None
        fields[ids["blocked_reason"]] = {"value": last[2]} if last is not None and is_flagged else None
        links = []
        if item.blocks is not None:
            links.append(_link(item, "outwardIssue", item.blocks))
        if item.blocked_by is not None:
            links.append(_link(item, "inwardIssue", item.blocked_by))
        fields["issuelinks"] = links


def as_it_stood(issue: Json, before: str) -> Json:
    """The issue as an export some days earlier would have shown it (a new object).

    Handles changes of status, resolution and assignee, which is what the end of a story's life consists of.
    ``before`` is an instant written like the issue's own timestamps and in the same offset.
    """
    histories = sorted(issue["changelog"]["histories"], key=lambda entry: int(entry["id"]))
    kept = [entry for entry in histories if entry["created"] < before]
    undone = [entry for entry in histories if entry["created"] >= before]
    fields = dict(issue["fields"])
    for entry in reversed(undone):
        for change in entry["items"]:
            if change["field"] == "status":
                stage = next(s for s, n in INSTANCES["jira-main"].status_ids.items() if n == change["from"])
                fields["status"] = INSTANCES["jira-main"].status(stage)
            elif change["field"] == "resolution":
                fields["resolution"] = {"name": change["fromString"]} if change["fromString"] else None
                fields["resolutiondate"] = None
            elif change["field"] == "assignee":
                fields["assignee"] = None
    fields["updated"] = kept[-1]["created"] if kept else fields["created"]
    changelog = {"startAt": 0, "maxResults": len(kept), "total": len(kept), "histories": kept[::-1]}
    return {**issue, "fields": fields, "changelog": changelog}


def _labels(item: SimulatedItem) -> tuple[str, ...]:
    if item.kind == "Task":
        return ("tech-debt",) if item.title_seed % 3 == 0 else ("platform",)
    return ("regulatory",) if item.title_seed % 23 == 0 and item.kind in {"Story", "Feature"} else ()


def _link(item: SimulatedItem, side: str, other: SimulatedItem) -> Json:
    number = item.native_id if side == "outwardIssue" else other.native_id
    return {
        "id": str(number),
        "type": {"name": "Blocks", "inward": "is blocked by", "outward": "blocks"},
        side: {"id": str(other.native_id), "key": other.key},
    }


def _moment_of_edit(edit: records.Edit) -> int:
    return edit[0]
