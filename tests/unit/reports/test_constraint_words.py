"""What the reports say of constraints: only what the rows say, each withheld number with its reason."""

from datetime import UTC, datetime

import pandas as pd

from orchestration.reports.blocks import Chart, Facts, Notice, Table, Words
from orchestration.reports.sections import constraint_card, constraint_verdict, flow_time_change

LINE = {
    "scope": "value_stream", "scope_id": "payments", "value_stream_id": "payments", "level": "story",
    "workflow_id": "w", "n_weeks": 13, "window_start": pd.Timestamp("2026-03-30"),
    "window_end": pd.Timestamp("2026-06-28"), "capacity_source": "given",
}  # fmt: skip


def line(verdict: str, statuses: tuple[str, str], p: tuple[float, float] = (0.97, 0.03), **changes: object):
    rows = [
        {
            **LINE, "window_weeks": weeks, "window": window, "stage_id": stage_id, "stage_name": name,
            "stage_position": place,
            "n_departures": 470 - place, "utilisation": busy, "utilisation_lower": busy - 0.02,
            "utilisation_upper": busy + 0.02, "p_constraint": chance, "utilisation_lead": lead, "status": status,
            "littles_law_gap": 0.02, "littles_law_holds": True,
            "withheld_reason": None if status == "declared" else "30 departures, at least 60 needed",
            "verdict": verdict, "sentence": "Too little to compare stages by: 3 complete weeks, at least 6 needed.",
        }
        for weeks, window in ((13, "short"), (26, "long"))
        for stage_id, name, place, busy, chance, lead, status in (
            ("w.build", "Build", 1, 0.7, p[1], -0.26, statuses[0]),
            ("w.test", "Test", 2, 0.96, p[0], 0.26, statuses[1]),
        )
    ]  # fmt: skip
    return pd.DataFrame(rows).assign(**changes)


def test_a_declared_constraint_is_told_with_its_probability_and_basis() -> None:
    assert constraint_verdict.headline("Payments", line("declared", ("not_named", "declared")), "story") == (
        "Payments: Test is very likely (97 %) the constraint, busy 96 % of the time, 26 points more than any other "
        "stage (n 468 departures, 13 weeks; capacity by the register)."
    )


def test_estimated_capacity_is_said() -> None:
    rows = line("declared", ("not_named", "declared"), capacity_source="estimated")
    assert "capacity estimated, not given" in constraint_verdict.headline("Payments", rows, "story")


def test_all_resamples_are_not_called_certainty() -> None:
    assert constraint_verdict.sureness(1.0) == "almost certainly (over 99 %)"
    assert constraint_verdict.sureness(0.8) == "likely (80 %)"
    assert constraint_verdict.sureness(0.5) == "possibly (50 %)"


def test_candidates_are_not_called_the_constraint() -> None:
    two = constraint_verdict.headline("P", line("candidates", ("candidate", "candidate"), (0.6, 0.35)), "story")
    assert two.startswith("P: the constraint is one of Test and Build (together 95 %), which of them is not settled")
    one = constraint_verdict.headline("P", line("candidates", ("not_named", "candidate")), "story")
    assert "not declared, as 30 departures, at least 60 needed" in one


def test_where_nothing_stands_out_or_can_be_said_no_stage_is_named_the_constraint() -> None:
    none = constraint_verdict.headline("P", line("no_dominant_constraint", ("not_named", "not_named")), "story")
    assert none == (
        "P: no stage stands out over 13 weeks (n 469 stories through Build); the busiest were Test 96 % and Build 70 %."
    )
    little = constraint_verdict.headline("P", line("insufficient_data", ("not_named", "not_named")), "story")
    assert little.startswith("P: no verdict. Too little to compare stages by")
    assert "no stories passed" in constraint_verdict.headline("P", line("declared", ("", "")).iloc[:0], "story")


def verdicts(*days: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"as_of": pd.Timestamp(day), "scope": "value_stream", "scope_id": "payments", "level": "story",
             "window_weeks": 13, "stage_id": "w.test", "stage_name": "Test", "p_constraint": 0.6, "status": status}
            for day, status in days
        ]
    )  # fmt: skip


EVENTS = pd.DataFrame(
    columns=["as_of", "scope", "scope_id", "level", "window_weeks", "event", "sentence"],
    data=[(pd.Timestamp("2026-06-28"), "value_stream", "payments", "story", 13, "persisted", "Test is still it.")],
)
AS_OF, NAMES = datetime(2026, 6, 28, tzinfo=UTC), {"Payments": ("payments", "story")}


def words(blocks: tuple[object, ...]) -> str:
    (block,) = blocks
    return block.text if isinstance(block, Notice) else " ".join(block.paragraphs)  # type: ignore[attr-defined]


def test_the_first_verdicts_are_no_news() -> None:
    told = constraint_verdict.changes(verdicts(("2026-06-28", "declared")), EVENTS, AS_OF, NAMES)
    assert words(told).startswith("These are the first verdicts kept")


def test_nothing_new_says_since_when() -> None:
    both = verdicts(("2026-06-21", "declared"), ("2026-06-28", "declared"))
    told = constraint_verdict.changes(both, EVENTS, AS_OF, NAMES)
    assert isinstance(told[0], Words)
    assert words(told) == "Nothing has changed since the refresh of 21 Jun 2026. Payments: Test is still it."


def test_a_declaration_that_is_gone_is_told_and_later_refreshes_are_not_read() -> None:
    days = verdicts(("2026-06-21", "declared"), ("2026-06-28", "candidate"), ("2026-07-05", "declared"))
    told = words(constraint_verdict.changes(days, EVENTS.iloc[:0], AS_OF, NAMES))
    assert told == (
        "Payments: Test was declared the constraint on 21 Jun 2026 and is not declared now; the signs point to it in "
        "60 %."
    )


EVIDENCE = pd.DataFrame(
    {
        "stage_id": ["w.test"], "queue_mean": [46.9], "queue_growth_per_week": [0.5], "wait_share": [0.44],
        "n_arrivals": [461], "n_departures": [470], "n_left_queue": [0], "n_weeks": [13],
        "downstream_starvation_share": [0.3],
    }
)  # fmt: skip
PAIR_COLUMNS = ["scope_type", "level", "from_id", "to_id", "to_value_stream_id", "wait_rank", "n_hand_offs",
                "wait_hours", "ping_pong_rate", "is_slower_than_within"]  # fmt: skip


def tables(share: float | None = 0.9, reason: str | None = None) -> dict[str, pd.DataFrame]:
    classes = [("contention", 900.0, share), ("extraneous", 100.0, None if share is None else 1 - share)]
    waiting = pd.DataFrame(
        [
            {"value_stream_id": "payments", "level": "story", "stage_id": "w.test", "waiting_class": kind,
             "window_start": LINE["window_start"], "window_end": LINE["window_end"], "n_waits": 50, "n_open": 4,
             "wait_hours": 1000.0, "class_hours": hours, "share": own, "share_lower": own, "share_upper": own,
             "flow_efficiency": 0.3, "flow_efficiency_without": 0.6, "capacity_source": "given",
             "withheld_reason": reason}
            for kind, hours, own in classes
        ]
    )  # fmt: skip
    missing = {kind: 0.0 for kind in constraint_card.CLASS_NAMES if kind not in ("contention", "extraneous")}
    rest = [{**waiting.iloc[0].to_dict(), "waiting_class": kind, "class_hours": 0.0, "share": 0.0} for kind in missing]
    links = pd.DataFrame(
        {
            "value_stream_id": ["payments"], "level": ["story"], "leading_signal_id": ["defects found"],
            "following_signal_id": ["w.test queue"], "lag_weeks": [2], "n_weeks": [52], "is_linked": [True],
            "sentence": ["Work waiting before Test moves with Defects found, 2 weeks later."],
            "withheld_reason": [None],
        }
    )  # fmt: skip
    return {
        "waiting_by_stage": pd.concat([waiting, pd.DataFrame(rest)], ignore_index=True) if share else waiting,
        "hand_off_pairs": pd.DataFrame(
            [("team", "story", "red", "blue", "payments", 1, 20, 240.0, 0.25, True)], columns=PAIR_COLUMNS
        ),
        "signal_links": links,
        "constraint_scopes": pd.DataFrame(
            {"stage_name": ["Test"], "window_weeks": [13], "sentence": ["Test holds work back in payments."]}
        ),
        "constraint_sensitivity": sensitivity(),
    }


def sensitivity(*, withheld: str | None = None) -> pd.DataFrame:
    sentence = "Simulated with 10 % more capacity: at Test the line finishes 7.7 % more. This confirms it."
    told = withheld is None
    rows = [
        {
            "scope": "value_stream", "scope_id": "payments", "level": "story", "workflow_id": LINE["workflow_id"],
            "window_start": pd.Timestamp("2026-03-30"), "window_end": pd.Timestamp("2026-06-28"), "stage_id": stage,
            "stage_name": name, "stage_position": place, "status": status, "n_finished": 422, "n_replications": 200,
            "added_capacity": 0.1, "throughput_elasticity": more if told else None,
            "throughput_elasticity_lower": more - 0.05 if told else None,
            "throughput_elasticity_upper": more + 0.05 if told else None, "finished_simulated_lower": 419.0,
            "finished_simulated_upper": 472.0, "is_flow_time_reproduced": False,
            "sentence": sentence if told else None, "withheld_reason": withheld,
        }
        for place, (stage, name, status, more) in enumerate(
            (("w.build", "Build", "not_named", 0.0), ("w.test", "Test", "declared", 0.77))
        )
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_the_card_tells_what_the_simulation_says_of_it() -> None:
    entries, (_, chart) = card(tables())
    assert entries["Checked by simulation"].endswith(
        "This confirms it. Flow times are not told, as the model does not give them."
    )
    assert chart.title.startswith("With 10 % more capacity at Test alone, 7.7 % more items would have been finished")
    assert "n 422 items, 200 replications" in chart.title
    assert list(chart.figure.data[0].x) == [0.0, 7.7]
    withheld = tables() | {"constraint_sensitivity": sensitivity(withheld="the model is not this line")}
    entries, charts = card(withheld)
    assert entries["Checked by simulation"] == "Not told: the model is not this line."
    assert len(charts) == 1


def card(given: dict[str, pd.DataFrame]) -> tuple[dict[str, str], list[Chart]]:
    rows = line("declared", ("not_named", "declared"))
    blocks = constraint_card.cards(rows, EVIDENCE, "story", "payments", given, {})
    (facts,) = [block for block in blocks if isinstance(block, Facts)]
    return dict(facts.entries), [block for block in blocks if isinstance(block, Chart)]


def test_the_card_tells_where_work_piles_up_why_it_waits_and_what_moves_with_it() -> None:
    entries, (chart, _) = card(tables())
    assert entries["Work piles up"].startswith("46.9 items wait before it on average, growing by 0.5 a week")
    assert "30 % of their capacity idle" in entries["Later stages starve"]
    assert entries["How long items wait"].startswith("20 working hours each on average: 1,000 hours in all, 50 waits")
    assert "busy with earlier work" in entries["Why"]
    assert "60 % instead of 30 %" in entries["Why"]
    assert entries["Costliest hand-offs"] == (
        "red to blue: 240 working hours over 20 hand-offs, 25 % of the items come straight back, slower than waits "
        "inside teams."
    )
    assert entries["Moves with it"].endswith("2 weeks later.")
    assert entries["How far it reaches"] == "Test holds work back in payments."
    assert [trace.x[0] for trace in chart.figure.data] == [0.9, 0.1]
    assert [entry.label.split(": ")[-1] for entry in chart.legend] == ["900 h, 90 %", "100 h, 10 %"]


def test_times_that_do_not_fit_together_are_said_first() -> None:
    rows = line("declared", ("not_named", "declared"), littles_law_holds=False, littles_law_gap=0.3)
    blocks = constraint_card.cards(rows, EVIDENCE, "story", "payments", tables(), {})
    (facts,) = [block for block in blocks if isinstance(block, Facts)]
    assert facts.entries[0] == (
        "Check the data first", "Items there, and the rate and time at which they left, disagree by 30 %.",
    )  # fmt: skip


def test_a_withheld_split_says_why_and_draws_nothing() -> None:
    entries, charts = card(tables(None, "9 waits of 9 items, at least 30 of 10 needed."))
    assert entries["Why"] == "Not told: 9 waits of 9 items, at least 30 of 10 needed."
    assert [chart.chart_id for chart in charts] == [f"sensitivity-{LINE['workflow_id']}"]


def test_no_card_without_a_stage_named() -> None:
    rows = line("no_dominant_constraint", ("not_named", "not_named"))
    assert constraint_card.cards(rows, EVIDENCE, "story", "payments", tables(), {}) == ()


def change(**changes: object) -> pd.DataFrame:
    parts = [("total", None, -3.0), ("within_types", None, -2.5), ("mix", None, -0.5), ("stage", "Build", -1.0),
             ("stage", "Test", -2.5), ("outside_stages", None, 0.5)]  # fmt: skip
    rows = [
        {"scope_id": "payments", "level": "story", "from_increment_id": "PI-1", "to_increment_id": "PI-2",
         "component": component, "component_name": name, "n_before": 40, "n_after": 50, "mean_days_before": 9.0,
         "mean_days_after": 6.0, "change_days": days, "change_days_lower": days - 1, "change_days_upper": days + 1,
         "withheld_reason": None}
        for component, name, days in parts
    ]  # fmt: skip
    return pd.DataFrame(rows).assign(**changes)


def test_the_change_of_flow_time_is_split_by_mix_and_stage() -> None:
    (table,) = flow_time_change.blocks(change(), "payments", "story", {"PI-1": "Spring", "PI-2": "Summer"})
    assert isinstance(table, Table)
    assert table.caption == "From Spring to Summer mean flow time of stories changed by -3.0 days (n 40 and 50)"
    assert [row[0].text for row in table.rows] == [
        "Mean flow time", "The same kinds of work took another time", "Another mix of kinds of work", "Time in Test",
        "Time in Build", "Between stages",
    ]  # fmt: skip
    assert table.rows[0][3].text == "-3.0 (-4.0 to -2.0)"


def test_a_withheld_change_says_why() -> None:
    (notice,) = flow_time_change.blocks(change(withheld_reason="3 items before"), "payments", "story", {})
    assert isinstance(notice, Notice)
    assert notice.text == "Change of flow time of stories from PI-1 to PI-2: not shown, 3 items before."
    assert flow_time_change.blocks(change(), "lending", "story", {}) == ()


def test_no_page_uses_the_methods_jargon(pages: dict[str, object]) -> None:
    for name, page in pages.items():
        if name.startswith(("index", "value-stream")):
            text = page.get_text()  # type: ignore[attr-defined]
            assert not [word for word in ("Borda", "Kitagawa", "bootstrap", "Mann") if word in text]
