"""More capacity helps where the constraint was planted and nowhere else, and a model that is off says nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from service_records import visits_from_service_records
from simulated_lines import simulate_line

from orchestration.analytics import constraint_sensitivity
from orchestration.analytics.constraint_sensitivity import (
    COLUMNS,
    SensitivitySettings,
    elasticities,
    line_sensitivity,
)
from orchestration.analytics.constraint_sensitivity import (
    simulate_line as simulate_records,
)
from orchestration.analytics.line_measures import MeasuredLine, measure_lines
from orchestration.analytics.line_records import LineRecords, line_records

MONDAY = pd.Timestamp("2026-01-05")
WEEK = pd.Timedelta(weeks=1)
SERVERS = (2, 4, 3)
STAGES = [f"line.stage-{place}" for place in range(3)]


def planted(load: tuple[float, float, float], seed: int = 3, weeks: int = 40) -> tuple[pd.DataFrame, pd.DataFrame]:
    records = simulate_line(np.random.Generator(np.random.PCG64(seed)), np.array(load), weeks, servers=SERVERS)
    return visits_from_service_records(records, WEEK, MONDAY)


def measured(
    load: tuple[float, float, float], seed: int = 3, n_weeks: int = 26, until: int = 36
) -> tuple[MeasuredLine, LineRecords]:
    visits, stages = planted(load, seed)
    capacities = {("line", stage): float(count) for stage, count in zip(STAGES, SERVERS, strict=True)}
    (line,) = measure_lines(
        visits, stages, MONDAY + until * WEEK, generator=np.random.Generator(np.random.PCG64(1)), window_weeks=n_weeks,
        capacities=capacities,
    )  # fmt: skip
    return line, line_records(visits, stages, line)


def judged(
    load: tuple[float, float, float], named: int, seed: int = 3, settings: SensitivitySettings | None = None
) -> pd.DataFrame:
    line, records = measured(load, seed)
    statuses = {stage: "declared" if place == named else "not_named" for place, stage in enumerate(STAGES)}
    return line_sensitivity(
        line, records, statuses, generator=np.random.Generator(np.random.PCG64(5)),
        settings=settings or SensitivitySettings(),
    )  # fmt: skip


@pytest.mark.parametrize("constraint", [0, 1, 2])
def test_capacity_helps_at_the_constraint_and_downstream_and_upstream_of_it_hardly(constraint: int) -> None:
    load = [0.55, 0.55, 0.55]
    load[constraint] = 1.15
    found = judged((load[0], load[1], load[2]), constraint)
    assert tuple(found.columns) == COLUMNS
    assert set(found["finding"]) == {"confirmed"}
    of_throughput = found["throughput_elasticity"].to_numpy()
    assert of_throughput[constraint] > 0.5
    assert np.abs(np.delete(of_throughput, constraint)).max() < 0.05
    assert found["flow_time_elasticity"].iloc[constraint] < -0.5
    assert (found["throughput_elasticity_lower"] <= of_throughput).all()
    assert found["sentence"].str.endswith("This confirms it.").all()


def test_a_stage_that_was_named_wrongly_is_contradicted_in_words() -> None:
    found = judged((0.5, 1.15, 0.5), named=0)
    assert set(found["finding"]) == {"disagrees"}
    assert "disagrees with the stage named" in found["sentence"].iloc[0]


def test_a_line_that_finishes_what_arrives_is_limited_by_no_stage() -> None:
    found = judged((0.3, 0.3, 0.3), named=1)
    assert set(found["finding"]) == {"no_stage_limits"}
    assert "no stage limits how much" in found["sentence"].iloc[0]


def test_the_model_finishes_what_the_line_finished() -> None:
    found = judged((0.6, 0.9, 0.6), named=1).iloc[0]
    assert found["is_throughput_reproduced"]
    assert found["finished_simulated_lower"] <= found["n_finished"] <= found["finished_simulated_upper"]


def test_a_model_of_another_line_says_nothing() -> None:
    line, records = measured((0.6, 0.9, 0.6))
    other = replace(records, n_finished=2 * records.n_finished)
    found = line_sensitivity(line, other, {}, generator=np.random.Generator(np.random.PCG64(5)))
    assert "so it is not this line" in found["withheld_reason"].iloc[0]
    assert found["throughput_elasticity"].isna().all()
    assert found["sentence"].isna().all()
    slow = replace(records, flow_hours=records.flow_hours * 20)
    told = line_sensitivity(line, slow, {STAGES[1]: "declared"}, generator=np.random.Generator(np.random.PCG64(5)))
    assert told["flow_time_elasticity"].isna().all()
    assert told["throughput_elasticity"].notna().all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"services": [np.ones(40), np.ones(4), np.ones(40)]}, "4 items passed Stage 1"),
        ({"n_finished": 0}, "none was finished"),
        ({"n_finished": 5_001}, "5,001 items left the line within the window, and at most 5,000 are simulated"),
    ],
)
def test_too_little_or_too_much_to_simulate_is_said(change: dict[str, object], said: str) -> None:
    line, records = measured((0.6, 0.9, 0.6))
    found = line_sensitivity(line, replace(records, **change), {}, generator=np.random.default_rng(1))  # type: ignore[arg-type]
    assert said in found["withheld_reason"].iloc[0]
    short = line_sensitivity(replace(line, n_weeks=3), records, {}, generator=np.random.default_rng(1))
    assert short["withheld_reason"].iloc[0] == "3 whole weeks of data, at least 6 needed"


def test_records_are_those_of_the_window() -> None:
    visits, stages = planted((0.6, 0.9, 0.6))
    line, records = measured((0.6, 0.9, 0.6))
    start, end = MONDAY + 10 * WEEK, MONDAY + 36 * WEEK
    per_item = visits.groupby("work_item_id").agg(came=("entered_at", "min"), left=("exited_at", "max"))
    assert records.arrivals_per_week.sum() == ((per_item["came"] >= start) & (per_item["came"] < end)).sum()
    assert records.n_finished == ((per_item["left"] >= start) & (per_item["left"] < end)).sum()
    standing = ((per_item["came"] < start) & (per_item["left"] > start)).sum()
    assert records.waiting_at_start.sum() + records.in_work_at_start.sum() == standing
    assert records.hours == pytest.approx(26 * 168)
    assert records.visit_share.tolist() == [1, 1, 1]
    later = visits.assign(
        exited_at=visits["exited_at"].where(visits["exited_at"] < end),
        next_stage_id=visits["next_stage_id"].where(visits["exited_at"] < end),
    )
    known = line_records(later.loc[later["entered_at"] < end], stages, line)
    assert known.services[1].tolist() == records.services[1].tolist()
    assert known.n_finished == records.n_finished
    with pytest.raises(ValueError, match="lack work_item_id"):
        line_records(visits.drop(columns="work_item_id"), stages, line)


def test_elasticities_are_paired() -> None:
    base = np.array([100.0, 200.0, 400.0])
    found = elasticities(np.stack([base, base * 1.05, base]))
    assert found[0] == pytest.approx([0.5, 0.5, 0.5])
    assert found[1] == pytest.approx([0, 0, 0])


def test_many_items_are_simulated_in_parts_with_the_same_sense(monkeypatch: pytest.MonkeyPatch) -> None:
    _, records = measured((0.3, 0.3, 0.3))
    capacities = np.array(SERVERS, dtype=float)
    few = SensitivitySettings(n_replications=40)
    whole = simulate_records(records, capacities, np.random.default_rng(2), few)
    assert whole.finished.shape == whole.p85_hours.shape == (4, 40)
    assert whole.median_hours.shape == (40,)
    again = simulate_records(records, capacities, np.random.default_rng(2), few)
    assert (whole.finished == again.finished).all()
    monkeypatch.setattr(constraint_sensitivity, "_MAX_CELLS", 1)
    parts = simulate_records(records, capacities, np.random.default_rng(2), few)
    assert parts.finished.shape == parts.p85_hours.shape == (4, 40)
    assert parts.median_hours.shape == (40,)
    # Each part of ten draws items of its own, for the arrivals by week drawn before: what a line with room to spare
    # finishes follows them replication by replication.
    assert (parts.finished[0] != whole.finished[0]).mean() > 0.5
    assert np.corrcoef(parts.finished[0], whole.finished[0])[0, 1] > 0.9
    assert parts.finished.mean(axis=1) == pytest.approx(whole.finished.mean(axis=1), rel=0.02)
    assert parts.median_hours.mean() == pytest.approx(whole.median_hours.mean(), rel=0.05)


@pytest.mark.slow
def test_how_often_the_constraint_is_confirmed() -> None:
    found = [judged((0.6, 0.95, 0.6), 1, seed, SensitivitySettings(n_replications=100)) for seed in range(30)]
    told = [table["finding"].iloc[0] for table in found if table["finding"].notna().all()]
    assert len(told) >= 24
    assert sum(word == "confirmed" for word in told) >= 0.8 * len(told)
