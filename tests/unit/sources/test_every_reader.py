"""Whatever a file of any kind of any tool holds, it ends in rows, in the quarantine or in a clear refusal.

The records are made from the types that each kind declares, so a new tool is tried as soon as it is registered: nulls
everywhere, odd text, values of another shape; then torn, repeated, shuffled, wrongly encoded files.
"""

import csv
import gzip
import io
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.sources import TOOLS, ExportKind, SourceSettings
from orchestration.warehouse import LandingReport, connect, land_source
from orchestration.warehouse import landing as landing_module

LOADED_AT = datetime(2026, 7, 1, 2, tzinfo=UTC)
# What an adopter declares of tools whose files have no shape of their own.
_ROLES = {
    "event_log": ("item", "status", "time", "start_time", "team", "type", "size", "resolution", "title", "project"),
    "delivery_log": ("deployment", "project", "environment", "result", "commit", "started", "finished", "incident"),
}


def _settings(tool: str) -> SourceSettings:
    return SourceSettings(
        fields={"estimate": "customfield_1", "team": "customfield_2", "flagged": "customfield_3"},
        columns={role: role for role in _ROLES.get(tool, ())},
        missing=("?",),
    )


_TEXTS = (
    "PAY-1", "1", "7", "-100", "", " ", "Done", "open", "closed", "status", "success", "2026-03-02T08:00:00.000+0100",
    "2026-03-02T08:00:00.1234567Z", "2026-03-02 08:00:00", "2026-03-02", "0001-01-01T00:00:00Z", "9999-01-01T00:00:00Z",
    "2026-13-45", "nonsense", "é ü 漢字 🙂", "a\nb", 'quote " and \' and \\', "x" * 5000, "null", "6h1min",
)  # fmt: skip


@dataclass(frozen=True)
class _Source:
    tool: str
    id: str = "main"
    exports: str = "exports/main"


_PLAIN: dict[str, tuple[Any, ...]] = {
    "boolean": (True, False),
    "bigint": (0, 1, 7, 10**12, -1),
    "integer": (0, 1, 7, -1),
    "double": (0, 0.5, 1e300, -2.25),
    "json": (None, "text", 5, {"value": "x"}, [{"name": "y"}]),
}
_MISSHAPEN = (3, "odd", [], {}, True, [None])


def _value(type_: Any, chance: random.Random) -> Any:
    """Make a JSON value of a DuckDB type; now and then none, and rarely one of another shape."""
    roll = chance.random()
    if roll < 0.15:
        return None
    if roll > 0.985:
        return chance.choice(_MISSHAPEN)
    if type_.id == "struct":
        return {field: _value(inner, chance) for field, inner in type_.children}
    if type_.id == "list":
        return [_value(type_.children[0][1], chance) for _ in range(chance.randrange(3))]
    return chance.choice(_PLAIN.get(str(type_).lower(), _TEXTS))


def _records(kind: ExportKind, chance: random.Random, n: int) -> list[dict[str, Any]]:
    with duckdb.connect() as connection:
        types = {name: connection.sqltype(type_) for name, type_ in kind.record_columns.items()}
    return [{name: _value(type_, chance) for name, type_ in types.items()} for _ in range(n)]


def _content(kind: ExportKind, records: list[dict[str, Any]]) -> bytes:
    if kind.layout == "csv":
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(kind.record_columns)
        for record in records:
            writer.writerow(["" if record[name] is None else record[name] for name in kind.record_columns])
        return text.getvalue().encode()
    if kind.layout == "newline_delimited":
        return "\n".join(json.dumps(record, ensure_ascii=False) for record in records).encode()
    if kind.records_in:
        return json.dumps({kind.records_in: records}, ensure_ascii=False).encode()
    if kind.layout == "array":
        return json.dumps(records, ensure_ascii=False).encode()
    return "\n".join(json.dumps(record, ensure_ascii=False) for record in records).encode()


def _kinds() -> list[Any]:
    """List the kinds of every tool; of those that differ in layout only, one, another one for each entity."""
    listed = []
    for tool in TOOLS.values():
        alike: dict[str, list[str]] = {}
        for name, kind in tool.kinds(_settings(tool.tool)).items():
            # Parquet holds types of its own, and what is prepared first is no JSON: their readers are tried apart.
            if kind.layout != "parquet" and kind.prepare is None:
                alike.setdefault(repr((kind.record_columns, kind.selects)), []).append(name)
        chosen = [names[place % len(names)] for place, names in enumerate(alike.values())]
        listed += [pytest.param(tool.tool, name, id=f"{tool.tool}-{name}") for name in chosen]
    return listed


Land = Callable[[str, str, bytes, str], tuple[LandingReport, duckdb.DuckDBPyConnection]]


@pytest.fixture
def land(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Land]:
    """Return a function that lands one file as one kind of one tool, in a warehouse of its own."""
    opened: list[duckdb.DuckDBPyConnection] = []

    def run(tool: str, kind: str, content: bytes, suffix: str) -> tuple[LandingReport, duckdb.DuckDBPyConnection]:
        folder = tmp_path / str(len(opened))
        (folder / "exports" / "main").mkdir(parents=True)
        (folder / "exports" / "main" / f"export{suffix}").write_bytes(content)
        taken = replace(TOOLS[tool], recognise=lambda _name, _head: kind)
        monkeypatch.setitem(landing_module.TOOLS, tool, taken)
        connection = connect(folder / "warehouse.duckdb")
        opened.append(connection)
        return land_source(connection, _Source(tool), _settings(tool), folder, "r1", LOADED_AT), connection

    yield run
    for connection in opened:
        connection.close()


def _suffix(kind: ExportKind) -> str:
    return ".csv" if kind.layout == "csv" else ".json"


def _assert_accounted(
    tool: str, kind: ExportKind, report: LandingReport, connection: duckdb.DuckDBPyConnection
) -> None:
    """Rows in = rows loaded + quarantined, and a file that was refused says so."""
    readable, n_records = connection.execute("select is_readable, n_records from quality.export_files").fetchone()  # type: ignore[misc]
    refused = connection.execute(
        "select count(*) from quality.quarantined_records where line_number is not null or record_number is not null"
    ).fetchone()[0]  # type: ignore[index]
    reasons = connection.execute("select reason from quality.quarantined_records").fetchall()
    assert all(reason.strip() for (reason,) in reasons)
    if not readable:
        assert len(report.messages) == 1
        assert len(reasons) == 1
        return
    # A file of which nothing at all could be loaded says why, once.
    assert report.messages == [] or (refused == n_records and len(report.messages) == 1)
    if kind.rows_in is not None:
        loaded = connection.execute(f"select count(*) from raw_{tool}.{kind.rows_in}").fetchone()[0]  # type: ignore[index]
        assert n_records == loaded + refused


_EXAMPLES = settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize(("tool", "name"), _kinds())
@_EXAMPLES
@given(seed=st.integers(0, 10**6))
def test_any_record_is_loaded_or_quarantined(tool: str, name: str, seed: int, land: Land) -> None:
    chance = random.Random(seed)
    kind = TOOLS[tool].kinds(_settings(tool))[name]
    report, connection = land(tool, name, _content(kind, _records(kind, chance, 25)), _suffix(kind))
    _assert_accounted(tool, kind, report, connection)


_SPOILT: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "torn": lambda content, chance: content[: chance.randrange(1, len(content))],
    "byte order mark": lambda content, _: b"\xef\xbb\xbf" + content,
    "wrong encoding": lambda content, _: content.decode().encode("latin-1", errors="replace"),
    "utf-16": lambda content, _: content.decode().encode("utf-16"),
    "repeated": lambda content, _: content + b"\n" + content,
    "noise within": lambda content, chance: (
        content[: len(content) // 2] + chance.randbytes(40) + content[len(content) // 2 :]
    ),
    "empty": lambda _content, _chance: b"",
    "one line break": lambda _content, _chance: b"\n",
}


@pytest.mark.parametrize(("tool", "name"), _kinds())
def test_a_spoilt_file_is_read_or_refused(tool: str, name: str, land: Land) -> None:
    chance = random.Random(f"{tool} {name}")
    kind = TOOLS[tool].kinds(_settings(tool))[name]
    for spoil in _SPOILT.values():
        content = spoil(_content(kind, _records(kind, chance, 12)), chance)
        report, connection = land(tool, name, content, _suffix(kind))
        _assert_accounted(tool, kind, report, connection)


@pytest.mark.slow
@pytest.mark.parametrize(("tool", "name"), _kinds())
def test_a_torn_archive_is_refused(tool: str, name: str, land: Land) -> None:
    kind = TOOLS[tool].kinds(_settings(tool))[name]
    content = gzip.compress(_content(kind, _records(kind, random.Random(name), 12)))[:-9]
    report, connection = land(tool, name, content, f"{_suffix(kind)}.gz")
    _assert_accounted(tool, kind, report, connection)


@pytest.mark.slow
@pytest.mark.parametrize(("tool", "name"), _kinds())
def test_the_order_of_records_changes_no_row(tool: str, name: str, land: Land) -> None:
    chance = random.Random(name)
    kind = TOOLS[tool].kinds(_settings(tool))[name]
    records = _records(kind, chance, 12)
    shuffled = chance.sample(records, len(records))
    counts = []
    for listed in (records, shuffled):
        report, connection = land(tool, name, _content(kind, listed), _suffix(kind))
        _assert_accounted(tool, kind, report, connection)
        counts.append((report.n_records, report.n_quarantined, dict(report.rows)))
    assert counts[0] == counts[1]
