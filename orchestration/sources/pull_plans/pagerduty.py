"""What is asked of PagerDuty: incidents, those still open whenever they began, the others by when they began.

Belongs here: addresses, parameters, pages. Does not belong here: the shape of what comes (``sources.pagerduty``).

PagerDuty filters by when an incident began, not by when it changed, and no question may span more than six months; so
what began in the last weeks is asked for again, and a first pull goes back window by window.
"""

from datetime import timedelta

from orchestration.sources.pull_plans.plan import Auth, Collection, PullPlan, PullSettings
from orchestration.sources.pull_plans.requests import MoreOffset, Request, text_of

_WINDOW = timedelta(days=90)
_FIRST_PULL = timedelta(days=3 * 365)
# Long enough for nearly every incident to be resolved in.
_SETTLING = timedelta(days=60)


def plan(settings: PullSettings) -> PullPlan:
    """Return what to ask of this account."""
    begins = (settings.since - _SETTLING) if settings.since else settings.until - _FIRST_PULL
    windows = []
    while begins < settings.until:
        ends = min(begins + _WINDOW, settings.until)
        windows.append({"since": text_of(begins), "until": text_of(ends)})
        begins = ends
    still_open = [{"statuses[]": status, "date_range": "all"} for status in ("triggered", "acknowledged")]
    return PullPlan(
        auth=Auth(value="Token token={token}"),
        headers={"Accept": "application/vnd.pagerduty+json;version=2"},
        people=frozenset({"assignments", "last_status_change_by", "acknowledger", "agent", "resolved_by"}),
        collections=(Collection("incidents", MoreOffset("offset", "more"), "incidents", key={"id": "id"}),),
        requests=tuple(
            Request("incidents", "/incidents", {"limit": "100", "sort_by": "created_at:asc", **asked})
            for asked in (*still_open, *windows)
        ),
    )
