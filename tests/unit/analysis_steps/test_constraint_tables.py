"""The tables on constraints follow what portfolio.yaml sets: the windows, and how sure a lead must be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from orchestration.analysis_steps.constraints import ConstraintInputs, constraint_tables
from orchestration.analytics.line_visits import BLOCKED_COLUMNS
from orchestration.portfolio.constraint_settings import ConstraintThresholds

MONDAY, N_WEEKS = pd.Timestamp("2026-06-29"), 40
FIRST = MONDAY - pd.Timedelta(weeks=N_WEEKS)
STAGES = (("ready", "queue"), ("build", "active"), ("to-test", "queue"), ("test", "active"), ("done", "done"))


def _visits() -> pd.DataFrame:
    """An item every 12 hours: 5 hours of work in Build, 9 in Test of late and 6 before; one person each."""
    rng = np.random.default_rng(1)
    n_items = N_WEEKS * 14
    arrives = np.arange(n_items) * 12.0
    parts, free = [], {"build": 0.0, "test": 0.0}
    for item, at in enumerate(arrives):
        is_late = at > (N_WEEKS - 13) * 168
        moment = at
        for stage, queue, hours in (("build", "ready", 5.0), ("test", "to-test", 9.0 if is_late else 6.0)):
            begin = max(moment, free[stage])
            end = begin + hours * rng.uniform(0.7, 1.3)
            following = "to-test" if stage == "build" else "done"
            parts += [(item, queue, moment, begin, stage), (item, stage, begin, end, following)]
            free[stage], moment = end, end
    frame = pd.DataFrame(parts, columns=["item", "stage", "enters", "leaves", "next"])
    return pd.DataFrame(
        {
            "work_item_id": frame["item"],
            "value_stream_id": "payments",
            "train_id": "cards",
            "level": "story",
            "stage_id": "flow." + frame["stage"],
            "entered_at": (FIRST + pd.to_timedelta(frame["enters"], unit="h")).dt.tz_localize("UTC"),
            "exited_at": (FIRST + pd.to_timedelta(frame["leaves"], unit="h")).dt.tz_localize("UTC"),
            "next_stage_id": "flow." + frame["next"],
            "has_usable_history": True,
        }
    )


@pytest.fixture(scope="module")
def inputs() -> ConstraintInputs:
    days = pd.date_range(FIRST - pd.Timedelta(weeks=1), MONDAY + pd.Timedelta(weeks=1), freq="D")
    stages = pd.DataFrame(
        [(f"flow.{name}", name.capitalize(), kind, place) for place, (name, kind) in enumerate(STAGES, start=1)],
        columns=["stage_id", "stage_name", "stage_kind", "position"],
    ).assign(
        workflow_id="flow", is_counted=True, is_unmapped=False, is_cancelled=False, wip_limit=np.nan
    )  # fmt: skip
    capacity = ["team_id", "role", "calendar_date", "available_hours", "location_id", "value_stream_id", "train_id"]
    waits = ["scope_id", "level", "stage_name", "wait_share", "finished_at"]
    return ConstraintInputs(
        frames={
            "visits": _visits(),
            "blocked": pd.DataFrame(columns=[*BLOCKED_COLUMNS, "train_id"]),
            "dim_stages": stages,
            "dim_stage_roles": pd.DataFrame(columns=["stage_id", "role"]),
            "dim_dates": pd.DataFrame({"calendar_date": days, "working_hours": 24.0}),
            "dim_working_days": pd.DataFrame({"location_id": "default", "calendar_date": days, "working_hours": 24.0}),
            # Nobody keeps the register of capacity, so it is estimated.
            "fct_capacity_days": pd.DataFrame(columns=capacity).astype(
                {"calendar_date": "datetime64[us]", "available_hours": "float64"}
            ),
            "stage_waits": pd.DataFrame(columns=waits).astype({"finished_at": "datetime64[us, UTC]"}),
        },
        week_start=MONDAY,
        as_of=MONDAY,
        snapshot="test",
        hours=("00:00", "24:00"),
        timezones={"payments": "UTC"},
    )


def _with(inputs: ConstraintInputs, **thresholds: float) -> dict[str, pd.DataFrame]:
    return constraint_tables(replace(inputs, thresholds=ConstraintThresholds(**thresholds)))


def test_the_windows_are_those_of_the_portfolio(inputs: ConstraintInputs) -> None:
    usual = constraint_tables(inputs)
    assert sorted(usual["constraint_declarations"]["window_weeks"].unique()) == [13, 26]
    changed = _with(inputs, window_weeks=20, long_window_weeks=39)
    declared = changed["constraint_declarations"]
    assert sorted(declared["window_weeks"].unique()) == [20, 39]
    assert declared.groupby("window_weeks")["n_weeks"].max().to_dict() == {20: 20, 39: 39}
    assert changed["stage_constraint_evidence"]["n_weeks"].unique().tolist() == [20]
    assert sorted(changed["constraint_verdicts"]["window_weeks"].unique()) == [20, 39]

    def busy(tables: dict[str, pd.DataFrame], weeks: int) -> float:
        declared = tables["constraint_declarations"]
        rows = declared[(declared["stage_id"] == "flow.test") & (declared["window_weeks"] == weeks)]
        return float(rows["utilisation"].iloc[0])

    # Test takes longer of late, so a longer look back shows it less busy.
    assert busy(usual, 13) > busy(changed, 20) + 0.05 > busy(changed, 39)


def test_a_lead_that_must_be_surer_is_a_smaller_one(inputs: ConstraintInputs) -> None:
    def lead(tables: dict[str, pd.DataFrame]) -> float:
        rows = tables["constraint_declarations"].query("stage_id == 'flow.test' and window_weeks == 26")
        return float(rows["utilisation_lead_lower"].iloc[0])

    assert (
        lead(_with(inputs, lead_confidence=0.6))
        > lead(constraint_tables(inputs))
        > lead(_with(inputs, lead_confidence=0.999))
    )
