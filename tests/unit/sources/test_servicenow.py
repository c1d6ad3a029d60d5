"""ServiceNow's audit log and Table API answers land whole; what cannot be read is quarantined; people are not read."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestration.sources import SourceSettings
from orchestration.sources.servicenow.files import recognise
from tests.unit.sources.log_folder import LogFolder

GROUP = "a" * 32
RECORD = "b" * 32
DECLARED = SourceSettings(date_format="%d-%m-%Y %H:%M", missing=("?",), timezone="Europe/Berlin")
HEADER = "number,incident_state,active,sys_mod_count,caller_id,opened_at,sys_updated_at,assignment_group,resolved_at"


@pytest.fixture
def exports(tmp_path: Path) -> LogFolder:
    return LogFolder(tmp_path, "servicenow")


def log(*rows: str) -> str:
    return "\n".join((HEADER, *rows)) + "\n"


def record(**fields: Any) -> dict[str, Any]:
    """Return an incident as the Table API has it with `sysparm_display_value=all`."""
    return {
        "sys_id": {"display_value": RECORD, "value": RECORD},
        "number": {"display_value": "INC1", "value": "INC1"},
        "sys_class_name": {"display_value": "Incident", "value": "incident"},
        "state": {"display_value": "In Progress", "value": "2"},
        "assignment_group": {"display_value": "Network", "link": f"https://x/sys_user_group/{GROUP}", "value": GROUP},
        "caller_id": {"display_value": "No Body", "link": "https://x/sys_user/c", "value": "c"},
        "sys_created_on": {"display_value": "05.01.2026 10:00:00", "value": "2026-01-05 09:00:00"},
        "sys_updated_on": {"display_value": "07.01.2026 10:00:00", "value": "2026-01-07 09:00:00"},
        "resolved_at": {"display_value": "", "value": ""},
        "category": {"display_value": "Network", "value": "network"},
        **fields,
    }


def test_the_log_is_read_with_the_declared_dates_and_marks(exports: LogFolder) -> None:
    exports.settings = DECLARED
    exports.drop("log.csv", log("INC1,New,TRUE,0,No Body,29-02-2016 01:16,29-02-2016 01:23,Group 1,?"))
    report = exports.land()
    assert (report.n_records, report.n_quarantined, report.messages) == (1, 0, [])
    columns = (
        "number, incident_state, is_active, sys_mod_count, assignment_group, opened, updated, resolved, record_number"
    )
    assert exports.rows("incident_updates", columns) == [
        (
            "INC1", "New", True, 0, "Group 1", datetime(2016, 2, 29, 0, 16, tzinfo=UTC),
            datetime(2016, 2, 29, 0, 23, tzinfo=UTC), None, 1,
        )
    ]  # fmt: skip
    assert "Body" not in exports.everything()


def test_dates_of_a_log_are_not_guessed(exports: LogFolder) -> None:
    exports.drop("log.csv", log("INC1,New,TRUE,0,x,,29-02-2016 01:23,Group 1,"))
    assert exports.land().n_quarantined == 1
    assert exports.rows("incident_updates") == []
    assert "declare format: date_format in portfolio.yaml" in exports.reasons()[0]


BAD_UPDATES = {
    "without number": (",New,TRUE,0,x,,29-02-2016 01:23,G,?", "update without number"),
    "without time": ("INC1,New,TRUE,0,x,,?,G,?", "update without sys_updated_at"),
    "no such day": (
        "INC1,New,TRUE,0,x,,30-02-2016 01:23,G,?",
        "sys_updated_at '30-02-2016 01:23' is not of the declared date format %d-%m-%Y %H:%M",
    ),
    "after its export": (
        "INC1,New,TRUE,0,x,,28-02-2206 01:23,G,?",
        "sys_updated_at outside its export: 28-02-2206 01:23",
    ),
    "resolved on no day": (
        "INC1,New,TRUE,0,x,,29-02-2016 01:23,G,soon",
        "resolved_at 'soon' is not of the declared date format %d-%m-%Y %H:%M",
    ),
}


@pytest.mark.parametrize("case", BAD_UPDATES)
def test_a_bad_update_is_quarantined_and_the_rest_is_loaded(case: str, exports: LogFolder) -> None:
    row, reason = BAD_UPDATES[case]
    good = "INC2,New,TRUE,0,x,?,29-02-2016 01:23,G,?"
    exports.settings = DECLARED
    exports.drop("log.csv", log(good, row, good))
    report = exports.land()
    assert (report.n_records, report.n_quarantined, exports.reasons()) == (3, 1, [reason])
    assert [row[0] for row in exports.rows("incident_updates", "record_number")] == [1, 3]


PLAIN = {
    "sys_id": RECORD, "number": "INC1", "sys_class_name": "incident", "state": "2", "category": "network",
    "sys_created_on": "2026-01-05 09:00:00", "sys_updated_on": "2026-01-07 09:00:00", "resolved_at": "",
}  # fmt: skip
LINKED = {"assignment_group": {"link": f"https://x/api/now/table/sys_user_group/{GROUP}", "value": GROUP}}
SHOWN = {"assignment_group": {"display_value": "Network", "link": f"https://x/sys_user_group/{GROUP}"}}


@pytest.mark.parametrize(
    ("fields", "state", "group"),
    [
        (record(), ("2", "In Progress"), (GROUP, "Network")),
        ({**PLAIN, **LINKED}, ("2", "2"), (GROUP, GROUP)),
        ({**PLAIN, **SHOWN}, ("2", "2"), (GROUP, "Network")),
    ],
    ids=["all", "values", "references shown"],
)
def test_a_value_is_read_in_each_of_its_forms(
    fields: dict[str, Any], state: tuple[str, str], group: tuple[str, str], exports: LogFolder
) -> None:
    exports.drop("incident.json", json.dumps({"result": [fields]}))
    assert exports.land().n_quarantined == 0
    columns = "sys_id, number, class_name, state_value, state_name, assignment_group_id, assignment_group_name, created"
    assert exports.rows("records", f"{columns}, resolved") == [
        (RECORD, "INC1", "incident", *state, *group, datetime(2026, 1, 5, 9, tzinfo=UTC), None)
    ]
    assert "Body" not in exports.everything()


FORMS = {
    "pages.json": json.dumps({"result": [record()]}),
    "pretty.json": json.dumps({"result": [record()]}, indent=2),
    "one.json": json.dumps({"result": record()}),
    "lines.ndjson": json.dumps(record()) + "\n",
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_an_answer_gives_the_same_row(name: str, exports: LogFolder) -> None:
    exports.drop(name, FORMS[name])
    report = exports.land()
    assert (report.n_records, report.n_quarantined, report.messages) == (1, 0, [])
    assert exports.rows("records", "number, state_name") == [("INC1", "In Progress")]


def test_an_answer_without_records_is_no_stranger(exports: LogFolder) -> None:
    exports.drop("last.json", json.dumps({"result": []}))
    report = exports.land()
    assert (report.n_records, report.n_quarantined, report.messages) == (0, 0, [])


def test_audit_entries_keep_the_values_of_tracked_fields_only(exports: LogFolder) -> None:
    entry = {"sys_id": "1", "tablename": "incident", "documentkey": RECORD, "fieldname": "state", "oldvalue": "1",
             "newvalue": "2", "sys_created_on": "2026-01-06 09:00:00", "record_checkpoint": "3"}  # fmt: skip
    people = {**entry, "sys_id": "2", "fieldname": "assigned_to", "oldvalue": "", "newvalue": "No Body"}
    own = {**entry, "sys_id": "3", "fieldname": "U_Squad", "oldvalue": "", "newvalue": "Red"}
    wild = {**entry, "sys_id": "4", "sys_created_on": "someday"}
    exports.settings = SourceSettings(fields={"team": "u_squad"})
    exports.drop("sys_audit.json", json.dumps({"result": [entry, people, own, wild]}))
    report = exports.land()
    assert (report.n_records, report.n_quarantined) == (4, 1)
    assert exports.reasons() == ["audit entry of an impossible date: someday"]
    assert exports.rows("audit_entries", "field_name, old_value, new_value, record_checkpoint") == [
        ("assigned_to", None, None, 3),
        ("state", "1", "2", 3),
        ("u_squad", None, "Red", 3),
    ]


def test_choices_and_groups_are_read(exports: LogFolder) -> None:
    exports.drop(
        "c.json", json.dumps({"result": [{"name": "incident", "element": "state", "value": "1", "label": "New"}]})
    )
    exports.drop("g.json", json.dumps({"result": [{"sys_id": GROUP, "name": "Network", "manager": "No Body"}]}))
    assert exports.land().messages == []
    assert exports.rows("choices", "table_name, element, choice_value, label") == [("incident", "state", "1", "New")]
    assert exports.rows("groups", "group_id, group_name") == [(GROUP, "Network")]
    assert "Body" not in exports.everything()


BAD_RECORDS = {
    "without sys_id": ({"sys_id": ""}, "record without sys_id"),
    "without number": ({"number": None}, "record without number"),
    "without date": ({"sys_created_on": ""}, "record without sys_created_on"),
    "shown date": ({"sys_created_on": "05.01.2026 10:00"}, "sys_created_on that is no UTC date: 05.01.2026 10:00"),
    "after its export": (
        {"sys_updated_on": "2206-01-05 10:00:00"},
        "sys_updated_on outside its export: 2206-01-05 10:00:00",
    ),
}


@pytest.mark.parametrize("case", BAD_RECORDS)
def test_a_bad_record_is_quarantined(case: str, exports: LogFolder) -> None:
    fields, reason = BAD_RECORDS[case]
    exports.drop("incident.json", json.dumps({"result": [record(), {**PLAIN, **fields}]}))
    assert exports.land().n_records == 2
    assert exports.reasons() == [reason]
    assert len(exports.rows("records")) == 1


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"result"', '{"result": {}}', '{"issues": []}', "a,b\n1,2\n"])
def test_strangers_are_not_recognised(text: str) -> None:
    assert recognise("export.csv" if "," in text else "export.json", text) is None
