"""Waiting classes against the logs that the method's authors made and the split that they expect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from orchestration.analytics.team_clocks import TeamClock, elapsed_team_clock
from orchestration.analytics.waiting_batches import BatchSettings
from orchestration.analytics.waiting_classes import WaitingClassSettings, classify_waits
from orchestration.analytics.working_clock import WorkingClock, seconds_since_epoch
from tests.external.conftest import ORACLES

if TYPE_CHECKING:
    from orchestration.analytics.array_types import Floats

FOLDER = ORACLES / "waiting_time"

pytestmark = [
    pytest.mark.external,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the authors' logs are not at {FOLDER}"),
]

KEYS = ["from_stage_id", "from_team_id", "stage_id", "team_id"]
PUBLISHED_BATCHES = BatchSettings(rule="back_to_back", max_gap_hours=0, min_size=2)
#: Who is away when, by each log's expected split: the authors learn the calendar from the log, here it is given.
AWAY = {1: ("Marcus", "12:00"), 2: ("Marcus", "12:00"), 3: ("Marcus", "12:00"), 5: ("Marcus", "12:00")}


def instances_of_log(number: int) -> pd.DataFrame:
    log = pd.read_csv(FOLDER / f"manual_log_{number}.csv").sort_values(["case_id", "start_time", "end_time"])
    start, end = (pd.to_datetime(log[column], utc=True) for column in ("start_time", "end_time"))
    before = log.groupby("case_id")
    return pd.DataFrame(
        {
            "value_stream_id": "log",
            "level": "case",
            "work_item_id": log["case_id"].astype("str"),
            "from_stage_id": before["Activity"].shift(),
            "from_team_id": before["Resource"].shift(),
            "stage_id": log["Activity"],
            "team_id": log["Resource"],
            "resource_id": log["Resource"],
            "enabled_at": end.groupby(log["case_id"]).shift().fillna(start),
            "started_at": start,
            "finished_at": end,
        }
    )


def expected_split(number: int) -> pd.DataFrame:
    table = pd.read_csv(FOLDER / f"manual_log_{number}_expected.csv")
    names = ["source_activity", "source_resource", "target_activity", "target_resource"]
    table = table.rename(columns=dict(zip(names, KEYS, strict=True))).set_index(KEYS)
    hours = table.filter(like="wt_").drop(columns="wt_total_seconds")
    return hours.apply(lambda column: pd.to_timedelta(column) / pd.Timedelta(hours=1)).assign(n=table["frequency"])


def split(number: int, clocks: dict[str, TeamClock] | None = None) -> pd.DataFrame:
    instances = instances_of_log(number)
    edges = pd.DatetimeIndex([instances["started_at"].min().normalize(), instances["finished_at"].max().ceil("D")])
    waits = classify_waits(
        instances,
        edges,
        default_clock=elapsed_team_clock(edges),
        clocks=clocks,
        capacities=dict.fromkeys(instances["resource_id"], 1.0),
        settings=WaitingClassSettings(batches=PUBLISHED_BATCHES),
    )
    waits["from_team_id"] = instances["from_team_id"].to_numpy()
    hours = waits.groupby(KEYS)[[column for column in waits.columns if column.endswith("_hours")]].sum()
    return hours.rename(columns=lambda name: f"wt_{name.removesuffix('_hours')}").rename(
        columns={"wt_wait": "wt_total"}
    )


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_classes_of_every_transition(number: int) -> None:
    expected = expected_split(number)
    found = split(number)
    assert len(found) == len(expected) > 0
    found = found.loc[expected.index]
    for name in ("total", "batching", "contention", "prioritization"):
        np.testing.assert_allclose(found[f"wt_{name}"], expected[f"wt_{name}"], atol=1e-6)
    # Everybody is there all day, so what remains is all extraneous.
    np.testing.assert_allclose(
        found["wt_extraneous"], expected["wt_extraneous"] + expected["wt_unavailability"], atol=1e-6
    )
    assert found["wt_unavailability"].eq(0).all()


@pytest.mark.parametrize("number", [1, 2, 3, 5])
def test_unavailability_where_the_calendar_is_the_authors(number: int) -> None:
    instances = instances_of_log(number)
    edges = pd.DatetimeIndex([instances["started_at"].min().normalize(), instances["finished_at"].max().ceil("D")])
    who, since = AWAY[number]
    clocks = {who: TeamClock(elapsed_team_clock(edges).counted, away_daily(edges, pd.Timedelta(f"{since}:00")))}
    expected = expected_split(number)
    found = split(number, clocks).loc[expected.index]
    for name in ("total", "batching", "contention", "prioritization", "unavailability", "extraneous"):
        np.testing.assert_allclose(found[f"wt_{name}"], expected[f"wt_{name}"], atol=1e-6)


def away_daily(edges: pd.DatetimeIndex, since: pd.Timedelta) -> WorkingClock:
    """Return a clock that stands still for half an hour from a time of every day."""
    days = pd.date_range(edges[0], edges[-1] - pd.Timedelta(days=1), freq="D")
    knots = np.sort(
        np.concatenate([seconds_since_epoch(edges), *(seconds_since_epoch(days + since + pause) for pause in PAUSE)])
    )
    hours: Floats = np.concatenate([[0.0], np.diff(knots) / 3600])
    hours[2::2] = 0.0
    return WorkingClock(knots, np.cumsum(hours), is_working_time=True)


PAUSE = (pd.Timedelta(0), pd.Timedelta(minutes=30))
