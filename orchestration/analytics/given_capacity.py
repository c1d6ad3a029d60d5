"""How many people a stage has by the register of capacity, net of those who are away.

Belongs here: from days of roles to people per stage over a window, and when the register does not tell. Does not belong
here: what a stage did with them (:mod:`.stage_indicators`), and the estimate where nothing is given.

People are hours over the hours of a full working day of their place, so somebody who works half of the week is half a
person, and an absence of 15 % leaves 0.85. Nothing is given for a stage of which the register knows only a part: a
capacity that is too small would make the stage look busy, and one that is too large would hide it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from orchestration.analytics.input_frames import require_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

CAPACITY_DAY_COLUMNS = ("team_id", "role", "location_id", "calendar_date", "available_hours")
WORKING_DAY_COLUMNS = ("location_id", "calendar_date", "working_hours")
STAGE_ROLE_COLUMNS = ("stage_id", "role")
USE_COLUMNS = ("value_stream_id", "level", "stage_id")
#: Tables and columns that capacities are read from.
CAPACITY_FRAMES: dict[str, list[str] | None] = {
    "dim_stage_roles": list(STAGE_ROLE_COLUMNS),
    "dim_working_days": list(WORKING_DAY_COLUMNS),
    "fct_capacity_days": [*CAPACITY_DAY_COLUMNS, "value_stream_id", "train_id"],
}


def people_of_stages(
    capacity_days: pd.DataFrame,
    working_days: pd.DataFrame,
    stage_roles: pd.DataFrame,
    in_use: pd.DataFrame,
    window: tuple[pd.Timestamp, pd.Timestamp],
    scope_column: str = "value_stream_id",
) -> pd.DataFrame:
    """Return the people at work in each stage of each scope on a working day of the window.

    Parameters
    ----------
    capacity_days: one row per team, role and day with ``CAPACITY_DAY_COLUMNS`` and the scope column (grain of
        ``fct_capacity_days``).
    working_days: one row per location and day with ``WORKING_DAY_COLUMNS`` (grain of ``dim_working_days``).
    stage_roles: one row per stage and role with ``STAGE_ROLE_COLUMNS`` (grain of ``dim_stage_roles``).
    in_use: one row per value stream, level and stage that items visit, with ``USE_COLUMNS`` and the scope column.
    window: first and last day.

    Returns the scope column, ``stage_id`` and ``capacity``: the mean over the working days of the hours there over the
    hours of a full day, summed over teams and roles. A stage is left out where a role of it is not in the register of
    the scope from the window's first working day on, where a role of it serves another stage in use too, or where the
    stage is used at several levels: the same people would count twice. Raises ``ValueError`` for missing columns.
    """
    require_columns(capacity_days, (*CAPACITY_DAY_COLUMNS, scope_column), "days of capacity")
    require_columns(working_days, WORKING_DAY_COLUMNS, "working days")
    require_columns(stage_roles, STAGE_ROLE_COLUMNS, "stage roles")
    require_columns(in_use, (*USE_COLUMNS, scope_column), "stages in use")
    people = _people_of_roles(capacity_days, working_days, window, scope_column)
    used = in_use.loc[:, [scope_column, "level", "stage_id"]].drop_duplicates()
    serving = used.merge(
        stage_roles.assign(role_key=stage_roles["role"].str.lower())[["stage_id", "role_key"]].drop_duplicates(),
        on="stage_id",
    )
    places = serving.groupby([scope_column, "role_key"])[["level", "stage_id"]].transform("nunique")
    serving = serving.assign(is_shared=(places > 1).any(axis=1)).merge(
        people, on=[scope_column, "role_key"], how="left"
    )
    serving["is_told"] = serving["people"].notna() & ~serving["is_shared"]
    stages = serving.groupby([scope_column, "stage_id"], as_index=False).agg(
        capacity=("people", "sum"), is_told=("is_told", "all")
    )
    told = stages.loc[stages["is_told"] & (stages["capacity"] > 0), [scope_column, "stage_id", "capacity"]]
    return told.reset_index(drop=True)


def people_of_resources(
    capacity_days: pd.DataFrame,
    working_days: pd.DataFrame,
    stage_roles: pd.DataFrame,
    roles_of_stage: Mapping[str, str],
    window: tuple[pd.Timestamp, pd.Timestamp],
) -> dict[str, float]:
    """Return the people by resource, as :func:`.work_instances.instances_from_visits` names those who serve a stage.

    ``roles_of_stage`` is the text of a stage's roles there, ``roles`` of ``dim_stages``; the other parameters are those
    of :func:`people_of_stages`. Left out is a resource with a role that is not in the register, or that works in
    another resource too.
    """
    people = _people_of_roles(capacity_days, working_days, window, "value_stream_id")
    sets = stage_roles.assign(
        role_key=stage_roles["role"].str.lower(), roles=stage_roles["stage_id"].map(roles_of_stage)
    )
    sets = sets.dropna(subset=["roles"])[["roles", "role_key"]].drop_duplicates()
    sets = sets.loc[~sets["role_key"].duplicated(keep=False)]
    found: dict[str, float] = {}
    n_roles = {roles: len(set(roles.lower().split(", "))) for roles in sets["roles"]}
    for (stream, roles), of_resource in sets.merge(people, on="role_key").groupby(["value_stream_id", "roles"]):
        if len(of_resource) == n_roles[str(roles)] and of_resource["people"].sum() > 0:
            found[f"{stream}/{roles}"] = float(of_resource["people"].sum())
    return found


def _people_of_roles(
    capacity_days: pd.DataFrame,
    working_days: pd.DataFrame,
    window: tuple[pd.Timestamp, pd.Timestamp],
    scope_column: str,
) -> pd.DataFrame:
    """Return the people per scope and role; a team counts from the window's first working day or not at all."""
    first, last = window
    full = working_days.assign(calendar_date=pd.to_datetime(working_days["calendar_date"]))
    full = full.loc[full["calendar_date"].between(first, last) & (full["working_hours"] > 0)]
    opening = full.groupby("location_id")["calendar_date"].min()
    days = capacity_days.assign(
        calendar_date=pd.to_datetime(capacity_days["calendar_date"]), role_key=capacity_days["role"].str.lower()
    ).merge(full[["location_id", "calendar_date", "working_hours"]], on=["location_id", "calendar_date"])
    days["people"] = days["available_hours"].astype("float64") / days["working_hours"].astype("float64")
    days["is_opening"] = days["calendar_date"] == days["location_id"].map(opening)
    teams = days.groupby([scope_column, "role_key", "team_id"], as_index=False).agg(
        people=("people", "mean"), is_known=("is_opening", "any")
    )
    roles = teams.groupby([scope_column, "role_key"], as_index=False).agg(
        people=("people", "sum"), is_known=("is_known", "all")
    )
    return roles.loc[roles["is_known"], [scope_column, "role_key", "people"]]
