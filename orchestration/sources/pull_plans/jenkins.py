"""What is asked of Jenkins: the jobs of all folders, and the builds of each job.

Belongs here: addresses, parameters, pages. Does not belong here: the shape of what comes (``sources.jenkins``).

Builds cannot be asked for by time; they come newest first, in windows of a job's list.
"""

from urllib.parse import quote

from orchestration.sources.pull_plans.plan import Auth, Collection, Follower, PullPlan, PullSettings
from orchestration.sources.pull_plans.requests import Request, Window

_BUILD = (
    "number,url,fullDisplayName,displayName,result,building,timestamp,duration,queueId,"
    "actions[lastBuiltRevision[SHA1,branch[SHA1,name]],remoteUrls],changeSets[items[commitId,msg,timestamp]]"
)
_BUILDS = Window("tree", f"allBuilds[{_BUILD}]{{{{first}},{{end}}}}", 100)
_JOBS = {"tree": "jobs[name]"}


def plan(settings: PullSettings) -> PullPlan:
    """Return what to ask of this Jenkins; ``projects`` are jobs or folders such as ``platform/checkout``."""
    places = ["".join(f"/job/{quote(part)}" for part in name.strip("/").split("/")) for name in settings.projects] or [
        ""
    ]
    first = _BUILDS.at(Request("builds", ""), 0).params
    jobs = Collection(
        "jobs",
        records="jobs",
        unit="nothing",
        key={"name": "name"},
        followers=(
            Follower("jobs", "{+place}/job/{name}/api/json", _JOBS, key={"place": "{+place}/job/{name}"}),
            Follower("builds", "{+place}/job/{name}/api/json", first),
        ),
    )
    return PullPlan(
        auth=Auth(basic=("{user}", "{token}")),
        people=frozenset({"culprits", "authorEmail", "author"}),
        # A folder has no builds and a job no jobs: both answer without the list.
        collections=(jobs, Collection("builds", _BUILDS, "allBuilds", newest_first="timestamp", is_optional=True)),
        requests=tuple(
            request
            for place in places
            for request in (
                Request("jobs", f"{place}/api/json", _JOBS, key={"place": place}),
                *([Request("builds", f"{place}/api/json", first)] if place else []),
            )
        ),
    )
