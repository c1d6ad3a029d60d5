"""A real Redmine, started from Debian's packages on a database of its own: pulled, landed, built, compared.

Issues are created and moved through Redmine's REST API; what Redmine itself then tells of their journals is what the
visits in the warehouse must say.
"""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

pytestmark = [pytest.mark.redmine, pytest.mark.slow, pytest.mark.external]

HOME = Path("/usr/share/redmine")
DATABASE = Path("/var/lib/dbconfig-common/sqlite3/redmine/instances/default/redmine_default")
WEBRICK = Path("/usr/share/rubygems-integration/all/gems")
MISSING = "a configured Redmine is missing; as root: apt-get install redmine redmine-sqlite ruby-webrick"
KEY = "0123456789abcdef0123456789abcdef01234567"
NEW, IN_PROGRESS, RESOLVED, CLOSED = 1, 2, 3, 5
NAMES = {NEW: "New", IN_PROGRESS: "In Progress", RESOLVED: "Resolved", CLOSED: "Closed"}
STAGES = {
    "New": "redmine.backlog",
    "In Progress": "redmine.build",
    "Resolved": "redmine.test",
    "Closed": "redmine.done",
}

PORTFOLIO = """
portfolio: {{id: live, name: Live, timezone: UTC, currency: EUR}}
calendar: {{working_days: [mon, tue, wed, thu, fri, sat, sun]}}
value_streams:
  - {{id: live, name: Live, trains: [{{id: art, name: ART, teams: [{{id: team, name: Team}}]}}]}}
sources:
  - id: redmine
    tool: redmine
    exports: exports/redmine
    pull: {{url: "{url}", token_env: WEIR_TEST_REDMINE_KEY, census: daily, overlap_hours: 1, max_requests: 2}}
workflows:
  - id: redmine
    applies_to: {{sources: [redmine]}}
    stages:
      - {{id: backlog, name: Backlog, kind: queue, statuses: [New]}}
      - {{id: build, name: Build, kind: active, commitment: true, statuses: [In Progress]}}
      - {{id: test, name: Test, kind: active, statuses: [Resolved]}}
      - {{id: done, name: Done, kind: done, statuses: [Closed]}}
    cancelled: {{statuses: [Rejected]}}
membership:
  - {{team: team, when: {{source: redmine}}}}
work_types:
  - {{level: story, work_type: feature, when: {{source: redmine}}}}
"""


@dataclass(frozen=True)
class Redmine:
    """A running server."""

    url: str

    def ask(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        """Ask as the administrator; return the answer's document."""
        headers = {"X-Redmine-API-Key": KEY}
        answer = httpx.request(method, self.url + path, json=content or None, headers=headers, timeout=60)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else {}

    def create(self, subject: str, statuses: list[int]) -> int:
        """Create an issue and move it through statuses, a little more than a second apart; return its id."""
        issue = {"project_id": "weir", "subject": subject, "tracker_id": 1}
        number = self.ask("POST", "/issues.json", issue=issue)["issue"]["id"]
        self.move(number, statuses)
        return int(number)

    def move(self, number: int, statuses: list[int]) -> None:
        """Move an issue; Redmine keeps whole seconds, so each move gets one of its own."""
        for status in statuses:
            time.sleep(1.1)
            self.ask("PUT", f"/issues/{number}.json", issue={"status_id": status})

    def visits(self, number: int) -> list[tuple[str, str]]:
        """Return (stage, entered at) of an issue, from its own journals."""
        issue = self.ask("GET", f"/issues/{number}.json?include=journals")["issue"]
        moved = [
            (STAGES[NAMES[int(detail["new_value"])]], journal["created_on"])
            for journal in issue["journals"]
            for detail in journal["details"]
            if detail["name"] == "status_id"
        ]
        return [(STAGES["New"], issue["created_on"]), *moved]


@pytest.fixture(scope="module")
def redmine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redmine]:
    webrick = sorted(WEBRICK.glob("webrick-*/lib"))
    if not (HOME.is_dir() and shutil.which("bundle") and webrick and os.access(DATABASE, os.R_OK)):
        pytest.skip(MISSING)
    folder = tmp_path_factory.mktemp("redmine")
    database = folder / "redmine.sqlite"
    shutil.copy(DATABASE, database)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("insert into settings (name, value) values ('rest_api_enabled', '1')")
        connection.execute("update users set must_change_passwd = 0, status = 1 where login = 'admin'")
        connection.execute(
            "insert into tokens (user_id, action, value, created_on, updated_on)"
            " select id, 'api', ?, datetime('now'), datetime('now') from users where login = 'admin'",
            [KEY],
        )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Redmine's bundle has no server in it; WEBrick comes from beside it.
    environment = {
        **os.environ,
        "RUBYLIB": str(webrick[-1]),
        "DATABASE_URL": f"sqlite3:{database}",
        "RAILS_ENV": "production",
        "REDMINE_INSTANCE": "default",
    }
    command = [
        "bundle",
        "exec",
        "rails",
        "server",
        "-u",
        "webrick",
        "-b",
        "127.0.0.1",
        "-p",
        str(port),
        "-e",
        "production",
    ]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "-P", str(folder / "pid")],
            cwd=HOME,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        running = Redmine(f"http://127.0.0.1:{port}")
        _wait_for(running, server, folder / "server.log")
        project = {
            "name": "Made up",
            "identifier": "weir",
            "tracker_ids": [1],
            "enabled_module_names": ["issue_tracking"],
        }
        running.ask("POST", "/projects.json", project=project)
        yield running
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def _wait_for(running: Redmine, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if server.poll() is not None:
            pytest.fail(f"Redmine ended at its start: {log.read_text(encoding='utf-8', errors='replace')[-500:]}")
        try:
            running.ask("GET", "/issues.json")
        except httpx.TransportError:
            time.sleep(0.5)
        else:
            return
    pytest.fail(
        f"Redmine did not answer within two minutes: {log.read_text(encoding='utf-8', errors='replace')[-500:]}"
    )


def visits_in(warehouse: Path, number: int) -> list[tuple[str, str]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(
            """
            select stage_id, strftime(entered_at at time zone 'UTC', '%Y-%m-%dT%H:%M:%SZ')
            from flow.fct_stage_visits join flow.fct_work_items using (work_item_id)
            where native_id = ? order by visit_sequence""",
            [str(number)],
        ).fetchall()


def test_a_live_redmine_is_pulled_into_the_same_visits_that_its_journals_tell(redmine, tmp_path, weir, monkeypatch):
    monkeypatch.setenv("WEIR_TEST_REDMINE_KEY", KEY)
    (tmp_path / "portfolio.yaml").write_text(PORTFOLIO.format(url=redmine.url), encoding="utf-8")
    numbers = [
        redmine.create("never moved", []),
        redmine.create("half way", [IN_PROGRESS]),
        redmine.create("finished", [IN_PROGRESS, RESOLVED, CLOSED]),
        redmine.create("came back", [IN_PROGRESS, RESOLVED, IN_PROGRESS, CLOSED]),
        redmine.create("to be deleted", [IN_PROGRESS]),
    ]
    refreshed = weir("refresh", portfolio=tmp_path)
    assert refreshed.returncode == 0, refreshed.stdout + refreshed.stderr
    published = tmp_path / "warehouse" / "warehouse.duckdb"
    for number in numbers:
        assert visits_in(published, number) == redmine.visits(number)

    # A second night: some moved on, one is new, one is gone; only the changed ones are asked for.
    redmine.move(numbers[1], [RESOLVED])
    numbers.append(redmine.create("of the second night", [IN_PROGRESS]))
    redmine.ask("DELETE", f"/issues/{numbers[4]}.json")
    for census in (tmp_path / "exports" / "redmine").glob("*.manifest.json"):
        text = census.read_text(encoding="utf-8")
        census.write_text(text.replace('"has_census": true', '"has_census": false'), encoding="utf-8")
    refreshed = weir("refresh", portfolio=tmp_path)
    assert refreshed.returncode == 0, refreshed.stdout + refreshed.stderr
    for number in (numbers[0], numbers[1], numbers[2], numbers[3], numbers[5]):
        assert visits_in(published, number) == redmine.visits(number)
    with duckdb.connect(str(published), read_only=True) as connection:
        gone = connection.execute(
            "select removal, is_in_progress from flow.fct_work_items where removed_at is not null"
        ).fetchall()
        in_progress = connection.execute(
            "select native_id from flow.fct_work_items where is_in_progress order by native_id::int"
        ).fetchall()
    assert gone == [("deleted", False)]
    assert [int(row[0]) for row in in_progress] == [numbers[1], numbers[5]]


def test_an_issue_that_may_not_be_seen_is_told_from_one_that_is_gone(redmine, tmp_path):
    """Redmine answers 403 for what exists and is hidden, 404 for what is gone."""
    hidden, gone = redmine.create("hidden", []), redmine.create("gone", [])
    redmine.ask("DELETE", f"/issues/{gone}.json")
    user = {
        "login": "reader",
        "firstname": "Made",
        "lastname": "Up",
        "mail": "made.up@example.org",
        "password": "made-up-1",
    }
    key = redmine.ask("POST", "/users.json", user=user)["user"]["api_key"]
    redmine.ask("PUT", "/projects/weir.json", project={"is_public": False})

    from orchestration.portfolio.live_pull import Pull
    from orchestration.pulling import pull_source
    from orchestration.refresh import utc_now
    from orchestration.sources.pull_plans import KnownItem

    known = [KnownItem(str(hidden), f"#{hidden}", "Made up"), KnownItem(str(gone), f"#{gone}", "Made up")]
    report = pull_source(
        type("Source", (), {"id": "redmine", "tool": "redmine"})(),
        Pull(url=redmine.url, token_env="READER", census="daily"),  # noqa: S106 the name of a variable
        tmp_path,
        utc_now,
        environment={"READER": key},
        known=lambda: known,
    )
    redmine.ask("PUT", "/projects/weir.json", project={"is_public": True})
    assert report.is_complete, report.messages
    (census,) = tmp_path.glob("*.census.ndjson.gz")
    with duckdb.connect() as connection:
        states = dict(connection.execute(f"select native_id, state from read_json('{census}')").fetchall())
    assert states == {str(hidden): "not_visible", str(gone): "deleted"}
