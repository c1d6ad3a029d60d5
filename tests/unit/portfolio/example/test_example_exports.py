"""The example's export files have the shapes of Jira's answers."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestration.portfolio import load_portfolio
from orchestration.portfolio.example import scenario
from orchestration.sources import TOOLS


def test_each_tool_s_own_reader_knows_every_file(folder: Path, exports: Any) -> None:
    tools = {source.id: TOOLS[source.tool] for source in load_portfolio(folder).sources}
    kinds: dict[str, dict[str, str | None]] = defaultdict(dict)
    for path in (folder / "exports").rglob("*"):
        if path.is_file() and path.name != "manifest.json":
            tool = tools[path.parent.name]
            kinds[tool.tool][path.name] = tool.recognise(path.name, exports.text_of(path)[:4000])
    assert all(None not in found.values() for found in kinds.values())
    assert set(kinds["jira"].values()) >= {
        "issues",
        "issue_pages",
        "changelog_pages",
        "statuses",
        "fields",
        "sprint_pages",
    }
    assert set(kinds["delivery_log"].values()) == {"deployments", "incidents", "changes"}
    assert set(kinds["sonarqube"].values()) == {"issues_in_issues"}


def test_search_pages_follow_one_another(folder: Path, exports: Any) -> None:
    pages = [
        json.loads(exports.text_of(path)) for path in sorted((folder / "exports" / "jira-lending").glob("search-*"))
    ]
    assert len(pages) > 2
    assert [page["startAt"] for page in pages] == list(
        range(0, pages[0]["maxResults"] * len(pages), pages[0]["maxResults"])
    )
    assert {page["total"] for page in pages} == {sum(len(page["issues"]) for page in pages)}


def test_changelogs_announce_their_length_and_keep_the_newest_entries(exports: Any) -> None:
    long = 0
    for _, _, issue in exports.records:
        log = issue["changelog"]
        assert len(log["histories"]) == min(log["total"], 100)
        numbers = [int(entry["id"]) for entry in log["histories"]]
        assert numbers == sorted(numbers, reverse=exports.project(issue) in {"CARD", "TRF", "SRV"})
        if log["total"] > 100:
            long += 1
            assert max(numbers) % 1000 == log["total"] - 1
    assert long == 5


def test_entries_of_a_changelog_are_in_time_order_and_within_the_data(exports: Any) -> None:
    for key, entries in exports.histories.items():
        moments = [datetime.fromisoformat(entry["created"]) for entry in entries]
        assert moments == sorted(moments), key
        assert all(moment < scenario.COMPLETE_TO for moment in moments), key


def test_histories_lead_to_the_exported_status(exports: Any) -> None:
    for issue in exports.issues:
        changes = exports.changes(issue, "status")
        if changes:
            assert changes[-1][1]["to"] == issue["fields"]["status"]["id"], issue["key"]


def test_each_source_writes_its_own_offsets(exports: Any) -> None:
    offsets: dict[str, set[str]] = defaultdict(set)
    for source, _, issue in exports.records:
        offsets[source].add(issue["fields"]["created"][-5:])
    assert offsets == {"jira-main": {"+0100", "+0200"}, "jira-lending": {"+0000"}}
    for issue in exports.issues:
        if issue["fields"]["created"].endswith(("+0100", "+0200")):
            moment = datetime.fromisoformat(issue["fields"]["created"])
            assert moment.utcoffset() == moment.astimezone(scenario.TIMEZONE).utcoffset()


def test_nothing_looks_like_a_person(folder: Path, exports: Any) -> None:
    for path in (folder / "exports").rglob("*.ndjson.gz"):
        content = exports.text_of(path)
        assert "@" not in content
        assert "displayName" not in content
        assert "emailAddress" not in content
