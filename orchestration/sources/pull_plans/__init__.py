"""What is asked of each tool's API, as data; one module per tool.

Belongs here: which tools can be pulled. Does not belong here: sending requests, retries, files
(``orchestration.pulling``) and the shape of what comes (the tools' readers in ``orchestration.sources``).
"""

from collections.abc import Callable, Mapping

from orchestration.sources.pull_plans import (
    azure_devops,
    github,
    gitlab,
    jenkins,
    jira,
    pagerduty,
    redmine,
    servicenow,
    sonarqube,
)
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
from orchestration.sources.pull_plans.requests import Answer, Request

PLANS: Mapping[str, Callable[[PullSettings], PullPlan]] = {
    "azure_devops": azure_devops.plan,
    "github": github.plan,
    "gitlab": gitlab.plan,
    "jenkins": jenkins.plan,
    "jira": jira.plan,
    "pagerduty": pagerduty.plan,
    "redmine": redmine.plan,
    "servicenow": servicenow.plan,
    "sonarqube": sonarqube.plan,
}


def api_address(tool: str, url: str) -> str:
    """Return where a tool's API answers, for the address that the portfolio names."""
    return github.address(url) if tool == "github" else url


__all__ = [
    "PLANS",
    "Answer",
    "Auth",
    "Census",
    "Collection",
    "Follower",
    "KnownItem",
    "PullPlan",
    "PullSettings",
    "Request",
    "UnusablePull",
    "api_address",
]
