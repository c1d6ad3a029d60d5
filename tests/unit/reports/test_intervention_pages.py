"""What the pages say of interventions follows from the numbers, for every verdict; what would be false is not said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from orchestration.reports.blocks import Chart, Notice, Table, Words
from orchestration.reports.figures import behaviour_chart, effect_intervals
from orchestration.reports.figures.behaviour_chart import Timeline
from orchestration.reports.figures.effect_intervals import Change
from orchestration.reports.page import _charted
from orchestration.reports.sections import intervention_further_metrics, intervention_rare_events
from orchestration.reports.sections.intervention_evidence import (
    Evidence,
    effect_blocks,
    end_to_end_words,
    evidence_on,
    sustainment_blocks,
)
from orchestration.reports.sections.intervention_signals import Charted, charted_metric, state
from orchestration.reports.sections.intervention_verdicts import (
    headword,
    latest_verdicts,
    verdict_sentence,
    what_is_missing,
)


def verdict(name: str, **facts: object) -> pd.Series:
    row: dict[str, object] = {
        "verdict": name, "sub_status": None, "action": "Do.", "missing": None, "chart_scale": "log", "n_baseline": 26,
        "n_post": 20, "effect": np.log(0.6), "effect_lower": np.log(0.5), "effect_upper": np.log(0.8),
        "projected_effect": np.nan, "item_shift": np.nan, "withheld_reason": None, "since": pd.NaT,
    }  # fmt: skip
    return pd.Series(row | facts)


def test_an_improvement_is_set_against_its_projection() -> None:
    for projected, status, said in (
        (0.65, "on_target", "; the projected −35 % lies within that range."),
        (0.9, "on_target", "; that is more than the projected −10 %."),
        (0.3, "below_projection", "; even the best end of that range falls short of the projected −70 %."),
    ):
        row = verdict("improved", sub_status=status, projected_effect=np.log(projected))
        sentence = verdict_sentence(row, "cycle_time", "down")
        assert sentence.startswith("It works: cycle time changed by −40 % (−50 % to −20 % with 95 % confidence; 20 com")
        assert sentence.endswith(said)
    assert verdict_sentence(verdict("improved"), "cycle_time", "down").endswith("against 26 before).")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("worsened", "Worse than before"),
        ("regressed", "Gain being lost"),
        ("stagnating", "Stalled"),
        ("no_effect", "No effect"),
        ("improving_early", "First signs"),
    ],
)
def test_other_verdicts_have_a_sentence_of_their_own(name: str, words: str) -> None:
    assert headword(verdict(name))[0] == words
    assert verdict_sentence(verdict(name), "cycle_time", "down").startswith(f"{words}: cycle time changed by −40 % (")


def test_why_it_is_not_clear_is_what_the_numbers_say() -> None:
    around = verdict("inconclusive", effect_upper=np.log(1.2))
    assert "no change at all lies within" in verdict_sentence(around, "cycle_time", "down")
    items = verdict("inconclusive", item_shift=0.1)
    assert "single items did not move the same way" in verdict_sentence(items, "cycle_time", "down")
    rest = verdict("inconclusive", item_shift=-0.1)
    assert "do not settle whether it lasts" in verdict_sentence(rest, "cycle_time", "down")


def test_too_early_says_what_is_missing_and_no_number() -> None:
    row = verdict(
        "insufficient_data", effect=np.nan, effect_lower=np.nan, effect_upper=np.nan,
        withheld_reason="2 complete weeks after the launch, at least 8 needed",
        missing="6 more complete weeks after the launch",
    )  # fmt: skip
    assert (
        verdict_sentence(row, "cycle_time", "down")
        == "Too early to say: 2 complete weeks after the launch, at least 8 needed."
    )
    assert what_is_missing(row) == "To know more: 6 more complete weeks after the launch."


def test_changes_of_counts_and_shares_have_their_unit() -> None:
    linear = {"chart_scale": "linear", "effect": 0.052, "effect_lower": 0.01, "effect_upper": 0.09}
    assert "+5.2 percentage points" in verdict_sentence(verdict("improved", **linear), "flow_efficiency", "up")
    counts = linear | {"effect": 3.25, "effect_lower": 1.0, "effect_upper": 5.5}
    assert "changed by +3.2 (+1 to +5.5 with" in verdict_sentence(verdict("improved", **counts), "throughput", "up")


def test_a_verdict_has_stood_since_its_unbroken_run_began() -> None:
    weeks = pd.date_range("2026-01-05", periods=5, freq="7D")
    table = pd.DataFrame(
        {
            "intervention_id": "a",
            "metric": "cycle_time",
            "week_start": weeks,
            "verdict": ["improved", "x", "improved", "improved", "improved"],
        }
    )
    assert latest_verdicts(table)["a", "cycle_time"]["since"] == weeks[2]


def _primary(frames: dict[str, pd.DataFrame], intervention_id: str) -> Charted:
    (metrics,) = (metrics for metrics in _charted(frames) if metrics[0].intervention_id == intervention_id)
    return metrics[0]


@pytest.fixture(scope="module")
def of_capacity(frames: dict[str, pd.DataFrame]) -> Evidence:
    return evidence_on(frames, latest_verdicts(frames["intervention_verdicts"])["test-capacity", "stage_time"])


def test_effect_controls_and_items_stand_side_by_side(frames: dict[str, pd.DataFrame], of_capacity: Evidence) -> None:
    charted = _primary(frames, "test-capacity")
    blocks = effect_blocks(charted, of_capacity)
    effect, items = (block for block in blocks if isinstance(block, Chart))
    assert list(effect.figure.layout.yaxis.ticktext) == ["Measured", "Against others", "Item by item", "Projected"]
    assert "−30 % projected" in effect.title
    assert items.title.startswith("Half of the items took up to")
    (words,) = (block for block in blocks if isinstance(block, Words))
    assert any(text.startswith("Compared with 2 value streams without a launch") for text in words.paragraphs)
    assert any(text.startswith("The projection was first seen on 1 Jan 2026.") for text in words.paragraphs)


def test_a_projection_edited_later_is_told_and_does_not_count(frames: dict[str, pd.DataFrame]) -> None:
    promises = frames["intervention_projections"]
    later = promises.assign(version_number=2, projected_change_percent=-5.0, is_in_force=False)
    edited = {**frames, "intervention_projections": pd.concat([promises, later], ignore_index=True)}
    edited["mart_intervention_series"] = frames["mart_intervention_series"].assign(projected_change_percent=-5.0)
    charted = _primary(edited, "test-capacity")
    assert charted.facts["projected_change_percent"] == -30.0
    evidence = evidence_on(edited, latest_verdicts(frames["intervention_verdicts"])["test-capacity", "stage_time"])
    texts = [
        text for block in effect_blocks(charted, evidence) if isinstance(block, Words) for text in block.paragraphs
    ]
    assert any("It was changed 1 time since; the first one counts." in text for text in texts)


def _with(evidence: Evidence, table: str, **facts: object) -> Evidence:
    row = evidence.rows[table]
    assert row is not None
    return Evidence(
        evidence.verdict,
        {**evidence.rows, table: pd.concat([row.drop(list(facts)), pd.Series(facts)])},
        evidence.projections,
        evidence.distribution,
        evidence.adherence,
    )


def test_where_the_gain_went(of_capacity: Evidence) -> None:
    names = {"w.review": "Review", "w.test": "Test"}

    def said(**facts: object) -> str | None:
        words = end_to_end_words(_with(of_capacity, "alternate_constraints", **facts), names)
        return None if words is None else words.paragraphs[0]

    moved = said(finding="constraint_moved", constraint_before="w.review", constraint_after="w.test")
    assert moved is not None
    assert moved.endswith("what holds it back was Review before the launch and is Test now.")
    same = said(finding="local_gain_not_at_constraint", constraint_before="w.test", constraint_after="w.test")
    assert same is not None
    assert "it is Test that holds it back, as before" in same
    unclear = said(finding="unclear")
    assert unclear is not None
    assert unclear.endswith("cannot be named with confidence.")
    assert said(finding="not_triggered") is None


def test_a_gain_that_is_lost_is_said_to_be(of_capacity: Evidence) -> None:
    facts = {
        "gain_since": pd.Timestamp("2026-03-09"),
        "gain_retained_lower": -0.1,
        "gain_retained_upper": 0.4,
        "n_recent": 8,
    }
    lost = _with(of_capacity, "intervention_sustainment", state="regressed", reason="Lost.", **facts)
    notice = sustainment_blocks(lost)[0]
    assert isinstance(notice, Notice)
    assert notice.tone == "bad"
    assert notice.text.startswith("The gain is being lost: accepted from the week of 9 Mar 2026. Lost.")
    none = sustainment_blocks(_with(of_capacity, "intervention_sustainment", state="no_gain", reason="None yet."))
    assert none[0] == Words(("There is no accepted gain to watch. None yet.",))
    assert isinstance(none[1], Words)
    assert "Agreed practices were followed 8 of 8 times" in none[1].paragraphs[0]


def test_limits_by_week_are_drawn_by_week(frames: dict[str, pd.DataFrame]) -> None:
    series = frames["mart_intervention_series"]
    own = series[series["intervention_id"] == "test-capacity"]
    points = frames["process_behaviour_points"]
    by_size = points[points["intervention_id"] == "test-capacity"].assign(
        chart="p_prime", upper_limit=lambda frame: 10.0 + np.arange(len(frame)) % 3
    )
    charted = charted_metric(own, by_size, "test-capacity", "stage_time")
    assert (charted.limits.upper, charted.limits.lower) == (None, None)
    drawn = charted.points.assign(signal=None, signal_letter=None, gain_centre=5.0, gain_lower=np.nan, gain_upper=6.0)
    figure = behaviour_chart.figure(
        drawn,
        charted.limits,
        Timeline(own["launched_date"].iloc[0].date(), own["launched_date"].iloc[0].date(), None, None),
        "flow_efficiency",
        None,
    )
    upper = next(trace for trace in figure.data if trace.name == "upper limit")
    assert set(upper.y) == {10.0, 11.0, 12.0}
    assert {"gain centre", "gain upper"} <= {trace.name for trace in figure.data}


def test_the_line_of_no_change_is_always_in_sight() -> None:
    figure = effect_intervals.figure([Change("Measured", 30.0, 20.0, 40.0)], " %")
    low, high = figure.layout.xaxis.range
    assert low < 0
    assert high > 40


def test_rare_events_are_drawn_by_what_lies_between_them(frames: dict[str, pd.DataFrame]) -> None:
    charted = _primary(frames, "wip-limits")
    days = pd.to_datetime(["2025-11-03", "2025-12-01", "2026-02-09", None])
    gaps = pd.DataFrame(
        {
            "occurred_on": days, "is_open": days.isna(), "chart": "t", "gap": [20.0, 28.0, 70.0, 120.0],
            "centre_line": 24.0, "lower_limit": 0.5, "upper_limit": 90.0, "n_baseline": 9,
            "phase": ["before", "before", "after", "after"], "is_excluded": False,
            "signal_direction": [None, None, None, "improvement"], "window_start": pd.Timestamp("2025-06-02"),
            "window_end": pd.Timestamp("2026-06-22"), "withheld_reason": None,
        }
    )  # fmt: skip
    block = intervention_rare_events.chart(charted, gaps, "value stream Lending", "rare-events-incidents")
    assert isinstance(block, Chart)
    assert "24 days in the centre of the 9 gaps before, upper limit 90; 120 days since the last one" in block.title
    assert "n 3 gaps, 2 Jun 2025" in block.title
    assert {entry.swatch for entry in block.legend} >= {"launch", "centre", "limit", "ring", "favourable"}
    (drawn,) = (trace for trace in block.figure.data if trace.name == "gaps")
    assert list(drawn.y) == [20.0, 28.0, 70.0, 120.0]
    assert drawn.x[-1] == "2026-06-22"
    words, tone = state(replace(charted, gaps=gaps))
    assert (words, tone) == (
        "Signals in the desired direction in 1 of the 2 gaps between cycle time since the launch.", "good",
    )  # fmt: skip
    quiet = gaps.assign(signal_direction=None)
    for left, said in ((quiet, "the 2 gaps between cycle time"), (quiet.drop(index=2), "the 1 gap between cycle time")):
        verb = "lie" if len(left) == len(gaps) else "lies"
        words, tone = state(replace(charted, gaps=left))
        assert words.startswith(f"No signal: {said} since the launch, the open one included, {verb} within")
        assert tone == "muted"
    few = gaps.assign(centre_line=None, upper_limit=None, withheld_reason="2 gaps, at least 6 needed")
    without = intervention_rare_events.chart(charted, few, "value stream Lending", "x")
    assert isinstance(without, Chart)
    assert "without limits" in without.title
    assert "2 gaps, at least 6 needed" in without.notes[0]


def test_further_metrics_have_their_own_verdicts_beside_the_primary_one(frames: dict[str, pd.DataFrame]) -> None:
    (metrics,) = (metrics for metrics in _charted(frames) if metrics[0].intervention_id == "wip-limits")
    assert [one.metric for one in metrics] == ["cycle_time", "throughput"]
    verdicts = latest_verdicts(frames["intervention_verdicts"])
    further = [(one, evidence_on(frames, verdicts["wip-limits", one.metric])) for one in metrics[1:]]
    (section,) = intervention_further_metrics.sections(further, "value stream Lending")
    _, table, chart = section.blocks
    assert isinstance(table, Table)
    assert isinstance(chart, Chart)
    assert table.rows[0][0].text == "Throughput"
    assert chart.chart_id == "further-metrics-chart"
    assert intervention_further_metrics.sections([], "value stream Lending") == ()
