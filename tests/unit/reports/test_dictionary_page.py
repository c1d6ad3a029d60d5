"""The page on what the tables mean: every table and column of the dictionary, in words, to be looked up offline."""

import synthetic_frames
from bs4 import BeautifulSoup

from orchestration.reports.blocks import Entry, Notice
from orchestration.reports.sections import column_dictionary


def _entries() -> dict[str, Entry]:
    made = column_dictionary.sections(synthetic_frames.dictionary())
    return {block.name: block for section in made for block in section.blocks if isinstance(block, Entry)}


def test_marts_come_first_and_tables_stand_under_their_kind() -> None:
    made = column_dictionary.sections(synthetic_frames.dictionary())
    assert [section.anchor for section in made] == ["find", "marts", "dimensions", "analyses"]


def test_an_entry_tells_grain_question_and_meaning_each_once() -> None:
    entry = _entries()["mart_flow_metrics"]
    assert entry.summary == "One row per scope and week."
    assert entry.paragraphs == ("How much is done?", "Flow <b>of every scope</b>.")


def test_a_number_tells_its_unit_which_way_is_better_and_what_null_and_0_mean() -> None:
    rows = {row[0].text: row for row in _entries()["mart_flow_metrics"].table.rows}
    assert [(cell.text, cell.note) for cell in rows["n_finished"]] == [
        ("n_finished", "integer"), ("Items finished.", "0: Nothing was finished."), ("items", "higher is better"),
    ]  # fmt: skip
    assert rows["p85_cycle_time_calendar_days"][1].note == "NULL: Fewer than 5 items."
    assert rows["scope_id"][2].text == ""
    assert rows["scope_id"][2].note is None


def test_values_between_backticks_are_quoted() -> None:
    assert _entries()["dim_teams"].table.rows[0][1].text == "The team; “unassigned” if none."


def test_a_warehouse_without_a_dictionary_says_so() -> None:
    (section,) = column_dictionary.sections(synthetic_frames.dictionary().iloc[:0])
    assert isinstance(section.blocks[0], Notice)


def test_the_page_is_readable_without_script_and_escapes_what_it_shows(pages: dict[str, BeautifulSoup]) -> None:
    page = pages["tables.html"]
    assert page.find(class_="search").has_attr("hidden")
    assert page.select("tbody tr[hidden], details[hidden]") == []
    assert [entry["id"] for entry in page.select("details.entry")] == [
        "mart_flow_metrics", "dim_teams", "process_behaviour_points",
    ]  # fmt: skip
    assert page.select("details b") == []
    assert [tag["src"] for tag in page.find_all("script")] == ["assets/lookup.js"]


def test_every_page_links_to_it(pages: dict[str, BeautifulSoup]) -> None:
    assert all(page.select("nav a[href='tables.html']") for page in pages.values())
