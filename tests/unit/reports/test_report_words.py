"""Sentences that follow the numbers: what is said, and what is left unsaid because it would be false."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest
import synthetic_frames

from orchestration.reports.blocks import Block, Chart, Notice, Table
from orchestration.reports.sections import (
    cycle_time,
    increments_compared,
    work_in_progress,
)
from orchestration.reports.sections.intervention_signals import (
    Charted,
    against_centre,
    charted_metric,
    named_signals,
    projection,
    state,
)

PERIODS = pd.DataFrame(
    {
        "period_name": ["PI-1", "PI-2"],
        "period_start": pd.to_datetime(["2026-01-05", "2026-03-30"]),
        "period_end": pd.to_datetime(["2026-03-29", "2026-06-21"]),
        "weeks": [12.0, 12.0],
        "n_finished": [40, 412],
        "n_cycle_time": [40, 412],
        "n_flow_time": [40, 412],
        "n_flow_efficiency": [40, 412],
        "n_undefined_start": [0, 0],
        "p50_cycle_time_calendar_days": [11.0, 9.0],
        "p85_cycle_time_calendar_days": [25.0, 21.0],
        "p95_cycle_time_calendar_days": [40.0, 33.0],
        "p50_flow_time_calendar_days": [15.0, 14.0],
        "p85_flow_time_calendar_days": [35.0, 30.0],
        "wip_mean": [20.0, 22.5],
        "wip_end": [21, 20],
        "flow_efficiency": [0.3, 0.25],
    }
)


def _items(durations: list[float]) -> pd.DataFrame:
    n_items = len(durations)
    return pd.DataFrame(
        {
            "item_key": [f"K-{order}" for order in range(n_items)],
            "title": "t",
            "level": "story",
            "is_counted": True,
            "is_finished": True,
            "finished_date": pd.date_range("2026-05-01", periods=n_items, freq="D"),
            "cycle_time_calendar_days": durations,
        }
    )


def _withheld(periods: pd.DataFrame) -> pd.DataFrame:
    measured = [column for column in periods if str(column).startswith("p") and "calendar_days" in str(column)]
    return periods.assign(**dict.fromkeys(measured, np.nan), n_finished=3, n_cycle_time=3, n_flow_time=3)


def _title(block: object) -> str:
    assert isinstance(block, Chart)
    return block.title


def test_scatter_title_states_the_marts_percentiles_with_n_and_window() -> None:
    assert _title(cycle_time.chart(_items([3.0] * 20), PERIODS, "story")) == (
        "Half of the 412 stories finished in PI-2 (30 Mar – 21 Jun 2026) took 9 days or less; 85 % took 21 days or less"
    )


def test_scatter_title_tells_finished_items_from_those_with_a_cycle_time() -> None:
    fewer = PERIODS.assign(n_cycle_time=[40, 309], n_finished=[40, 315])
    block = cycle_time.chart(_items([3.0] * 20 + [np.nan] * 2), fewer, "story")
    assert _title(block).startswith(
        "Half of the 309 stories with a cycle time (of 315 finished) in PI-2 (30 Mar – 21 Jun 2026) took 9 days or less"
    )
    assert isinstance(block, Chart)
    assert block.notes[-1] == ("2 finished items have no cycle time (never started, or no usable history) and no dot.")
    # Without a complete period the title speaks of all items, with and without.
    assert _title(cycle_time.chart(_items([3.0] * 20 + [np.nan] * 2), PERIODS.iloc[:0], "story")) == (
        "Half of the 20 stories with a cycle time (of 22 finished, 1 May – 22 May 2026) took 3 days or less"
    )


def test_scatter_title_drops_the_second_half_where_both_percentiles_are_equal() -> None:
    equal = PERIODS.assign(p85_cycle_time_calendar_days=PERIODS["p50_cycle_time_calendar_days"])
    assert "85 %" not in _title(cycle_time.chart(_items([3.0] * 20), equal, "story"))


def test_scatter_falls_back_to_nearest_rank_over_the_items_shown() -> None:
    lines = cycle_time.percentile_lines(PERIODS.iloc[:0], _items([1.0, 2.0, 3.0, 4.0, 100.0, 200.0]))
    # Nearest rank: values that occurred, the 3rd, 6th and 6th of six.
    assert lines["days"].tolist() == [3.0, 200.0, 200.0]
    assert lines["n"].tolist() == [6, 6, 6]


def test_scatter_withholds_percentiles_below_five_items_and_says_why() -> None:
    title = _title(cycle_time.chart(_items([3.0] * 4), _withheld(PERIODS), "story"))
    assert title.startswith("4 stories with a cycle time (1 May – 4 May 2026); no percentile")
    assert "5 or more" in title


def test_periods_table_marks_withheld_percentiles_and_says_why() -> None:
    table = increments_compared.periods_table(_withheld(PERIODS), "story")
    assert isinstance(table, Table)
    assert table.rows[0][2].text == "– / –"
    assert table.rows[0][2].note == "n 3"
    assert any("fewer than 5 items" in note for note in table.notes)
    shown = increments_compared.periods_table(PERIODS, "story")
    assert isinstance(shown, Table)
    assert not any("fewer than 5" in note for note in shown.notes)


def test_periods_say_nothing_of_items_without_start_unless_there_are_some() -> None:
    def notes(n_undefined: list[int]) -> str:
        table = increments_compared.periods_table(PERIODS.assign(n_undefined_start=n_undefined), "story")
        assert isinstance(table, Table)
        return " ".join(table.notes)

    assert "no cycle time" not in notes([0, 0])
    assert ("1 finished item has no cycle time: never started, or no usable history; it counts as finished.") in notes(
        [0, 1]
    )
    assert (
        "12 finished items have no cycle time: never started, or no usable history; they count as finished."
    ) in notes([5, 7])


def _open_items(ages: list[float], blocked: list[bool]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "item_key": [f"K-{age}" for age in ages],
            "title": "t",
            "level": "story",
            "is_counted": True,
            "is_in_progress": True,
            "is_blocked": blocked,
            "current_stage_id": "delivery.build",
            "age_calendar_days": ages,
        }
    )


def test_ageing_title_counts_blocked_and_old_items(frames: dict[str, pd.DataFrame]) -> None:
    blocks = work_in_progress.ageing_blocks(
        _open_items([2, 22, 40], [False, True, False]), frames["dim_stages"], PERIODS, "story", date(2026, 6, 24)
    )
    assert _title(blocks[0]) == (
        "3 stories are in progress on 24 Jun 2026, 1 of them blocked; 2 are older than 21 days, the cycle time that "
        "85 % of the 412 finished in PI-2 did not exceed"
    )


def test_ageing_counts_items_in_progress_whose_age_is_not_usable(frames: dict[str, pd.DataFrame]) -> None:
    def blocks(ages: list[float], periods: pd.DataFrame = PERIODS) -> tuple[Block, ...]:
        items = _open_items(ages, [False] * (len(ages) - 1) + [True])
        return work_in_progress.ageing_blocks(items, frames["dim_stages"], periods, "story", date(2026, 6, 24))

    chart, table = blocks([2, 22, np.nan, np.nan])
    assert _title(chart).startswith(
        "4 stories are in progress on 24 Jun 2026, 1 of them blocked; 2 of them have no usable age; 1 is older than "
    )
    assert isinstance(chart, Chart)
    assert any("no usable age, so no dot" in note for note in chart.notes)
    assert isinstance(table, Table)
    assert table.caption == "2 stories in progress with a usable age, oldest first"
    assert len(table.rows) == 2
    assert "; 1 of them has no usable age; " in _title(blocks([2, 3, np.nan])[0])
    assert "usable age" not in _title(blocks([2, 3])[0])
    assert blocks([np.nan, np.nan]) == (
        Notice(
            "2 stories are in progress on 24 Jun 2026, 1 of them blocked; none of them has a usable age.", tone="muted"
        ),
    )
    fewer = PERIODS.assign(n_cycle_time=[40, 309], n_finished=[40, 315])
    assert _title(blocks([2, 22], fewer)[0]).endswith(
        "the cycle time that 85 % of the 309 with a cycle time (of 315 finished) in PI-2 did not exceed"
    )


def test_ageing_title_says_why_ages_are_not_compared(frames: dict[str, pd.DataFrame]) -> None:
    blocks = work_in_progress.ageing_blocks(
        _open_items([2], [False]), frames["dim_stages"], _withheld(PERIODS), "story", date(2026, 6, 24)
    )
    title = _title(blocks[0])
    assert "blocked" not in title
    assert "PI-2 has 3 finished with a cycle time and at least 5 are needed" in title


@pytest.fixture
def chart(frames: dict[str, pd.DataFrame]) -> Callable[..., Charted]:
    """Chart weekly values of an intervention; everything else is as the made-up portfolio has it."""

    def charted(values: list[float], *, projected: float | None = None, n_before: int = 20) -> Charted:
        weeks = pd.date_range("2026-01-05", periods=len(values), freq="7D")
        launched = weeks[n_before] if n_before < len(weeks) else weeks[-1] + pd.Timedelta(days=7)
        series = frames["mart_intervention_series"].head(len(values)).assign(
            intervention_id="x", week_start=weeks, metric="wip", desired_direction="down", value=values, n_items=9,
            launched_date=launched, transition_end_date=launched, projected_change_percent=projected, is_complete=True,
            phase=np.where(weeks < launched, "before", "after"), is_baseline=weeks < launched,
        )  # fmt: skip
        points = synthetic_frames.chart_interventions(series)
        return charted_metric(series, points, "x", "wip")

    return charted


BASELINE = [10.0, 12.0] * 10


def test_signals_in_the_desired_direction_are_counted_and_named(chart: Callable[..., Charted]) -> None:
    charted = chart([*BASELINE, *[4.0] * 8], projected=-50.0)
    words, tone = state(charted)
    assert words == "Signals in the desired direction in 8 of 8 weeks (outside the limits), none against it."
    assert tone == "good"
    assert named_signals(charted) == [
        "A: outside the limits (in the desired direction), 8 weeks, 25 May 2026 to 13 Jul 2026, after the launch"
    ]
    assert against_centre(charted) == (
        "8 of the 8 weeks after the transition lie below the baseline’s centre line of 11."
    )
    level, sentence = projection(charted)
    assert level == pytest.approx(5.5)
    assert sentence == (
        "Projected change: −50 %, from the baseline’s 11 to 5.5. 8 of the 8 weeks after the transition are at or below "
        "it."
    )


def test_signals_against_the_desired_direction_are_said_to_be_so(chart: Callable[..., Charted]) -> None:
    words, tone = state(chart([*BASELINE, *[25.0] * 3]))
    assert words.startswith("Signals against the desired direction in 3 of 3 weeks")
    assert tone == "bad"


def test_signals_both_ways_are_counted_with_the_latest(chart: Callable[..., Charted]) -> None:
    words, tone = state(chart([*BASELINE, 25.0, 25.0, 4.0, 4.0, 4.0]))
    assert words == (
        "Signals both ways in 5 weeks: 3 in the desired direction, 2 against it; the latest is in the desired "
        "direction."
    )
    assert tone == "plain"
    assert [clause.split(" ", 1)[0] for clause in named_signals(chart([*BASELINE, 25.0, 25.0, 4.0, 4.0, 4.0]))] == [
        "A:",
        "B:",
    ]


def test_no_signal_is_not_called_no_effect(chart: Callable[..., Charted]) -> None:
    words, tone = state(chart([*BASELINE, 10.0, 12.0, 10.0]))
    assert words.startswith("No signal: the 3 weeks after the transition are within what the baseline would give.")
    assert "A shift takes 7 weeks to show." in words
    assert tone == "muted"


def test_too_early_and_too_little_baseline_are_said(chart: Callable[..., Charted]) -> None:
    assert state(chart(BASELINE))[0].startswith("Too early: no complete week with a value after the transition;")
    short = chart([10.0, 12.0, 11.0, 5.0, 5.0], projected=-10.0, n_before=3)
    assert state(short)[0].startswith("No limits yet")
    assert against_centre(short) is None
    level, sentence = projection(short)
    assert level is None
    assert sentence is not None
    assert "the baseline gives no limits" in sentence


def test_no_projection_is_no_sentence(chart: Callable[..., Charted]) -> None:
    assert projection(chart([*BASELINE, 4.0])) == (None, None)


@pytest.mark.parametrize("word", ["worked", "failed", "success", "proves", "caused"])
def test_no_page_of_an_intervention_claims_more_than_its_numbers(pages: dict[str, object], word: str) -> None:
    texts = [page.get_text(" ") for name, page in pages.items() if name.startswith("intervention-")]  # type: ignore[attr-defined]
    assert len(texts) == 3
    assert all(word not in text for text in texts)


def test_a_notice_stands_where_nothing_is_in_progress(frames: dict[str, pd.DataFrame]) -> None:
    blocks = work_in_progress.ageing_blocks(
        _open_items([], []), frames["dim_stages"], PERIODS, "story", date(2026, 6, 24)
    )
    assert blocks == (Notice("No story is in progress on 24 Jun 2026.", tone="muted"),)
