"""The portfolio as tables: the frames of the schema raw_portfolio, one function per group of tables.

Belongs here: the rows of these tables and the stages that Weir adds to each workflow. Does not belong here: columns and
types (table_columns.py), the calendar (calendar_table.py), registers (register_tables.py), checks (a loaded portfolio
is coherent).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import product

import pandas as pd

from orchestration.portfolio.calendar_table import dates_table, working_days_table
from orchestration.portfolio.models import Calendar, Portfolio
from orchestration.portfolio.register_tables import register_rows
from orchestration.portfolio.table_columns import COLUMNS, Cell, Row
from orchestration.portfolio.value_types import DEFAULT_LOCATION, UNASSIGNED
from orchestration.portfolio.workflow import StageKind, StatusMapping, Workflow


def portfolio_tables(portfolio: Portfolio, first_day: date, last_day: date) -> dict[str, pd.DataFrame]:
    """Return the frames of raw_portfolio by table name, as `COLUMNS` lists them.

    Args:
        portfolio: A loaded portfolio.
        first_day: First day of `dates` and `working_days`; its `working_hours_before` is 0.
        last_day: Last day of the two, inclusive.

    Raises:
        ValueError: `last_day` lies before `first_day`.
    """
    if last_day < first_day:
        raise ValueError(f"The calendar's last day {last_day} lies before its first day {first_day}. Swap the two.")
    calendars = portfolio.calendars
    rows: dict[str, Iterable[Row]] = {
        "value_streams": _value_streams(portfolio),
        "trains": _trains(portfolio),
        "teams": _teams(portfolio),
        "increments": _increments(portfolio),
        "sources": _sources(portfolio),
        "environment_rules": _environment_rules(portfolio),
        "field_roles": _field_roles(portfolio),
        "workflows": _workflows(portfolio),
        "workflow_scopes": _workflow_scopes(portfolio),
        "stages": (row for workflow in portfolio.workflows for row in _stages(workflow)),
        "stage_roles": (row for workflow in portfolio.workflows for row in _stage_roles(workflow)),
        "stage_statuses": (row for workflow in portfolio.workflows for row in _stage_statuses(workflow)),
        "cancelled_resolutions": _cancelled_resolutions(portfolio),
        "blocked_rules": _blocked_rules(portfolio),
        "membership_rules": _membership_rules(portfolio),
        "work_type_rules": _work_type_rules(portfolio),
        "quality_rules": _quality_rules(portfolio),
        "hours": _hours(portfolio, calendars),
        **register_rows(portfolio),
    }
    tables = {table: _frame(table, table_rows) for table, table_rows in rows.items()}
    tables["dates"] = dates_table(portfolio.calendar, first_day, last_day)
    tables["working_days"] = working_days_table(calendars, first_day, last_day)
    return {table: tables[table] for table in COLUMNS}


def _frame(table: str, rows: Iterable[Row]) -> pd.DataFrame:
    columns = COLUMNS[table]
    listed = list(rows)
    return pd.DataFrame(
        {column: pd.Series([row[column] for row in listed], dtype=dtype) for column, dtype in columns.items()}
    )


def _value_streams(portfolio: Portfolio) -> Iterator[Row]:
    own_zone = portfolio.portfolio.timezone
    scopes = [(stream.id, stream.name, stream.timezone or own_zone) for stream in portfolio.value_streams]
    for position, (scope_id, name, zone) in enumerate([*scopes, (UNASSIGNED, "Unassigned", own_zone)], start=1):
        yield {"value_stream_id": scope_id, "value_stream_name": name, "timezone": zone, "position": position}


def _trains(portfolio: Portfolio) -> Iterator[Row]:
    trains = [(train.id, train.name, stream.id) for stream in portfolio.value_streams for train in stream.trains]
    for position, (train_id, name, stream_id) in enumerate([*trains, (UNASSIGNED, "Unassigned", UNASSIGNED)], start=1):
        yield {"train_id": train_id, "train_name": name, "value_stream_id": stream_id, "position": position}


def _teams(portfolio: Portfolio) -> Iterator[Row]:
    teams = [
        (team.id, team.name, train.id, stream.id, team.location_id or train.location_id or stream.location_id)
        for stream in portfolio.value_streams
        for train in stream.trains
        for team in train.teams
    ]
    unassigned = (UNASSIGNED, "Unassigned", UNASSIGNED, UNASSIGNED, None)
    for position, (team_id, name, train_id, stream_id, location_id) in enumerate([*teams, unassigned], start=1):
        yield {
            "team_id": team_id,
            "team_name": name,
            "train_id": train_id,
            "value_stream_id": stream_id,
            "location_id": location_id or DEFAULT_LOCATION,
            "position": position,
        }


def _increments(portfolio: Portfolio) -> Iterator[Row]:
    in_order = sorted(portfolio.increments, key=lambda increment: increment.start)
    for position, increment in enumerate(in_order, start=1):
        yield {
            "increment_id": increment.id,
            "increment_name": increment.name,
            "start_date": increment.start,
            "end_date": increment.end,
            "position": position,
        }


def _sources(portfolio: Portfolio) -> Iterator[Row]:
    for source in portfolio.sources:
        yield {
            "source_id": source.id,
            "tool": source.tool,
            "exports": source.exports,
            "statuses_from": source.statuses.origin,
            # No pattern holds a line feed.
            "status_labels": "\n".join(source.statuses.labels) or None,
        }


def _environment_rules(portfolio: Portfolio) -> Iterator[Row]:
    for source in portfolio.sources:
        for environment, patterns in source.environments.model_dump(exclude_none=True).items():
            for pattern in dict.fromkeys(patterns):
                yield {"source_id": source.id, "environment": environment, "pattern": pattern}


def _field_roles(portfolio: Portfolio) -> Iterator[Row]:
    for source_id, fields in portfolio.fields.items():
        for role, field_id in fields.model_dump(exclude_none=True).items():
            yield {"source_id": source_id, "field_role": role, "field_id": field_id}


def _workflows(portfolio: Portfolio) -> Iterator[Row]:
    for position, workflow in enumerate(portfolio.workflows, start=1):
        yield {"workflow_id": workflow.id, "workflow_name": workflow.name, "position": position}


def _workflow_scopes(portfolio: Portfolio) -> Iterator[Row]:
    for position, workflow in enumerate(portfolio.workflows, start=1):
        scope = workflow.applies_to
        for level, stream_id, source_id in _combinations(scope.levels, scope.value_streams, scope.sources):
            yield {
                "workflow_id": workflow.id,
                "workflow_position": position,
                "level": level,
                "value_stream_id": stream_id,
                "source_id": source_id,
            }


def _combinations(*conditions: Sequence[str] | None) -> Iterator[tuple[str | None, ...]]:
    """Yield every combination of the conditions' values; a condition that is not given contributes NULL (any)."""
    choices: list[list[str | None]] = [[None] if values is None else [*dict.fromkeys(values)] for values in conditions]
    return product(*choices)


def _stages(workflow: Workflow) -> Iterator[Row]:
    """Yield the workflow's stages and, after them, those for cancelled work and for statuses that nobody mapped."""
    stages = workflow.stages
    for position, stage in enumerate(stages, start=1):
        yield {
            **_plain_stage(workflow, stage.id, stage.name, stage.kind, position),
            "is_commitment": stage.commitment,
            "is_counted": stage.counted,
            "wip_limit": stage.wip_limit,
            "roles": ", ".join(stage.roles) or None,
        }
    cancelled = _plain_stage(workflow, "cancelled", "Cancelled", "done", len(stages) + 1)
    yield {**cancelled, "is_cancelled": True}
    commitment = [stage.commitment for stage in stages].index(True) + 1
    first_done = [stage.kind for stage in stages].index("done") + 1
    unmapped: list[tuple[StageKind, int, bool]] = [
        ("queue", 1, stages[0].counted),
        ("active", commitment, True),
        ("done", first_done, True),
    ]
    for kind, position, is_counted in unmapped:
        added = _plain_stage(workflow, f"unmapped-{kind}", f"Unmapped ({kind})", kind, position)
        yield {**added, "is_counted": is_counted, "is_unmapped": True}


def _plain_stage(workflow: Workflow, stage: str, name: str, kind: StageKind, position: int) -> dict[str, Cell]:
    return {
        "stage_id": f"{workflow.id}.{stage}",
        "workflow_id": workflow.id,
        "stage_name": name,
        "stage_kind": kind,
        "position": position,
        "is_commitment": False,
        "is_counted": True,
        "is_cancelled": False,
        "is_unmapped": False,
        "wip_limit": None,
        "roles": None,
    }


def _stage_roles(workflow: Workflow) -> Iterator[Row]:
    for stage in workflow.stages:
        # A role named twice, perhaps in another spelling, is one role.
        first: dict[str, str] = {}
        for role in stage.roles:
            first.setdefault(role.casefold(), role)
        for role in first.values():
            yield {"stage_id": f"{workflow.id}.{stage.id}", "role": role}


def _stage_statuses(workflow: Workflow) -> Iterator[Row]:
    by_stage: list[tuple[str, list[StatusMapping]]] = [(stage.id, stage.statuses) for stage in workflow.stages]
    for stage_id, statuses in [*by_stage, ("cancelled", workflow.cancelled.statuses)]:
        for status in statuses:
            yield {
                "workflow_id": workflow.id,
                "stage_id": f"{workflow.id}.{stage_id}",
                "status": status.status,
                "valid_from": status.valid_from,
                "valid_to": status.valid_to,
            }


def _cancelled_resolutions(portfolio: Portfolio) -> Iterator[Row]:
    for workflow in portfolio.workflows:
        for resolution in _spelt_once(workflow.cancelled.resolutions):
            yield {"workflow_id": workflow.id, "resolution": resolution}


def _blocked_rules(portfolio: Portfolio) -> Iterator[Row]:
    for workflow in portfolio.workflows:
        for kind, values in (
            ("status", _spelt_once(workflow.blocked.statuses)),
            ("label", dict.fromkeys(workflow.blocked.labels)),
        ):
            for value in values:
                yield {"workflow_id": workflow.id, "blocked_kind": kind, "value": value}


def _spelt_once(names: Iterable[str]) -> Iterable[str]:
    """Return each name once, in its first spelling: statuses and resolutions are found whatever their case."""
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(name.strip().lower(), name)
    return first.values()


def _membership_rules(portfolio: Portfolio) -> Iterator[Row]:
    for position, rule in enumerate(portfolio.membership, start=1):
        when = rule.when
        conditions = (when.source, when.project, when.component, when.label, when.type, when.team)
        for source_id, project, component, label, item_type, team_value in _combinations(*conditions):
            yield {
                "rule_position": position,
                "team_id": rule.team,
                "source_id": source_id,
                "project": project,
                "component": component,
                "label": label,
                "item_type": item_type,
                "team_value": team_value,
                "valid_from": rule.valid_from,
                "valid_to": rule.valid_to,
            }


def _work_type_rules(portfolio: Portfolio) -> Iterator[Row]:
    for position, rule in enumerate(portfolio.work_types, start=1):
        when = rule.when
        for source_id, project, item_type, label in _combinations(when.source, when.project, when.type, when.label):
            yield {
                "rule_position": position,
                "level": rule.level,
                "work_type": rule.work_type,
                "source_id": source_id,
                "project": project,
                "item_type": item_type,
                "label": label,
                "valid_from": rule.valid_from,
                "valid_to": rule.valid_to,
            }


def _quality_rules(portfolio: Portfolio) -> Iterator[Row]:
    quality = portfolio.quality
    for signal, rule in (("escaped_defects", quality.escaped_defects), ("safety_defects", quality.safety_defects)):
        if rule is None:
            continue
        when = rule.when
        for source_id, project, item_type, label in _combinations(when.source, when.project, when.type, when.label):
            yield {
                "signal": signal,
                "source_id": source_id,
                "project": project,
                "item_type": item_type,
                "label": label,
            }


def _hours(portfolio: Portfolio, calendars: Mapping[str, Calendar]) -> Iterator[Row]:
    zones = {location.id: location.timezone for location in portfolio.locations}
    for location_id, calendar in calendars.items():
        yield {
            "location_id": location_id,
            "timezone": zones.get(location_id),
            "working_day_start": calendar.hours[0],
            "working_day_end": calendar.hours[1],
            "working_days_per_week": len(set(calendar.working_days)),
        }
