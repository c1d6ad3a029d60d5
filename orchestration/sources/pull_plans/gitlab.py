"""What is asked of GitLab: issues with their events and links, merge requests, pipelines with jobs, deployments.

Belongs here: addresses, parameters, pages. Does not belong here: the shape of what comes (``sources.gitlab``).

The server itself says where the next page is (header ``Link``), by number or by key.
"""

from urllib.parse import quote

from orchestration.sources.pull_plans.plan import (
    Auth,
    Census,
    Collection,
    Follower,
    KnownItem,
    PullPlan,
    PullSettings,
    UnusablePull,
)
from orchestration.sources.pull_plans.requests import LinkHeader, Request, text_of

_PAGE = {"per_page": "100"}
_BY_CREATION = {**_PAGE, "scope": "all", "order_by": "created_at", "sort": "asc"}
_PEOPLE = frozenset(
    {
        "author", "assignee", "assignees", "reviewers", "closed_by", "merged_by", "merge_user", "user",
        "author_name", "author_email", "committer_name", "committer_email", "resolved_by", "suggested_approvers",
    }
)  # fmt: skip
_EVENTS = ("resource_state_events", "resource_label_events", "resource_milestone_events", "resource_iteration_events")


def plan(settings: PullSettings) -> PullPlan:
    """Return what to ask of these projects."""
    if not settings.projects:
        raise UnusablePull("GitLab is pulled project by project. Name them under pull.projects, as group/name.")
    listed = Collection("census", LinkHeader(), unit="nothing", identity="id")
    return PullPlan(
        auth=Auth("PRIVATE-TOKEN", "{token}"),
        people=_PEOPLE,
        collections=(*_item_collections(), *_delivery_collections()),
        requests=tuple(request for project in settings.projects for request in _requests(project, settings)),
        census=Census(
            (listed,),
            tuple(Request("census", f"{_project(project)}/issues", _BY_CREATION) for project in settings.projects),
            item=_item,
            place=lambda known: Request("place", _project(_path(known))) if _path(known) else None,
        ),
    )


def _item_collections() -> tuple[Collection, ...]:
    of_issue = "/api/v4/projects/{project}/issues/{iid}"
    links = LinkHeader(total_header="x-total")
    return (
        Collection(
            "issues",
            links,
            key={"iid": "iid"},
            identity="id",
            followers=(
                *(Follower(events, f"{of_issue}/{events}", _PAGE) for events in _EVENTS),
                Follower("issue_links", f"{of_issue}/links", _PAGE),
            ),
        ),
        *(Collection(events, links, is_optional=True, marks_request=True) for events in _EVENTS),
        Collection("issue_links", links, is_optional=True, marks_request=True),
        Collection("milestones", links, is_optional=True),
    )


def _delivery_collections() -> tuple[Collection, ...]:
    of_request = "/api/v4/projects/{project}/merge_requests/{iid}"
    of_pipeline = "/api/v4/projects/{project}/pipelines/{id}"
    links = LinkHeader(total_header="x-total")
    return (
        Collection(
            "merge_requests",
            links,
            key={"iid": "iid"},
            identity="id",
            followers=(
                Follower("approvals", f"{of_request}/approvals"),
                Follower("notes", f"{of_request}/notes", _PAGE),
                Follower("commits", f"{of_request}/commits", _PAGE),
            ),
            is_optional=True,
        ),
        Collection("approvals", is_optional=True, marks_request=True),
        Collection("notes", links, is_optional=True, marks_request=True),
        Collection("commits", links, is_optional=True, marks_request=True),
        Collection(
            "pipeline_ids",
            links,
            unit="nothing",
            key={"id": "id"},
            followers=(Follower("pipelines", of_pipeline), Follower("jobs", f"{of_pipeline}/jobs", _PAGE)),
            is_optional=True,
        ),
        Collection("pipelines", is_optional=True),
        Collection("jobs", links, is_optional=True, marks_request=True),
        Collection("deployments", links, is_optional=True, marks_request=True),
    )


def _requests(project: str, settings: PullSettings) -> list[Request]:
    key = {"project": project}
    since = {"updated_after": text_of(settings.since)} if settings.since else {}
    path = _project(project)
    return [
        Request("milestones", f"{path}/milestones", _PAGE, key=key),
        Request("issues", f"{path}/issues", {**_BY_CREATION, **since}, key=key),
        Request("merge_requests", f"{path}/merge_requests", {**_BY_CREATION, **since}, key=key),
        Request("pipeline_ids", f"{path}/pipelines", {**_PAGE, "order_by": "id", "sort": "asc", **since}, key=key),
        Request(
            "deployments", f"{path}/deployments", {**_PAGE, "order_by": "updated_at", "sort": "asc", **since}, key=key
        ),
    ]


def _project(path: str | None) -> str:
    return f"/api/v4/projects/{quote(path or '', safe='')}"


def _path(known: KnownItem) -> str | None:
    return known.item_key.rpartition("#")[0] or known.project


def _item(known: KnownItem) -> Request | None:
    iid = known.item_key.rpartition("#")[2]
    return Request("item", f"{_project(_path(known))}/issues/{iid}") if _path(known) and iid.isdigit() else None
