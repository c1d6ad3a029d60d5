"""What is asked of SonarQube and SonarCloud: issues, security hotspots and measures of projects.

Belongs here: addresses, parameters, pages. Does not belong here: the shape of what comes (``sources.sonarqube``).

No question gets more than 10,000 issues, so a longer answer is asked for again in halves of its time. What was updated
since comes newest first.
"""

from datetime import datetime, timedelta

from orchestration.sources.pull_plans.plan import Auth, Collection, PullPlan, PullSettings, UnusablePull
from orchestration.sources.pull_plans.requests import PageNumber, Request, text_of

_MOST = 10_000
# SonarQube's first release; no issue is older.
_FIRST = "2006-12-01T00:00:00+0000"
_METRICS = "bugs,vulnerabilities,code_smells,sqale_index,coverage,duplicated_lines_density,ncloc,security_hotspots"


def plan(settings: PullSettings) -> PullPlan:
    """Return what to ask of these projects."""
    if not settings.projects:
        raise UnusablePull("SonarQube is pulled project by project. Name their keys under pull.projects.")
    split = PageNumber("p", "ps", 500, "paging/total", most=_MOST, after="createdAfter", before="createdBefore")
    plain = PageNumber("p", "ps", 500, "paging/total")
    is_full = settings.since is None
    return PullPlan(
        auth=Auth(),
        people=frozenset({"author", "assignee", "users", "rules"}),
        collections=(
            Collection(
                "issues",
                split if is_full else plain,
                "issues",
                identity="key" if is_full else None,
                newest_first=None if is_full else "updateDate",
            ),
            Collection("hotspots", plain, "hotspots", identity="key", is_optional=True),
            Collection("measures", unit="page", is_optional=True),
        ),
        requests=tuple(request for project in settings.projects for request in _requests(project, settings)),
    )


def _requests(project: str, settings: PullSettings) -> list[Request]:
    page = {"ps": "500"}
    if settings.since is None:
        asked = {
            "createdAfter": _FIRST,
            "createdBefore": _text(settings.until + timedelta(days=1)),
            "s": "CREATION_DATE",
        }
    else:
        asked = {"s": "UPDATE_DATE", "asc": "false"}
    return [
        Request("issues", "/api/issues/search", {**page, "componentKeys": project, **asked}),
        Request("hotspots", "/api/hotspots/search", {**page, "projectKey": project}),
        Request("measures", "/api/measures/component", {"component": project, "metricKeys": _METRICS}),
    ]


def _text(moment: datetime) -> str:
    return text_of(moment).replace("Z", "+0000")
