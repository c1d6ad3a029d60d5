"""What is asked of Redmine: issues one by one with journals, the lists that name their ids, versions, time entries.

Belongs here: addresses, parameters, pages. Does not belong here: the shape of what comes (``sources.redmine``).

A page of issues never brings journals, so each issue is asked for by itself.
"""

from orchestration.sources.pull_plans.plan import Auth, Census, Collection, Follower, PullPlan, PullSettings
from orchestration.sources.pull_plans.requests import Offset, Request, text_of

_PEOPLE = frozenset({"author", "assigned_to", "user", "watchers", "notes", "description", "comments"})
_PAGE = {"limit": "100"}
_PAGED = Offset("offset", "limit", 100, total="total_count")


def plan(settings: PullSettings) -> PullPlan:
    """Return what to ask of this Redmine, or of some of its projects."""
    scopes: list[dict[str, str]] = [{"project_id": project} for project in settings.projects] or [{}]
    since = {"updated_on": f">={text_of(settings.since)}"} if settings.since else {}
    spent = {"from": f"{settings.since:%Y-%m-%d}"} if settings.since else {}
    every = {"status_id": "*", "sort": "id", **_PAGE}
    return PullPlan(
        auth=Auth("X-Redmine-API-Key", "{token}"),
        people=_PEOPLE,
        collections=_collections(),
        requests=(
            Request("statuses", "/issue_statuses.json"),
            Request("trackers", "/trackers.json"),
            Request("custom_fields", "/custom_fields.json"),
            Request("projects", "/projects.json", _PAGE),
            *(Request("issue_ids", "/issues.json", {**every, **scope, **since}) for scope in scopes),
            *(Request("time_entries", "/time_entries.json", {**_PAGE, **scope, **spent}) for scope in scopes),
        ),
        census=Census(
            (Collection("census", _PAGED, "issues", unit="nothing", identity="id"),),
            tuple(Request("census", "/issues.json", {**every, **scope}) for scope in scopes),
            item=lambda known: Request("item", f"/issues/{known.native_id}.json"),
            # Redmine refuses (403) what may not be seen, and does not find (404) only what is gone.
            place=lambda _: Request("place", "/issues.json", {"limit": "1"}),
            place_name="the tracker",
        ),
    )


def _collections() -> tuple[Collection, ...]:
    return (
        Collection(
            "issue_ids",
            _PAGED,
            "issues",
            unit="nothing",
            key={"id": "id"},
            identity="id",
            followers=(Follower("issues", "/issues/{id}.json", {"include": "journals,relations"}),),
        ),
        Collection("issues", unit="page", is_optional=True),
        Collection("statuses", records="issue_statuses", unit="page"),
        Collection("trackers", records="trackers", unit="page"),
        # Only administrators may see them.
        Collection("custom_fields", records="custom_fields", unit="page", is_optional=True),
        Collection(
            "projects",
            _PAGED,
            "projects",
            unit="page",
            key={"project": "id"},
            followers=(
                Follower("versions", "/projects/{project}/versions.json"),
                Follower("categories", "/projects/{project}/issue_categories.json"),
            ),
        ),
        Collection("versions", records="versions", unit="page", is_optional=True),
        Collection("categories", records="issue_categories", unit="page", is_optional=True),
        Collection("time_entries", _PAGED, "time_entries", unit="page", is_optional=True),
    )
