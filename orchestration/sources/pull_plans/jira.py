"""What is asked of Jira: issues with their changelog, the rest of cut changelogs, statuses, fields, boards and sprints.

Belongs here: addresses, parameters, pages. Does not belong here: the shape of what comes (``sources.jira``).

Data Center answers version 2 of the API (``startAt``/``total``), Cloud version 3 (``nextPageToken``, no total).
"""

import re
from datetime import timedelta
from urllib.parse import urlsplit

from orchestration.sources.pull_plans.plan import Auth, Census, Collection, Follower, KnownItem, PullPlan, PullSettings
from orchestration.sources.pull_plans.requests import Cursor, Offset, Paging, Request

_FIELDS = (
    "project", "issuetype", "summary", "status", "resolution", "priority", "labels", "components", "parent", "created",
    "updated", "resolutiondate", "issuelinks", "fixVersions", "versions", "worklog",
)  # fmt: skip
_PEOPLE = frozenset({"author", "updateAuthor", "assignee", "reporter", "creator", "lead", "avatarUrls", "comment"})
# JQL reads a date in the time zone of whoever asks; none lies further west.
_WESTERNMOST = timedelta(hours=12)


def plan(settings: PullSettings) -> PullPlan:
    """Return what to ask of this instance of Jira."""
    api = settings.api or ("3" if (urlsplit(settings.url).hostname or "").endswith(".atlassian.net") else "2")
    searched, paging = _search(api)
    fields = ",".join((*_FIELDS, *settings.fields))
    changelog = Follower(
        "changelogs", f"/rest/api/{api}/issue/{{id}}/changelog", {"maxResults": "100"}, applies=_has_cut_changelog
    )
    issues = Collection("issues", paging, "issues", key={"id": "id"}, identity="id", followers=(changelog,))
    ids = Collection("census", paging, "issues", unit="nothing", identity="id")
    asked = {"expand": "changelog", "maxResults": "100"}
    return PullPlan(
        auth=Auth(basic=("{user}", "{token}")) if settings.has_user else Auth(),
        people=_PEOPLE,
        collections=(
            issues,
            Collection("changelogs", Offset("startAt", "maxResults", 100, total="total"), "values", unit="page"),
            Collection("statuses", unit="page"),
            Collection("fields", unit="page"),
            _boards(),
            Collection("sprints", Offset("startAt", "maxResults", 50), "values", unit="page", is_optional=True),
        ),
        requests=(
            Request("statuses", f"/rest/api/{api}/status"),
            Request("fields", f"/rest/api/{api}/field"),
            Request("issues", searched, {"jql": jql(settings), "fields": fields, **asked}),
            *(
                Request("boards", "/rest/agile/1.0/board", {"projectKeyOrId": key, "maxResults": "50"})
                for key in settings.projects
            ),
        ),
        census=Census(
            (ids,),
            (
                Request(
                    "census", searched, {"jql": jql(settings, is_census=True), "fields": "id", "maxResults": "1000"}
                ),
            ),
            item=lambda known: Request("item", f"/rest/api/{api}/issue/{known.native_id}", {"fields": "status"}),
            place=lambda known: _project(api, known),
        ),
    )


def _search(api: str) -> tuple[str, Paging]:
    if api == "3":
        return "/rest/api/3/search/jql", Cursor("nextPageToken", "nextPageToken")
    return "/rest/api/2/search", Offset("startAt", "maxResults", 100, total="total")


def _boards() -> Collection:
    sprints = Follower(
        "sprints",
        "/rest/agile/1.0/board/{board}/sprint",
        {"maxResults": "50"},
        applies=lambda board: board.get("type") != "kanban",
    )
    return Collection(
        "boards",
        Offset("startAt", "maxResults", 50),
        "values",
        unit="nothing",
        key={"board": "id"},
        followers=(sprints,),
        is_optional=True,
    )


def jql(settings: PullSettings, *, is_census: bool = False) -> str:
    """Return the question in JQL: the portfolio's own, its projects, updated since; in an order that stands still."""
    projects = ", ".join('"' + key.replace('"', "") + '"' for key in settings.projects)
    parts = [f"project in ({projects})"] if projects else []
    if settings.query:
        own = re.split(r"(?i)\border\s+by\b", settings.query)[0].strip()
        parts += [f"({own})"] if own else []
    if settings.since is not None and not is_census:
        parts.append(f'updated >= "{settings.since - _WESTERNMOST:%Y-%m-%d %H:%M}"')
    # Cloud refuses a question without any limit.
    return " and ".join(parts or ['created >= "1970-01-02"']) + " order by key asc"


def _has_cut_changelog(issue: dict[str, object]) -> bool:
    changelog = issue.get("changelog")
    if not isinstance(changelog, dict):
        return False
    return int(changelog.get("total") or 0) > len(changelog.get("histories") or [])


def _project(api: str, known: KnownItem) -> Request | None:
    key = known.item_key.rpartition("-")[0] or known.project
    return Request("place", f"/rest/api/{api}/project/{key}") if key else None
