"""Each tool's plan against a tool that answers in that tool's shapes: the right questions, files its reader knows."""

import gzip
import json
import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from tool_server import Asked, Reply, serving

from orchestration.portfolio.live_pull import Pull
from orchestration.pulling import pull_source
from orchestration.pulling.harvest import Harvest
from orchestration.sources import TOOLS
from orchestration.sources.pull_plans import PLANS, Answer, KnownItem, PullSettings

NIGHT = datetime(2026, 2, 1, 2, 0, tzinfo=UTC)
WHEN = "2026-01-05T08:00:00Z"
SOMEBODY = {"login": "somebody", "name": "Some Body", "email": "some.body@example.org"}


def _azure(asked: Asked) -> Reply:
    project = "/Made up/_apis"
    if asked.path == f"{project}/wit/wiql":
        after = int(re.search(r"\[System.Id\] > (\d+)", asked.body["query"])[1])
        return Reply(
            {
                "queryType": "flat",
                "asOf": WHEN,
                "workItems": [{"id": each, "url": "u"} for each in range(after + 1, 451)],
            }
        )
    if asked.path == "/_apis/wit/workitemsbatch":
        fields = {
            "System.State": "New",
            "System.WorkItemType": "Bug",
            "System.CreatedDate": WHEN,
            "System.ChangedDate": WHEN,
            "System.AssignedTo": SOMEBODY,
        }
        return Reply(
            {"count": 1, "value": [{"id": each, "rev": 1, "fields": fields} for each in asked.body["ids"]] + [None]}
        )
    answers = {
        r"/updates$": {
            "value": [
                {
                    "id": 1,
                    "workItemId": 1,
                    "rev": 1,
                    "revisedBy": SOMEBODY,
                    "revisedDate": WHEN,
                    "fields": {"System.State": {"newValue": "New"}, "System.ChangedDate": {"newValue": WHEN}},
                }
            ]
        },
        r"/workitemtypes$": {
            "value": [{"name": "Bug", "referenceName": "M.Bug", "states": [{"name": "New", "category": "Proposed"}]}]
        },
        r"/classificationnodes/iterations$": {
            "id": 1,
            "identifier": "a",
            "name": "Made up",
            "structureType": "iteration",
            "path": "\\\\Made up\\\\Iteration",
            "children": [],
        },
        r"/build/builds$": {
            "value": [
                {
                    "id": 5,
                    "buildNumber": "1",
                    "status": "completed",
                    "result": "succeeded",
                    "queueTime": WHEN,
                    "startTime": WHEN,
                    "finishTime": WHEN,
                    "definition": {"name": "ci"},
                    "requestedFor": SOMEBODY,
                }
            ]
        },
        r"/git/pullrequests$": {
            "value": [
                {
                    "pullRequestId": 9,
                    "repository": {"id": "r", "name": "r", "project": {"name": "Made up"}},
                    "status": "active",
                    "creationDate": WHEN,
                    "title": "t",
                    "sourceRefName": "refs/heads/a",
                    "targetRefName": "refs/heads/main",
                    "createdBy": SOMEBODY,
                }
            ]
        },
        r"/threads$": {
            "value": [
                {
                    "id": 1,
                    "publishedDate": WHEN,
                    "comments": [{"id": 1, "commentType": "text", "publishedDate": WHEN, "author": SOMEBODY}],
                    "pullRequestThreadContext": None,
                }
            ]
        },
    }
    return _answered(asked, answers)


def _github(asked: Asked) -> Reply:
    issue = {
        "id": 100,
        "number": 7,
        "title": "t",
        "state": "open",
        "created_at": WHEN,
        "updated_at": WHEN,
        "user": SOMEBODY,
        "url": "https://api.github.com/repos/o/r/issues/7",
        "repository_url": "https://api.github.com/repos/o/r",
    }
    pull = {
        "id": 200,
        "number": 8,
        "title": "t",
        "state": "open",
        "created_at": WHEN,
        "updated_at": WHEN,
        "merged_at": None,
        "draft": False,
        "head": {"ref": "a", "sha": "s"},
        "base": {"ref": "main", "repo": {"full_name": "o/r"}},
        "url": "https://api.github.com/repos/o/r/pulls/8",
    }
    answers = {
        r"/issues$": [issue, {**issue, "id": 101, "number": 8, "pull_request": {"url": "u"}}],
        r"/issues/7/timeline$": [{"id": 1, "event": "closed", "created_at": WHEN, "actor": SOMEBODY}],
        r"/pulls/8$": pull,
        r"/pulls/8/reviews$": [
            {
                "id": 1,
                "state": "APPROVED",
                "submitted_at": WHEN,
                "user": SOMEBODY,
                "commit_id": "s",
                "pull_request_url": "https://api.github.com/repos/o/r/pulls/8",
            }
        ],
        r"/pulls/8/commits$": [
            {
                "sha": "s",
                "commit": {"message": "PAY-1", "committer": {**SOMEBODY, "date": WHEN}},
                "url": "u",
                "parents": [],
            }
        ],
        r"/milestones$": [
            {
                "id": 1,
                "number": 1,
                "title": "m",
                "state": "open",
                "due_on": WHEN,
                "open_issues": 1,
                "closed_issues": 0,
                "created_at": WHEN,
                "updated_at": WHEN,
                "url": "https://api.github.com/repos/o/r/milestones/1",
            }
        ],
        r"/actions/runs$": {
            "total_count": 1,
            "workflow_runs": [
                {
                    "id": 1,
                    "name": "ci",
                    "run_number": 1,
                    "run_attempt": 1,
                    "head_branch": "main",
                    "head_sha": "s",
                    "status": "completed",
                    "conclusion": "success",
                    "workflow_id": 3,
                    "created_at": WHEN,
                    "updated_at": WHEN,
                    "run_started_at": WHEN,
                    "repository": {"full_name": "o/r"},
                }
            ],
        },
        r"/deployments$": [
            {
                "id": 4,
                "environment": "production",
                "sha": "s",
                "ref": "main",
                "task": "deploy",
                "created_at": WHEN,
                "updated_at": WHEN,
                "statuses_url": "https://api.github.com/repos/o/r/deployments/4/statuses",
                "url": "https://api.github.com/repos/o/r/deployments/4",
                "repository_url": "https://api.github.com/repos/o/r",
            }
        ],
        r"/deployments/4/statuses$": [
            {
                "id": 1,
                "state": "success",
                "created_at": WHEN,
                "updated_at": WHEN,
                "environment": "production",
                "deployment_url": "https://api.github.com/repos/o/r/deployments/4",
                "creator": SOMEBODY,
            }
        ],
    }
    return _answered(asked, answers)


def _gitlab(asked: Asked) -> Reply:
    web = "https://gitlab.example.org/g/p/-"
    answers = {
        r"/g/p/issues$": [
            {
                "id": 1,
                "iid": 7,
                "project_id": 3,
                "title": "t",
                "state": "opened",
                "labels": [],
                "created_at": WHEN,
                "updated_at": WHEN,
                "author": SOMEBODY,
                "web_url": f"{web}/issues/7",
                "references": {"full": "g/p#7"},
                "issue_type": "issue",
            }
        ],
        r"resource_state_events$": [
            {
                "id": 1,
                "state": "closed",
                "resource_type": "Issue",
                "resource_id": 1,
                "created_at": WHEN,
                "user": SOMEBODY,
            }
        ],
        r"resource_label_events$": [
            {
                "id": 1,
                "action": "add",
                "label": {"name": "x"},
                "resource_type": "Issue",
                "resource_id": 1,
                "created_at": WHEN,
            }
        ],
        r"/links$": [],
        r"/merge_requests$": [
            {
                "id": 2,
                "iid": 8,
                "project_id": 3,
                "title": "t",
                "state": "opened",
                "source_branch": "a",
                "target_branch": "main",
                "created_at": WHEN,
                "updated_at": WHEN,
                "merged_at": None,
                "web_url": f"{web}/merge_requests/8",
                "references": {"full": "g/p!8"},
                "draft": False,
                "merge_status": "x",
                "author": SOMEBODY,
            }
        ],
        r"/notes$": [
            {
                "id": 1,
                "body": "b",
                "system": True,
                "noteable_type": "MergeRequest",
                "noteable_id": 2,
                "noteable_iid": 8,
                "resolvable": False,
                "created_at": WHEN,
                "author": SOMEBODY,
            }
        ],
        r"/commits$": [{"id": "s", "short_id": "s", "title": "PAY-1", "message": "PAY-1", "committed_date": WHEN}],
        r"/pipelines$": [{"id": 5}],
        r"/pipelines/5$": {
            "id": 5,
            "iid": 1,
            "project_id": 3,
            "sha": "s",
            "ref": "main",
            "status": "success",
            "source": "push",
            "created_at": WHEN,
            "updated_at": WHEN,
            "started_at": WHEN,
            "finished_at": WHEN,
            "duration": 5,
            "web_url": f"{web}/pipelines/5",
            "user": SOMEBODY,
        },
        r"/pipelines/5/jobs$": [
            {
                "id": 6,
                "name": "test",
                "stage": "test",
                "status": "success",
                "ref": "main",
                "created_at": WHEN,
                "started_at": WHEN,
                "finished_at": WHEN,
                "pipeline": {"id": 5, "project_id": 3},
                "web_url": f"{web}/jobs/6",
                "user": SOMEBODY,
            }
        ],
    }
    return _answered(asked, answers)


def _servicenow(asked: Asked) -> Reply:
    def both(value: str) -> dict[str, str]:
        return {"value": value, "display_value": value}

    records = [
        {
            "sys_id": both(f"{number:032x}"),
            "number": both(f"INC{number:07}"),
            "state": both("New"),
            "sys_created_on": both("2026-01-05 08:00:00"),
            "sys_updated_on": both("2026-01-05 08:00:00"),
            "opened_at": both("2026-01-05 08:00:00"),
        }
        for number in range(1, 1206)
    ]
    first = int(asked.params.get("sysparm_offset", "0"))
    if asked.path.endswith("/incident"):
        return Reply({"result": records[first : first + 1000]}, headers={"X-Total-Count": str(len(records))})
    audit = {
        "sys_id": "a",
        "tablename": "incident",
        "documentkey": f"{1:032x}",
        "fieldname": "state",
        "oldvalue": "1",
        "newvalue": "2",
        "sys_created_on": "2026-01-05 09:00:00",
    }
    return Reply({"result": [audit]}, headers={"X-Total-Count": "1"})


def _redmine(asked: Asked) -> Reply:
    named = {"id": 1, "name": "x"}
    issues = [{"id": number, "project": named, "tracker": named, "status": named} for number in range(1, 131)]
    first = int(asked.params.get("offset", "0"))
    answers = {
        r"/issues.json$": {
            "issues": issues[first : first + 100],
            "total_count": len(issues),
            "offset": first,
            "limit": 100,
        },
        r"/issues/\d+.json$": {
            "issue": {
                **issues[0],
                "author": SOMEBODY,
                "created_on": WHEN,
                "updated_on": WHEN,
                "journals": [{"id": 1, "user": SOMEBODY, "notes": "n", "created_on": WHEN, "details": []}],
            }
        },
        r"/issue_statuses.json$": {"issue_statuses": [{"id": 1, "name": "New", "is_closed": False}]},
        r"/trackers.json$": {"trackers": [named]},
        r"/projects.json$": {"projects": [named], "total_count": 1, "offset": 0, "limit": 100},
        r"/versions.json$": {"versions": [{**named, "project": named}], "total_count": 1},
        r"/issue_categories.json$": {"issue_categories": [], "total_count": 0},
        r"/time_entries.json$": {
            "time_entries": [{"id": 1, "issue": {"id": 1}, "user": SOMEBODY, "hours": 1.5, "spent_on": "2026-01-05"}],
            "total_count": 1,
        },
        r"/custom_fields.json$": Reply(None, 403),
    }
    return _answered(asked, answers)


def _jenkins(asked: Asked) -> Reply:
    jobs = {"": ["folder", "plain"], "/job/folder": ["in side"]}
    place = asked.path.removesuffix("/api/json")
    if asked.params["tree"].startswith("jobs"):
        found = [{"_class": "x", "name": name} for name in jobs.get(place, [])]
        return Reply({"_class": "folder", "jobs": found} if place in jobs else {"_class": "job"})
    if place in jobs:
        return Reply({"_class": "folder"})
    first, end = map(int, re.search(r"\{(\d+),(\d+)\}$", asked.params["tree"]).groups())
    builds = [
        {
            "number": number,
            "url": f"http://jenkins{place}/{number}/",
            "fullDisplayName": f"x #{number}",
            "result": "SUCCESS",
            "building": False,
            "timestamp": 1_767_600_000_000 + number * 3_600_000,
            "duration": 5,
        }
        for number in range(150, 0, -1)
    ]
    return Reply({"_class": "job", "allBuilds": builds[first:end]})


SONARQUBE_ISSUES = [
    {
        "key": f"k{minute}",
        "rule": "java:S1",
        "component": "shop:a",
        "project": "shop",
        "creationDate": created,
        "updateDate": created,
        "author": "some.body@example.org",
    }
    for minute in range(12_000)
    for created in [f"{datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute):%Y-%m-%dT%H:%M:%S}+0000"]
]


def _sonarqube(asked: Asked) -> Reply:
    page, size = int(asked.params.get("p", "1")), int(asked.params.get("ps", "500"))
    if asked.path == "/api/issues/search":
        after, before = asked.params.get("createdAfter", ""), asked.params.get("createdBefore", "9")
        found = [each for each in SONARQUBE_ISSUES if after <= each["creationDate"] < before]
        if asked.params.get("asc") == "false":
            found.reverse()
        if page * size > 10_000:
            return Reply({"errors": [{"msg": "Can return only the first 10000 results"}]}, 400)
        return Reply({"paging": {"total": len(found)}, "issues": found[(page - 1) * size : page * size]})
    hotspot = {"key": "h", "component": "shop:a", "securityCategory": "dos", "vulnerabilityProbability": "LOW"}
    answers = {
        r"/hotspots/search$": {"paging": {"total": 1}, "hotspots": [{**hotspot, "creationDate": f"{WHEN[:-1]}+0000"}]},
        r"/measures/component$": {"component": {"key": "shop", "measures": [{"metric": "bugs", "value": "1"}]}},
    }
    return _answered(asked, answers)


def _pagerduty(asked: Asked) -> Reply:
    first = int(asked.params.get("offset", "0"))
    is_window = asked.params.get("until", "").startswith("2026-02-01")
    found = [
        {
            "id": f"Q{number}",
            "incident_number": number,
            "created_at": WHEN,
            "status": "resolved",
            "urgency": "high",
            "title": "t",
            "service": {"summary": "s"},
            "assignments": [{"assignee": SOMEBODY}],
        }
        for number in range(130 if is_window else 0)
    ]
    page = found[first : first + 100]
    return Reply({"incidents": page, "offset": first, "more": first + 100 < len(found), "limit": 100})


def _answered(asked: Asked, answers: dict) -> Reply:
    for path, document in answers.items():
        if re.search(path, asked.path):
            return document if isinstance(document, Reply) else Reply(document)
    return Reply({"message": "no such part"}, 404)


# Tool: its answers, what the portfolio says, and how many records of each collection come.
TOOLS_MADE_UP = {
    "azure_devops": (
        _azure,
        {"projects": ["Made up"]},
        {"query_results": 450, "work_items": 450, "updates": 450, "builds": 1, "pull_requests": 3, "threads": 3},
    ),
    "github": (
        _github,
        {"projects": ["o/r"]},
        {
            "issues": 2,
            "timeline": 1,
            "pull_requests": 1,
            "reviews": 1,
            "pull_request_commits": 1,
            "milestones": 1,
            "runs": 1,
            "deployments": 1,
            "deployment_statuses": 1,
        },
    ),
    "gitlab": (
        _gitlab,
        {"projects": ["g/p"]},
        {
            "issues": 1,
            "resource_state_events": 1,
            "resource_label_events": 1,
            "merge_requests": 1,
            "notes": 1,
            "commits": 1,
            "pipelines": 1,
            "jobs": 1,
        },
    ),
    "servicenow": (_servicenow, {"user_env": "TOOL_USER"}, {"records": 1205, "audits": 1}),
    "redmine": (
        _redmine,
        {},
        {
            "issue_ids": 130,
            "issues": 130,
            "statuses": 1,
            "trackers": 1,
            "projects": 1,
            "versions": 1,
            "time_entries": 1,
        },
    ),
    "jenkins": (_jenkins, {"user_env": "TOOL_USER"}, {"builds": 300, "jobs": 3}),
    "sonarqube": (_sonarqube, {"projects": ["shop"]}, {"issues": 12_000, "hotspots": 1, "measures": 1}),
    "pagerduty": (_pagerduty, {}, {"incidents": 130}),
}


@pytest.fixture
def pulled(tmp_path, hasty):
    """Return a function that pulls once from a made-up tool: (files by collection, manifest, requests)."""

    def pull(tool, at=NIGHT, **changed):
        answer, asked, _ = TOOLS_MADE_UP[tool]
        with serving(answer) as server:
            # The port is another one each time, and another address would ask for everything.
            report = pull_source(
                SimpleNamespace(id=tool, tool=tool),
                Pull(**({"url": server.url, "token_env": "TOOL_TOKEN", "census": "never"} | asked | changed)),
                tmp_path,
                lambda: at,
                environment={"TOOL_TOKEN": "sesame", "TOOL_USER": "somebody"},
                patience=hasty,
            )
            assert [message for message in report.messages if "does not offer" not in message] == []
            files = {file.name.split(".")[1]: file for file in report.files if file.suffix == ".gz"}
            return files, json.loads(report.files[-1].read_text(encoding="utf-8")), server.asked

    return pull


@pytest.mark.parametrize("tool", sorted(TOOLS_MADE_UP))
def test_every_collection_comes_whole_and_its_reader_knows_it(tool, pulled):
    _, _, expected = TOOLS_MADE_UP[tool]
    files, manifest, _ = pulled(tool)
    counted = {file["collection"]: file["received"] for file in manifest["files"]}
    assert {name: counted[name] for name in expected} == expected
    unknown = {
        name
        for name, file in files.items()
        if TOOLS[tool].recognise(file.name, gzip.decompress(file.read_bytes()).decode()[: 1 << 20]) is None
    }
    assert unknown == set()


@pytest.mark.parametrize("tool", sorted(TOOLS_MADE_UP))
def test_no_person_is_written(tool, pulled):
    files, _, _ = pulled(tool)
    for file in files.values():
        text = gzip.decompress(file.read_bytes()).decode()
        assert "some.body@example.org" not in text
        assert "Some Body" not in text


def test_ids_of_work_items_go_out_in_batches_of_200(pulled):
    _, _, asked = pulled("azure_devops")
    batches = [each.body["ids"] for each in asked if each.path.endswith("workitemsbatch")]
    assert sorted(map(len, batches)) == [50, 200, 200]


def test_wiql_goes_on_after_the_last_id_so_that_no_answer_is_too_long():
    settings = PullSettings("https://dev.azure.com/o", NIGHT, projects=("p",))
    collection = next(each for each in PLANS["azure_devops"](settings).collections if each.name == "query_results")
    request = next(each for each in PLANS["azure_devops"](settings).requests if each.collection == "query_results")
    assert "[System.Id] > 0" in request.body["query"]
    full = Answer({"workItems": [{"id": number} for number in range(10_000)]}, {}, 10_000)
    following = collection.paging.following(request, full)
    assert "[System.Id] > 9999 " in following.body["query"]
    assert collection.paging.following(following, Answer({"workItems": [{"id": 1}]}, {}, 1)) is None


def test_a_question_with_more_answers_than_sonarqube_gives_is_halved(pulled):
    _, manifest, asked = pulled("sonarqube")
    issues = next(file for file in manifest["files"] if file["collection"] == "issues")
    assert (issues["announced"], issues["received"], issues["distinct"]) == (12_000, 12_000, 12_000)
    assert max(int(each.params.get("p", "1")) for each in asked) <= 20


def test_builds_end_at_those_that_are_older_than_asked_for():
    since = datetime(2026, 1, 11, tzinfo=UTC)
    plan = PLANS["jenkins"](PullSettings("http://jenkins", NIGHT, since=since))
    builds = next(each for each in plan.collections if each.name == "builds")
    harvest = Harvest(None, {}, frozenset(), since, 1)
    newest = int(since.timestamp() * 1000)
    assert not harvest._is_past(builds, {"timestamp": newest})
    assert harvest._is_past(builds, {"timestamp": newest - 1})


@pytest.mark.parametrize("tool", sorted(PLANS))
def test_what_a_plan_asks_is_declared_and_never_holds_a_secret(tool):
    settings = PullSettings("https://x", NIGHT, NIGHT - timedelta(days=1), "q", ("a/b",), ("f1",), None, has_user=True)
    plan = PLANS[tool](settings)
    names = {each.name for each in plan.collections}
    assert {request.collection for request in plan.requests} <= names
    assert {follower.collection for each in plan.collections for follower in each.followers} <= names
    if plan.census:
        known = KnownItem("1", "a/b#1", "a/b")
        assert plan.census.item(known) is not None
        assert plan.census.place(known) is not None
        assert {request.collection for request in plan.census.requests} == {
            each.name for each in plan.census.collections
        }
