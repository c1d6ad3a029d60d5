import gzip
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from made_up_jira import PERSON, TOKEN, MadeUpJira, issue
from tool_server import Asked, Fault, Reply, serving

from orchestration.portfolio.live_pull import Pull
from orchestration.pulling import pull_source
from orchestration.sources import TOOLS
from orchestration.sources.pull_plans import KnownItem

SOURCE = SimpleNamespace(id="jira-main", tool="jira")
NIGHT = datetime(2026, 2, 1, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def jira():
    return MadeUpJira()


@pytest.fixture
def server(jira):
    with serving(jira) as tool:
        yield tool


@pytest.fixture
def pull(server, tmp_path, hasty):
    """Return a function that pulls into one folder, at a moment, with changed keys of the portfolio."""

    def pulled(at=NIGHT, *, token=TOKEN, fields=(), known=tuple, **changed):
        asked = {"url": server.url, "token_env": "JIRA_TOKEN", "census": "never", "projects": ["PAY"]} | changed
        return pull_source(
            SOURCE,
            Pull(**asked),
            tmp_path,
            lambda: at,
            fields=fields,
            environment={"JIRA_TOKEN": token} if token else {},
            known=known,
            patience=hasty,
        )

    return pulled


def lines(folder: Path, name: str) -> list[dict]:
    """Return what all files of one collection hold, in the order of the pulls."""
    files = sorted(folder.glob(f"*.{name}.*json.gz"))
    return [json.loads(line) for file in files for line in gzip.decompress(file.read_bytes()).splitlines()]


def manifest(folder: Path) -> dict:
    return json.loads(max(folder.glob("*.manifest.json")).read_text(encoding="utf-8"))


def test_all_pages_become_one_file_with_a_manifest(pull, server, tmp_path):
    report = pull()
    assert report.is_complete
    assert [each["key"] for each in lines(tmp_path, "issues")] == [f"PAY-{number}" for number in range(1, 8)]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "20260201T020000Z.fields.json.gz",
        "20260201T020000Z.issues.ndjson.gz",
        "20260201T020000Z.manifest.json",
        "20260201T020000Z.sprints.json.gz",
        "20260201T020000Z.statuses.json.gz",
    ]
    said = manifest(tmp_path)
    counted = {file["collection"]: (file["announced"], file["received"], file["distinct"]) for file in said["files"]}
    assert counted["issues"] == (7, 7, 7)
    assert said["complete_to"] == "2026-02-01T02:00:00+00:00"
    assert said["asked"]["projects"] == ["PAY"]
    assert [
        each.params["startAt"] for each in server.asked if each.path.endswith("/search") and "startAt" in each.params
    ] == [
        "3",
        "6",
    ]


def test_what_was_pulled_is_what_the_reader_knows(pull, tmp_path):
    pull()
    kinds = {}
    for file in tmp_path.glob("*.gz"):
        head = gzip.decompress(file.read_bytes()).decode()
        kinds[file.name.split(".")[1]] = TOOLS["jira"].recognise(file.name, head)
    assert kinds == {"issues": "issues", "statuses": "statuses", "fields": "fields", "sprints": "sprint_pages"}


def test_neither_the_token_nor_a_person_is_in_any_file(pull, tmp_path, server, caplog, capfd):
    caplog.set_level("DEBUG")
    server.faults = [Fault(reply=Reply(None, 500))]
    pull()
    pull(NIGHT + DAY, token="an-expired-one")  # noqa: S106
    for file in tmp_path.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            text = (gzip.decompress(content) if file.suffix == ".gz" else content).decode()
            assert TOKEN not in text
            assert "an-expired-one" not in text
            assert PERSON not in text
    said = caplog.text + "".join(capfd.readouterr())
    assert TOKEN not in said
    assert "an-expired-one" not in said


def test_the_next_pull_asks_from_an_overlap_before_the_last_one(pull, server, jira, tmp_path):
    pull()
    jira.issues[2] = issue(3, "Done", updated="2026-02-01T12:00:00.000+0000")
    report = pull(NIGHT + DAY, overlap_hours=6)
    # Six hours before two in the night, and twelve more because JQL reads dates in the zone of whoever asks.
    assert 'updated >= "2026-01-31 08:00"' in [each.params["jql"] for each in server.asked if "jql" in each.params][-1]
    assert report.is_complete
    assert [each["key"] for each in lines(tmp_path, "issues")][7:] == ["PAY-3"]
    assert manifest(tmp_path)["since"] == "2026-01-31T20:00:00+00:00"


def test_a_night_without_news_writes_a_manifest_and_no_issues(pull, tmp_path):
    pull()
    pull(NIGHT + 20 * DAY)
    issues = next(file for file in manifest(tmp_path)["files"] if file["collection"] == "issues")
    assert issues == {"collection": "issues", "name": None, "received": 0, "announced": 0, "distinct": None}
    assert len(list(tmp_path.glob("*.issues.*"))) == 1


@pytest.mark.parametrize(
    "changed", [{"projects": ["PAY", "SHOP"]}, {"query": "type = Bug"}, {"fields": ("customfield_1",)}]
)
def test_who_asks_for_something_else_gets_all_of_it(pull, server, tmp_path, changed):
    pull()
    pull(NIGHT + DAY, **changed)
    assert "updated" not in next(each.params["jql"] for each in reversed(server.asked) if "jql" in each.params)
    assert manifest(tmp_path)["since"] is None


def test_what_was_announced_and_did_not_come_is_told_and_asked_for_once_more(pull, jira, tmp_path):
    pull()
    jira.announced = 9
    jira.page_size = 100
    report = pull(NIGHT + DAY, overlap_hours=24 * 30)
    assert not report.is_complete
    assert report.messages == [
        "jira-main: of 9 issues that the tool announced 2 did not come. The next refresh asks for them once more."
    ]
    short = manifest(tmp_path)["since"]
    pull(NIGHT + 2 * DAY, overlap_hours=1)
    assert manifest(tmp_path)["since"] == short
    # A tool that counts what it never shows must not make every night a full one.
    pull(NIGHT + 3 * DAY, overlap_hours=1)
    assert manifest(tmp_path)["since"] == "2026-02-03T01:00:00+00:00"


def test_cut_changelogs_are_completed_page_by_page(pull, jira, tmp_path):
    jira.cut_changelogs = True
    jira.issues = [issue(1, "Done"), issue(2, "Doing"), issue(3)]
    pull(api="3")
    assert [each["changelog"]["total"] for each in lines(tmp_path, "issues")] == [2, 1, 0]
    pages = lines(tmp_path, "changelogs")
    assert [page["values"][0]["id"] for page in pages] == ["10", "11"]


@pytest.mark.parametrize(("api", "path"), [("2", "/rest/api/2/search"), ("3", "/rest/api/3/search/jql")])
def test_both_versions_of_the_api_bring_the_same_issues(pull, server, tmp_path, api, path):
    pull(api=api)
    assert len(server.paths(path)) == 3
    assert {each["key"] for each in lines(tmp_path, "issues")} == {f"PAY-{number}" for number in range(1, 8)}


@pytest.mark.parametrize(
    ("token", "changed", "message"),
    [
        (None, {}, "The environment variable JIRA_TOKEN is not set. Set it where refreshes run."),
        ("wrong", {}, "Put a valid token into the environment variable JIRA_TOKEN."),
        (TOKEN, {"url": "http://127.0.0.1:9"}, "Check pull.url and the network."),
        ("two\nlines", {}, "holds what no token can hold"),
    ],
)
def test_a_pull_that_cannot_be_done_is_one_message(pull, tmp_path, token, changed, message):
    report = pull(token=token, **changed)
    (said,) = report.messages
    assert said.startswith("jira-main: the pull failed, its last good exports are used.")
    assert message in said
    assert list(tmp_path.glob("*.gz")) == []


def test_an_expired_token_in_the_middle_keeps_what_is_finished(pull, server, tmp_path):
    server.is_hit = lambda asked: asked.params.get("startAt") == "6"
    server.faults = [Fault(reply=Reply(None, 401))]
    assert not pull().is_complete
    before = len(server.asked)
    report = pull(NIGHT + timedelta(hours=1))
    assert report.is_complete
    assert len(server.asked) == before + 1
    assert [each["key"] for each in lines(tmp_path, "issues")] == [f"PAY-{number}" for number in range(1, 8)]
    # It speaks for the moment at which it began.
    assert manifest(tmp_path)["complete_to"] == "2026-02-01T02:00:00+00:00"


def test_faults_on_the_way_change_nothing(pull, server, tmp_path):
    server.is_hit = lambda _: len(server.asked) % 2 == 1
    server.faults = [
        Fault(reply=Reply(None, 500)),
        Fault("cut"),
        Fault(reply=Reply(None, 429, {"Retry-After": "0"})),
        Fault("cut"),
        Fault(reply=Reply(None, 502)),
    ]
    report = pull(max_requests=1)
    assert report.is_complete
    assert report.n_requests_again == 5
    assert [each["key"] for each in lines(tmp_path, "issues")] == [f"PAY-{number}" for number in range(1, 8)]


def test_never_more_requests_at_once_than_allowed(pull, server, jira):
    jira.issues = [issue(number, "Done") for number in range(1, 13)]
    jira.cut_changelogs = True
    jira.page_size = 100
    server.pause = 0.02
    pull(max_requests=3)
    assert server.most_at_once == 3
    assert len(server.paths("/rest/api/2/issue/")) == 24


def test_a_page_that_names_itself_as_the_next_one_ends_the_pull(server, pull, jira):
    server.answer = lambda asked: (
        Reply({"issues": [issue(1)], "nextPageToken": "again"}) if asked.path.endswith("jql") else jira(asked)
    )
    (message,) = pull(api="3").messages
    assert "names the page it has just given as the next one" in message


def test_an_issue_that_vanishes_between_the_list_and_its_changelog_is_no_failure(server, pull, jira, tmp_path):
    jira.issues = [issue(1, "Done"), issue(2, "Done")]
    jira.cut_changelogs = True
    server.answer = lambda asked: Reply(None, 404) if "/10001/changelog" in asked.path else jira(asked)
    assert pull().is_complete
    assert [page["self"] for page in lines(tmp_path, "changelogs")] == ["/rest/api/2/issue/10002/changelog"] * 2


KILLED = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from orchestration.portfolio.live_pull import Pull
from orchestration.pulling import pull_source

url, folder = sys.argv[1:]
report = pull_source(
    SimpleNamespace(id="jira-main", tool="jira"),
    Pull(url=url, token_env="JIRA_TOKEN", census="never", projects=["PAY"], max_requests=1),
    Path(folder),
    lambda: datetime(2026, 2, 1, 2, 0, tzinfo=UTC),
)
print(report.messages or "done")
"""


@pytest.mark.parametrize("n_finished", [1, 4, 9])
def test_a_killed_pull_goes_on_at_the_page_after_the_last_finished_one(server, jira, tmp_path, n_finished):
    jira.page_size = 1
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        folder.mkdir()
    command = [sys.executable, "-c", KILLED, server.url]
    environment = {**os.environ, "JIRA_TOKEN": TOKEN}
    subprocess.run([*command, str(whole)], env=environment, check=True, capture_output=True)
    n_requests = len(server.asked)
    server.asked.clear()

    server.is_hit = lambda _: len(server.asked) > n_finished
    server.faults = [Fault("slow", seconds=30)]
    process = subprocess.Popen([*command, str(killed)], env=environment, stdout=subprocess.PIPE)
    deadline = time.monotonic() + 30
    while len(server.asked) <= n_finished and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert list(killed.glob("*.gz")) == []

    server.asked.clear()
    subprocess.run([*command, str(killed)], env=environment, check=True, capture_output=True)
    assert len(server.asked) == n_requests - n_finished
    for file in whole.glob("*.gz"):
        assert (killed / file.name).read_bytes() == file.read_bytes()
    assert not (killed / ".pull").exists()


def test_a_torn_journal_and_lines_beyond_it_are_cut_off(pull, server, tmp_path):
    server.is_hit = lambda asked: asked.params.get("startAt") == "6"
    server.faults = [Fault(reply=Reply(None, 401))]
    pull()
    with (tmp_path / ".pull" / "journal.ndjson").open("ab") as journal:
        journal.write(b'{"done": 7, "new')
    with (tmp_path / ".pull" / "issues.partial").open("ab") as partial:
        partial.write(b'{"id": "half of a pa')
    pull()
    assert [each["key"] for each in lines(tmp_path, "issues")] == [f"PAY-{number}" for number in range(1, 8)]


def test_an_old_journal_and_one_that_asked_otherwise_begin_anew(pull, server, tmp_path):
    for later, changed in ((4 * DAY, {}), (timedelta(hours=1), {"query": "type = Bug"})):
        server.is_hit = lambda asked: asked.params.get("startAt") == "6"
        server.faults = [Fault(reply=Reply(None, 401))]
        pull()
        server.asked.clear()
        pull(NIGHT + later, **changed)
        assert len(server.paths("/rest/api/2/search")) == 3
        for file in tmp_path.iterdir():
            file.unlink()


KNOWN = [KnownItem(str(10_000 + number), f"PAY-{number}", "PAY") for number in range(1, 8)]


def verdicts(folder: Path) -> dict[str, tuple[str, str]]:
    return {each["native_id"]: (each["state"], each["evidence"]) for each in lines(folder, "census")}


def test_a_census_tells_what_is_gone_from_what_may_not_be_seen(pull, jira, tmp_path):
    others = [KnownItem("20001", "SECRET-1", "SECRET"), KnownItem("20002", "PAY-99", "PAY")]
    jira.hidden_projects = {"SECRET"}
    jira.forbidden = {"20002"}
    gone = jira.issues.pop(3)
    assert pull(census="weekly", known=lambda: [*KNOWN, *others]).messages == []
    found = verdicts(tmp_path)
    assert found[gone["id"]] == ("deleted", "not found (404), while PAY answers")
    assert found["20001"] == ("not_visible", "not found (404), and neither is SECRET (404)")
    assert found["20002"] == ("not_visible", "the tool refuses it (403)")
    assert {state for native_id, (state, _) in found.items() if native_id not in (gone["id"], "20001", "20002")} == {
        "present"
    }
    assert len(found) == 9


def test_a_census_is_taken_when_it_is_due(pull, tmp_path):
    for night in range(10):
        pull(NIGHT + night * DAY, census="weekly", known=lambda: KNOWN)
    taken = sorted(file.name.split(".")[0] for file in tmp_path.glob("*.census.*"))
    assert taken == ["20260201T020000Z", "20260208T020000Z"]


def test_a_census_that_cannot_be_trusted_marks_nothing(pull, jira, tmp_path):
    pull()
    jira.announced = 12
    jira.issues = jira.issues[:2]
    jira.page_size = 100
    report = pull(NIGHT + DAY, census="daily", known=lambda: KNOWN, overlap_hours=0)
    assert any("no census was taken, the next refresh tries again" in message for message in report.messages)
    assert list(tmp_path.glob("*.census.*")) == []


def test_an_item_that_no_answer_tells_about_stays_as_it_was(pull, server, jira, tmp_path):
    gone = jira.issues.pop(0)["id"]

    def failing(asked: Asked) -> Reply:
        return Reply(None, 500) if asked.path.endswith(f"/issue/{gone}") else jira(asked)

    server.answer = failing
    report = pull(census="daily", known=lambda: KNOWN)
    assert report.messages == [
        "jira-main: of 1 items that the tool no longer lists it cannot be told whether they are deleted; they stay as"
        " they were."
    ]
    assert gone not in verdicts(tmp_path)


def test_an_item_outside_of_the_question_is_present(pull, server, jira, tmp_path):
    pull(census="daily", known=lambda: [KnownItem("10003", "PAY-3", "PAY")])
    moved = jira.issues[2]
    jira.issues = [each for each in jira.issues if each is not moved]
    answer = jira.__call__
    server.answer = lambda asked: Reply(moved) if asked.path.endswith("/issue/10003") else answer(asked)
    pull(NIGHT + DAY, census="daily", known=lambda: KNOWN)
    assert lines(tmp_path, "census")[-1]["evidence"] == "not listed, but it answers: outside of what is asked for"
