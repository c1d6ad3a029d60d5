"""The questions that Weir brings: their files, their list, and how the command answers one (on a made-up warehouse)."""

import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from orchestration import cli
from orchestration.questions import Question, UnknownQuestionError, find_question, questions


@pytest.fixture
def run():
    return lambda *arguments: CliRunner().invoke(cli.main, [str(argument) for argument in arguments])


@pytest.fixture
def portfolio(tmp_path: Path) -> Path:
    """A published warehouse in which only the coverage mart holds anything."""
    (tmp_path / "warehouse").mkdir()
    with duckdb.connect(str(tmp_path / "warehouse" / "warehouse.duckdb")) as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.mart_flow_predictability as select 'PI-1' as increment_id, 1 as n limit 0"
        )
    return tmp_path


def test_there_are_twenty_and_each_is_a_question_with_how_to_read_it():
    assert [question.number for question in questions()] == list(range(1, 21))
    assert len({question.name for question in questions()}) == 20
    for question in questions():
        assert question.title.endswith("?"), question.name
        assert question.reading.endswith("."), question.name
        assert not question.if_empty or question.if_empty.endswith("."), question.name


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.name)
def test_the_sql_is_one_statement_that_reads_public_tables_without_their_schema(question: Question):
    assert ";" not in question.sql
    assert re.match(r"(select|with)\s", question.sql)
    assert not re.search(r"\b(marts|flow|analysis|quality|staging|intermediate)\.", question.sql)


@pytest.mark.parametrize("named", ["12", "what-blocks-us", "What_Blocks_Us", " 12 "])
def test_one_is_found_by_number_or_name(named: str):
    assert find_question(named).title.startswith("What blocks us")


def test_another_is_told_what_there_is(run):
    with pytest.raises(UnknownQuestionError, match="12 what-blocks-us"):
        find_question("21")
    done = run("sql", "--example", "why")
    assert done.exit_code == 1
    assert done.stderr.startswith("There is no question 'why'. There are: 1 where-is-work-stuck")


def test_the_list_is_sql_with_titles_and_needs_no_warehouse(run, tmp_path: Path):
    done = run("sql", "--examples", "--portfolio", tmp_path / "nothing")
    assert done.exit_code == 0
    assert len(re.findall(r"^-- \d+\. .+\? \([a-z-]+\)$", done.stdout, re.MULTILINE)) == 20
    statements = duckdb.extract_statements(done.stdout)
    assert len(statements) == 20
    assert "sql --example 1" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments", [("sql",), ("sql", "select 1", "--examples"), ("sql", "--examples", "--example", "1")]
)
def test_a_query_and_an_example_are_not_mixed(run, arguments):
    done = run(*arguments)
    assert done.exit_code == 2
    assert "Give one of" in done.stderr


def test_an_answer_goes_to_output_and_its_question_beside_it(run, portfolio: Path, monkeypatch: pytest.MonkeyPatch):
    asked = Question(3, "how-many", "How many?", "Counted.", "Nothing is there.", "select 7 as n")
    monkeypatch.setattr("orchestration.questions.find_question", lambda _: asked)
    done = run("sql", "--example", "3", "--csv", "--portfolio", portfolio)
    assert done.stdout == "n\n7\n"
    assert done.stderr == "-- 3. How many? (how-many)\n-- Counted.\nselect 7 as n;\n\n"


def test_an_answer_without_rows_is_explained(run, portfolio: Path, monkeypatch: pytest.MonkeyPatch):
    sql = "select * from mart_flow_predictability"
    asked = Question(3, "how-many", "How many?", "Counted.", "Nothing is there.", sql)
    monkeypatch.setattr("orchestration.questions.find_question", lambda _: asked)
    done = run("sql", "--example", "3", "--portfolio", portfolio)
    assert done.stdout.split() == ["increment_id", "n"]
    assert done.stderr.endswith("No rows: Nothing is there.\n")


def test_a_reader_who_has_seen_enough_is_no_error(portfolio: Path):
    """As in `weir sql … | head -1`: more rows than a pipe holds, and nobody who reads them."""
    query = "select range as n, repeat('x', 100) as text from range(10000)"
    command = [sys.executable, "-m", "orchestration.cli", "sql", "--portfolio", str(portfolio), "--csv", query]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout.readline() == "n,text\n"
        run.stdout.close()
        assert run.stderr.read() == ""
    assert run.returncode == 0
