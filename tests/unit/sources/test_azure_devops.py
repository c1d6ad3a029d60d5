"""Azure DevOps' answers: every shape is told from the others and lands as what it is; people are never read."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.sources import SourceSettings
from orchestration.sources.azure_devops import files
from orchestration.warehouse import LandingReport, connect, land_source

LOADED_AT = datetime(2026, 7, 1, 2, tzinfo=UTC)
EXPORTS = "exports/main"
API = "https://dev.example.org/acme/shop/_apis"
PERSON = {"displayName": "No Body", "uniqueName": "no.body@example.org", "id": "p-1"}

FIELDS = {
    "System.TeamProject": "Shop",
    "System.AreaPath": "Shop\\Web",
    "System.IterationPath": "Shop\\Sprint 1",
    "System.WorkItemType": "User Story",
    "System.State": "Active",
    "System.AssignedTo": PERSON,
    "System.CreatedDate": "2026-01-05T08:00:00.12Z",
    "System.ChangedDate": "2026-01-07T08:00:00Z",
    "System.Tags": "ux; web",
    "Microsoft.VSTS.Scheduling.StoryPoints": 5,
}


def link(kind: str, target: int) -> dict[str, Any]:
    return {
        "rel": f"System.LinkTypes.{kind}",
        "url": f"{API}/wit/workItems/{target}",
        "attributes": {"isLocked": False},
    }


def item(number: int, rev: int = 3, **fields: Any) -> dict[str, Any]:
    return {
        "id": number,
        "rev": rev,
        "fields": {**FIELDS, **fields},
        "relations": [link("Hierarchy-Reverse", 900), {"rel": "AttachedFile", "url": f"{API}/wit/attachments/1"}],
        "url": f"{API}/wit/workItems/{number}",
    }


def update(number: int, update_id: int = 2, **parts: Any) -> dict[str, Any]:
    return {
        "id": update_id,
        "workItemId": number,
        "rev": update_id,
        "revisedBy": PERSON,
        "revisedDate": "9999-01-01T00:00:00Z",
        "fields": {
            "System.State": {"oldValue": "New", "newValue": "Active"},
            "System.AssignedTo": {"newValue": PERSON},
            "System.ChangedDate": {"oldValue": "2026-01-05T08:00:00Z", "newValue": "2026-01-06T08:00:00Z"},
        },
        **parts,
    }


BUILD = {
    "id": 12, "buildNumber": "20260105.1", "status": "completed", "result": "succeeded", "requestedFor": PERSON,
    "queueTime": "2026-01-05T06:22:21.2237625Z", "startTime": "2026-01-05T06:22:32.8097789Z",
    "finishTime": "2026-01-05T06:23:04.0061884Z", "definition": {"name": "release"}, "project": {"name": "Shop"},
    "sourceBranch": "refs/heads/main", "sourceVersion": "abc", "triggerInfo": {"ci.message": "Fix #7"},
    "tags": ["prod"], "url": f"{API}/build/Builds/12",
}  # fmt: skip
REQUEST = {
    "repository": {"name": "web", "project": {"name": "Shop", "lastUpdateTime": "0001-01-01T00:00:00"}},
    "pullRequestId": 4,
    "status": "completed",
    "createdBy": PERSON,
    "creationDate": "2026-01-05T04:41:26.6424314Z",
    "closedDate": "2026-01-06T04:41:26.6424314Z",
    "title": "Pay by card",
    "sourceRefName": "refs/heads/card",
    "targetRefName": "refs/heads/main",
    "lastMergeSourceCommit": {"commitId": "abc"},
}
COMMIT = {"commitId": "abc", "author": {"name": "No Body", "date": "2026-01-05T04:00:00Z"}, "comment": "Fix #7"}
THREAD = {
    "id": 9,
    "publishedDate": "2026-01-05T10:00:00Z",
    "comments": [{"id": 1, "author": PERSON, "content": "voted 10", "commentType": "system"}],
    "properties": {"CodeReviewThreadType": {"$value": "VoteUpdate"}, "CodeReviewVoteResult": {"$value": "10"}},
    "_links": {"self": {"href": f"{API}/git/repositories/r/pullRequests/4/threads/9"}},
}
TIMELINE = {
    "records": [{"id": "r1", "parentId": None, "type": "Job", "name": "deploy", "state": "completed"}],
    "url": f"{API}/build/builds/12/Timeline/t",
}
WIQL = {"queryType": "flat", "asOf": "2026-01-09T00:00:00Z", "columns": [{"name": "ID"}], "workItems": [{"id": 1}]}
STATE = {"name": "Active", "color": "007acc", "category": "InProgress"}
ITEM_TYPE = {"name": "Bug", "referenceName": "Microsoft.VSTS.WorkItemTypes.Bug", "states": [STATE]}
ITERATION = {
    "id": "i1",
    "name": "Sprint 1",
    "path": "Shop\\Sprint 1",
    "attributes": {"startDate": "2026-01-05T00:00:00Z", "finishDate": "2026-01-16T00:00:00Z", "timeFrame": "future"},
    "url": "https://dev.example.org/acme/shop/web-team/_apis/work/teamsettings/iterations/i1",
}
NODE = {
    "id": 1,
    "identifier": "i0",
    "name": "Shop",
    "structureType": "iteration",
    "path": "\\Shop\\Iteration",
    "children": [
        {
            "id": 2,
            "identifier": "i2",
            "name": "Release 1",
            "structureType": "iteration",
            "path": "\\Shop\\Iteration\\Release 1",
            "children": [
                {"id": 3, "identifier": "i3", "structureType": "iteration", "path": "\\Shop\\Iteration\\Release 1\\S2"}
            ],
        }
    ],
}
AREA = {"id": 5, "identifier": "a1", "name": "Web", "structureType": "area", "path": "\\Shop\\Area\\Web"}
CAPACITY = {
    "teamMember": PERSON,
    "activities": [{"capacityPerDay": 6, "name": "Development"}],
    "daysOff": [{"start": "2026-01-07T00:00:00Z", "end": "2026-01-08T00:00:00Z"}],
    "url": "https://dev.example.org/acme/shop/web-team/_apis/work/teamsettings/iterations/i1/capacities/p-1",
}
DELETED = {"id": "8", "type": "Bug", "name": "Gone", "project": "Shop", "deletedDate": "2026-01-09T08:00:00Z"}
ODATA = {
    "WorkItemId": 1,
    "Revision": 2,
    "CreatedDate": "2026-01-05T09:00:00+01:00",
    "ChangedDate": "2026-01-06T09:00:00+01:00",
    "State": "Active",
    "StateCategory": "InProgress",
    "TagNames": "ux; web",
    "Area": {"AreaPath": "Shop\\Web"},
    "AssignedTo": {"UserName": "No Body"},
}
LINK_CHANGE = {
    "rel": "System.LinkTypes.Dependency-Forward",
    "attributes": {"isActive": True, "changedDate": "2026-01-06T08:00:00Z", "sourceId": 1, "targetId": 2},
}
RELEASED = {
    "id": 3,
    "releaseEnvironment": {"id": 1, "name": "Production"},
    "deploymentStatus": "succeeded",
    "startedOn": "2026-01-06T08:00:00.1234567Z",
    "completedOn": "2026-01-06T08:05:00Z",
    "requestedBy": PERSON,
    "release": {
        "name": "R-1",
        "artifacts": [{"isPrimary": True, "definitionReference": {"sourceVersion": {"id": "abc"}}}],
    },
}
DEPLOYED = {
    "id": 30,
    "environmentId": 2,
    "definition": {"name": "release"},
    "owner": {"id": 12, "name": "20260105.1"},
    "result": "failed",
    "startTime": "2026-01-06T08:00:00Z",
    "finishTime": "2026-01-06T08:05:00Z",
}
ENVIRONMENT = {
    "id": 2,
    "name": "staging",
    "createdBy": PERSON,
    "createdOn": "2026-01-01",
    "lastModifiedOn": "2026-01-01",
}

# entity: a record, and the raw table that gets its row
RECORDS: dict[str, tuple[dict[str, Any], str]] = {
    "work_items": (item(1), "revisions"),
    "updates": (update(1), "updates"),
    "deleted_items": (DELETED, "deletions"),
    "analytics_revisions": (ODATA, "revisions"),
    "states": (STATE, "states"),
    "work_item_types": (ITEM_TYPE, "states"),
    "iterations": (ITERATION, "iterations"),
    "nodes": (AREA, "areas"),
    "capacities": (CAPACITY, "capacities"),
    "link_changes": (LINK_CHANGE, "link_changes"),
    "builds": (BUILD, "builds"),
    "release_deployments": (RELEASED, "deployments"),
    "environment_deployments": (DEPLOYED, "deployments"),
    "environments": (ENVIRONMENT, "environments"),
    "pull_requests": (REQUEST, "pull_requests"),
    "pull_request_commits": (COMMIT, "pull_request_commits"),
    "pull_request_threads": (THREAD, "pull_request_threads"),
}
LAYOUTS: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "page": ("_pages", lambda record: json.dumps({"count": 1, "value": [record]})),
    "page written by a shell": ("_pages", lambda record: json.dumps({"value": [record], "Count": 1}, indent=2)),
    "pages, one a line": ("_pages", lambda record: 2 * (json.dumps({"count": 1, "value": [record]}) + "\n")),
    "page beginning with a byte order mark": ("_pages", lambda record: "\ufeff" + json.dumps({"value": [record]})),
    "array": ("_array", lambda record: json.dumps([record], indent=1)),
    "lines": ("", lambda record: json.dumps(record) + "\n"),
    "lines of which the first is torn": ("", lambda record: json.dumps(record)[:9] + "\n" + json.dumps(record) + "\n"),
    "one document": ("_documents", lambda record: json.dumps(record, indent=2)),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("entity", RECORDS)
def test_recognises_an_entity_in_every_layout(entity: str, layout: str) -> None:
    suffix, write = LAYOUTS[layout]
    assert files.recognise("anything.json", write(RECORDS[entity][0])) == f"{entity}{suffix}"


OTHERS = {
    "query answer": (json.dumps(WIQL), "query_answers"),
    "query of links": (json.dumps({"queryType": "tree", "workItemRelations": []}), "query_answers"),
    "timeline": (json.dumps(TIMELINE), "timelines"),
    "reporting stream": (json.dumps({"values": [item(1)], "isLastBatch": True}), "work_items_pages_of_values"),
    "stream of links": (json.dumps({"values": [LINK_CHANGE]}), "link_changes_pages_of_values"),
    "capacity of a newer server": (json.dumps({"teamMembers": [CAPACITY]}), "capacities_pages_of_teamMembers"),
    "Analytics": (json.dumps({"@odata.context": "c#WorkItemRevisions", "value": [ODATA]}), "analytics_revisions_pages"),
    "page longer than what is read": (json.dumps({"count": 9, "value": [item(1)] * 9})[:900], "work_items_pages"),
    "empty page": (json.dumps({"count": 0, "value": []}), "work_items_pages"),
    "list of projects": (json.dumps({"count": 1, "value": [{"id": "p", "name": "Shop", "state": "wellFormed"}]}), None),
    "comments": (json.dumps({"totalCount": 1, "count": 1, "comments": [{"workItemId": 1, "id": 5}]}), None),
    "another tool's array": (json.dumps([{"number": 1, "state": "open"}]), None),
    "sign-in page": ("<!DOCTYPE html><html>", None),
    "empty file": ("", None),
    "text": ("hello", None),
}


@pytest.mark.parametrize("case", OTHERS)
def test_recognises(case: str) -> None:
    head, kind = OTHERS[case]
    assert files.recognise("anything.json", head) == kind


@dataclass(frozen=True)
class _Source:
    id: str = "main"
    tool: str = "azure_devops"
    exports: str = EXPORTS


Landed = tuple[LandingReport, Callable[[str], list[tuple[Any, ...]]]]


@pytest.fixture
def land(tmp_path: Path) -> Iterator[Callable[..., Landed]]:
    """Return a function that lands named files in a warehouse of their own, and asks it."""
    opened: list[duckdb.DuckDBPyConnection] = []

    def run(contents: dict[str, str | bytes], **fields: str) -> Landed:
        folder = tmp_path / str(len(opened))
        for name, content in contents.items():
            file = folder / EXPORTS / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        connection = connect(folder / "warehouse.duckdb")
        opened.append(connection)
        report = land_source(connection, _Source(), SourceSettings(fields=fields), folder, "r1", LOADED_AT)
        return report, lambda sql: connection.execute(sql).fetchall()

    yield run
    for connection in opened:
        connection.close()


@pytest.mark.parametrize("entity", RECORDS)
def test_every_layout_gives_the_same_rows(entity: str, land: Callable[..., Landed]) -> None:
    record, table = RECORDS[entity]
    seen = set()
    for layout in ("page", "array", "lines", "one document", "page beginning with a byte order mark"):
        report, ask = land({"pull_requests/4/answer.json": LAYOUTS[layout][1](record)})
        assert (report.n_records, report.n_quarantined, report.messages) == (1, 0, []), layout
        columns = "* exclude (export_file, exported_at, loaded_at)"
        seen.add(str(ask(f"select {columns} from raw_azure_devops.{table}")))
    assert len(seen) == 1
    assert seen != {"[]"}


def test_people_are_not_read(land: Callable[..., Landed]) -> None:
    contents = {f"pull_requests/4/{entity}.json": json.dumps([record]) for entity, (record, _) in RECORDS.items()}
    report, ask = land(contents, team="System.AssignedTo")
    assert report.n_quarantined == 0
    tables = [name for (name,) in ask("select table_name from duckdb_tables() where schema_name = 'raw_azure_devops'")]
    assert len(tables) > len(RECORDS)
    kept = " ".join(str(ask(f"select * from raw_azure_devops.{table}")) for table in tables)
    assert "Pay by card" in kept
    assert not [mark for mark in ("No Body", "no.body", "p-1") if mark in kept]


def test_a_work_item_is_read_by_its_roles(land: Callable[..., Landed]) -> None:
    story = item(1, **{"Custom.Squad": "Red", "Microsoft.VSTS.CMMI.Blocked": "Yes", "Custom.Days": 3.5})
    _, ask = land({"a.json": json.dumps([story])}, team="Custom.Squad", estimate="Custom.Days")
    assert ask(
        "select item_id, rev, origin, project, area_path, state, tags, team, estimate, flagged, created, web_url"
        " from raw_azure_devops.revisions"
    ) == [
        (
            "1", 3, "work_item", "Shop", "Shop\\Web", "Active", "ux; web", "Red", "3.5", "Yes",
            datetime(2026, 1, 5, 8, 0, 0, 120000, tzinfo=UTC), "https://dev.example.org/acme/shop/_workitems/edit/1",
        )
    ]  # fmt: skip
    assert ask("select item_id, rev, rel, target_id from raw_azure_devops.relations") == [
        ("1", 3, "System.LinkTypes.Hierarchy-Reverse", "900")
    ]


def test_without_a_mapping_the_team_is_the_area_and_the_first_filled_estimate_counts(
    land: Callable[..., Landed],
) -> None:
    fields = {"Microsoft.VSTS.Scheduling.StoryPoints": None, "Microsoft.VSTS.Scheduling.Effort": 8}
    _, ask = land({"a.json": json.dumps([item(1, **fields)])})
    assert ask("select team, estimate from raw_azure_devops.revisions") == [("Shop\\Web", "8")]


def test_an_update_tells_old_and_new_values_and_when(land: Callable[..., Landed]) -> None:
    links = {"added": [link("Dependency-Forward", 5)], "removed": [link("Hierarchy-Reverse", 6)]}
    linked = {**update(1, 3, relations=links, revisedDate="2026-01-06T09:00:00Z"), "rev": 2}
    del linked["fields"]
    _, ask = land({"a.json": json.dumps({"count": 2, "value": [update(1), linked]})})
    assert ask(
        "select update_id, rev, changed, revised, has_fields from raw_azure_devops.updates order by update_id"
    ) == [
        (2, 2, datetime(2026, 1, 6, 8, tzinfo=UTC), None, True),
        (3, 2, None, datetime(2026, 1, 6, 9, tzinfo=UTC), False),
    ]
    assert ask("select role, old_value, new_value from raw_azure_devops.update_fields where role = 'state'") == [
        ("state", "New", "Active")
    ]
    assert ask("select action, target_id from raw_azure_devops.update_relations order by all") == [
        ("added", "5"),
        ("removed", "6"),
    ]


def test_a_tree_of_iterations_is_read_to_its_leaves(land: Callable[..., Landed]) -> None:
    _, ask = land({"tree.json": json.dumps(NODE, indent=2), "areas.json": json.dumps(AREA)})
    assert ask("select iteration_id, iteration_path from raw_azure_devops.iterations order by all") == [
        ("i0", "Shop"),
        ("i2", "Shop\\Release 1"),
        ("i3", "Shop\\Release 1\\S2"),
    ]
    assert ask("select area_path from raw_azure_devops.areas") == [("Shop\\Web",)]


def test_query_answers_announce_items(land: Callable[..., Landed]) -> None:
    tree = {"queryType": "tree", "workItemRelations": [{"target": {"id": 7}}, {"target": {"id": 1}}]}
    _, ask = land({"a.json": json.dumps(WIQL), "b.json": json.dumps(tree)})
    assert ask("select item_id, as_of from raw_azure_devops.query_results order by all") == [
        ("1", datetime(2026, 1, 9, tzinfo=UTC)),
        ("1", None),
        ("7", None),
    ]


def test_capacity_keeps_hours_and_days_off_of_nobody_in_particular(land: Callable[..., Landed]) -> None:
    other = {**CAPACITY, "url": CAPACITY["url"].replace("p-1", "p-2"), "daysOff": []}
    _, ask = land({"a.json": json.dumps({"teamMembers": [CAPACITY, other]})})
    assert ask(
        "select iteration_id, team_id, activity, hours_per_day, n_days_off"
        " from raw_azure_devops.capacities order by all"
    ) == [("i1", "web-team", "Development", 6.0, 0), ("i1", "web-team", "Development", 6.0, 2)]


def test_the_build_of_a_timeline_is_found_in_its_address_its_logs_or_its_file(land: Callable[..., Landed]) -> None:
    logged = {"records": [{**TIMELINE["records"][0], "log": {"url": f"{API}/build/builds/13/logs/1"}}]}  # type: ignore[index]
    named = {"records": TIMELINE["records"]}
    _, ask = land(
        {"a.json": json.dumps(TIMELINE), "b.json": json.dumps(logged), "builds/14/timeline.json": json.dumps(named)}
    )
    assert ask("select build_id from raw_azure_devops.timeline_records order by all") == [("12",), ("13",), ("14",)]
    _, ask = land({"d.json": json.dumps({**named, "_request": f"{API}/build/builds/15/timeline"})})
    assert ask("select build_id from raw_azure_devops.timeline_records") == [("15",)]
    report, _ = land({"c.json": json.dumps(named)})
    assert report.n_quarantined == 1


REFUSED = {
    "work item without id": {**item(1), "id": None},
    "work item without a revision number": {**item(1), "rev": None},
    "work item without System.CreatedDate; export it with that field": item(1, **{"System.CreatedDate": None}),
    "impossible created date: soon": item(1, **{"System.CreatedDate": "soon"}),
    "created date outside its export: 2199-01-01T00:00:00Z": item(1, **{"System.CreatedDate": "2199-01-01T00:00:00Z"}),
    "changed date outside its export: 1890-01-01T00:00:00Z": item(1, **{"System.ChangedDate": "1890-01-01T00:00:00Z"}),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_a_record_that_cannot_be_used_is_quarantined_with_its_reason(reason: str, land: Callable[..., Landed]) -> None:
    report, ask = land({"a.json": json.dumps({"value": [item(7), REFUSED[reason]]})})
    assert (report.n_records, report.n_quarantined) == (2, 1)
    assert ask("select record_number, reason from quality.quarantined_records") == [(2, reason)]
    assert ask("select item_id from raw_azure_devops.revisions") == [("7",)]


def test_an_update_with_an_impossible_creation_is_quarantined(land: Callable[..., Landed]) -> None:
    """Of an item known by its updates alone, this is the day it is born."""
    created = [{"System.CreatedDate": {"newValue": text}} for text in ("soon", "0001-01-01T00:00:00Z")]
    born = {
        "System.CreatedDate": {"newValue": "2026-01-05T08:00:00Z"},
        "Microsoft.VSTS.Common.ClosedDate": {"newValue": "soon"},
    }
    updates = [update(number, 1, fields=fields) for number, fields in enumerate([born, *created], start=1)]
    _, ask = land({"updates.json": json.dumps({"value": updates})})
    assert ask("select reason from quality.quarantined_records order by all") == [
        ("created date outside its export: 0001-01-01T00:00:00Z",),
        ("impossible created date: soon",),
    ]
    assert ask("select item_id, role, new_value::timestamptz from raw_azure_devops.update_fields") == [
        ("1", "created", datetime(2026, 1, 5, 8, tzinfo=UTC)),
    ]


def test_a_torn_page_is_refused_as_a_whole_and_stops_no_other(land: Callable[..., Landed]) -> None:
    page = json.dumps({"count": 2, "value": [item(1), item(2)]})
    report, ask = land(
        {
            "torn.json": page[:-40],
            "torn.json.gz": gzip.compress(page.encode())[:-8],
            "whole.json": json.dumps({"count": 1, "value": [item(3)]}),
        }
    )
    assert len(report.messages) == 2
    assert ask("select item_id from raw_azure_devops.revisions") == [("3",)]
    assert ask("select export_file from quality.quarantined_records order by all") == [
        (f"{EXPORTS}/torn.json",),
        (f"{EXPORTS}/torn.json.gz",),
    ]


_ITEMS = st.lists(st.builds(item, st.integers(1, 5), rev=st.integers(1, 4)), min_size=1, max_size=8)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(items=_ITEMS, spoilt=st.sets(st.integers(0, 7)), order=st.randoms(use_true_random=False))
def test_what_comes_in_is_loaded_or_quarantined_in_any_order_and_however_often(
    items: list[dict[str, Any]], spoilt: set[int], order: Any, land: Callable[..., Landed]
) -> None:
    listed = [{**each, "rev": "many"} if place in spoilt else each for place, each in enumerate(items)]
    shuffled = order.sample(listed, len(listed))
    n_spoilt = sum(place in spoilt for place in range(len(items)))
    rows = []
    for contents in (
        {"page.json": json.dumps({"value": listed})},
        {"page.json": json.dumps({"value": shuffled}), "again.json": json.dumps({"value": shuffled})},
        {"lines.ndjson": "\ufeff" + "".join(json.dumps(each) + "\n" for each in shuffled)},
    ):
        report, ask = land(contents)
        assert report.n_records == report.rows["revisions"] + report.n_quarantined
        assert report.n_quarantined == n_spoilt
        rows.append(ask("select item_id, rev, created from raw_azure_devops.revisions order by all"))
    assert rows[0] == rows[1] == rows[2]
