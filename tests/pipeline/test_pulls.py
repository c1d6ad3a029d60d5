"""Pulls inside of whole refreshes: what comes is landed the same night, and what does not come stops nothing."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "pulling"))

from made_up_jira import PERSON, TOKEN, MadeUpJira, issue
from tool_server import Fault, Reply, serving

from orchestration.cli import main
from orchestration.portfolio_folder import PortfolioFolder
from orchestration.refresh import land_exports, open_build, utc_now
from orchestration.runs import RunOutcome
from orchestration.warehouse import LandingReport

PORTFOLIO = """
portfolio: {{id: pulled, name: Pulled, timezone: UTC, currency: EUR}}
value_streams:
  - {{id: pay, name: Pay, trains: [{{id: art, name: ART, teams: [{{id: team, name: Team}}]}}]}}
sources:
  - id: jira-main
    tool: jira
    exports: exports/jira-main
    pull: {{url: "{url}", token_env: WEIR_TEST_JIRA_TOKEN, projects: [PAY], census: daily, overlap_hours: 48}}
workflows:
  - id: delivery
    applies_to: {{sources: [jira-main]}}
    stages:
      - {{id: backlog, name: Backlog, kind: queue, statuses: [Open]}}
      - {{id: build, name: Build, kind: active, commitment: true, statuses: [Doing]}}
      - {{id: done, name: Done, kind: done, statuses: [Done]}}
membership:
  - {{team: team, when: {{source: jira-main}}}}
work_types:
  - {{level: story, work_type: feature, when: {{source: jira-main}}}}
"""


@pytest.fixture
def jira():
    states = ["Open", "Doing", "Done", "Doing", "Done", "Open", "Doing"]
    return MadeUpJira([issue(number, status) for number, status in enumerate(states, 1)])


@pytest.fixture
def server(jira):
    with serving(jira) as tool:
        yield tool


@pytest.fixture
def portfolio(server, tmp_path, monkeypatch):
    monkeypatch.setenv("WEIR_TEST_JIRA_TOKEN", TOKEN)
    (tmp_path / "portfolio.yaml").write_text(PORTFOLIO.format(url=server.url), encoding="utf-8")
    return tmp_path


def asked_of(folder: Path, query: str) -> list[tuple]:
    with duckdb.connect(str(folder / "warehouse" / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


def landed(folder: Path, *, pull: bool = True) -> LandingReport:
    """Land the one source the way a refresh does, without what comes after."""
    with open_build(PortfolioFolder(folder), "test", utc_now, pull=pull) as build:
        (report,) = land_exports(build)
    return report


def test_what_is_pulled_is_landed_in_the_same_refresh(portfolio):
    report = landed(portfolio)
    assert report.messages == []
    assert report.rows["issues"] == 7
    assert report.rows["item_censuses"] == 7


def test_a_source_that_cannot_be_pulled_is_landed_from_its_last_good_exports(portfolio, server, monkeypatch):
    landed(portfolio)
    server.faults = [Fault(reply=Reply({"message": TOKEN}, 401))] * 500
    report = landed(portfolio)
    assert report.rows["issues"] == 7
    (message,) = report.messages
    assert message.startswith("jira-main: the pull failed, its last good exports are used.")
    monkeypatch.delenv("WEIR_TEST_JIRA_TOKEN")
    assert "WEIR_TEST_JIRA_TOKEN is not set" in landed(portfolio).messages[0]


def test_no_tool_is_asked_when_nobody_wants_it_to_be(portfolio, server):
    landed(portfolio)
    server.asked.clear()
    assert landed(portfolio, pull=False).rows["issues"] == 7
    assert server.asked == []


@pytest.mark.parametrize(("options", "variable"), [(["--no-pull"], ""), ([], "1")])
def test_refreshing_offline_is_passed_on_to_the_run(portfolio, monkeypatch, options, variable):
    asked = {}

    def run_job(*_: object, pull: bool, **__: object) -> RunOutcome:
        asked["pull"] = pull
        return RunOutcome(is_success=False, run_id="none", failures=("stopped here",))

    monkeypatch.setattr("orchestration.runs.run_job", run_job)
    monkeypatch.setenv("WEIR_OFFLINE", variable)
    CliRunner().invoke(main, ["refresh", "--portfolio", str(portfolio), *options])
    assert asked == {"pull": False}


@pytest.mark.slow
def test_pulled_night_after_night(portfolio, server, jira, weir):
    first = weir("refresh", portfolio=portfolio)
    assert first.returncode == 0, first.stdout + first.stderr
    current = "select item_key, current_status, is_in_progress from flow.fct_work_items order by item_key"
    assert asked_of(portfolio, current) == [
        ("PAY-1", "Open", False),
        ("PAY-2", "Doing", True),
        ("PAY-3", "Done", False),
        ("PAY-4", "Doing", True),
        ("PAY-5", "Done", False),
        ("PAY-6", "Open", False),
        ("PAY-7", "Doing", True),
    ]
    files = asked_of(portfolio, "select file_kind, n_quarantined from quality.export_files order by file_kind")
    assert ("issues", 0) in files
    assert not any(n_quarantined for _, n_quarantined in files)

    # The token has expired: what was published is published again, and the reader is told.
    server.faults = [Fault(reply=Reply({"message": TOKEN}, 401))] * 500
    night = weir("refresh", portfolio=portfolio)
    server.faults = []
    assert night.returncode == 0, night.stdout + night.stderr
    assert "the pull failed, its last good exports are used" in night.stdout + night.stderr
    assert TOKEN not in night.stdout + night.stderr
    assert len(asked_of(portfolio, current)) == 7

    # One issue is deleted, one moves on. The census of the first night is forgotten, so that another one is due.
    jira.issues.pop(3)
    jira.issues[1] = issue(2, "Done", updated=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}.000+0000")
    for manifest in (portfolio / "exports" / "jira-main").glob("*.manifest.json"):
        text = manifest.read_text(encoding="utf-8")
        manifest.write_text(text.replace('"has_census": true', '"has_census": false'), encoding="utf-8")
    last = weir("refresh", portfolio=portfolio)
    assert last.returncode == 0, last.stdout + last.stderr
    assert asked_of(portfolio, "select item_key, removal from flow.fct_work_items where removed_at is not null") == [
        ("PAY-4", "deleted")
    ]
    in_progress = asked_of(portfolio, "select item_key from flow.fct_work_items where is_in_progress order by 1")
    assert in_progress == [("PAY-7",)]

    for file in portfolio.rglob("*"):
        if file.is_file() and file.suffix not in {".gz", ".duckdb", ".parquet"}:
            content = file.read_bytes()
            assert TOKEN.encode() not in content, file
            assert PERSON.encode() not in content, file
