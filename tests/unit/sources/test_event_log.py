"""Event logs of every shape land row for row: loaded or quarantined with the reason, never guessed, never lost."""

import csv
import gzip
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.sources import SourceSettings
from orchestration.sources.event_log.files import recognise
from tests.unit.sources.log_folder import LogFolder

ENTRIES = {"item": "Case", "status": "Step", "time": "When"}
ACTIVITIES = {"item": "Case", "activity": "Step", "start_time": "From", "time": "To", "team": "Group"}


def moment(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 1, day, hour, tzinfo=UTC)


@pytest.fixture
def exports(tmp_path: Path) -> LogFolder:
    return LogFolder(tmp_path, "event_log")


def test_a_row_of_item_status_and_time_enters_the_status(exports: LogFolder) -> None:
    exports.settings = SourceSettings(columns=ENTRIES, timezone="Europe/Berlin")
    exports.drop(
        "log.csv", "Who,case,Step,When\nNo Body,A,New,2026-01-05T09:00:00\nNo Body,A,Done,2026-01-06 08:00+00\n"
    )
    report = exports.land()
    assert (report.n_records, report.n_quarantined, report.messages) == (2, 0, [])
    assert exports.rows("events", "origin, item_id, activity, started, happened, record_number") == [
        ("entry", "A", "Done", None, moment(6, 8), 2),
        ("entry", "A", "New", None, moment(5, 8), 1),
    ]
    assert "Body" not in exports.everything()


def test_a_row_with_a_start_is_an_activity(exports: LogFolder) -> None:
    exports.settings = SourceSettings(columns=ACTIVITIES)
    exports.drop(
        "log.csv",
        "Case,Step,From,To,Group\nA,Build,2026-01-05T09:00:00Z,2026-01-05T10:00:00Z,Red\nA,Test,2026-01-06T09:00:00Z,,\n"
        "A,Sign,,2026-01-07T09:00:00Z,\nB,Build,2026-01-05T10:00:00Z,2026-01-05T09:00:00Z,\n",
    )
    assert exports.land().n_quarantined == 1
    assert exports.reasons() == ["activity that ends before it starts: 2026-01-05T10:00:00Z"]
    assert exports.rows("events", "origin, activity, started, happened, team") == [
        ("activity", "Build", moment(5, 9), moment(5, 10), "Red"),
        ("activity", "Sign", moment(7, 9), moment(7, 9), None),
        ("activity", "Test", moment(6, 9), None, None),
    ]


def test_an_item_without_id_and_status_is_a_row_of_which_only_the_resolution_is_known(exports: LogFolder) -> None:
    exports.settings = SourceSettings(columns={"resolved": "resolved_timestamp", "type": "type"})
    exports.drop("issues.csv", 'resolved_timestamp,type\n"2026-01-05 12:49:14+00:00",PS\n,DEV\n')
    exports.land()
    assert exports.rows("events", "origin, item_id, item_type, resolved, record_number") == [
        ("resolved", None, "PS", datetime(2026, 1, 5, 12, 49, 14, tzinfo=UTC), 1)
    ]
    assert exports.reasons() == ["row without the time it was resolved"]


def test_a_file_whose_dates_are_not_declared_says_once_what_to_declare(exports: LogFolder) -> None:
    exports.settings = SourceSettings(columns=ENTRIES)
    exports.drop("log.csv", "Case,Step,When\nA,New,05.01.2026\nA,Done,06.01.2026\n,New,2026-01-07\nB,New,08.01.2026\n")
    exports.drop("some.csv", "Case,Step,When\nC,New,05.01.2026\nC,New,2026-01-07\n")
    assert exports.land().messages == [
        "exports/log.csv: none of its 4 records was loaded, 3 of them for this reason: time '05.01.2026' is no ISO 8601"
        " date; declare format: date_format in portfolio.yaml."
    ]


def test_a_torn_parquet_file_is_called_one(exports: LogFolder) -> None:
    exports.settings = SourceSettings(columns=ENTRIES)
    exports.drop("log.parquet", b"PAR1" + bytes(200))
    (message,) = exports.land().messages
    assert "torn or no Parquet at all (" in message
    assert message.endswith("); export it again or remove it.")


def test_dates_are_read_as_declared_and_never_guessed(exports: LogFolder) -> None:
    exports.settings = SourceSettings(columns=ENTRIES)
    exports.drop("log.csv", "Case,Step,When\nA,New,05.01.2026\n")
    exports.land()
    assert exports.reasons() == ["time '05.01.2026' is no ISO 8601 date; declare format: date_format in portfolio.yaml"]
    exports.settings = SourceSettings(columns=ENTRIES, date_format="%d.%m.%Y", timezone="Europe/Berlin")
    assert exports.land().messages == []
    assert exports.reasons() == []
    assert exports.rows("events", "happened") == [(moment(4, 23),)]


def test_marks_for_nothing_are_declared(exports: LogFolder) -> None:
    exports.settings = SourceSettings(columns=ENTRIES, missing=("?",), delimiter=";")
    exports.drop("log.csv", "Case;Step;When\n?;New;2026-01-05\nA;?;2026-01-05\nA;New;?\nA;New;2026-01-05\n")
    report = exports.land()
    assert (report.n_records, report.n_quarantined) == (4, 3)
    assert exports.reasons() == ["row without item", "row without status", "row without time"]


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({}, "no status or resolution is mapped; name them in format: columns in portfolio.yaml"),
        ({"itme": "Case"}, "format: columns names itme, which is no role of an event log"),
        ({**ENTRIES, "status": "Stpe"}, "without the column 'Stpe' (its columns: Case, Step, When)"),
    ],
)
def test_a_mapping_that_does_not_fit_says_so(columns: dict[str, str], reason: str, exports: LogFolder) -> None:
    exports.settings = SourceSettings(columns=columns)
    exports.drop("log.csv", "Case,Step,When\nA,New,2026-01-05\n")
    assert exports.land().n_quarantined == 1
    assert reason in exports.reasons()[0]


def test_parquet_has_dates_of_its_own(exports: LogFolder) -> None:
    exports.settings = SourceSettings(columns=ENTRIES, date_format="%d.%m.%Y", timezone="UTC")
    file = exports.folder / "exports" / "log.parquet"
    exports.connection.execute(
        f"""copy (select * from (values (1, 'New', timestamp '2026-01-05 09:00:00'), (1, 'Done', null))
            as log("Case", "Step", "When")) to '{file}' (format parquet)"""
    )
    report = exports.land()
    assert (report.n_records, report.n_quarantined) == (2, 1)
    assert exports.rows("events", "item_id, activity, happened") == [("1", "New", moment(5, 9))]


STAGES = SourceSettings(stages=("Ready", "Build", "Done"), timezone="Europe/Berlin")


def test_a_column_for_each_stage_has_the_day_it_was_entered(exports: LogFolder) -> None:
    exports.settings = STAGES
    exports.drop("cards.csv", "ID,Link,Name,Ready,Build,Done,Type\n7,http://x,Card,2026-01-05,,2026-01-09,Story\n")
    assert exports.land().n_quarantined == 0
    columns = "origin, item_id, title, item_type, activity, happened, stage_position, n_stages"
    assert exports.rows("events", columns) == [
        ("stage_date", "7", "Card", "Story", "Done", moment(8, 23), 3, 3),
        ("stage_date", "7", "Card", "Story", "Ready", moment(4, 23), 1, 3),
    ]


@pytest.mark.parametrize(
    ("dates", "reason"),
    [
        ("2026-01-05,2026-01-04,", "a later stage has an earlier date"),
        (",,", "row without any date"),
        ("05/01/2026,,", "Ready '05/01/2026' is no ISO 8601 date; declare format: date_format in portfolio.yaml"),
        (",2206-01-05,", "Build outside its export: 2206-01-05"),
    ],
)
def test_dates_of_stages_that_make_no_way_are_refused(dates: str, reason: str, exports: LogFolder) -> None:
    exports.settings = STAGES
    exports.drop("cards.csv", f"ID,Ready,Build,Done\n7,{dates}\n8,2026-01-05,2026-01-05,2026-01-06\n")
    assert exports.land().n_quarantined == 1
    assert exports.reasons() == [reason]


def xes(*events: str, name: str = "case 1", before: str = "") -> str:
    listed = "".join(f"<event>{event}</event>" for event in events)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<log xmlns="http://www.xes-standard.org/">'
        '<global scope="event"><string key="concept:name" value="none"/></global>'
        f'<trace>{listed}<string key="concept:name" value="{name}"/>'
        "</trace></log>"
    )


def event(activity: str, time: str, transition: str) -> str:
    return (
        f'<string key="org:resource" value="No Body"/><string key="org:group" value="Red"/>'
        f'<string key="concept:name" value="{activity}"><string key="concept:name" value="nested"/></string>'
        f'<date key="time:timestamp" value="{time}"/><string key="lifecycle:transition" value="{transition}"/>'
    )


XES = xes(event("A", "2026-01-05T10:00:00.000+01:00", "START"), event("A", "2026-01-05T11:00:00.000+01:00", "complete"))


@pytest.mark.parametrize("name", ["log.xes", "log.xes.gz"])
def test_xes_is_read_event_by_event(name: str, exports: LogFolder) -> None:
    exports.drop(name, gzip.compress(XES.encode()) if name.endswith(".gz") else XES)
    report = exports.land()
    assert (report.n_records, report.n_quarantined, report.messages) == (2, 0, [])
    assert exports.rows("events", "record_number, item_id, activity, transition, team, happened") == [
        (1, "case 1", "A", "start", "Red", moment(5, 9)),
        (2, "case 1", "A", "complete", "Red", moment(5, 10)),
    ]
    assert "Body" not in exports.everything()


def test_an_event_of_xes_without_time_is_quarantined(exports: LogFolder) -> None:
    exports.drop("log.xes", xes(event("A", "2026-01-05T09:00:00Z", "start"), '<string key="concept:name" value="B"/>'))
    assert exports.land().n_quarantined == 1
    assert exports.reasons() == ["event 2 without time:timestamp"]


BROKEN = {
    "torn": (XES[:-40].encode(), "no well-formed XML"),
    "torn archive": (gzip.compress(XES.encode())[:-30], "a broken archive"),
    "no archive": (b"\x1f\x8bnothing", "a broken archive"),
    "empty": (b"", "no well-formed XML"),
    "another document": (b"<html/>", "XML without a log of XES"),
    "wrong encoding": (XES.replace("case 1", "\xe4").encode("latin-1"), "no well-formed XML"),
    "entities": (
        xes(event("&a;", "2026-01-05T09:00:00Z", "start"), before='<!DOCTYPE log [<!ENTITY a "b">]>').encode(),
        "XML with a document type (log); export it without one",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_xes_is_refused_as_a_whole(case: str, exports: LogFolder) -> None:
    content, reason = BROKEN[case]
    exports.drop("log.xes.gz" if "archive" in case else "log.xes", content)
    report = exports.land()
    assert len(report.messages) == 1
    assert reason in exports.reasons()[0]
    assert exports.rows("events") == []


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("a.csv", "x", "csv_rows"),
        ("a.csv.gz", "", "csv_rows"),
        ("a.parquet", "PAR1\x15", "parquet_rows"),
        ("a.xes", "", "xes_log"),
        ("a.json", "{}", None),
        ("a.xml", "<?xml version='1.0'?><log/>", "xes_log"),
    ],
)
def test_files_are_told_apart(name: str, head: str, kind: str | None) -> None:
    assert recognise(name, head) == kind


_CELL = st.one_of(
    st.none(),
    st.sampled_from(
        ["A", "New", "2026-01-05", "2026-01-05T09:00:00+01:00", "2026-02-30", "?", " ", "infinity", "é\n\"'"]
    ),
    st.text(alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="\x00\r"), max_size=20),
)
_ROWS = st.lists(st.tuples(_CELL, _CELL, _CELL), max_size=12)


def _landed(columns: dict[str, str], stages: tuple[str, ...], content: bytes) -> tuple[int, int, int, int]:
    with TemporaryDirectory() as folder:
        exports = LogFolder(Path(folder), "event_log", SourceSettings(columns=columns, stages=stages, missing=("?",)))
        exports.drop("log.csv", content)
        report = exports.land()
        rows = exports.rows("events", "distinct record_number") if stages else exports.rows("events")
        exports.connection.close()
        return report.n_records, len(rows), report.n_quarantined, len(report.messages)


def _written(rows: list[tuple[str | None, ...]], bom: bytes = b"") -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([("Case", "Step", "When"), *rows])
    return bom + text.getvalue().encode()


@settings(max_examples=12)
@given(rows=_ROWS, bom=st.sampled_from([b"", b"\xef\xbb\xbf"]))
def test_every_row_of_events_is_loaded_or_quarantined(rows: list[tuple[str | None, ...]], bom: bytes) -> None:
    n_records, n_loaded, n_quarantined, n_messages = _landed(ENTRIES, (), _written(rows, bom))
    assert n_messages == 0 or n_loaded == 0
    assert n_records == n_loaded + n_quarantined


@settings(max_examples=8)
@given(rows=_ROWS)
def test_every_row_of_stage_dates_is_loaded_or_quarantined(rows: list[tuple[str | None, ...]]) -> None:
    n_records, n_loaded, n_quarantined, n_messages = _landed({"item": "Case"}, ("Step", "When"), _written(rows))
    assert n_messages == 0 or n_loaded == 0
    assert n_records == n_loaded + n_quarantined


_NAME = st.text(
    alphabet=st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="<>&\"'\ufffe\uffff"), max_size=8
)


@settings(max_examples=12)
@given(
    steps=st.lists(st.tuples(_NAME, st.sampled_from(["2026-01-05T09:00:00Z", "", "soon"]), _NAME), max_size=8),
    cut=st.integers(0, 400),
)
def test_every_event_of_xes_is_loaded_or_quarantined_and_a_torn_one_refused(
    steps: list[tuple[str, str, str]], cut: int
) -> None:
    whole = xes(*(event(*step) for step in steps)).encode()
    for content, is_whole in ((whole, True), (whole[: max(1, len(whole) - 1 - cut)], False)):
        with TemporaryDirectory() as folder:
            exports = LogFolder(Path(folder), "event_log")
            exports.drop("log.xes", content)
            report = exports.land()
            if is_whole:
                assert report.n_records == len(steps) == len(exports.rows("events")) + report.n_quarantined
            else:
                assert (len(report.messages), exports.rows("events")) == (1, [])
            exports.connection.close()


def test_the_order_of_rows_of_one_time_is_kept(exports: LogFolder) -> None:
    exports.settings = SourceSettings(columns=ENTRIES)
    steps = ["New", "Build", "Test", "Done"]
    exports.drop("log.csv", "Case,Step,When\n" + "".join(f"A,{step},2026-01-05\n" for step in steps))
    exports.land()
    assert [step for _, step in exports.rows("events", "record_number, activity")] == steps


def test_a_gigantic_cell_is_a_cell(exports: LogFolder) -> None:
    exports.settings = SourceSettings(columns={**ENTRIES, "title": "Name"})
    exports.drop("log.csv", f"Case,Step,When,Name\nA,New,2026-01-05,{'x' * (1 << 20)}\n")
    assert exports.land().n_quarantined == 0
    assert exports.rows("events", "length(title)") == [(1 << 20,)]


def test_json_is_no_event_log(exports: LogFolder) -> None:
    exports.drop("log.json", json.dumps([1]))
    assert exports.land().messages == [
        "exports/log.json: not a file that event_log exports; export it again or remove it."
    ]
