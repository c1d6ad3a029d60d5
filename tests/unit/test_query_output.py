"""What `weir sql` prints, to a pipe, as CSV, as JSON and on a terminal."""

import io
import json
from pathlib import Path

import duckdb
import pytest

from orchestration.portfolio_folder import PortfolioFolder
from orchestration.published import NothingPublishedError
from orchestration.query_output import QueryError, print_query


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def paths(tmp_path: Path) -> PortfolioFolder:
    paths = PortfolioFolder(tmp_path)
    paths.warehouse.mkdir()
    with duckdb.connect(str(paths.warehouse / "warehouse.duckdb")) as connection:
        connection.execute("create schema marts")
        connection.execute(
            """create table marts.mart_flow_metrics as select * from (values
            ('payments', 12.5, true, timestamptz '2026-03-02 10:00:00+00', null, 7::decimal(10, 0)),
            ('[bold]x[/bold], "y"', 3.0, false, null, 'line one
            line two', 10::decimal(10, 0))) as t(scope_id, days, is_complete, seen_at, note, n)"""
        )
    return paths


def printed(paths: PortfolioFolder, query: str, style: str | None = None, stream: io.StringIO | None = None) -> str:
    out = stream or io.StringIO()
    print_query(paths, query, style, out)
    return out.getvalue()


ALL = "select * from mart_flow_metrics order by n"


def test_a_pipe_gets_aligned_columns(paths):
    assert printed(paths, "select scope_id, days, note from mart_flow_metrics order by n") == (
        "scope_id             days  note\n"
        "payments             12.5  NULL\n"
        '[bold]x[/bold], "y"   3.0  line one line two\n'
    )


def test_csv_quotes_and_leaves_nulls_empty(paths):
    lines = printed(paths, ALL, "csv").splitlines()
    assert lines[0] == "scope_id,days,is_complete,seen_at,note,n"
    assert lines[1] == "payments,12.5,true,2026-03-02 10:00:00+00:00,,7"
    assert lines[2].startswith('"[bold]x[/bold], ""y""",3.0,false,,')


def test_json_keeps_types(paths):
    first, _ = json.loads(printed(paths, ALL, "json"))
    assert first == {
        "scope_id": "payments",
        "days": 12.5,
        "is_complete": True,
        "seen_at": "2026-03-02T10:00:00+00:00",
        "note": None,
        "n": 7,
    }


def test_a_terminal_gets_a_table_in_which_data_is_no_markup(paths):
    shown = printed(paths, ALL, stream=Terminal())
    assert "[bold]x[/bold]" in shown
    assert "2 rows" in shown


def test_a_terminal_is_told_of_rows_it_does_not_show_and_a_pipe_gets_all(paths):
    query = "select * from range(1200)"
    assert "1,200 rows; 200 more are not shown: use --csv or --json" in printed(paths, query, stream=Terminal())
    assert len(printed(paths, query).splitlines()) == 1201


def test_no_rows_is_an_answer(paths):
    assert printed(paths, "select days from mart_flow_metrics where false") == "days\n"
    assert json.loads(printed(paths, "select days from mart_flow_metrics where false", "json")) == []


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("select * from mart_flow_metric", "Did you mean mart_flow_metrics? Tables: mart_flow_metrics."),
        ("select nope from mart_flow_metrics", "describe <table>"),
        ("delete from mart_flow_metrics", "can only be read"),
        ("selec 1", 'syntax error at or near "selec".'),
    ],
)
def test_a_query_that_fails_is_one_line_with_a_hint(paths, query, hint):
    with pytest.raises(QueryError) as refused:
        printed(paths, query)
    assert hint in str(refused.value)
    assert "\n" not in str(refused.value)


def test_nothing_published_says_what_to_do(tmp_path):
    with pytest.raises(NothingPublishedError, match="run `weir refresh` first"):
        printed(PortfolioFolder(tmp_path), "select 1")
