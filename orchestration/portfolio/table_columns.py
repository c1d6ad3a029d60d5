"""The columns of the tables of the schema raw_portfolio, with their pandas types.

Belongs here: names, order and types. Does not belong here: rows (tables.py, calendar_table.py).

Types are the same whether a frame has rows or not: texts are pandas' `str`, days `datetime64[us]` at midnight (to be
cast to DATE where they are landed), counts and positions `int64` (`Int64` where they may be missing), hours and
percentages `float64`, flags `bool`. A missing text, day or number is the type's own missing value and becomes NULL.
"""

from collections.abc import Mapping
from datetime import date

Cell = str | int | float | bool | date | None
"""One value of a row; None is missing."""
Row = Mapping[str, Cell]
"""One row of a table, by column."""

_TEXT = "str"
_DAY = "datetime64[us]"
_COUNT = "int64"
_COUNT_OR_NONE = "Int64"
_NUMBER = "float64"
_FLAG = "bool"
_FLAG_OR_NONE = "boolean"
_VALIDITY = {"valid_from": _DAY, "valid_to": _DAY}

COLUMNS: dict[str, dict[str, str]] = {
    "value_streams": {"value_stream_id": _TEXT, "value_stream_name": _TEXT, "timezone": _TEXT, "position": _COUNT},
    "trains": {"train_id": _TEXT, "train_name": _TEXT, "value_stream_id": _TEXT, "position": _COUNT},
    "teams": {
        "team_id": _TEXT,
        "team_name": _TEXT,
        "train_id": _TEXT,
        "value_stream_id": _TEXT,
        "location_id": _TEXT,
        "position": _COUNT,
    },
    "increments": {
        "increment_id": _TEXT,
        "increment_name": _TEXT,
        "start_date": _DAY,
        "end_date": _DAY,
        "position": _COUNT,
    },
    "sources": {
        "source_id": _TEXT,
        "tool": _TEXT,
        "exports": _TEXT,
        "statuses_from": _TEXT,
        "status_labels": _TEXT,
    },
    "environment_rules": {"source_id": _TEXT, "environment": _TEXT, "pattern": _TEXT},
    "field_roles": {"source_id": _TEXT, "field_role": _TEXT, "field_id": _TEXT},
    "workflows": {"workflow_id": _TEXT, "workflow_name": _TEXT, "position": _COUNT},
    "workflow_scopes": {
        "workflow_id": _TEXT,
        "workflow_position": _COUNT,
        "level": _TEXT,
        "value_stream_id": _TEXT,
        "source_id": _TEXT,
    },
    "stages": {
        "stage_id": _TEXT,
        "workflow_id": _TEXT,
        "stage_name": _TEXT,
        "stage_kind": _TEXT,
        "position": _COUNT,
        "is_commitment": _FLAG,
        "is_counted": _FLAG,
        "is_cancelled": _FLAG,
        "is_unmapped": _FLAG,
        "wip_limit": _COUNT_OR_NONE,
        "roles": _TEXT,
    },
    "stage_roles": {"stage_id": _TEXT, "role": _TEXT},
    "stage_statuses": {"workflow_id": _TEXT, "stage_id": _TEXT, "status": _TEXT, **_VALIDITY},
    "cancelled_resolutions": {"workflow_id": _TEXT, "resolution": _TEXT},
    "blocked_rules": {"workflow_id": _TEXT, "blocked_kind": _TEXT, "value": _TEXT},
    "membership_rules": {
        "rule_position": _COUNT,
        "team_id": _TEXT,
        "source_id": _TEXT,
        "project": _TEXT,
        "component": _TEXT,
        "label": _TEXT,
        "item_type": _TEXT,
        "team_value": _TEXT,
        **_VALIDITY,
    },
    "work_type_rules": {
        "rule_position": _COUNT,
        "level": _TEXT,
        "work_type": _TEXT,
        "source_id": _TEXT,
        "project": _TEXT,
        "item_type": _TEXT,
        "label": _TEXT,
        **_VALIDITY,
    },
    "quality_rules": {
        "signal": _TEXT,
        "source_id": _TEXT,
        "project": _TEXT,
        "item_type": _TEXT,
        "label": _TEXT,
    },
    "dates": {
        "calendar_date": _DAY,
        "iso_week_start": _DAY,
        "month_start": _DAY,
        "is_working_day": _FLAG,
        "working_hours": _NUMBER,
        "working_hours_before": _NUMBER,
        "holiday_name": _TEXT,
    },
    "working_days": {
        "location_id": _TEXT,
        "calendar_date": _DAY,
        "is_working_weekday": _FLAG,
        "is_working_day": _FLAG,
        "working_hours": _NUMBER,
        "working_hours_before": _NUMBER,
        "holiday_name": _TEXT,
    },
    "hours": {
        "location_id": _TEXT,
        "timezone": _TEXT,
        "working_day_start": _TEXT,
        "working_day_end": _TEXT,
        "working_days_per_week": _COUNT,
    },
    "interventions": {
        "intervention_id": _TEXT,
        "intervention_name": _TEXT,
        "value_stream_id": _TEXT,
        "train_id": _TEXT,
        "team_id": _TEXT,
        "stage_id": _TEXT,
        "level": _TEXT,
        "metric": _TEXT,
        "desired_direction": _TEXT,
        "launched_date": _DAY,
        "transition_days": _COUNT,
        "hypothesis": _TEXT,
        "owner_role": _TEXT,
        "projected_change_percent": _NUMBER,
        "projected_change_low_percent": _NUMBER,
        "projected_change_high_percent": _NUMBER,
        "minimum_change_percent": _NUMBER,
        "kind": _TEXT,
        "funded_date": _DAY,
        "cost": _NUMBER,
        "excluded_controls": _TEXT,
    },
    "intervention_metrics": {
        "intervention_id": _TEXT,
        "metric": _TEXT,
        "is_primary": _FLAG,
        "stage_id": _TEXT,
        "level": _TEXT,
        "desired_direction": _TEXT,
        "projected_change_percent": _NUMBER,
        "projected_change_low_percent": _NUMBER,
        "projected_change_high_percent": _NUMBER,
        "minimum_change_percent": _NUMBER,
    },
    "practice_events": {
        "intervention_id": _TEXT,
        "event_date": _DAY,
        "practice": _TEXT,
        "is_followed": _FLAG_OR_NONE,
    },
    "capacity": {
        "team_id": _TEXT,
        "role": _TEXT,
        "valid_from": _DAY,
        "headcount": _NUMBER,
        "hours_per_week": _NUMBER,
        "absence_share": _NUMBER,
        "cost_rate_per_hour": _NUMBER,
    },
    "objectives": {
        "increment_id": _TEXT,
        "team_id": _TEXT,
        "objective_id": _TEXT,
        "objective": _TEXT,
        "is_committed": _FLAG,
        "planned_business_value": _NUMBER,
        "actual_business_value": _NUMBER,
    },
    "outcomes": {
        "week_start": _DAY,
        "value_stream_id": _TEXT,
        "outcome": _TEXT,
        "value": _NUMBER,
        "unit": _TEXT,
        "desired_direction": _TEXT,
    },
    "people": {
        "person_id": _TEXT,
        "source_id": _TEXT,
        "identity_hash": _TEXT,
        "team_id": _TEXT,
        "role": _TEXT,
        **_VALIDITY,
    },
}
"""Columns and pandas types of each table, in order."""
