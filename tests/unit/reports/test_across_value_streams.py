"""What the page across value streams says: only what the rows say, each withheld number with its reason."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
import synthetic_frames
from bs4 import BeautifulSoup

from orchestration.reports.blocks import Block, Chart, Notice, Table
from orchestration.reports.figures import flow_time_changes, hand_off_matrix, palette
from orchestration.reports.figures.flow_time_changes import Change, Panel
from orchestration.reports.figures.hand_off_matrix import Pair
from orchestration.reports.sections import (
    across_value_streams,
    constraint_reach,
    dependency_waits,
    flow_time_by_level,
    hand_offs,
)
from orchestration.reports.sections.hand_offs import ScopeNames
from orchestration.reports.value_streams import ValueStream, value_streams

NAMES = ScopeNames(
    {
        "value_stream": {"pay": "Payments", "lend": "Lending", "unassigned": "Unassigned"},
        "train": {"cards": "Cards", "moves": "Transfers", "loans": "Loans"},
        "team": {"a": "Alpha", "b": "Beta", "c": "Gamma"},
    }
)
WINDOW = {
    "window_start": pd.Timestamp("2026-03-30"), "window_end": pd.Timestamp("2026-06-28"), "n_weeks": 13,
}  # fmt: skip
AS_OF = date(2026, 6, 29)


def matrix(*cells: tuple[str, str, str, float, int]) -> pd.DataFrame:
    rows = [
        {"scope_type": kind, "level": "story", "from_id": giver, "to_id": taker, "is_crossing": giver != taker,
         "n_hand_offs": n, "wait_hours": hours, **WINDOW}
        for kind, giver, taker, hours, n in cells
    ]  # fmt: skip
    columns = ["scope_type", "level", "from_id", "to_id", "is_crossing", "n_hand_offs", "wait_hours", *WINDOW]
    return pd.DataFrame(rows, columns=columns)


def pairs(*rows: tuple[str, str, str, float, int], **changes: object) -> pd.DataFrame:
    made = [
        {"scope_type": kind, "level": "story", "from_id": giver, "to_id": taker, "to_value_stream_id": "lend",
         "wait_rank": rank, "n_hand_offs": n, "wait_hours": hours, "share_of_stream_wait": 0.4,
         "median_wait_hours": 12.0, "ping_pong_rate": 0.25, "n_within_team": 90, "within_team_median_hours": 3.5,
         "is_slower_than_within": True, "n_split": 8, "batching_share": 0.0, "contention_share": 0.7,
         "prioritization_share": 0.1, "unavailability_share": 0.1, "extraneous_share": 0.1, "withheld_reason": None,
         **WINDOW}
        for rank, (kind, giver, taker, hours, n) in enumerate(rows, start=1)
    ]  # fmt: skip
    columns = list(made[0]) if made else ["scope_type", "level", "from_id", "to_id", "to_value_stream_id"]
    return pd.DataFrame(made, columns=columns).assign(**changes)


INSIDE = (("value_stream", "pay", "pay", 900.0, 300), ("train", "cards", "cards", 900.0, 300))
CROSSING = (("value_stream", "pay", "lend", 120.0, 14), ("train", "cards", "loans", 120.0, 14))


def texts(blocks: tuple[Block, ...]) -> str:
    return " ".join(str(block) for block in blocks)


def test_where_nothing_left_its_team_that_is_said_and_no_matrix_is_drawn() -> None:
    (told,) = hand_offs.sentences(matrix(*INSIDE), pairs(), NAMES, "story")
    assert told == (
        "No story was handed on between value streams nor between trains nor between teams in 13 weeks, 30 Mar – "
        "28 Jun 2026: of 300 hand-offs from stage to stage none is known to have left its team."
    )
    assert hand_offs.matrix_blocks(matrix(*INSIDE), pairs(), NAMES, "story") == ()
    assert "of 300 hand-offs of stories" in hand_offs.nothing_to_draw(matrix(*INSIDE)).text


def test_without_any_hand_off_nothing_is_claimed() -> None:
    (told,) = hand_offs.sentences(matrix(), pairs(), NAMES, "story")
    assert told.startswith("Hand-offs cannot be told: no story passed")
    assert "no work passed" in hand_offs.nothing_to_draw(matrix()).text


def test_hours_are_told_per_boundary_with_n_window_and_the_dearest_pair() -> None:
    own = matrix(*INSIDE, *CROSSING, ("train", "cards", "moves", 40.0, 6))
    teams = pairs(("team", "a", "c", 120.0, 14), ("team", "a", "b", 40.0, 6))
    assert hand_offs.sentences(own, teams, NAMES, "story") == [
        "Working hours that stories lay in 13 weeks, 30 Mar – 28 Jun 2026: 120 between value streams (n 14 hand-offs, "
        "all from Payments to Lending), 160 between trains (n 20 hand-offs; 75 % of the hours from Cards to Loans) and "
        "160 between teams (n 20 hand-offs; 75 % of the hours from Alpha to Gamma); each of these holds the ones "
        "before it."
    ]


def test_hand_offs_only_between_teams_are_told_as_such() -> None:
    told = hand_offs.sentences(matrix(*INSIDE), pairs(("team", "a", "b", 40.0, 6)), NAMES, "story")
    assert told[0].endswith(": 40 between teams (n 6 hand-offs, all from Alpha to Beta).")
    assert told[1].startswith("No story was handed on between value streams nor between trains in 13 weeks")
    assert "none is known" not in told[1]
    (widest,) = hand_offs.sentences(matrix(*INSIDE), pairs(), NAMES, "story", kinds=("value_stream",))
    assert widest == "No story was handed on between value streams in 13 weeks, 30 Mar – 28 Jun 2026."


def test_a_row_of_the_dearest_hand_offs_says_everything_or_why_not() -> None:
    rows = pairs(("team", "a", "c", 1240.0, 14), ("team", "b", "a", 9.0, 3))
    rows.loc[1, ["median_wait_hours", "ping_pong_rate", "share_of_stream_wait"]] = np.nan
    rows["is_slower_than_within"] = pd.array([True, None], dtype="boolean").astype(object)
    rows.loc[1, "withheld_reason"] = "3 hand-offs, at least 10 needed."
    table = hand_offs.pairs_table(rows, NAMES, "team", "story")
    assert isinstance(table, Table)
    first, second = table.rows
    assert [cell.text for cell in first] == [
        "Alpha → Gamma", "1,240", "14", "12", "3.5", "25 %",
    ]  # fmt: skip
    assert first[1].note == "40 % of the taker's waits"
    assert (first[4].note, first[4].tone) == ("n 90; the hand-off is slower", "warning")
    assert [cell.text for cell in second[3:6]] == ["–", "3.5", "–"]
    assert second[3].note == "3 hand-offs, at least 10 needed"
    assert second[4].note == "n 90"
    assert first[0].note == "70 %: the takers were busy with earlier work (n 8)"
    shares = [column for column in rows.columns if column.endswith("_share")]
    bare = hand_offs.pairs_table(rows.assign(**dict.fromkeys(shares, np.nan)), NAMES, "team", "story")
    assert isinstance(bare, Table)
    assert bare.rows[0][0].note is None
    assert hand_offs.pairs_table(rows, NAMES, "train", "story") is None


def test_the_matrix_keeps_what_stayed_inside_off_its_scale() -> None:
    cells = [Pair("pay", "pay", 9000, 700), Pair("pay", "lend", 120, 14, ("<b>",)), Pair("lend", "pay", 30, 2)]
    figure = hand_off_matrix.figure([("pay", "Payments <i>"), ("lend", "Lending")], cells)
    inside, crossing = figure.data
    assert (inside.name, crossing.name) == ("stayed inside", "handed on")
    assert inside.colorscale[0][1] == inside.colorscale[1][1] == palette.BASELINE
    assert (crossing.zmin, crossing.zmax, crossing.colorscale[1][1]) == (0, 120, palette.QUEUE)
    assert list(crossing.text) == ["120 h<br>n 14", "30 h<br>n 2"]
    assert "Payments &lt;i&gt;" in figure.layout.yaxis.ticktext
    long = hand_off_matrix.figure([("a", "Everyday Banking"), ("b", "")], [Pair("a", "b", 12_480, 9)])
    assert list(long.layout.xaxis.ticktext) == ["Everyday<br>Banking", ""]
    assert list(long.data[0].text) == ["12.5k h<br>n 9"]
    one = hand_off_matrix.figure([("pay", "Payments"), ("lend", "Lending")], cells[1:2])
    assert [trace.name for trace in one.data] == ["handed on"]
    names = [(str(number), f"Train {number}") for number in range(8)]
    crowded = hand_off_matrix.figure(names, [Pair("0", "1", 12_480, 9), Pair("1", "2", 1_240, 9), Pair("2", "3", 7, 1)])
    assert list(crowded.data[0].text) == ["12k", "1.2k", "7"]
    no_hours = hand_off_matrix.figure([("pay", "P"), ("lend", "L")], [Pair("pay", "lend", 0, 3)])
    assert no_hours.data[0].zmax == 1


def test_trains_that_are_the_value_streams_once_more_are_not_drawn_twice() -> None:
    same = ScopeNames({"value_stream": {"p": "P", "l": "L"}, "train": {"t": "T", "u": "U"}, "team": {"a": "A"}})
    alone = ScopeNames({"value_stream": {"p": "P"}, "train": {"t": "T"}, "team": {"a": "A", "b": "B"}})
    assert (NAMES.wide_kinds, same.wide_kinds, alone.wide_kinds) == (("value_stream", "train"), ("value_stream",), ())
    assert (NAMES.widest, alone.widest) == ("value_stream", "team")


def waits(*rows: tuple[str, str, float, int, float | None], period: str = "week") -> pd.DataFrame:
    made = [
        {"period_type": period, "period_id": start, "period_start": pd.Timestamp(start), "scope_type": kind,
         "predecessor_id": "pay", "predecessor_name": "Payments", "successor_id": "lend",
         "successor_name": "Lending", "is_crossing": True, "n_waits": n,
         "wait_elapsed_days": days, "wait_in_progress_elapsed_days": days / 2, "n_start_gaps": 0,
         "start_gap_elapsed_days": 0.0, "n_open": None if open_days is None else 2, "open_wait_elapsed_days": open_days}
        for start, kind, days, n, open_days in rows
    ]  # fmt: skip
    columns = ["period_type", "period_start", "scope_type", "is_crossing", "n_waits", "predecessor_id", "successor_id"]
    columns = list(made[0]) if made else columns
    return pd.DataFrame(made, columns=columns)


def open_dependencies(n: int = 1, **changes: object) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "predecessor_work_item_id": [f"p{number}" for number in range(n)],
            "successor_work_item_id": [f"s{number}" for number in range(n)],
            "predecessor_value_stream_id": "pay", "predecessor_team_id": "a",
            "successor_value_stream_id": "lend", "successor_team_id": "c",
            "is_cross_team": True, "is_cross_train": True, "is_cross_value_stream": True,
            "blocked_elapsed_days": [16.3 - number for number in range(n)],
            "blocked_in_progress_elapsed_days": 5.4,
        }
    ).assign(**changes)  # fmt: skip


def test_who_waits_today_and_what_waiting_took() -> None:
    recent = waits(("2026-06-15", "value_stream", 12.5, 3, None), ("2025-01-06", "value_stream", 900.0, 90, None))
    assert dependency_waits.sentences(open_dependencies(), recent, NAMES, AS_OF) == [
        "1 open item waits today for an item of another value stream, the longest for 16.3 days.",
        "Waits for items of another value stream that ended since 29 Dec 2025 took 12.5 days in all (n 3).",
    ]


@pytest.mark.parametrize(
    ("dependencies", "said"),
    [
        (open_dependencies(0), "No open item waits today for another item that it is linked with."),
        (
            open_dependencies(is_cross_value_stream=None),
            "No open item is known to wait today for an item of another value stream; 1 item waits for one of the same "
            "or of an unknown value stream.",
        ),
    ],
)
def test_where_nobody_is_known_to_wait_across_that_is_said(dependencies: pd.DataFrame, said: str) -> None:
    old = waits(("2025-01-06", "value_stream", 900.0, 90, None))
    first, second = dependency_waits.sentences(dependencies, old, NAMES, AS_OF)
    assert first == said
    assert second == "No wait for an item of another value stream ended since 29 Dec 2025."


def test_who_waits_twice_is_one_item_and_unknown_sides_are_no_other_value_stream() -> None:
    twice = open_dependencies(2, successor_work_item_id="s0")
    unknown = waits(("2026-06-15", "value_stream", 12.5, 3, None)).assign(predecessor_id="unassigned")
    assert dependency_waits.sentences(twice, unknown, NAMES, AS_OF) == [
        "1 open item waits today for an item of another value stream, the longest for 16.3 days.",
        "No wait for an item of another value stream ended since 29 Dec 2025.",
    ]


def test_without_links_nothing_is_claimed() -> None:
    (told,) = dependency_waits.sentences(open_dependencies(0), waits(), NAMES, AS_OF)
    assert told.startswith("Waits for other items cannot be told")
    assert dependency_waits.pair_blocks(waits(), NAMES, AS_OF) == ()


ITEMS = pd.DataFrame(
    {"work_item_id": ["s0", "p0"], "item_key": ["LEND-1", "PAY-2"], "title": ["Wait", "Block"],
     "current_stage_id": ["w.build", None]}
)  # fmt: skip


def test_what_waits_today_is_named_the_longest_first() -> None:
    table = dependency_waits.waiting_table(open_dependencies(20), ITEMS, {"w.build": "Build"}, NAMES)
    assert isinstance(table, Table)
    assert table.caption == "What waits today for another team (n 20 open waits; the 15 longest are shown)"
    assert len(table.rows) == 15
    first, second = table.rows[:2]
    assert (first[0].text, first[0].note) == ("LEND-1 Wait", "Lending, Gamma; in Build")
    assert (first[1].text, first[1].note) == ("PAY-2 Block", "Payments, Alpha")
    assert [cell.text for cell in first[2:]] == ["16.3", "5.4"]
    # An item that the reports do not know keeps its id.
    assert second[0].text == "s1"
    none = dependency_waits.waiting_table(open_dependencies(2, is_cross_team=None), ITEMS, {}, NAMES)
    assert isinstance(none, Notice)
    assert "2 open waits stay inside a team, or have a side whose team is not known." in none.text


def test_pairs_that_wait_tell_sums_means_and_who_waits_still() -> None:
    rows = waits(("2026-06-15", "value_stream", 12.0, 3, None), ("2026-06-29", "value_stream", 0.0, 0, 36.3))
    (table,) = dependency_waits.pair_blocks(rows, NAMES, AS_OF)
    assert isinstance(table, Table)
    assert table.caption == "Which value streams wait for which, since 29 Dec 2025 (n 3 waits that ended)"
    assert [cell.text for cell in table.rows[0]] == ["Lending ← Payments", "3", "12", "6", "–", "2"]
    assert [cell.note for cell in table.rows[0]] == [
        None, None, "mean 4", None, "none started after a finish", "36.3 days",
    ]  # fmt: skip


def test_a_trend_needs_three_periods() -> None:
    starts = ["2025-09-29", "2025-12-29", "2026-03-30"]
    periods = pd.DataFrame(
        {"period_type": "increment", "period_id": starts, "period_name": ["A", "B", "C"],
         "period_start": pd.to_datetime(starts), "period_end": pd.to_datetime(starts) + pd.Timedelta(days=90)}
    )  # fmt: skip
    rows = waits((starts[0], "value_stream", 12.0, 3, None), (starts[2], "train", 30.0, 9, None), period="increment")
    both = dependency_waits.trend_block(rows, periods, NAMES)
    assert isinstance(both, Chart)
    assert both.title == (
        "Waits for items of another train took 0 days in A and 30 days in C (n 9 waits that ended, 29 Sep 2025 – "
        "28 Jun 2026)"
    )
    first, second = both.figure.data
    assert (list(first.y), list(first.text)) == ([12.0, 0.0, 0.0], ["n 3", "n 0", "n 0"])
    assert list(second.y) == [0.0, 0.0, 30.0]
    short = dependency_waits.trend_block(rows, periods.iloc[1:], NAMES)
    assert isinstance(short, Notice)
    assert short.text == "Waits for other items over time: not shown, 2 complete periods, at least 3 needed."
    assert dependency_waits.trend_block(rows.iloc[:0], periods, NAMES) is None
    mart = pd.DataFrame(
        {"period_type": "increment", "period_id": starts, "level": "story", "boundary": "team", "n_hand_offs": 4,
         "wait_working_hours": [8.0, 9.0, 7.0]}
    )  # fmt: skip
    handed = hand_offs.trend_block(mart, periods, "story")
    assert isinstance(handed, Chart)
    assert handed.title.startswith("Work lay 8 working hours between teams in A and 7 in C (n 12 hand-offs of stories,")
    assert isinstance(hand_offs.trend_block(mart, periods.iloc[1:], "story"), Notice)
    assert hand_offs.trend_block(mart, periods, "feature") is None


def declared(*lines: tuple[str, str, str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"scope": "value_stream", "scope_id": stream, "value_stream_id": stream, "level": level,
             "workflow_id": "w", "window_weeks": weeks, "stage_id": "w.test", "stage_name": "Test",
             "stage_position": 1, "n_departures": 70, "p_constraint": chance, "status": status, "verdict": verdict,
             **WINDOW}
            for stream, level, status, verdict, chance in lines
            for weeks in (8, 20)
        ]
    )  # fmt: skip


STREAMS = [ValueStream("pay", "Payments", "story", ("w",)), ValueStream("lend", "Lending", "story", ("w",))]
SCOPES = pd.DataFrame(
    {"window_weeks": [8, 20, 8], "stage_name": ["Test", "Test", "Build"], "n_streams_named": [2, 2, 1],
     "n_levels_named": 1, "scope_class": ["system_wide", "system_wide", "mixed"],
     "sentence": ["Test holds work back.", "Test holds work back.", "Build: neither."]}
)  # fmt: skip


def test_verdicts_stand_level_by_level_over_whatever_windows_the_portfolio_has() -> None:
    lines = declared(
        ("pay", "story", "declared", "declared", 1.0),
        ("pay", "feature", "candidate", "candidates", 0.81),
        ("lend", "story", "not_named", "no_dominant_constraint", 0.4),
        ("lend", "epic", "not_named", "insufficient_data", 0.4),
    )
    levels, reach = constraint_reach.blocks(lines, SCOPES, STREAMS, {"pay": "p.html", "lend": "l.html"})
    assert isinstance(levels, Table)
    assert levels.caption == "The constraint at every level of work (8 weeks, 30 Mar – 28 Jun 2026)"
    assert [column.header for column in levels.columns] == ["Value stream", "Epics", "Features", "Stories"]
    said = [[(cell.text, cell.note) for cell in row[1:]] for row in levels.rows]
    assert said == [
        [
            ("No work at this level", None),
            ("Test", "candidate, 81 %; n 70 departures"),
            ("Test", "declared, over 99 %; n 70 departures"),
        ],
        [
            ("Too little data", "70 departures at most"),
            ("No work at this level", None),
            ("No stage stands out", "n 70 departures"),
        ],
    ]
    assert isinstance(reach, Table)
    # What both windows say is one row.
    assert [(row[0].text, row[0].note, row[1].text) for row in reach.rows] == [
        ("Test", "over 8 and 20 weeks", "system-wide"),
        ("Build", "over 8 weeks", "mixed"),
    ]
    # The first page tells only what is of one place or of all.
    assert constraint_reach.sentences(SCOPES, lines) == ["Test holds work back."]


def test_without_a_stage_that_is_named_there_is_no_reach() -> None:
    lines = declared(("pay", "story", "not_named", "no_dominant_constraint", 0.4))
    _, reach = constraint_reach.blocks(lines, SCOPES.iloc[:0], STREAMS, {"pay": "p", "lend": "l"})
    assert isinstance(reach, Notice)
    assert "nothing to tell" in reach.text
    (only,) = constraint_reach.blocks(lines.iloc[:0], SCOPES.iloc[:0], STREAMS, {"pay": "p", "lend": "l"})
    assert isinstance(only, Notice)


INCREMENTS = pd.DataFrame(
    {"increment_id": ["one", "two"], "increment_name": ["One", "Two"],
     "start_date": pd.to_datetime(["2025-12-29", "2026-03-30"]),
     "end_date": pd.to_datetime(["2026-03-29", "2026-06-28"])}
)  # fmt: skip


def change(stream: str, level: str, days: float, half: float, **changes: object) -> dict[str, object]:
    return {
        "scope_id": stream, "level": level, "from_increment_id": "one", "to_increment_id": "two", "component": "total",
        "component_name": None, "n_before": 40, "n_after": 50, "mean_days_before": 20.0,
        "mean_days_after": 20.0 + days, "change_days": days, "change_days_lower": days - half,
        "change_days_upper": days + half, "withheld_reason": None,
    } | changes  # fmt: skip


def test_flow_times_are_compared_level_by_level_and_what_is_missing_says_why() -> None:
    few = {"withheld_reason": "3 items before and 1 after, at least 10 each needed"}
    changes = pd.DataFrame(
        [
            change("pay", "story", -5.0, 1.0),
            change("lend", "story", 2.0, 1.0),
            change("pay", "feature", -4.0, 9.0),
            change("lend", "feature", np.nan, np.nan, **few),
        ]
    )
    chart = flow_time_by_level.across(changes, STREAMS, INCREMENTS)
    assert isinstance(chart, Chart)
    assert chart.title == (
        "From One to Two mean flow time got shorter in 1 and longer in 1 of 3 comparisons of a value stream at a "
        "level; the rest may be chance (29 Dec 2025 – 28 Jun 2026)"
    )
    assert chart.notes[1] == "Not shown: features of Lending: 3 items before and 1 after, at least 10 each needed."
    titles = [note.text for note in chart.figure.layout.annotations]
    assert titles == ["Features (n 40 before, 50 after)", "Stories (n 80 before, 100 after)"]
    nothing = flow_time_by_level.across(changes.iloc[3:], STREAMS, INCREMENTS)
    assert isinstance(nothing, Notice)
    assert nothing.text.startswith("Changes of flow time from One to Two: not shown. features of Lending: 3 items")
    assert isinstance(flow_time_by_level.across(changes.iloc[:0], STREAMS, INCREMENTS), Notice)


def test_the_stages_of_every_level_are_drawn_in_a_chart_of_their_own() -> None:
    changes = pd.DataFrame(
        [
            change("pay", "story", -5.0, 1.0),
            change("pay", "story", -1.0, 0.5, component="stage", component_name="Test"),
            change("pay", "story", -4.0, 0.5, component="stage", component_name="Build"),
            change("pay", "story", 0.0, 0.0, component="stage", component_name="Gone", mean_days_before=0.0,
                   mean_days_after=0.0),
            change("pay", "feature", 3.0, 9.0),
        ]
    )  # fmt: skip
    chart = flow_time_by_level.within(changes, "pay", INCREMENTS)
    assert isinstance(chart, Chart)
    assert chart.title == (
        "From One to Two mean flow time changed: features by +3.0 days and stories by -5.0 days (29 Dec 2025 – 28 Jun "
        "2026)"
    )
    assert list(chart.figure.layout.yaxis2.ticktext) == ["Altogether", "in Build", "in Test"]
    assert flow_time_by_level.within(changes, "lend", INCREMENTS) is None


def test_only_an_interval_without_zero_has_a_colour() -> None:
    assert flow_time_changes.colour(Change("a", -2, -3, -1, "")) == palette.FAVOURABLE
    assert flow_time_changes.colour(Change("a", 2, 1, 3, "")) == palette.UNFAVOURABLE
    assert flow_time_changes.colour(Change("a", 2, -1, 5, "")) == palette.INK
    one = flow_time_changes.figure([Panel("Stories", (Change("a <b>", 0, 0, 0, ""),))])
    assert "a &lt;b&gt;: " in one.data[0].hovertemplate


def test_the_page_on_the_first_day_says_that_there_is_nothing_to_say() -> None:
    empty = synthetic_frames.empty_frames()
    made = across_value_streams.sections(empty, synthetic_frames.context(), value_streams(empty), {})
    assert [section.anchor for section in made] == ["short", "waiting", "hand-offs", "reach", "flow-time"]
    assert all(section.blocks for section in made)
    assert not [block for section in made for block in section.blocks if isinstance(block, Table | Chart)]
    said = texts(tuple(block for section in made for block in section.blocks))
    assert "cannot be told" in said


def test_the_page_shows_the_numbers_of_its_tables(
    pages: dict[str, BeautifulSoup], frames: dict[str, pd.DataFrame]
) -> None:
    text = " ".join(pages["across-value-streams.html"].get_text(" ").split())
    table = frames["hand_off_matrix"]
    own = table[(table["level"] == "story") & (table["scope_type"] == "value_stream") & table["is_crossing"]]
    assert f"{own['wait_hours'].sum():,.0f} between value streams" in text
    assert f"n {own['n_hand_offs'].sum()} hand-offs" in text
    longest = frames["fct_dependencies"].sort_values("blocked_elapsed_days").iloc[-1]
    keys = frames["fct_work_items"].set_index("work_item_id")["item_key"]
    assert keys[longest["successor_work_item_id"]] in text
