"""Figures, by the data of their traces."""

from datetime import date

import pandas as pd
import pytest
from synthetic_facts import HOSTILE_TITLE

from orchestration.reports.figures import (
    ageing_work,
    behaviour_chart,
    cumulative_flow,
    cycle_time_scatter,
    palette,
    sparkline,
    stage_ladder,
    stage_pressure,
    weekly_flow,
)
from orchestration.reports.figures.behaviour_chart import Limits, Timeline

STAGES = pd.DataFrame(
    {
        "stage_id": ["w.todo", "w.build", "w.done", "w.cancelled"],
        "stage_name": ["To do", "Build", "Done", "Cancelled"],
        "stage_kind": ["queue", "active", "done", "done"],
        "is_cancelled": [False, False, False, True],
    }
)


def _stage_days(rows: list[tuple[str, str, int]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["calendar_date", "stage_id", "n_first_reached"])


def test_cumulative_flow_cumulates_over_days_without_rows_and_starts_at_what_was_done_before() -> None:
    days = _stage_days(
        [
            ("2026-01-01", "w.todo", 5), ("2026-01-01", "w.build", 4), ("2026-01-01", "w.done", 3),
            ("2026-01-01", "w.cancelled", 1),
            ("2026-01-05", "w.todo", 2), ("2026-01-06", "w.build", 2), ("2026-01-07", "w.done", 2),
            ("2026-01-07", "w.cancelled", 1),
        ]
    )  # fmt: skip
    reached = cumulative_flow.cumulated_arrivals(days, STAGES, date(2026, 1, 5), date(2026, 1, 8))
    # Three had left before the window, one of them cancelled; the first row is the evening before it.
    assert reached["w.todo"].tolist() == [2, 4, 4, 4, 4]
    assert reached["w.build"].tolist() == [1, 1, 3, 3, 3]
    assert reached["w.done"].tolist() == [0, 0, 0, 2, 2]
    assert reached["w.cancelled"].tolist() == [0, 0, 0, 1, 1]


def test_cumulative_flow_sums_teams_and_draws_the_last_stage_lowest() -> None:
    days = _stage_days([("2026-01-05", "w.todo", 1), ("2026-01-05", "w.todo", 2), ("2026-01-06", "w.done", 1)])
    reached = cumulative_flow.cumulated_arrivals(days, STAGES, date(2026, 1, 5), date(2026, 1, 6))
    figure = cumulative_flow.figure(reached, STAGES)
    assert [trace.name for trace in figure.data] == ["Cancelled", "Done", "Build", "To do"]
    assert figure.data[0].fill == "tozeroy"
    assert {trace.fill for trace in figure.data[1:]} == {"tonexty"}
    assert list(figure.data[3].y) == [0, 3, 3]
    # Who reached done has reached every stage before it.
    assert list(figure.data[2].y) == [0, 0, 1]


def _scatter_items(durations: list[int]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "finished_date": pd.date_range("2026-01-01", periods=len(durations), freq="D"),
            "cycle_time_calendar_days": durations,
            "item_key": [f"K-{order}" for order in range(len(durations))],
            "title": HOSTILE_TITLE,
        }
    )


def _line(percentile: int, days: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "percentile": [percentile],
            "first_day": pd.Timestamp("2026-01-01"),
            "last_day": pd.Timestamp("2026-01-31"),
            "days": [days],
            "period_name": ["<i>PI</i>"],
            "n": [5],
        }
    )


def test_scatter_keeps_every_item_and_draws_the_lines_given() -> None:
    items = _scatter_items([3, 1, 4, 1, 5])
    figure = cycle_time_scatter.figure(items, pd.concat([_line(50, 3), _line(85, 5)]))
    assert list(figure.data[0].y) == [3, 1, 4, 1, 5]
    assert figure.data[0].x[0] == "2026-01-01"
    assert [trace.name for trace in figure.data[1:]] == ["50 %", "85 %"]
    assert list(figure.data[1].y) == [3.0, 3.0, None]
    assert [note.text for note in figure.layout.annotations] == ["50 %: 3 d", "85 %: 5 d"]


def test_scatter_moves_what_lies_far_beyond_to_the_edge_and_keeps_its_value() -> None:
    items = _scatter_items([*range(1, 101), 900])
    figure = cycle_time_scatter.figure(items, _line(50, 50).iloc[:0])
    edge = cycle_time_scatter.top_edge(items["cycle_time_calendar_days"])
    assert edge is not None
    assert edge < 130
    assert len(figure.data[0].y) == 100
    assert list(figure.data[1].y) == [edge]
    assert list(figure.data[1].customdata) == [900]


def test_few_items_are_never_moved_to_an_edge() -> None:
    assert cycle_time_scatter.top_edge(pd.Series([1, 2, 3, 900])) is None


def test_of_very_many_items_each_nth_has_a_dot() -> None:
    items = _scatter_items([1, 2, 3] * 2_500)
    figure = cycle_time_scatter.figure(items, _line(50, 2).iloc[:0])
    assert cycle_time_scatter.drawn_every(len(items)) == 3
    assert len(figure.data[0].x) == 2_500
    assert cycle_time_scatter.drawn_every(cycle_time_scatter.MOST_DOTS) == 1


def test_text_from_a_tool_is_escaped_for_plotly() -> None:
    figure = cycle_time_scatter.figure(_scatter_items([3, 1, 4]), _line(50, 3))
    texts = [*figure.data[0].text, *(text for text in figure.data[1].text if text)]
    assert all("<" not in text for text in texts)
    assert "&lt;script&gt;" in texts[0]
    assert "&lt;i&gt;PI" in texts[-1]


def test_ageing_work_colours_by_kind_of_stage_and_marks_blocked_items() -> None:
    items = pd.DataFrame(
        {
            "current_stage_id": ["w.build", "w.todo", "w.build"],
            "stage_kind": ["active", "queue", "active"],
            "is_blocked": [False, False, True],
            "age_calendar_days": [3, 9, 20],
            "item_key": ["A", "B", "C"],
            "title": "t",
        }
    )
    figure = ageing_work.figure(items, STAGES.iloc[:2], {50: 5.0, 85: 12.0})
    trace = figure.data[0]
    assert list(trace.x) == [3, 9, 20]
    assert list(trace.marker.color) == [palette.ACTIVE, palette.QUEUE, palette.BLOCKED]
    assert list(trace.marker.symbol) == ["circle", "circle", "x"]
    # Items stay in the row of their stage: To do is row 0, Build is row 1.
    assert [round(height) for height in trace.y] == [1, 0, 1]
    assert sorted(shape.x0 for shape in figure.layout.shapes) == [5.0, 12.0]


def test_stage_ladder_stacks_waiting_active_and_blocked_time() -> None:
    stages = pd.DataFrame(
        {
            "stage_name": ["To do", "Build"],
            "wait_elapsed_days": [10.0, 0.0],
            "active_elapsed_days": [0.0, 4.0],
            "blocked_elapsed_days": [1.0, None],
            "n_visits_ended": [5, 4],
        }
    )
    figure = stage_ladder.figure(stages)
    by_name = {trace.name: (list(trace.x), trace.marker.color) for trace in figure.data}
    assert by_name == {
        "waiting": ([10.0, 0.0], palette.QUEUE),
        "active": ([0.0, 4.0], palette.ACTIVE),
        "blocked": ([1.0, 0.0], palette.BLOCKED),
    }


def test_stage_pressure_fills_the_stages_named_and_draws_intervals() -> None:
    stages = pd.DataFrame(
        {
            "group_name": ["A", "A", "B"],
            "stage_name": ["Build", "Test", "Build"],
            "utilisation": [0.9, 0.5, 0.6],
            "utilisation_lower": [0.85, 0.4, None],
            "utilisation_upper": [0.95, 0.6, None],
            "evidence_rank": [1, 2, 1],
            "is_named": [True, False, False],
            "n_departures": [70, 71, 10],
        }
    )
    trace = stage_pressure.figure(stages).data[0]
    assert list(trace.marker.color) == [palette.ACTIVE, "#FFFFFF", "#FFFFFF"]
    assert list(trace.error_x.array) == pytest.approx([0.05, 0.1, 0.0])
    assert list(trace.error_x.arrayminus) == pytest.approx([0.05, 0.1, 0.0])


def test_weekly_flow_shows_wip_above_throughput() -> None:
    weeks = pd.DataFrame(
        {
            "period_start": pd.to_datetime(["2026-01-05", "2026-01-12"]),
            "wip_mean": [4.0, 4.5],
            "n_finished": [3, 0],
        }
    )
    line, bars = weekly_flow.figure(weeks).data
    assert list(line.y) == [4.0, 4.5]
    assert list(bars.y) == [3, 0]


def _points(signals: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "week_start": pd.date_range("2026-01-05", periods=len(signals), freq="7D"),
            "value": [5.0] * (len(signals) - 1) + [None],
            "n_items": 7,
            "phase": "after",
            "signal": signals,
            "signal_letter": ["A" if signal else None for signal in signals],
            "signal_direction": ["favourable" if signal else None for signal in signals],
            "gain_centre": float("nan"),
            "gain_lower": float("nan"),
            "gain_upper": float("nan"),
        }
    )


def test_behaviour_chart_draws_only_limits_that_exist_and_marks_each_signal_once() -> None:
    points = _points([None, "shift", "shift", "shift", None])
    limits = Limits(centre=8.0, lower=None, upper=12.0, lower_near=None, upper_near=10.5)
    timeline = Timeline(date(2026, 1, 5), date(2026, 1, 5), None, None)
    figure = behaviour_chart.figure(points, limits, timeline, "cycle_time", projected=None)
    names = [trace.name for trace in figure.data]
    assert "upper limit" in names
    assert "lower limit" not in names
    assert "lower near limit" not in names
    assert "projected" not in names
    weeks = next(trace for trace in figure.data if trace.name == "weeks")
    assert len(weeks.y) == 4, "a week without a value has no point"
    assert list(weeks.marker.color) == [palette.INK] + [palette.FAVOURABLE] * 3
    assert [note.text for note in figure.layout.annotations] == ["launch", "<b>A</b>"]
    # No transition and no baseline: only the line of the launch is drawn.
    assert [shape.type for shape in figure.layout.shapes] == ["line"]


def test_behaviour_chart_shades_baseline_and_transition_and_draws_the_projection() -> None:
    timeline = Timeline(date(2026, 1, 19), date(2026, 2, 2), date(2026, 1, 5), date(2026, 1, 12))
    limits = Limits(centre=8.0, lower=4.0, upper=12.0, lower_near=5.0, upper_near=11.0)
    figure = behaviour_chart.figure(_points([None] * 6), limits, timeline, "cycle_time", projected=5.6)
    shaded = [(shape.x0, shape.x1, shape.fillcolor) for shape in figure.layout.shapes if shape.type == "rect"]
    assert shaded == [
        ("2026-01-05", "2026-01-18", palette.BASELINE),
        ("2026-01-19", "2026-02-02", palette.TRANSITION),
    ]
    projected = next(trace for trace in figure.data if trace.name == "projected")
    assert list(projected.y) == [5.6, 5.6]


def test_sparkline_shows_withheld_periods_and_escapes_its_description() -> None:
    drawn = str(sparkline.svg([1.0, None, 2.0], 'a "<b>"'))
    assert drawn.count("<rect") == 3
    assert 'class="none"' in drawn
    assert drawn.count('class="now"') == 1
    assert "<b>" not in drawn
