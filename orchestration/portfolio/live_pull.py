"""What a portfolio says about pulling a source live.

Belongs here: the keys under `pull`, and what each tool cannot be pulled without. Does not belong here: pulling
(`orchestration.pulling`).
"""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from orchestration.portfolio.value_types import AnyOf, PlainUrl, Text, VariableName, Written
from orchestration.sources.pull_plans import PLANS

# What their plans cannot ask without; the others pull all that the token may see.
_BY_PROJECT = {
    "azure_devops": "projects of the organisation",
    "github": "repositories as owner/name",
    "gitlab": "projects as group/name",
    "sonarqube": "the keys of projects",
}
_WITH_USER = ("jenkins",)


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) else value


class Pull(Written):
    """Where exports are pulled from, and how; the secret stays in the environment variable `token_env` names.

    `user_env` names the variable with the user's name or address where the tool wants one beside the token (Jira Cloud,
    Jenkins, ServiceNow). `query` is in the tool's own words (JQL, WIQL, an encoded query). `projects` are the tool's
    names of projects, repositories, jobs or tables. `api` is the version of the API where a tool has several (Jira: 2
    or 3). `census` is how often the tool is asked which items it still has. `overlap_hours` is how far before the end
    of the last pull the next one begins.
    """

    url: PlainUrl = Field(description="the address of the tool, https://…")
    token_env: VariableName | None = None
    user_env: VariableName | None = None
    query: Text | None = None
    projects: AnyOf | list[Text] = Field(default=[])
    api: Annotated[Literal["2", "3"], BeforeValidator(_as_text)] | None = None
    census: Literal["daily", "weekly", "monthly", "never"] = "weekly"
    overlap_hours: Annotated[float, Field(ge=0, le=24 * 90, allow_inf_nan=False)] = 24
    max_requests: Annotated[int, Field(ge=1, le=32)] = 4
    timeout_seconds: Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)] = 60

    def checked_for(self, tool: str, exports: str) -> "Pull":
        """Return the pull itself; raise ValueError if this tool cannot be pulled so, or not into these exports."""
        if tool not in PLANS:
            raise ValueError(
                f"cannot be done for {tool}; only {', '.join(sorted(PLANS))} can be pulled. "
                "Take 'pull' out and drop the exports into their folder."
            )
        if "://" in exports or any(sign in exports for sign in "*?["):
            raise ValueError("writes files, so 'exports' has to be a folder. Name one without wildcards.")
        if tool in _BY_PROJECT and not self.projects:
            raise ValueError(f"lacks 'projects'. Name {_BY_PROJECT[tool]}.")
        if tool in _WITH_USER and self.token_env and not self.user_env:
            raise ValueError(f"lacks 'user_env'; {tool} wants a user with the token. Name a variable that holds it.")
        return self
