"""Recorded answers of real tools, served page by page with faults on the way, pulled and landed.

What a pull brings has to be what the same records bring when a person drops them: row by row, column by column.
"""

import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from orchestration.portfolio.live_pull import Pull
from orchestration.pulling import Patience, pull_source
from orchestration.sources import SourceSettings
from orchestration.sources.export_format import LINEAGE_COLUMNS
from orchestration.warehouse import connect, land_source
from tests.external.conftest import read_table, write_lines

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "pulling"))

from tool_server import Asked, Fault, Reply, serving

pytestmark = pytest.mark.external

NIGHT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
HASTY = Patience(attempts=6, first_wait=0.01, longest_wait=0.05, jitter=0.01)
PAGE = 7
Records = list[dict[str, Any]]


def jira(records: Records, asked: Asked) -> Reply:
    if not asked.path.endswith("/search"):
        return Reply([])
    first = int(asked.params.get("startAt", "0"))
    return Reply({"startAt": first, "total": len(records), "issues": records[first : first + PAGE]})


def by_link(path: str) -> Callable[[Records, Asked], Reply]:
    """Answer in pages that name the next one in the header `Link`, the way GitHub and GitLab do."""

    def answer(records: Records, asked: Asked) -> Reply:
        if not re.search(path, asked.path):
            return Reply([]) if asked.path.endswith("/milestones") else Reply({"message": "not recorded"}, 404)
        page = int(asked.params.get("page", "1"))
        address = f"http://{asked.headers['Host']}{asked.path.replace(' ', '%20')}?page={page + 1}&per_page=100"
        is_last = page * PAGE >= len(records)
        return Reply(
            records[(page - 1) * PAGE : page * PAGE], headers={} if is_last else {"Link": f'<{address}>; rel="next"'}
        )

    return answer


def azure_builds(records: Records, asked: Asked) -> Reply:
    if asked.path.endswith("/wiql"):
        return Reply({"queryType": "flat", "workItems": []})
    if asked.path.endswith("/iterations"):
        return Reply({"id": 1, "name": "p", "structureType": "iteration", "hasChildren": False, "path": "p"})
    if not asked.path.endswith("/build/builds"):
        return Reply({"value": []})
    first = int(asked.params.get("continuationToken", "0"))
    more = {"x-ms-continuationtoken": str(first + PAGE)} if first + PAGE < len(records) else {}
    return Reply({"value": records[first : first + PAGE]}, headers=more)


def sonarqube(records: Records, asked: Asked) -> Reply:
    if not asked.path.endswith("/issues/search"):
        return Reply({"message": "not recorded"}, 404)
    page, size = int(asked.params.get("p", "1")), int(asked.params["ps"])
    return Reply({"paging": {"total": len(records)}, "issues": records[(page - 1) * size : page * size]})


def pagerduty(records: Records, asked: Asked) -> Reply:
    if asked.params.get("date_range") or "until" not in asked.params or asked.params["until"] < "2026-11-22":
        return Reply({"incidents": [], "more": False})
    first = int(asked.params.get("offset", "0"))
    return Reply({"incidents": records[first : first + PAGE], "more": first + PAGE < len(records)})


# Tool: the recording, the tool's way of answering, what the portfolio says, the raw tables to compare.
RECORDED = {
    "jira": ("jira/raw_tables/_raw_jira_api_issues.csv", jira, {}, ("issues", "issue_changes", "issue_links")),
    "github": (
        "github/raw_tables/_raw_github_api_issues.csv",
        by_link(r"/repos/o/r/issues$"),
        {"projects": ["o/r"]},
        ("issues",),
    ),
    "gitlab": (
        "gitlab/raw_tables/_raw_gitlab_api_issues.csv",
        by_link(r"/projects/g/p/issues$"),
        {"projects": ["g/p"]},
        ("issues",),
    ),
    "azure_devops": (
        "azuredevops_go/raw_tables/_raw_azuredevops_go_api_builds.csv",
        azure_builds,
        {"projects": ["p"]},
        ("builds",),
    ),
    "sonarqube": (
        "sonarqube/raw_tables/_raw_sonarqube_api_issues.csv",
        sonarqube,
        {"projects": ["shop"]},
        ("issues",),
    ),
    "pagerduty": ("pagerduty/raw_tables/_raw_pagerduty_incidents.csv", pagerduty, {}, ("incidents",)),
}


def landed(folder: Path, tool: str, tables: tuple[str, ...]) -> dict[str, list[str]]:
    """Land a folder's exports and return the rows of the tables as text, without their lineage, sorted."""
    source = SimpleNamespace(id="recorded", tool=tool, exports="exports")
    connection = connect(folder / "warehouse.duckdb")
    try:
        report = land_source(connection, source, SourceSettings(), folder, "replay", NIGHT)
        assert report.n_quarantined == 0, report.messages
        lineage = ", ".join(LINEAGE_COLUMNS)
        return {
            table: sorted(
                map(
                    str, connection.execute(f"select distinct * exclude ({lineage}) from raw_{tool}.{table}").fetchall()
                )
            )
            for table in tables
        }
    finally:
        connection.close()


@pytest.mark.parametrize("tool", sorted(RECORDED))
def test_what_is_pulled_lands_like_what_is_dropped(tool, shared_data, tmp_path):
    recording, answer, asked, tables = RECORDED[tool]
    records = [json.loads(row["data"]) for row in read_table(shared_data / "devlake" / recording)]
    assert len(records) > 1
    dropped, pulled = tmp_path / "dropped", tmp_path / "pulled"
    write_lines(dropped / "exports" / "records.ndjson", records)
    (pulled / "exports").mkdir(parents=True)
    with serving(lambda one: answer(records, one)) as server:
        server.is_hit = lambda _: len(server.asked) % 2 == 0
        server.faults = [
            Fault(reply=Reply(None, 429, {"Retry-After": "0"})),
            Fault("cut"),
            Fault(reply=Reply(None, 500)),
        ]
        report = pull_source(
            SimpleNamespace(id="recorded", tool=tool),
            Pull(url=server.url, census="never", **asked),
            pulled / "exports",
            lambda: NIGHT,
            environment={},
            patience=HASTY,
        )
    assert report.is_complete, report.messages
    assert report.n_requests_again >= 1
    expected = landed(dropped, tool, tables)
    assert sum(map(len, expected.values())) > 0
    assert landed(pulled, tool, tables) == expected
