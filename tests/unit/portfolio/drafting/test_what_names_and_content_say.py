"""Kinds of statuses, levels of types, custom fields, labels, columns and date formats: what a draft takes them for."""

import pytest

from orchestration.portfolio.drafting.custom_fields import FieldContent, draft_fields
from orchestration.portfolio.drafting.labels import status_label_pattern
from orchestration.portfolio.drafting.log_columns import draft_columns
from orchestration.portfolio.drafting.observations import ObservedType, text_id, unused
from orchestration.portfolio.drafting.stage_kinds import commitment, draft_statuses, is_given_up, known_kinds
from orchestration.portfolio.drafting.text_formats import draft_format
from orchestration.portfolio.drafting.work_levels import draft_types


def kinds_of(order: list[str], kinds: dict[str, str | None]) -> list[str]:
    return [status.kind for status in draft_statuses(order, kinds)]


def test_the_tools_category_decides() -> None:
    assert kinds_of(["A", "B", "C"], {"A": "active", "B": "queue", "C": "done"}) == ["active", "queue", "done"]


def test_without_categories_the_first_waits_and_the_last_is_done() -> None:
    assert kinds_of(["A", "B", "C", "D"], {}) == ["queue", "active", "active", "done"]


def test_an_unknown_status_among_the_tools_queues_is_one() -> None:
    kinds = {"To Do": "queue", "Build": "active", "Done": "done"}

    assert kinds_of(["Inbox", "Groomed", "To Do", "Build", "Odd", "Done"], kinds) == [
        "queue", "queue", "queue", "active", "active", "done",
    ]  # fmt: skip


def test_a_status_in_which_items_stay_is_done_where_the_tool_tells_no_end() -> None:
    entered = {"New": 100, "Work": 90, "Over": 80}

    assert known_kinds(dict.fromkeys(entered), entered, {"New": 10, "Work": 10, "Over": 80})["Over"] == "done"
    assert known_kinds({**dict.fromkeys(entered), "Work": "done"}, entered, {"Over": 80})["Over"] is None
    assert known_kinds(dict.fromkeys(entered), entered, entered) == dict.fromkeys(entered)


def test_names_of_given_up_work_cancel_but_never_the_only_end() -> None:
    kinds = {"Build": "active", "Done": "done", "Won't Do": "done"}
    cancelled = [status.name for status in draft_statuses(["Build", "Done", "Won't Do"], kinds) if status.is_cancelled]
    assert cancelled == ["Won't Do"]
    only = draft_statuses(["Build", "Rejected"], {"Build": "active", "Rejected": "done"})
    assert not any(status.is_cancelled for status in only)


@pytest.mark.parametrize("name", ["Won't Fix", "Duplicate", "Canceled", "Rejected", "Abandoned", "Not planned"])
def test_given_up(name: str) -> None:
    assert is_given_up(name)


@pytest.mark.parametrize("name", ["Done", "Fixed", "Resolved", "Closed", "Completed"])
def test_not_given_up(name: str) -> None:
    assert not is_given_up(name)


def test_names_are_hints_only() -> None:
    ready, on_hold, closed = draft_statuses(
        ["Ready for Test", "On Hold", "Closed"], {"Ready for Test": "active", "On Hold": "active", "Closed": "active"}
    )
    assert (ready.kind, ready.sounds_waiting) == ("active", True)
    assert on_hold.sounds_blocked
    assert (closed.kind, closed.sounds_done) == ("active", True)


def test_commitment_is_the_first_active_status_else_the_last_before_done() -> None:
    assert commitment(draft_statuses(["A", "B", "C"], {"A": "queue", "B": "active", "C": "done"})) == "B"
    assert commitment(draft_statuses(["A", "B", "C"], {"A": "queue", "B": "queue", "C": "done"})) == "B"
    assert commitment(draft_statuses(["C"], {"C": "done"})) is None


TYPES = {
    "Epic": ("epic", "feature"),
    "Initiative": ("epic", "feature"),
    "Feature": ("feature", "feature"),
    "Capability": ("capability", "feature"),
    "New Feature": ("story", "feature"),
    "User Story": ("story", "feature"),
    "Product Backlog Item": ("story", "feature"),
    "Bug": ("story", "defect"),
    "incident": ("story", "defect"),
    "Tech Debt": ("story", "debt"),
    "Spike": ("story", "enabler"),
    "Vulnerability": ("story", "risk"),
}


@pytest.mark.parametrize("name", TYPES)
def test_types(name: str) -> None:
    (drafted,) = draft_types([ObservedType(name, 3)])

    assert (drafted.level, drafted.work_type, drafted.is_known) == (*TYPES[name], True)


def test_sub_tasks_are_left_out_and_unknown_names_said() -> None:
    drafted = draft_types(
        [ObservedType("Sub-task", 9, is_subtask=True), ObservedType("Zwq", 2), ObservedType("Bug", 5)]
    )

    assert [(each.name, each.is_known) for each in drafted] == [("Bug", True), ("Zwq", False)]


def test_fields_by_name_if_their_content_fits() -> None:
    names = {"cf_1": "Story Points", "cf_2": "Story Points", "cf_3": "Team", "cf_4": "Epic Link", "cf_5": "Flagged"}
    contents = [
        FieldContent("cf_1", n_values=10, n_named=10),
        FieldContent("cf_2", n_values=8, n_numbers=8, largest=13.0),
        FieldContent("cf_3", n_values=9, n_named=9),
        FieldContent("cf_4", n_values=4, n_keys=4, n_named=4),
    ]

    drafted = {each.role: (each.field_id, each.evidence) for each in draft_fields(names, contents)}

    assert drafted == {
        "estimate": ("cf_2", "name and content"),
        "team": ("cf_3", "name and content"),
        "parent": ("cf_4", "name and content"),
        "flagged": ("cf_5", "name"),
    }


def test_fields_without_names_only_where_content_cannot_be_mistaken() -> None:
    contents = [
        FieldContent("cf_1", n_values=10, n_numbers=10, largest=8.0),
        FieldContent("cf_2", n_values=3, n_impediments=3, n_named=3),
        FieldContent("cf_3", n_values=5, n_sprints=5),
        FieldContent("cf_4", n_values=6, n_keys=6),
        FieldContent("cf_5", n_values=6, n_keys=6),
    ]

    assert {each.role: each.field_id for each in draft_fields({}, contents)} == {"flagged": "cf_2", "sprint": "cf_3"}


def test_an_estimate_beyond_reason_is_none() -> None:
    content = FieldContent("cf_1", n_values=5, n_numbers=5, largest=86400.0)

    assert draft_fields({"cf_1": "Story Points"}, [content]) == []


def test_labels_that_look_like_statuses() -> None:
    assert status_label_pattern({"workflow::build": 30, "workflow::test": 20, "bug": 40}, 100) == "workflow::*"
    assert status_label_pattern({"status: doing": 30}, 100) == "status: *"
    assert status_label_pattern({"workflow::build": 1}, 100) == ""
    assert status_label_pattern({"statusquo": 50}, 100) == ""


def test_columns_of_a_log() -> None:
    assert draft_columns(["Case ID", "Activity", "Complete Timestamp", "Resource"]) == {
        "item": "Case ID",
        "status": "Activity",
        "time": "Complete Timestamp",
    }
    assert draft_columns(["ticket", "status", "changed at", "team"]) == {
        "item": "ticket",
        "status": "status",
        "time": "changed at",
        "team": "team",
    }
    assert draft_columns(["case", "activity", "start_time", "end_time"])["start_time"] == "start_time"
    assert draft_columns(["case", "activity", "start"])["time"] == "start"


def test_dates_and_marks_of_a_table() -> None:
    rows = "".join(f"A{n},{13 + n % 10}.02.2026 08:0{n % 10},?\n" for n in range(30))

    drafted = draft_format("\ufeffid,opened,closed\n" + rows)

    assert drafted is not None
    assert drafted.date_formats == ("%d.%m.%Y %H:%M",)
    assert drafted.date_columns == ("opened",)
    assert drafted.missing == ("?",)


def test_dates_that_can_be_read_two_ways_are_told() -> None:
    drafted = draft_format("id,opened\n1,02/03/2026\n2,04/05/2026\n")

    assert drafted is not None
    assert drafted.date_formats == ("%d/%m/%Y", "%m/%d/%Y")


def test_iso_dates_need_no_format() -> None:
    drafted = draft_format("id;opened\n1;2026-02-03T08:00:00+01:00\n2;2026-02-04\n3;cut")

    assert drafted is not None
    assert (drafted.date_formats, drafted.date_columns) == ((), ("opened",))


@pytest.mark.parametrize("head", ["", "id,opened", "id,opened\n1,02"])
def test_a_table_without_rows_says_nothing(head: str) -> None:
    assert draft_format(head) is None


def test_ids_are_made_of_names() -> None:
    assert text_id("Ready for Dev!", "x") == "ready-for-dev"
    assert text_id("已完成", "stage-7") == "stage-7"
    assert text_id("Null", "x") == "x"
    taken = {"a"}
    assert [unused("a", taken), unused("a", taken), unused("b", taken)] == ["a-2", "a-3", "b"]
