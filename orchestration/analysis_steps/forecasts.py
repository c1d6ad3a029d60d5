"""What is coming: choke points, load, trends, throughput and delivery dates; frames in, tables out."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from orchestration import warehouse
from orchestration.analysis_steps.intervention_settings import stable_shift_settings
from orchestration.analysis_steps.moments import last_week_start, snapshot_of
from orchestration.analysis_steps.written_tables import written_tables
from orchestration.analytics import (
    choke_point_forecast,
    delivery_forecast,
    load_forecast,
    parent_delivery_forecast,
    trend_test,
)
from orchestration.analytics.array_types import Flags, Floats
from orchestration.analytics.load_weeks import people_ahead, stage_load_weeks
from orchestration.analytics.process_limits import ProcessLimits, natural_process_limits
from orchestration.analytics.queue_walks import STAGE_WEEK_COLUMNS
from orchestration.analytics.random_streams import generator_for
from orchestration.analytics.stable_shift import StableShiftSettings, stable_periods
from orchestration.analytics.stage_indicators import queues_before_active_stages
from orchestration.refresh import RefreshBuild

#: Tables that `forecast` writes.
TABLES = (
    "trends",
    "choke_point_forecasts",
    "choke_point_backtest",
    "load_forecasts",
    "throughput_forecasts",
    "delivery_forecasts",
    "delivery_backtest",
)

# Nothing is said of teams: they come and go, and of few items a week little can be said.
_STAGE_SCOPES = ("value_stream", "train")
_FLOW_SCOPES = ("portfolio", *_STAGE_SCOPES)
_QUEUE_METRIC = ("queue_length", "queue_length_mean")
_SCOPE_METRICS = {
    "age": "p85_age_calendar_days",
    "cycle_time": "p50_cycle_time_calendar_days",
    "wip": "wip_mean",
    "throughput": "n_finished",
}
_SERIES_KEYS = ["scope_type", "scope_id", "level"]


def forecast(build: RefreshBuild) -> dict[str, pd.DataFrame]:
    """Forecast what the facts and marts of a build tell, write the tables of `TABLES`, return them by name."""
    return written_tables(build, TABLES, partial(_made, build))


def _made(build: RefreshBuild) -> dict[str, pd.DataFrame]:
    with build.connection() as connection:
        frames = warehouse.read_frames(
            connection,
            {
                "dim_stages": None,
                "dim_stage_roles": ["stage_id", "role"],
                "dim_increments": list(choke_point_forecast.INCREMENT_COLUMNS),
                "dim_teams": ["team_id", "location_id"],
                "dim_working_days": ["location_id", "calendar_date", "is_working_weekday", "is_working_day"],
                "mart_stage_metrics": [*STAGE_WEEK_COLUMNS, "queue_length_mean"],
                "mart_flow_metrics": [*_SERIES_KEYS, "period_start", "is_complete", *_SCOPE_METRICS.values()],
            },
            {
                "mart_stage_metrics": {"scope_type": _STAGE_SCOPES},
                "mart_flow_metrics": {"scope_type": _FLOW_SCOPES, "work_type": ("all",), "period_type": ("week",)},
            },
        )
        last_week = last_week_start(build) - pd.Timedelta(weeks=1)
        load_since = last_week - pd.Timedelta(weeks=load_forecast.DEFAULT_SETTINGS.window_weeks)
        frames |= warehouse.read_stage_load(connection, load_since.date())
        frames |= warehouse.read_parents(connection)
    return forecast_tables(build, frames, last_week)


def forecast_tables(
    build: RefreshBuild, frames: Mapping[str, pd.DataFrame], last_week: pd.Timestamp
) -> dict[str, pd.DataFrame]:
    """Return every table of `TABLES` from the frames that `forecast` reads."""
    settings = build.portfolio.analysis.forecasts
    queue_weeks = counted_queues(frames["mart_stage_metrics"], frames["dim_stages"])
    choke_points = choke_point_forecast.forecast_choke_points(
        queue_weeks,
        frames["dim_increments"],
        generator=_generator(build, choke_point_forecast.METHOD_VERSION),
        settings=replace(choke_point_forecast.DEFAULT_SETTINGS, **settings.choke_points.model_dump()),
    )
    flow = frames["mart_flow_metrics"]
    delivery_settings = replace(delivery_forecast.DEFAULT_SETTINGS, **settings.delivery.model_dump())
    throughput = delivery_forecast.forecast_throughput(
        flow,
        current_phases(flow, stable_shift_settings(build.portfolio.analysis.stable_shift)),
        generator=_generator(build, delivery_forecast.METHOD_VERSION),
        settings=delivery_settings,
    )
    parents = frames["parents"].rename(columns={"value_stream_id": "scope_id"}).assign(scope_type="value_stream")
    delivery = parent_delivery_forecast.forecast_parents(
        parents.dropna(subset=["scope_id", "level"]),
        frames["children"],
        last_week,
        refusals_of_parents(parents, frames["children"], throughput),
        generator=_generator(build, parent_delivery_forecast.METHOD_VERSION),
        settings=replace(parent_delivery_forecast.DEFAULT_SETTINGS, delivery=delivery_settings),
    )
    load_settings = replace(load_forecast.DEFAULT_SETTINGS, **settings.load.model_dump())
    return {
        "trends": trend_test.measure_trends(
            trend_series(queue_weeks, flow),
            settings=replace(trend_test.DEFAULT_SETTINGS, **settings.trends.model_dump()),
        ),
        "choke_point_forecasts": choke_points.forecasts,
        "choke_point_backtest": choke_points.backtest,
        "load_forecasts": _load(build, frames, last_week, load_settings),
        "throughput_forecasts": throughput,
        "delivery_forecasts": delivery.forecasts,
        "delivery_backtest": delivery.backtest,
    }


def counted_queues(stage_weeks: pd.DataFrame, stages: pd.DataFrame) -> pd.DataFrame:
    """Return the weeks of queues that work waits in: no backlog of ideas, nothing cancelled, no stand-in for statuses.

    A backlog that nobody has committed to may grow without anything being stuck.
    """
    is_counted = stages["is_counted"].astype(bool)
    is_counted &= ~stages["is_cancelled"].astype(bool) & ~stages["is_unmapped"].astype(bool)
    is_queue = (stage_weeks["stage_kind"] == "queue") & stage_weeks["scope_type"].isin(_STAGE_SCOPES)
    return stage_weeks.loc[is_queue & stage_weeks["stage_id"].isin(stages.loc[is_counted, "stage_id"])]


def trend_series(queue_weeks: pd.DataFrame, flow: pd.DataFrame) -> pd.DataFrame:
    """Return the weekly series whose trend is measured: queue lengths, and age, times, work and output of scopes."""
    metric, column = _QUEUE_METRIC
    queues = queue_weeks[[*_SERIES_KEYS, "stage_id", "week_start", "is_complete"]].assign(
        metric=metric, value=queue_weeks[column].astype("float64")
    )
    of_scopes = [
        flow[[*_SERIES_KEYS, "period_start", "is_complete"]]
        .rename(columns={"period_start": "week_start"})
        .assign(stage_id=None, metric=metric, value=flow[column].astype("float64"))
        for metric, column in _SCOPE_METRICS.items()
    ]
    whole = pd.concat([queues, *of_scopes], ignore_index=True)
    return whole.assign(stage_id=whole["stage_id"].astype("str"))


def current_phases(flow: pd.DataFrame, stable_shift: StableShiftSettings | None = None) -> pd.DataFrame:
    """Return when the current phase of each scope's and level's throughput began, where a lasting shift began one.

    Futures are drawn from the current phase whether a shift was good or bad: what is proposed for review on a chart
    is what the process does now.
    """
    known = flow.loc[flow["is_complete"].astype("boolean").fillna(value=False).astype(bool)]
    rows = []
    for keys, of_scope in known.sort_values("period_start").groupby(_SERIES_KEYS, sort=True):
        finished = of_scope["n_finished"].to_numpy(dtype=float)
        periods = stable_periods(finished, partial(_limits_of, finished), settings=stable_shift)
        if len(periods) > 1:
            start = of_scope["period_start"].iloc[periods[-1].start]
            rows.append(dict(zip(_SERIES_KEYS, keys, strict=True)) | {"phase_start": start})
    return pd.DataFrame(rows, columns=list(delivery_forecast.PHASE_COLUMNS))


def _limits_of(values: Floats, used: Flags) -> ProcessLimits:
    return natural_process_limits(np.where(used, values, np.nan), floor=0)


def refusals_of_parents(parents: pd.DataFrame, children: pd.DataFrame, throughput: pd.DataFrame) -> pd.DataFrame:
    """Return why no dates are drawn for a scope's parents of a level: what stops a forecast of their children.

    Children of a parent's level are mostly of one level; the throughput of that one counts.
    """
    of_parent = children.groupby(["parent_work_item_id", "level"], as_index=False, sort=False).size()
    about = parents.set_index("work_item_id")[["scope_type", "scope_id", "level"]]
    of_parent = of_parent.join(about.rename(columns={"level": "parent_level"}), on="parent_work_item_id", how="inner")
    keys = ["scope_type", "scope_id", "parent_level"]
    counts = of_parent.groupby([*keys, "level"], as_index=False)[["size"]].sum()
    mostly = counts.sort_values([*keys, "size", "level"]).drop_duplicates(keys, keep="last")
    reasons = throughput.drop_duplicates(["scope_type", "scope_id", "level"])
    found = mostly.merge(
        reasons[["scope_type", "scope_id", "level", "withheld_reason"]], on=["scope_type", "scope_id", "level"]
    )
    found = found.drop(columns=["level", "size"]).rename(columns={"parent_level": "level"})
    return found[list(parent_delivery_forecast.REFUSAL_COLUMNS)]


def _load(
    build: RefreshBuild,
    frames: Mapping[str, pd.DataFrame],
    last_week: pd.Timestamp,
    settings: load_forecast.LoadSettings,
) -> pd.DataFrame:
    register = pd.DataFrame(
        [
            {
                "team_id": row.team,
                "role": row.role,
                "valid_from": row.valid_from,
                "headcount": row.headcount,
                "hours_per_week": row.hours_per_week,
                "absence_share": row.absence_share,
            }
            for row in build.portfolio.capacity
        ],
        columns=["team_id", "role", "valid_from", "headcount", "hours_per_week", "absence_share"],
    )
    teams = frames["dim_teams"]
    ahead = people_ahead(
        register,
        dict(zip(teams["team_id"], teams["location_id"], strict=True)),
        frames["dim_working_days"],
        last_week,
        max(settings.horizon_weeks),
    )
    past = frames["people"].loc[frames["people"]["week_start"] <= last_week]
    stages = frames["dim_stages"]
    counted = stages.loc[
        stages["is_counted"].astype(bool) & ~stages["is_cancelled"].astype(bool) & ~stages["is_unmapped"].astype(bool)
    ]
    queues: dict[str, list[str]] = {}
    for _, of_workflow in counted.groupby("workflow_id"):
        queues |= queues_before_active_stages(of_workflow)
    weeks, capacity_ahead = [], []
    for scope in _STAGE_SCOPES:
        of_scope, planned = stage_load_weeks(
            frames["moves"],
            frames["hours"],
            pd.concat([past, ahead], ignore_index=True),
            frames["dim_stage_roles"],
            queues,
            last_week,
            scope_column=f"{scope}_id",
        )
        weeks.append(of_scope)
        capacity_ahead.append(planned)
    return load_forecast.forecast_load(
        pd.concat(weeks, ignore_index=True), pd.concat(capacity_ahead, ignore_index=True), settings=settings
    )


def _generator(build: RefreshBuild, method_version: str) -> np.random.Generator:
    return generator_for(snapshot_of(build), "portfolio", method_version)
