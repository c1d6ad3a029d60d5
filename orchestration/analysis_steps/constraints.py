"""Which stages hold the value streams back, and how that changes from refresh to refresh: frames in, tables out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from orchestration import warehouse
from orchestration.analysis_steps.earlier_results import earlier_results
from orchestration.analysis_steps.moments import as_of_utc, last_week_start, snapshot_of
from orchestration.analysis_steps.written_tables import written_tables
from orchestration.analytics import constraint_declaration as declaration
from orchestration.analytics import constraint_history, constraint_verdicts
from orchestration.analytics.constraint_scope import ScopeSettings, classify_constraint_scopes
from orchestration.analytics.constraint_sensitivity import METHOD_VERSION as SENSITIVITY_METHOD
from orchestration.analytics.constraint_sensitivity import TYPES as SENSITIVITY_TYPES
from orchestration.analytics.constraint_sensitivity import SensitivitySettings, line_sensitivity
from orchestration.analytics.given_capacity import CAPACITY_FRAMES, people_of_stages
from orchestration.analytics.line_measures import (
    STAGE_COLUMNS,
    MeasuredLine,
    capacities_by_stage,
    measure_visited_lines,
)
from orchestration.analytics.line_records import line_records
from orchestration.analytics.line_visits import VISIT_COLUMNS, visited_lines
from orchestration.analytics.random_streams import generator_for
from orchestration.analytics.stage_constraint_evidence import evidence_of_lines
from orchestration.portfolio.constraint_settings import ConstraintThresholds
from orchestration.refresh import RefreshBuild

#: Tables that `judge_constraints` writes.
TABLES = (
    "stage_constraint_evidence",
    "constraint_declarations",
    "constraint_verdicts",
    "constraint_events",
    "constraint_scopes",
    "constraint_sensitivity",
)
#: Each is measured over all windows; a train only where its value stream has several.
SCOPES = ("value_stream", "train")
_UNASSIGNED = "unassigned"


@dataclass(frozen=True)
class ConstraintInputs:
    """What the verdicts of one refresh are made of.

    ``frames``: visits (``VISIT_COLUMNS``, train_id and work_item_id), blocked (``BLOCKED_COLUMNS`` and train_id),
    dim_stages, dim_stage_roles, dim_dates, dim_working_days, fct_capacity_days, stage_waits (see `constraint_scope`,
    with finished_at).
    """

    frames: Mapping[str, pd.DataFrame]
    week_start: pd.Timestamp
    as_of: pd.Timestamp
    snapshot: str
    hours: tuple[str, str]
    timezones: Mapping[str, str]
    thresholds: ConstraintThresholds = field(default_factory=ConstraintThresholds)


def judge_constraints(build: RefreshBuild) -> dict[str, pd.DataFrame]:
    """Measure each line's stages once, say which hold it back and what is new about it; write the tables."""

    def make() -> dict[str, pd.DataFrame]:
        earlier = earlier_results(build, ("constraint_verdicts", "constraint_events"))
        return constraint_tables(_read_inputs(build), earlier)

    return written_tables(build, TABLES, make)


def constraint_tables(
    inputs: ConstraintInputs, earlier: Mapping[str, pd.DataFrame] | None = None
) -> dict[str, pd.DataFrame]:
    """Return the tables by name: evidence, declarations, verdicts and events of all refreshes, scopes.

    ``earlier`` holds `constraint_verdicts` and `constraint_events` as last published, as far as they were.
    """
    lines = [line for scope in SCOPES for line in _measured(inputs, scope)]
    thresholds = inputs.thresholds
    # What belongs to no value stream is held back by no stage of one.
    placed = [line for line in lines if line.value_stream_id != _UNASSIGNED]
    declared = declaration.declare_constraints(placed, declaration_settings(thresholds))
    today = constraint_verdicts.verdicts_of(declared, inputs.as_of)
    before = earlier or {}
    verdicts = constraint_verdicts.kept_verdicts(before.get("constraint_verdicts"), today)
    settings = constraint_history.HistorySettings(thresholds.eliminated_below, thresholds.eliminated_after_weeks)
    events = constraint_history.constraint_events(verdicts, today, settings)
    evidenced = [
        line for line in lines if line.scope == "value_stream" and line.window_weeks == thresholds.window_weeks
    ]
    return {
        "stage_constraint_evidence": evidence_of_lines(
            evidenced, min_weeks=thresholds.min_weeks, min_departures=thresholds.min_departures
        ),
        "constraint_declarations": declared,
        "constraint_verdicts": verdicts,
        "constraint_events": constraint_verdicts.kept_events(before.get("constraint_events"), events, inputs.as_of),
        "constraint_scopes": _scopes(inputs, declared),
        "constraint_sensitivity": _sensitivities(inputs, placed, declared),
    }


def _measured(inputs: ConstraintInputs, scope: str) -> list[MeasuredLine]:
    """Measure the lines of a scope over all windows."""
    column, visits, stages = f"{scope}_id", inputs.frames["visits"], inputs.frames["dim_stages"]
    places = list(dict.fromkeys(["value_stream_id", "train_id", column, "level", "stage_id"]))
    in_use = visits[places].drop_duplicates()
    if scope == "train":
        # A value stream's only train has its verdict already.
        trains = in_use.loc[in_use["train_id"] != _UNASSIGNED, ["value_stream_id", "train_id"]].drop_duplicates()
        n_trains = trains["value_stream_id"].value_counts()
        several = n_trains.index[n_trains > 1].tolist()
        visits, in_use = (frame.loc[frame["value_stream_id"].isin(several)] for frame in (visits, in_use))
    keys = list(dict.fromkeys(["value_stream_id", column, "level", "stage_id"]))
    visited = visited_lines(visits, stages.astype({"is_counted": bool}), column, inputs.frames["blocked"])
    lines = []
    for weeks in inputs.thresholds.windows_weeks:
        people = people_of_stages(
            inputs.frames["fct_capacity_days"],
            inputs.frames["dim_working_days"],
            inputs.frames["dim_stage_roles"],
            in_use[keys].dropna().drop_duplicates().astype("str"),
            (inputs.week_start - pd.Timedelta(weeks=weeks), inputs.week_start - pd.Timedelta(days=1)),
            column,
        )
        lines += measure_visited_lines(
            visited,
            stages,
            inputs.week_start,
            generator=generator_for(inputs.snapshot, f"{scope}/{weeks} weeks", declaration.METHOD_VERSION),
            scope_column=column,
            window_weeks=weeks,
            calendar=inputs.frames["dim_dates"],
            day_start=inputs.hours[0],
            day_end=inputs.hours[1],
            timezones=inputs.timezones,
            capacities=capacities_by_stage(people, column),
        )
    return lines


def _sensitivities(inputs: ConstraintInputs, lines: list[MeasuredLine], declared: pd.DataFrame) -> pd.DataFrame:
    """Simulate every line in which a stage is named, over the shortest window."""
    shortest = declared.loc[declared["window_weeks"] == inputs.thresholds.window_weeks]
    key = ["scope", "scope_id", "level", "workflow_id"]
    statuses = {name: dict(zip(of_line["stage_id"], of_line["status"], strict=True))
                for name, of_line in shortest.groupby(key, sort=True)}  # fmt: skip
    settings = SensitivitySettings(n_replications=inputs.thresholds.sensitivity_replications)
    tables = []
    for line in lines:
        name = (line.scope, line.scope_id, line.level, line.workflow_id)
        of_line = statuses.get(name, {})
        if line.window_weeks != inputs.thresholds.window_weeks or not {"declared", "candidate"} & set(of_line.values()):
            continue
        records = line_records(inputs.frames["visits"], inputs.frames["dim_stages"], line)
        generator = generator_for(inputs.snapshot, "/".join(name), SENSITIVITY_METHOD)
        tables.append(line_sensitivity(line, records, of_line, generator=generator, settings=settings))
    empty = pd.DataFrame(columns=list(SENSITIVITY_TYPES)).astype(SENSITIVITY_TYPES)
    return pd.concat(tables, ignore_index=True) if tables else empty


def _scopes(inputs: ConstraintInputs, declared: pd.DataFrame) -> pd.DataFrame:
    """Classify the stages named, each window with the waits of the items finished in it."""
    thresholds = inputs.thresholds
    settings = ScopeSettings(thresholds.system_wide_share, thresholds.system_wide_levels)
    streams = declared.loc[declared["scope"] == "value_stream"]
    waits = inputs.frames["stage_waits"]
    end = inputs.week_start.tz_localize("UTC")
    tables = []
    for weeks in thresholds.windows_weeks:
        is_inside = (waits["finished_at"] >= end - pd.Timedelta(weeks=weeks)) & (waits["finished_at"] < end)
        of_window = streams.loc[streams["window_weeks"] == weeks]
        tables.append(classify_constraint_scopes(of_window, waits.loc[is_inside], settings))
    filled = [table for table in tables if not table.empty] or tables[:1]
    return pd.concat(filled, ignore_index=True)


def declaration_settings(thresholds: ConstraintThresholds) -> declaration.DeclarationSettings:
    """Return the settings of a declaration that a portfolio's thresholds stand for."""
    return declaration.DeclarationSettings(
        min_probability=thresholds.min_probability,
        min_probability_estimated=thresholds.min_probability_estimated,
        min_weeks=thresholds.min_weeks,
        min_departures=thresholds.min_departures,
        min_lead=thresholds.min_lead,
        lead_confidence=thresholds.lead_confidence,
        min_utilisation=thresholds.min_utilisation,
        candidate_probability=thresholds.candidate_probability,
        max_candidate_share=thresholds.max_candidate_share,
        min_candidate_weeks=thresholds.min_candidate_weeks,
        min_candidate_departures=thresholds.min_candidate_departures,
    )


def _read_inputs(build: RefreshBuild) -> ConstraintInputs:
    week_start = last_week_start(build)
    zone = ZoneInfo(build.portfolio.portfolio.timezone)
    # A week more than the window, because a value stream may have a time zone of its own.
    longest = max(build.portfolio.analysis.constraints.windows_weeks)
    since = week_start.to_pydatetime().replace(tzinfo=zone) - timedelta(weeks=longest + 1)
    wanted: dict[str, list[str] | None] = {
        "dim_stages": list(STAGE_COLUMNS),
        "dim_dates": ["calendar_date", "working_hours"],
        "dim_value_streams": ["value_stream_id", "timezone"],
        **CAPACITY_FRAMES,
    }
    with build.connection() as connection:
        frames: dict[str, Any] = warehouse.read_frames(connection, wanted)
        frames["visits"] = warehouse.read_visits(
            connection, [*VISIT_COLUMNS, "train_id", "work_item_id"], since, is_item_numbered=True
        )
        frames["blocked"] = warehouse.read_blocked_stretches(connection, since)
        frames["stage_waits"] = warehouse.read_stage_waits(connection, since)
    streams = frames["dim_value_streams"]
    hours = build.portfolio.calendar.hours
    return ConstraintInputs(
        frames=frames,
        week_start=week_start,
        as_of=as_of_utc(build),
        snapshot=snapshot_of(build),
        hours=(hours[0], hours[1]),
        timezones=dict(zip(streams["value_stream_id"], streams["timezone"], strict=True)),
        thresholds=build.portfolio.analysis.constraints,
    )
