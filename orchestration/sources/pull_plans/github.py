"""What is asked of GitHub: issues with their timelines, pull requests with reviews, runs, deployments, alerts.

Belongs here: addresses, parameters, pages. Does not belong here: the shape of what comes (``sources.github``).

Issues are listed by creation, because a list by update would slip a place whenever something is updated meanwhile.
"""

from urllib.parse import urlsplit

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
_FORBIDDEN = 403
_PEOPLE = frozenset(
    {
        "user", "actor", "assignee", "assignees", "assigner", "creator", "author", "requested_reviewers", "reviewer",
        "requested_reviewer", "review_requester", "merged_by", "closed_by", "triggering_actor", "dismissed_by",
        "sender", "owner", "performed_via_github_app", "committer/name", "committer/email", "committer/login",
    }
)  # fmt: skip


def address(url: str) -> str:
    """Return the address of the API for an address that people know."""
    return "https://api.github.com" if urlsplit(url).hostname in {"github.com", "www.github.com"} else url


def plan(settings: PullSettings) -> PullPlan:
    """Return what to ask of these repositories."""
    if not settings.projects:
        raise UnusablePull("GitHub is pulled repository by repository. Name them under pull.projects, as owner/name.")
    return PullPlan(
        auth=Auth(),
        headers={"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"},
        people=_PEOPLE,
        limit_statuses=frozenset({_FORBIDDEN}),
        collections=_collections(),
        requests=tuple(request for project in settings.projects for request in _requests(project, settings)),
        census=Census(
            (Collection("census", LinkHeader(), unit="nothing", identity="id"),),
            tuple(
                Request("census", f"/repos/{project}/issues", {"state": "all", "sort": "created", **_PAGE})
                for project in settings.projects
            ),
            item=_item,
            place=lambda known: Request("place", f"/repos/{_repository(known)}") if _repository(known) else None,
        ),
    )


def _collections() -> tuple[Collection, ...]:
    def of_issue(name: str, path: str, *, is_pull: bool) -> Follower:
        return Follower(
            name, f"/repos/{{+project}}/{path}", _PAGE, applies=lambda issue: ("pull_request" in issue) == is_pull
        )

    links = LinkHeader()
    return (
        Collection(
            "issues",
            links,
            key={"number": "number"},
            identity="id",
            followers=(
                of_issue("timeline", "issues/{number}/timeline", is_pull=False),
                of_issue("pull_requests", "pulls/{number}", is_pull=True),
                of_issue("reviews", "pulls/{number}/reviews", is_pull=True),
                of_issue("pull_request_commits", "pulls/{number}/commits", is_pull=True),
            ),
        ),
        Collection("timeline", links, unit="asked", is_optional=True),
        Collection("pull_requests", is_optional=True),
        Collection("reviews", links, unit="asked", is_optional=True),
        Collection("pull_request_commits", links, unit="asked", is_optional=True),
        Collection("milestones", links),
        Collection("runs", links, "workflow_runs", newest_first="created_at", is_optional=True),
        Collection(
            "deployments",
            links,
            key={"id": "id"},
            newest_first="created_at",
            followers=(Follower("deployment_statuses", "/repos/{+project}/deployments/{id}/statuses", _PAGE),),
            is_optional=True,
        ),
        Collection("deployment_statuses", links, unit="asked", is_optional=True),
        Collection("code_scanning_alerts", links, is_optional=True, marks_request=True),
        Collection("dependabot_alerts", links, is_optional=True, marks_request=True),
    )


def _requests(project: str, settings: PullSettings) -> list[Request]:
    key = {"project": project}
    since = {"since": text_of(settings.since)} if settings.since else {}
    issues = {"state": "all", "sort": "created", "direction": "asc", **_PAGE, **since}
    return [
        Request("milestones", f"/repos/{project}/milestones", {"state": "all", **_PAGE}, key=key),
        Request("issues", f"/repos/{project}/issues", issues, key=key),
        Request("runs", f"/repos/{project}/actions/runs", _PAGE, key=key),
        Request("deployments", f"/repos/{project}/deployments", _PAGE, key=key),
        Request("code_scanning_alerts", f"/repos/{project}/code-scanning/alerts", _PAGE, key=key),
        Request("dependabot_alerts", f"/repos/{project}/dependabot/alerts", _PAGE, key=key),
    ]


def _repository(known: KnownItem) -> str | None:
    return known.item_key.rpartition("#")[0] or known.project


def _item(known: KnownItem) -> Request | None:
    number = known.item_key.rpartition("#")[2]
    repository = _repository(known)
    return Request("item", f"/repos/{repository}/issues/{number}") if repository and number.isdigit() else None
