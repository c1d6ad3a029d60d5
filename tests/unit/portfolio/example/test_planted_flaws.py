"""Every flaw that was planted is found again in the files, as often as truth.json says."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from itertools import pairwise
from typing import Any

from orchestration.portfolio.example import scenario
from orchestration.portfolio.example.jira_vocabulary import INSTANCES

FLAGGED_FIELDS = {instance.fields["flagged"] for instance in INSTANCES.values()}


def found_flaws(exports: Any) -> dict[str, set[str]]:
    stays = {issue["key"]: exports.path_of(issue) for issue in exports.issues}
    gaps = exports.where(
        lambda issue: any(
            before["to"] != after["from"] for (_, before), (_, after) in pairwise(exports.changes(issue, "status"))
        )
    )
    first_entry = {key: entries[0]["created"] for key, entries in exports.histories.items() if entries}
    truncated = exports.where(lambda issue: issue["changelog"]["total"] > len(exports.histories[issue["key"]]))
    nights = {("2025-10-26", "2025-10-26"), ("2025-03-30", "2025-03-30")}
    return {
        "change_before_creation": exports.where(
            lambda issue: (
                issue["key"] in first_entry
                and datetime.fromisoformat(first_entry[issue["key"]])
                < datetime.fromisoformat(issue["fields"]["created"])
            )
        ),
        "completed_by_pages": exports.where(lambda issue: issue["changelog"]["total"] > 100) - truncated,
        "truncated": truncated,
        "created_in_later_status": exports.where(
            lambda issue: (
                exports.is_story(issue) and stays[issue["key"]][0] == "build" and issue["key"] not in truncated
            )
        ),
        "duplicate_resolution": exports.where(
            lambda issue: (issue["fields"]["resolution"] or {}).get("name") == "Duplicate"
        ),
        "history_gaps": gaps - truncated,
        "linked_across_streams": exports.where(
            lambda issue: any("outwardIssue" in link for link in issue["fields"].get("issuelinks", []))
        ),
        "markup_titles": exports.where(lambda issue: any(c in issue["fields"]["summary"] for c in "<>ß")),
        "handed_over": exports.where(lambda issue: bool(exports.changes(issue, "Component"))),
        "moved_project": exports.where(
            lambda issue: bool(exports.changes(issue, "Key")) and not exports.changes(issue, "Component")
        ),
        "night_incidents": exports.where(
            lambda issue: (
                (
                    issue["fields"]["created"][:10],
                    (issue["fields"]["resolutiondate"] or "")[:10],
                )
                in nights
            )
        ),
        "retyped": exports.where(lambda issue: bool(exports.changes(issue, "issuetype"))),
        "same_second": exports.where(
            lambda issue: any(
                before.replace(microsecond=0) == after.replace(microsecond=0)
                for (before, _), (after, _) in pairwise(exports.changes(issue, "status"))
            )
        ),
        "self_transitions": exports.where(
            lambda issue: any(item["from"] == item["to"] for _, item in exports.changes(issue, "status"))
        ),
        "straight_to_done": exports.where(
            lambda issue: stays[issue["key"]] == ["backlog", "done"] and issue["fields"]["resolution"]["name"] == "Done"
        ),
        "sub_tasks": exports.where(lambda issue: issue["fields"]["issuetype"]["subtask"]),
        "unmapped_status": exports.where(lambda issue: "unmapped" in stays[issue["key"]]),
        "without_team": exports.where(
            lambda issue: not issue["fields"]["components"] and not issue["fields"].get("customfield_10001")
        ),
    }


def test_each_planted_flaw_is_found_as_often_as_the_truth_says(exports: Any) -> None:
    found = found_flaws(exports)
    planted = exports.truth["flaws"]
    assert {flaw: len(keys) for flaw, keys in found.items()} == {flaw: entry["n"] for flaw, entry in planted.items()}
    for flaw, entry in planted.items():
        assert set(entry["keys"]) <= found[flaw], flaw
    assert {flaw: entry["n"] for flaw, entry in planted.items()} == {
        flaw: getattr(scenario.FLAWS, flaw) for flaw in planted
    }


def test_what_the_work_brought_about_is_counted_right(exports: Any) -> None:
    order = [
        "backlog",
        "ready",
        "build",
        "ready-for-review",
        "review",
        "ready-for-test",
        "test",
        "ready-for-release",
        "done",
    ]
    levels = {"Epic": ["funnel", "reviewing", "portfolio-backlog", "implementing", "done"]}
    levels["Feature"] = ["funnel", "analysing", "ready", "implementing", "validating", "done"]
    # Gaps and cut changelogs hide moves from this reader, not from the truth; they are few and looked at one by one.
    hidden = {key for flaw in ("history_gaps", "truncated") for key in exports.truth["flaws"][flaw]["keys"]}
    counted: Counter[str] = Counter()
    for issue in exports.issues:
        if exports.kind(issue) == "Sub-task" or issue["key"] in hidden:
            continue
        statuses = exports.path_of(issue)
        places = {name: place for place, name in enumerate(levels.get(exports.kind(issue), order))}
        steps = list(pairwise(statuses))
        counted["items_never_moved"] += not steps
        counted["items_cancelled"] += (issue["fields"]["resolution"] or {}).get("name") in {"Won't Do", "Duplicate"}
        counted["items_reopened"] += any(before == "done" != after for before, after in steps)
        counted["items_moved_backward"] += any(places.get(b, -1) > places.get(a, 99) for b, a in steps)
        counted["items_skipping_review"] += exports.is_story(issue) and "test" in statuses and "review" not in statuses
        counted["on_hold_spells"] += statuses.count("on-hold")
        flags = [
            item
            for entry in exports.histories[issue["key"]]
            for item in entry["items"]
            if item.get("fieldId") in FLAGGED_FIELDS
        ]
        counted["flagged_spells"] += sum(item["toString"] == "Impediment" for item in flags)
        is_flagged = any(issue["fields"].get(field) for field in FLAGGED_FIELDS)
        counted["items_flagged_at_the_end"] += is_flagged
        assert is_flagged == bool(flags and flags[-1]["toString"] == "Impediment")
    for fact, number in counted.items():
        assert number <= exports.truth["facts"][fact] <= number + len(hidden) * 2, fact
        assert number > 0, fact


def test_the_renamed_status_keeps_its_id(exports: Any) -> None:
    names: dict[tuple[str, bool], set[str]] = defaultdict(set)
    over = 0
    for issue in exports.issues:
        if exports.project(issue) not in {"CARD", "TRF", "SRV"}:
            continue
        for status, entered, left in exports.stays(issue):
            over += status == "10204" and left is not None and entered < scenario.STATUS_RENAMED_AT <= left
        for at, item in exports.changes(issue, "status"):
            if item["to"] == "10204":
                names["10204", at >= scenario.STATUS_RENAMED_AT].add(item["toString"])
    assert names == {("10204", False): {"In Review"}, ("10204", True): {"Code Review"}}
    assert over == exports.truth["facts"]["reviews_over_the_rename"] > 0


def test_records_that_cannot_be_loaded_stand_where_the_truth_says(exports: Any) -> None:
    said = {(m["source"], m["file"], m.get("line", m.get("record"))) for m in exports.truth["files"]["malformed"]}
    assert set(exports.unusable) == said
    assert len(said) == 3
    assert len(said) / len(exports.records) < 0.01


def test_some_issues_are_exported_twice_the_later_one_newer(exports: Any) -> None:
    versions: dict[str, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    for _, file, issue in exports.records:
        versions[issue["key"]].append((file, issue))
    twice = {key: found for key, found in versions.items() if len(found) > 1}
    assert set(twice) == set(exports.truth["files"]["exported_twice"])
    assert len(twice) == scenario.FLAWS.exported_twice
    for found in twice.values():
        (_, older), (late_file, newer) = found
        assert late_file.startswith("issues-late")
        assert older["fields"]["updated"] < newer["fields"]["updated"]
        assert older["fields"]["status"] != newer["fields"]["status"]
        entries = [entry["id"] for entry in older["changelog"]["histories"]]
        assert entries == [entry["id"] for entry in newer["changelog"]["histories"]][-len(entries) :]
        assert older["changelog"]["total"] == len(entries)


def test_moved_issues_keep_their_id_and_get_a_new_key(exports: Any) -> None:
    for key in exports.truth["flaws"]["moved_project"]["keys"]:
        issue = next(issue for issue in exports.issues if issue["key"] == key)
        ((_, moved),) = exports.changes(issue, "Key")
        assert moved["toString"] == key
        assert moved["fromString"].startswith("TRF-")
        assert moved["fromString"] not in exports.histories
        assert exports.changes(issue, "project")[0][1]["toString"] == issue["fields"]["project"]["name"]


def test_stories_are_handed_over_while_they_wait_for_a_tester(exports: Any) -> None:
    since = datetime.combine(scenario.HAND_OVERS_FROM, datetime.min.time(), scenario.TIMEZONE)
    givers: Counter[str] = Counter()
    for issue in exports.issues:
        gained = [(at, item) for at, item in exports.changes(issue, "Component") if item["to"] is not None]
        if not gained:
            continue
        ((at, component),) = gained
        assert component["toString"] == issue["fields"]["components"][0]["name"]
        lost = [item for _, item in exports.changes(issue, "Component") if item["to"] is None]
        (giver,) = lost or [item for _, item in exports.changes(issue, "Team")]
        givers[giver["fromString"]] += 1
        held = [status for status, entered, left in exports.stays(issue) if entered <= at < (left or at)]
        assert held == [INSTANCES["jira-main"].status_ids["ready-for-test"]]
        assert at >= since
    assert givers == {"Instant": 30, "Customer Onboarding": 30, "Controls": 30}


def test_parents_and_links_lead_somewhere(exports: Any) -> None:
    by_key = {issue["key"]: issue for issue in exports.issues}
    levels = {
        "Feature": {"Epic"},
        "Story": {"Feature"},
        "Task": {"Feature"},
        "Bug": {"Feature"},
        "Sub-task": {"Story", "Task", "Bug"},
    }
    n_parents = 0
    for issue in exports.issues:
        parent = (issue["fields"].get("parent") or {}).get("key") or issue["fields"].get("customfield_10414")
        if parent is not None:
            n_parents += 1
            assert exports.kind(by_key[parent]) in levels[exports.kind(issue)]
        for link in issue["fields"].get("issuelinks", []):
            other = by_key[(link.get("outwardIssue") or link["inwardIssue"])["key"]]
            assert {other["key"].split("-")[0], exports.project(issue)} & {"SRV"}
    assert n_parents > 4000
