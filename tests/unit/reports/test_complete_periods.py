"""Periods that do not lie wholly within the data: the running one and a first one begun before it."""

import pandas as pd
import pytest

from orchestration.analytics.process_behaviour import chart_interventions
from orchestration.reports.blocks import Chart, Notice, Table
from orchestration.reports.sections import increments_compared, intervention_detail, stage_ladder, work_in_progress
from orchestration.reports.sections.intervention_evidence import evidence_on
from orchestration.reports.sections.intervention_signals import charted_metric
from orchestration.reports.sections.intervention_verdicts import latest_verdicts
from orchestration.reports.sections.periods import complete_periods, complete_weeks


def test_months_stand_in_where_no_increment_is_complete(frames: dict[str, pd.DataFrame]) -> None:
    flow = frames["mart_flow_metrics"]
    weeks = flow[flow["period_type"] == "week"].head(1)
    month = weeks.assign(
        period_type="month", period_id="2026-05", period_start=pd.Timestamp("2026-05-01"),
        period_end=pd.Timestamp("2026-05-31"), is_complete=True,
    )  # fmt: skip
    found = complete_periods(month, frames["dim_increments"], "value_stream", str(month["scope_id"].iloc[0]), "story")
    assert found["period_name"].tolist() == ["May 2026"]
    assert found["weeks"].tolist() == pytest.approx([31 / 7])


def test_a_first_period_that_is_not_complete_is_compared_and_charted_nowhere(
    frames: dict[str, pd.DataFrame],
) -> None:
    flow = frames["mart_flow_metrics"]
    is_own = (flow["scope_id"] == "payments") & (flow["level"] == "story")
    own = flow[is_own & flow["is_complete"]]
    increments = own[own["period_type"] == "increment"].sort_values("period_start")
    weeks = own[own["period_type"] == "week"].sort_values("period_start").tail(10)
    firsts = [increments.index[0], weeks.index[0]]
    cut = pd.concat([increments, weeks])
    cut = cut.assign(is_complete=~cut.index.isin(firsts))

    periods = complete_periods(cut, frames["dim_increments"], "value_stream", "payments", "story")
    assert periods["period_id"].tolist() == increments["period_id"].tolist()[1:]
    table = increments_compared.periods_table(periods, "story")
    assert isinstance(table, Table)
    assert table.rows[-1][0].text == periods["period_name"].iloc[0]
    assert any("began before the first day with data, is left out" in note for note in table.notes)
    glance = increments_compared.glance_table([increments_compared.Scope("Payments", None, "story", periods)])
    assert isinstance(glance, Table)
    throughput = glance.rows[0][2]
    assert throughput.spark is not None
    assert len(throughput.spark.values) == len(increments) - 1
    assert any("began before the first day with data, is left out" in note for note in glance.notes)

    chart = work_in_progress.weekly_chart(complete_weeks(cut, "value_stream", "payments", "story"), "story")
    assert isinstance(chart, Chart)
    assert "over 9 complete weeks" in chart.title
    assert any("began before the first day with data, is left out" in note for note in chart.notes)


def test_nothing_to_compare_is_said_where_the_only_period_is_not_complete(frames: dict[str, pd.DataFrame]) -> None:
    flow = frames["mart_flow_metrics"].assign(is_complete=False)
    periods = complete_periods(flow, frames["dim_increments"], "value_stream", "payments", "story")
    glance = increments_compared.glance_table([increments_compared.Scope("Payments", None, "story", periods)])
    assert glance == Notice(
        "No increment or month lies wholly within the data yet, so there is nothing to compare.", tone="muted"
    )


def test_the_ladder_sums_complete_weeks_only(frames: dict[str, pd.DataFrame]) -> None:
    metrics = frames["mart_stage_metrics"]
    own = metrics[(metrics["value_stream_id"] == "payments") & metrics["is_complete"]]
    weeks = sorted(own["week_start"].unique())[-5:]
    own = own[own["week_start"].isin(weeks)].assign(is_complete=lambda frame: frame["week_start"] > weeks[0])
    _, window = stage_ladder.summed_stages(own, frames["dim_stages"], "story", "delivery")
    assert sorted(window["week_start"].unique()) == weeks[1:]
    chart = stage_ladder.chart(own, frames["dim_stages"], "story", "delivery")
    assert isinstance(chart, Chart)
    assert ", 4 complete weeks: " in chart.title


def test_the_behaviour_chart_leaves_incomplete_weeks_out_and_counts_them(frames: dict[str, pd.DataFrame]) -> None:
    series = frames["mart_intervention_series"]
    own = series[(series["intervention_id"] == "wip-limits") & series["is_primary"]].sort_values("week_start")
    own = own.assign(is_complete=True).head(40)
    first = own["week_start"].min()
    own.loc[own["week_start"] == first, ["is_complete", "value"]] = [False, 500.0]
    charted = charted_metric(own, chart_interventions(own), "wip-limits", "cycle_time")
    verdict = latest_verdicts(frames["intervention_verdicts"])["wip-limits", "cycle_time"]
    sections = intervention_detail.sections(charted, "value stream Lending", None, evidence_on(frames, verdict), {})
    (chart,) = [block for block in sections[1].blocks if isinstance(block, Chart)]
    assert "1 week left out: still running, or begun before the first day with data." in chart.notes
    drawn = next(trace for trace in chart.figure.data if trace.name == "weeks")
    assert first.strftime("%Y-%m-%d") not in list(drawn.x)
    assert max(drawn.y) < 500
