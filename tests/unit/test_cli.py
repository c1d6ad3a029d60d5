"""What the commands say and how they exit, without a refresh (tests/pipeline has those)."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from orchestration import cli
from orchestration.portfolio_folder import PortfolioFolder


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WEIR_PORTFOLIO", raising=False)

    def invoke(*arguments: str | Path):
        return CliRunner().invoke(cli.main, [str(argument) for argument in arguments])

    return invoke


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "portfolio.yaml").write_text(
        "portfolio: {id: x, timezone: Mars/Olympus}\nsurprise: 1\n", encoding="utf-8"
    )
    return folder


@pytest.fixture
def without_build(monkeypatch: pytest.MonkeyPatch):
    """Let the exports hold nothing that is not mapped; test_portfolio_draft.py has the check that reads them."""
    frames = {
        "mart_unmapped_values": pd.DataFrame(columns=["value_kind", "value"]),
        "dim_stages": pd.DataFrame({"stage_id": ["w.a"], "is_cancelled": [False], "is_unmapped": [False]}),
        "fct_stage_visits": pd.DataFrame({"stage_id": ["w.a"]}),
    }
    monkeypatch.setattr("orchestration.portfolio_check._tried", lambda *_: frames)


def test_help_names_every_command(run):
    shown = run("--help").output
    assert all(f"  {name} " in shown for name in ("check", "docs", "example", "init", "refresh", "report", "sql", "ui"))


@pytest.mark.parametrize("command", ["check", "refresh"])
def test_broken_portfolio_is_told_with_every_problem_and_no_traceback(run, broken, command):
    done = run(command, "--portfolio", broken)
    assert done.exit_code == 1
    assert "portfolio.yaml:1: portfolio.timezone" in done.stderr
    assert "portfolio.yaml:2: surprise" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_debug_shows_the_traceback(run, broken):
    done = run("check", "--portfolio", broken, "--debug")
    assert done.exit_code == 1
    assert done.exception is not None
    assert type(done.exception).__name__ == "PortfolioError"


@pytest.mark.parametrize("command", [("sql", "select 1"), ("report",)])
def test_commands_on_the_published_warehouse_say_if_there_is_none(run, tmp_path, command):
    done = run(*command, "--portfolio", tmp_path / "nothing")
    assert done.exit_code == 1
    assert "run `weir refresh` first" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_docs_of_a_folder_that_is_not_there_are_not_written_anywhere(run, tmp_path):
    done = run("docs", "--portfolio", tmp_path / "nothing")
    assert done.exit_code == 1
    assert "There is no folder" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_portfolio_may_be_named_by_the_environment(run, broken, monkeypatch):
    monkeypatch.setenv("WEIR_PORTFOLIO", str(broken))
    assert "surprise" in run("check").stderr


def test_an_unexpected_error_is_one_sentence_with_a_way_to_more(run, monkeypatch):
    def fail(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("orchestration.query_output.print_query", fail)
    done = run("sql", "select 1")
    assert done.exit_code == 1
    assert done.stderr.splitlines() == [
        "ZeroDivisionError: division by zero",
        "Run it again with --debug to see where.",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-31", "2026-03-31T00:00:00+00:00"),
        ("2026-03-31T18:00:00+02:00", "2026-03-31T18:00:00+02:00"),
        ("2026-03-31 18:00", "2026-03-31T18:00:00+00:00"),
    ],
)
def test_as_of_is_a_moment(text, expected):
    assert cli.MomentParameter().convert(text, None, None).isoformat() == expected


def test_as_of_that_is_no_moment_is_refused_with_an_example(run, broken):
    done = run("refresh", "--as-of", "yesterday", "--portfolio", broken)
    assert done.exit_code == 2
    assert "'yesterday' is no moment; write it like 2026-03-31" in done.stderr


@pytest.mark.usefixtures("without_build")
def test_example_writes_a_portfolio_that_check_finds_sound(run, tmp_path):
    made = run("example", tmp_path / "mine", "--items", "150", "--seed", "3")
    assert made.exit_code == 0, made.stderr
    assert f"weir refresh --portfolio {tmp_path / 'mine'}" in made.stdout
    checked = run("check", "--portfolio", tmp_path / "mine")
    assert checked.exit_code == 0
    assert "is sound: 3 value streams" in checked.stdout
    assert "Nothing is published yet" in checked.stdout
    assert "without a row of capacity, so without utilisation: epic owner, product manager" in checked.stdout


@pytest.mark.usefixtures("without_build")
def test_check_names_places_and_roles_that_nobody_uses(run, tmp_path):
    folder = tmp_path / "mine"
    assert run("example", folder, "--items", "150").exit_code == 0
    written, register = folder / "portfolio.yaml", folder / "registers" / "capacity.csv"
    text = written.read_text(encoding="utf-8").replace("{id: collections,", "{id: collections, location: krakow,")
    written.write_text(text + "locations: [{id: krakow, country: PL}, {id: oslo, country: NO}]\n", encoding="utf-8")
    with register.open("a", encoding="utf-8") as rows:
        rows.write("collections,Scrum Master,2025-01-01,1,40,0,\n")

    told = run("check", "--portfolio", folder).stdout

    assert "2 locations with a calendar of their own" in told
    assert "Locations in which no team works: oslo; name them under" in told
    assert "Roles of the capacity that no stage names, so without demand: Scrum Master." in told


def test_example_never_overwrites(run, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "keep.txt").write_text("mine", encoding="utf-8")
    done = run("example", tmp_path / "mine", "--items", "150")
    assert done.exit_code == 1
    assert "not empty" in done.stderr
    assert (tmp_path / "mine" / "keep.txt").read_text(encoding="utf-8") == "mine"


@pytest.mark.usefixtures("without_build")
def test_check_names_sources_without_data_and_fails_if_there_is_none_at_all(run, tmp_path):
    folder = tmp_path / "mine"
    run("example", folder, "--items", "150")
    for file in (folder / "exports" / "jira-lending").iterdir():
        file.unlink()
    done = run("check", "--portfolio", folder)
    assert done.exit_code == 0
    assert "jira-lending: no export files" in done.stdout
    for file in (folder / "exports").rglob("*.*"):
        file.unlink()
    done = run("check", "--portfolio", folder)
    assert done.exit_code == 1
    assert "jira-main: no export files" in done.stderr


def test_ui_starts_dagster_on_the_portfolio_with_its_own_run_history(run, tmp_path, monkeypatch):
    folder = tmp_path / "mine"
    run("example", folder, "--items", "150")
    started: list[list[str]] = []
    environment = dict(os.environ)
    monkeypatch.setattr(os, "environ", environment)
    monkeypatch.setattr(os, "execv", lambda _, arguments: started.append(arguments))
    done = run("ui", "--portfolio", folder, "--port", "3456")
    assert done.exit_code == 0, done.stderr
    (arguments,) = started
    assert arguments[arguments.index("-m") :][:5] == ["-m", "dagster", "dev", "-w", "workspace.yaml"]
    assert arguments[arguments.index("--port") + 1] == "3456"
    assert environment["DAGSTER_HOME"] == str(folder / ".dagster")
    assert environment["WEIR_PORTFOLIO"] == str(folder)
    assert "telemetry: {enabled: false}" in (folder / ".dagster" / "dagster.yaml").read_text(encoding="utf-8")
    assert (Path.cwd() / "workspace.yaml").exists()


def test_sql_imports_nothing_slow():
    """A reader's query answers in well under a second only as long as none of these is imported."""
    program = (
        "import sys\nimport orchestration.cli, orchestration.query_output\n"
        "slow = {'dagster', 'dbt', 'great_expectations', 'pandas', 'plotly', 'pydantic', 'simpy'}\n"
        "print(sorted(slow & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_check_shows_what_the_published_warehouse_could_not_map(published_example: PortfolioFolder, weir):
    done = weir("check", portfolio=published_example.folder)
    assert done.returncode == 0, done.stderr
    assert "  status 'Waiting for Vendor' of jira-main: 9 items, such as " in done.stdout
    assert "counted as Unmapped (active)." in done.stdout
    assert "Lindenhall Bank is sound" in done.stdout


def test_commands_do_linear_algebra_on_one_thread(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "8")
    run("sql")
    assert os.environ["OPENBLAS_NUM_THREADS"] == "1"
    # It is read when numpy is loaded, so the command's own module must not load it.
    loaded = "import sys; from orchestration import cli; print('numpy' in sys.modules)"
    asked = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == "False"
