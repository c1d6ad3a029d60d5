"""Tables of analyses are made and written, or stand where nothing changed."""

from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from orchestration import warehouse
from orchestration.analysis_steps.written_tables import written_tables


@pytest.fixture
def build(tmp_path: Path) -> SimpleNamespace:
    file = tmp_path / "warehouse.build.duckdb"

    @contextmanager
    def connection():
        with closing(warehouse.connect(file)) as opened:
            yield opened

    files = SimpleNamespace(build=file, published=tmp_path / "warehouse.duckdb")
    return SimpleNamespace(files=files, connection=connection, is_incremental=True, is_unchanged=False)


def made(value: int) -> dict[str, pd.DataFrame]:
    return {"trends": pd.DataFrame({"n": [value]}), "signal_links": pd.DataFrame({"n": [value, value]})}


def test_what_is_made_is_written_and_returned(build):
    assert written_tables(build, ["trends", "signal_links"], lambda: made(1))["trends"]["n"].tolist() == [1]
    with build.connection() as connection:
        assert connection.execute("select count(*) from analysis.signal_links").fetchone() == (2,)


def test_where_nothing_changed_nothing_is_made_again(build):
    written_tables(build, ["trends", "signal_links"], lambda: made(1))
    build.is_unchanged = True
    assert written_tables(build, ["trends", "signal_links"], lambda: pytest.fail("made"))["trends"]["n"].tolist() == [1]


def test_a_table_that_does_not_stand_yet_is_made_with_the_others(build):
    written_tables(build, ["trends"], lambda: made(1))
    build.is_unchanged = True
    assert written_tables(build, ["trends", "signal_links"], lambda: made(2))["trends"]["n"].tolist() == [2]
