"""CSV, Parquet and prepared files become records; lines that are none are named by file and line."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.sources import ExportKind, RawTable, SourceSettings, ToolFormat, UnreadableExport
from orchestration.warehouse import LandingReport, connect, land_source
from orchestration.warehouse import landing as landing_module
from orchestration.warehouse import raw_tables as raw_tables_module

LOADED_AT = datetime(2026, 7, 1, 2, tzinfo=UTC)
_COLUMNS = {"Key": "VARCHAR", "Opened": "VARCHAR", "Labels": "VARCHAR[]", "Note": "VARCHAR"}
_SELECT = {
    "cards": "select export_file, exported_at, record_number, record.Key, record.Opened, record.Labels, record.Note"
    " from landed where refusal is null"
}


def _shouted(path: Path, target: Path) -> None:
    """Stand for a reader of a format that DuckDB does not know: one key a line, in capitals."""
    text = path.read_text(encoding="utf-8")
    if "<" in text:
        raise UnreadableExport("no list of keys")
    records = [{"Key": line.upper(), "Opened": None, "Labels": [], "Note": None} for line in text.splitlines()]
    target.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")


_CSV = ExportKind(
    "cards_csv",
    "csv",
    _COLUMNS,
    _SELECT,
    key="record.Key",
    refusal="case when record.Key is null then 'card without key' end",
    required_columns=("Key",),
    repeated_columns=("Labels",),
    rows_in="cards",
)
_KINDS = {
    ".csv": _CSV,
    ".parquet": replace(_CSV, name="cards_parquet", layout="parquet", repeated_columns=()),
    ".xes": replace(_CSV, name="cards_shouted", layout="newline_delimited", prepare=_shouted, required_columns=()),
}
_CARDS = RawTable(
    "cards",
    {"place": "BIGINT", "card_key": "VARCHAR", "opened": "VARCHAR", "labels": "VARCHAR[]", "note": "VARCHAR"},
    "Cards of a made-up tool.",
)


def _recognise(name: str, _head: str) -> str | None:
    return next((kind.name for end, kind in _KINDS.items() if name.removesuffix(".gz").endswith(end)), None)


_FORMAT = ToolFormat(
    tool="cards",
    tables=(_CARDS, RawTable("days", {"opened_on": "TIMESTAMPTZ"}, "Days.")),
    recognise=_recognise,
    kinds=lambda _settings: {kind.name: kind for kind in _KINDS.values()},
    moments=(("days", "opened_on"),),
)


@dataclass(frozen=True)
class _Source:
    id: str = "main"
    tool: str = "cards"
    exports: str = "exports/main"


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[duckdb.DuckDBPyConnection]:
    for module in (landing_module, raw_tables_module):
        monkeypatch.setitem(module.TOOLS, "cards", _FORMAT)
    with connect(tmp_path / "warehouse.duckdb") as connection:
        yield connection


Land = Callable[..., LandingReport]


@pytest.fixture
def land(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> Land:
    def run(name: str, content: bytes, **settings: Any) -> LandingReport:
        folder = tmp_path / "exports" / "main"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        return land_source(warehouse, _Source(), SourceSettings(**settings), tmp_path, "r1", LOADED_AT)

    return run


def _cards(warehouse: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    return warehouse.execute("select card_key, opened, labels, note from raw_cards.cards order by place").fetchall()


def _refused(warehouse: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    return warehouse.execute(
        "select line_number, record_number, record_key, reason from quality.quarantined_records order by all"
    ).fetchall()


def test_columns_are_found_by_header_in_any_order_and_a_missing_one_is_null(
    warehouse: duckdb.DuckDBPyConnection, land: Land
) -> None:
    land("a.csv", b"Other, key ,Labels,LABELS\nx,C-1,red,blue\ny,C-2,,late\n")
    assert _cards(warehouse) == [("C-1", None, ["red", "blue"], None), ("C-2", None, ["late"], None)]


@pytest.mark.parametrize(
    ("content", "settings"),
    [
        (b'Key,Note\nC-1,"first\nsecond, ""third"""\n', {}),
        (b'Key;Note\nC-1;"first\nsecond, ""third"""\n', {}),
        (b'Key\tNote\nC-1\t"first\nsecond, ""third"""\n', {}),
        (b'\xef\xbb\xbfKey,Note\r\nC-1,"first\nsecond, ""third"""\r\n', {}),
        (b'Key#Note\nC-1#"first\nsecond, ""third"""\n', {"delimiter": "#"}),
    ],
    ids=["commas", "semicolons", "tabs", "byte order mark", "declared delimiter"],
)  # fmt: skip
def test_text_with_line_breaks_and_quotes_is_one_cell(
    content: bytes, settings: dict[str, Any], warehouse: duckdb.DuckDBPyConnection, land: Land
) -> None:
    report = land("a.csv", content, **settings)
    assert _cards(warehouse) == [("C-1", None, [], 'first\nsecond, "third"')]
    assert (report.n_records, report.n_quarantined) == (1, 0)


def test_lines_that_are_no_records_are_quarantined_by_line_and_refused_records_by_place(
    warehouse: duckdb.DuckDBPyConnection, land: Land
) -> None:
    report = land("a.csv", b'Key,Note\nC-1,"two\nlines"\nC-2\n\n,no key\nC-3,a,b\nC-4,fine\n')
    assert [card[0] for card in _cards(warehouse)] == ["C-1", "C-4"]
    lines = [(line, place) for line, place, _, _ in _refused(warehouse)]
    assert lines == [(4, None), (7, None), (None, 2)]
    assert {reason for *_, reason in _refused(warehouse)} >= {"card without key"}
    assert (report.n_records, report.n_quarantined) == (5, 3)


def test_declared_marks_mean_no_value(warehouse: duckdb.DuckDBPyConnection, land: Land) -> None:
    land("a.csv", b"Key,Opened,Note\nC-1,?,n/a\n?,x,y\n", missing=("?", "n/a"))
    assert _cards(warehouse) == [("C-1", None, [], None)]
    assert [reason for *_, reason in _refused(warehouse)] == ["card without key"]


def test_a_declared_encoding_is_read_and_another_refused_with_what_to_do(
    warehouse: duckdb.DuckDBPyConnection, land: Land
) -> None:
    content = "Key,Gerät\nC-1,é\n".encode("latin-1")
    report = land("a.csv", content)
    assert "declare its encoding under format: encoding" in report.messages[0]
    land("a.csv", content + b"C-2,x\n", encoding="latin-1")
    assert [card[0] for card in _cards(warehouse)] == ["C-1", "C-2"]


def test_a_file_without_a_required_column_is_refused_by_name(warehouse: duckdb.DuckDBPyConnection, land: Land) -> None:
    report = land("a.csv", b"Id,Note\nC-1,x\n")
    assert "without the column 'Key' (its columns: Id, Note)" in report.messages[0]
    assert _cards(warehouse) == []


def test_parquet_is_read_by_name_and_an_archive_of_csv_too(
    warehouse: duckdb.DuckDBPyConnection, land: Land, tmp_path: Path
) -> None:
    made = tmp_path / "made.parquet"
    duckdb.sql(
        "select 'C-1' as key, timestamp '2026-01-05 09:00' as opened, ['red'] as labels, '?' as note"
    ).write_parquet(str(made))
    land("a.parquet", made.read_bytes(), missing=("?",))
    assert _cards(warehouse) == [("C-1", "2026-01-05 09:00:00", ["red"], None)]
    report = land("b.csv.gz", gzip.compress(b"Key\nC-2\n"), missing=("?",))
    assert report.rows["cards"] == 1


def test_a_prepared_file_is_read_from_what_was_prepared(warehouse: duckdb.DuckDBPyConnection, land: Land) -> None:
    land("a.xes", b"c-1\nc-2")
    assert [card[0] for card in _cards(warehouse)] == ["C-1", "C-2"]
    report = land("a.xes", b"<c-1>")
    assert "no list of keys" in report.messages[0]
    # What an earlier content of the name had brought stays: its last good export.
    assert [card[0] for card in _cards(warehouse)] == ["C-1", "C-2"]


def test_a_census_lands_beside_any_tool(warehouse: duckdb.DuckDBPyConnection, land: Land) -> None:
    entries = [
        {"native_id": "1", "state": "deleted", "evidence": "404", "checked_at": "2026-06-01T02:00:00+00:00"},
        {"native_id": "2", "state": "perhaps", "evidence": "", "checked_at": "2026-06-01T02:00:00+00:00"},
    ]
    land("20260601.census.ndjson", "\n".join(map(json.dumps, entries)).encode())
    found = warehouse.execute("select source_id, native_id, state from quality.item_censuses").fetchall()
    assert found == [("main", "1", "deleted")]
    assert _refused(warehouse) == [(2, None, "2", "census entry of unknown state: perhaps")]
