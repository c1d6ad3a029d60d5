"""What is asked of Azure DevOps: work items and their updates, states, iterations, builds, pull requests.

Belongs here: addresses, parameters, pages. Does not belong here: the shape of what comes (``sources.azure_devops``).

A WIQL answer may hold 20,000 ids at most, so each question asks for what comes after the last id of the one before.
"""

from collections.abc import Mapping
from typing import Any
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
from orchestration.sources.pull_plans.requests import AfterLast, HeaderCursor, Offset, Request, filled, text_of

_IDS_PER_ANSWER = 10_000
_VERSION = {"api-version": "7.1"}
_PAGE = 100
_PEOPLE = frozenset(
    {
        "System.AssignedTo", "System.CreatedBy", "System.ChangedBy", "System.AuthorizedAs", "System.History",
        "Microsoft.VSTS.Common.ActivatedBy", "Microsoft.VSTS.Common.ResolvedBy", "Microsoft.VSTS.Common.ClosedBy",
        "Microsoft.VSTS.Common.ReviewedBy", "revisedBy", "createdBy", "closedBy", "autoCompleteSetBy", "requestedFor",
        "requestedBy", "lastChangedBy", "author", "committer", "deletedBy", "content",
    }
)  # fmt: skip


def plan(settings: PullSettings) -> PullPlan:
    """Return what to ask of these projects."""
    if not settings.projects:
        raise UnusablePull("Azure DevOps is pulled project by project. Name them under pull.projects.")
    changed = f" and [System.ChangedDate] >= '{text_of(settings.since)}'" if settings.since else ""
    template = _wiql(settings, changed)
    return PullPlan(
        auth=Auth(basic=("", "{token}")),
        people=_PEOPLE,
        collections=(*_item_collections(template), *_delivery_collections()),
        requests=tuple(request for project in settings.projects for request in _requests(project, template, settings)),
        census=_census(settings),
    )


def _wiql(settings: PullSettings, changed: str) -> dict[str, str]:
    own = f" and ({settings.query})" if settings.query else ""
    return {
        "query": "select [System.Id] from WorkItems where [System.TeamProject] = @project"
        f" and [System.Id] > {{after}}{changed}{own} order by [System.Id]"
    }


def _item_collections(template: Mapping[str, str]) -> tuple[Collection, ...]:
    return (
        Collection(
            "query_results",
            AfterLast(template, "workItems", "id", _IDS_PER_ANSWER),
            "workItems",
            # The answers themselves tell which items there should be.
            unit="page",
            key={"id": "id"},
            identity="id",
            followers=(
                Follower(
                    "work_items",
                    "/_apis/wit/workitemsbatch",
                    _VERSION,
                    {"ids": "{ids}", "$expand": "relations", "errorPolicy": "omit"},
                    batch=200,
                ),
                Follower("updates", "/{project}/_apis/wit/workItems/{id}/updates", {**_VERSION, "$top": "200"}),
            ),
        ),
        Collection("work_items", records="value", identity="id"),
        Collection("updates", Offset("$skip", "$top", 200), "value"),
        Collection("work_item_types", records="value"),
        Collection("iterations", unit="page"),
        Collection("recycle_bin", records="value", is_optional=True),
    )


def _delivery_collections() -> tuple[Collection, ...]:
    threads = Follower(
        "threads", "/{project}/_apis/git/repositories/{repository}/pullRequests/{request}/threads", _VERSION
    )
    return (
        Collection(
            "builds",
            HeaderCursor("x-ms-continuationtoken", "continuationToken"),
            "value",
            identity="id",
            is_optional=True,
        ),
        Collection(
            "pull_requests",
            Offset("$skip", "$top", _PAGE),
            "value",
            key={"repository": "repository/id", "request": "pullRequestId"},
            followers=(threads,),
            is_optional=True,
        ),
        Collection("threads", records="value", is_optional=True),
    )


def _requests(project: str, template: Mapping[str, str], settings: PullSettings) -> list[Request]:
    key = {"project": project}
    since = {"minTime": text_of(settings.since)} if settings.since else {}
    closed_since = (
        {
            "searchCriteria.minTime": text_of(settings.since),
            "searchCriteria.queryTimeRangeType": "closed",
        }
        if settings.since
        else {}
    )
    api = f"/{quote(project)}/_apis"
    pulls = [
        Request(
            "pull_requests",
            f"{api}/git/pullrequests",
            {**_VERSION, "$top": str(_PAGE), "searchCriteria.status": status, **extra},
            key=key,
        )
        for status, extra in (("active", {}), ("completed", closed_since), ("abandoned", closed_since))
    ]
    return [
        Request("work_item_types", f"{api}/wit/workitemtypes", _VERSION, key=key),
        Request("iterations", f"{api}/wit/classificationnodes/iterations", {**_VERSION, "$depth": "14"}, key=key),
        Request("recycle_bin", f"{api}/wit/recyclebin", _VERSION, key=key),
        _question("query_results", project, template),
        Request("builds", f"{api}/build/builds", {**_VERSION, "queryOrder": "queueTimeAscending", **since}, key=key),
        *pulls,
    ]


def _question(collection: str, project: str, template: Mapping[str, Any]) -> Request:
    return Request(
        collection,
        f"/{quote(project)}/_apis/wit/wiql",
        {**_VERSION, "timePrecision": "true", "$top": str(_IDS_PER_ANSWER)},
        filled(template, {"after": "0"}),
        {"project": project},
    )


def _census(settings: PullSettings) -> Census:
    template = _wiql(settings, "")
    return Census(
        (
            Collection(
                "census",
                AfterLast(template, "workItems", "id", _IDS_PER_ANSWER),
                "workItems",
                unit="nothing",
                identity="id",
            ),
        ),
        tuple(_question("census", project, template) for project in settings.projects),
        item=lambda known: Request(
            "item", f"/_apis/wit/workItems/{known.native_id}", {**_VERSION, "fields": "System.Id"}
        ),
        place=_place,
    )


def _place(known: KnownItem) -> Request | None:
    return Request("place", f"/_apis/projects/{quote(known.project)}", _VERSION) if known.project else None
