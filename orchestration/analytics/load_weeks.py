"""The weeks of a stage that its load is forecast from: arrivals, hours in work, capacity.

Belongs here: bringing moves, hours and people together per scope, stage and week, and the capacity of weeks to come.
Does not belong here: the forecast (:mod:`.load_forecast`).

A stage's capacity is that of the roles that work in it, by the register. Of a role that works in several stages each
gets as much as there was work in it for the team over the last weeks. Where the register does not know a team that
works in the stage, the scope's capacity is not known; it is then taken to be the hours in work of its busiest weeks,
and said to be estimated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from orchestration.analytics.input_frames import require_columns
from orchestration.analytics.load_forecast import CAPACITY_AHEAD_COLUMNS, LOAD_WEEK_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOVE_COLUMNS = ("stage_id", "next_stage_id", "week_start", "n_entered", "n_left")
HOUR_COLUMNS = ("team_id", "stage_id", "week_start", "work_hours")
PEOPLE_COLUMNS = ("team_id", "role", "week_start", "available_hours")
STAGE_ROLE_COLUMNS = ("stage_id", "role")
REGISTER_COLUMNS = ("team_id", "role", "valid_from", "headcount", "hours_per_week", "absence_share")
WORKING_DAY_COLUMNS = ("location_id", "calendar_date", "is_working_weekday", "is_working_day")

#: Weeks whose hours tell how a role divides its time; the busiest of this many tell a capacity that is not known.
SHARE_WEEKS, CAPACITY_WEEKS = 13, 26
_BUSIEST = 0.95
_WEEK = pd.Timedelta(weeks=1)
_PEOPLE_TYPES = {"team_id": "str", "role": "str", "week_start": "datetime64[us]", "available_hours": "float64"}
_WEEK_TYPES = {"scope_id": "str", "stage_id": "str", "week_start": "datetime64[us]"}
_NUMBERS = ("n_arrivals", "n_departures", "work_hours")


def stage_load_weeks(
    moves: pd.DataFrame,
    hours: pd.DataFrame,
    people: pd.DataFrame,
    stage_roles: pd.DataFrame,
    queues: Mapping[str, Sequence[str]],
    last_week: pd.Timestamp,
    *,
    scope_column: str,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the weeks that :func:`.load_forecast.forecast_load` takes, and the capacity of the weeks after them.

    Parameters
    ----------
    moves: entries and exits by stage and week (its Monday), with ``MOVE_COLUMNS`` and the scope column. Exits say to
        which stage; entries do not.
    hours: hours in work, not blocked, with ``HOUR_COLUMNS`` and the scope column.
    people: hours that people of a role are there, with ``PEOPLE_COLUMNS``, up to the last week and, as far as the
        register and the calendar tell, after it (:func:`people_ahead`).
    stage_roles: which roles work in a stage; a stage without any has no capacity by the register.
    queues: the active stages with the queue stages before each. What enters the queue arrives, and what enters the
        stage from elsewhere; from the queue to the stage nothing arrives anew.
    last_week: Monday of the last complete week.
    scope_column: ``value_stream_id`` or ``train_id``; rows without a scope are left out.

    Weeks run from the first one that is whole (the one after the first move of the scope) to the last, without gaps.
    Raises ``ValueError`` for a missing column.
    """
    require_columns(moves, (*MOVE_COLUMNS, scope_column), "moves")
    require_columns(hours, (*HOUR_COLUMNS, scope_column), "hours in work")
    require_columns(people, PEOPLE_COLUMNS, "hours of people")
    require_columns(stage_roles, STAGE_ROLE_COLUMNS, "roles of stages")
    moved = moves.dropna(subset=[scope_column]).rename(columns={scope_column: "scope_id"})
    if moved.empty:
        return pd.DataFrame(columns=list(LOAD_WEEK_COLUMNS)), pd.DataFrame(columns=list(CAPACITY_AHEAD_COLUMNS))
    worked = hours.dropna(subset=[scope_column]).rename(columns={scope_column: "scope_id"})
    worked = worked.loc[worked["stage_id"].isin(list(queues)) & (worked["week_start"] <= last_week)]
    by_week = _moves_by_week(moved, queues).merge(
        worked.groupby(["scope_id", "stage_id", "week_start"], as_index=False)["work_hours"].sum(),
        on=["scope_id", "stage_id", "week_start"],
        how="outer",
    )
    first = moved.loc[moved["n_entered"] > 0].groupby("scope_id")["week_start"].min()
    weeks = _whole_weeks(by_week.astype(_WEEK_TYPES), first, last_week)
    given = _given_capacity(worked, people, stage_roles, last_week)
    weeks = weeks.merge(given, on=["scope_id", "stage_id", "week_start"], how="left")
    weeks = weeks.assign(scope_type=scope_column.removesuffix("_id"), is_complete=True)
    has_given = weeks.groupby(["scope_id", "stage_id"])["capacity_hours"].transform("count") > 0
    recent = weeks["week_start"] > last_week - CAPACITY_WEEKS * _WEEK
    busiest = (
        weeks["work_hours"].where(recent).groupby([weeks["scope_id"], weeks["stage_id"]]).transform(_busiest_hours)
    )
    weeks["capacity_hours"] = weeks["capacity_hours"].where(has_given, busiest)
    weeks["capacity_source"] = np.where(has_given, "given", "estimated")
    ahead = given.loc[given["week_start"] > last_week].assign(scope_type=scope_column.removesuffix("_id"))
    return weeks[list(LOAD_WEEK_COLUMNS)], ahead[list(CAPACITY_AHEAD_COLUMNS)].reset_index(drop=True)


def people_ahead(
    register: pd.DataFrame,
    locations: Mapping[str, str],
    working_days: pd.DataFrame,
    last_week: pd.Timestamp,
    n_weeks: int,
) -> pd.DataFrame:
    """Return the hours that people will be there in the weeks after the last one, with ``PEOPLE_COLUMNS``.

    Contract hours over the location's working days of a week, less the register's share of absence, on working days;
    by the row in force on the day, so a row that begins later counts from its day on. Holidays and closed days count
    as far as the calendar goes.

    Parameters: ``register`` with ``REGISTER_COLUMNS``; ``locations`` of teams; ``working_days`` with
    ``WORKING_DAY_COLUMNS``. Raises ``ValueError`` for a missing column.
    """
    require_columns(register, REGISTER_COLUMNS, "rows of the register")
    require_columns(working_days, WORKING_DAY_COLUMNS, "working days")
    first = last_week + _WEEK
    days = working_days.loc[
        (working_days["calendar_date"] >= first) & (working_days["calendar_date"] < first + n_weeks * _WEEK)
    ].copy()
    days["week_start"] = days["calendar_date"] - pd.to_timedelta(days["calendar_date"].dt.day_of_week, unit="D")
    # Days of the week that are worked, holidays among them: what contract hours are spread over.
    days["n_weekdays"] = days.groupby(["location_id", "week_start"])["is_working_weekday"].transform("sum")
    rows = register.assign(
        location_id=register["team_id"].map(dict(locations)),
        role=register["role"].str.lower(),
        valid_from=pd.to_datetime(register["valid_from"]).astype("datetime64[us]"),
    )
    daily = days.merge(rows, on="location_id").query("calendar_date >= valid_from")
    in_force = daily.sort_values("valid_from").drop_duplicates(["team_id", "role", "calendar_date"], keep="last")
    a_day = (
        in_force["headcount"] * in_force["hours_per_week"] / in_force["n_weekdays"].where(in_force["n_weekdays"] > 0)
    )
    in_force = in_force.assign(
        available_hours=(a_day * (1 - in_force["absence_share"])).where(in_force["is_working_day"].astype(bool), 0.0)
    )
    of_week = in_force.groupby(["team_id", "role", "week_start"])[["available_hours"]].sum()
    return of_week.reset_index()[list(PEOPLE_COLUMNS)].astype(_PEOPLE_TYPES)


def _moves_by_week(moved: pd.DataFrame, queues: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return arrivals at each active stage with its queue, and departures from the stage."""
    stage_of = {queue: stage for stage, waiting in queues.items() for queue in waiting} | {
        stage: stage for stage in queues
    }
    own = moved.assign(line_stage=moved["stage_id"].map(stage_of), next_line_stage=moved["next_stage_id"].map(stage_of))
    own = own.dropna(subset=["line_stage"])
    # Within a stage and its queue nothing arrives anew, whether it goes on to the stage or back to the queue.
    inner = own["n_left"].where(own["line_stage"] == own["next_line_stage"], 0)
    is_stage = own["stage_id"] == own["line_stage"]
    own = own.assign(
        n_arrivals=own["n_entered"] - inner,
        n_departures=(own["n_left"] - inner).where(is_stage, 0),
    )
    keys = ["scope_id", "line_stage", "week_start"]
    summed = own.groupby(keys, as_index=False)[["n_arrivals", "n_departures"]].sum()
    return summed.rename(columns={"line_stage": "stage_id"})


def _whole_weeks(by_week: pd.DataFrame, first: pd.Series, last_week: pd.Timestamp) -> pd.DataFrame:
    frames = []
    starts = {str(scope_id): week for scope_id, week in first.items()}
    for (scope_key, stage_key), of_stage in by_week.groupby(["scope_id", "stage_id"], sort=True):
        scope_id, stage_id = str(scope_key), str(stage_key)
        if scope_id not in starts:
            continue
        weeks = pd.date_range(starts[scope_id] + _WEEK, last_week, freq="7D", name="week_start")
        numbers = of_stage.set_index("week_start")[list(_NUMBERS)].reindex(weeks).fillna(0)
        frames.append(numbers.reset_index().assign(scope_id=scope_id, stage_id=stage_id))
    if not frames:
        return by_week.iloc[:0].reindex(columns=[*_WEEK_TYPES, *_NUMBERS]).astype(_WEEK_TYPES)
    return pd.concat(frames, ignore_index=True).astype(_WEEK_TYPES)


def _given_capacity(
    worked: pd.DataFrame, people: pd.DataFrame, stage_roles: pd.DataFrame, last_week: pd.Timestamp
) -> pd.DataFrame:
    """Return the capacity of each scope, stage and week by the register; no row where it does not know a team of it."""
    recent = worked.loc[worked["week_start"] > last_week - SHARE_WEEKS * _WEEK]
    of_team = recent.groupby(["scope_id", "team_id", "stage_id"], as_index=False)["work_hours"].sum()
    of_team = of_team.loc[of_team["work_hours"] > 0]
    roles = stage_roles[["stage_id"]].assign(role=stage_roles["role"].str.lower())
    shares = of_team.merge(roles, on="stage_id", how="left")
    shares["share"] = shares["work_hours"] / shares.groupby(["scope_id", "team_id", "role"])["work_hours"].transform(
        "sum"
    )
    served = shares.merge(people, on=["team_id", "role"], how="inner")
    served["capacity_hours"] = served["available_hours"] * served["share"]
    keys = ["scope_id", "stage_id"]
    n_teams = of_team.groupby(keys)["team_id"].nunique()
    by_week = served.groupby([*keys, "week_start"]).agg(
        capacity_hours=("capacity_hours", "sum"), n_known=("team_id", "nunique")
    )
    is_whole = by_week["n_known"] == n_teams.reindex(by_week.index.droplevel("week_start")).to_numpy()
    known: pd.DataFrame = by_week.loc[is_whole, ["capacity_hours"]].reset_index().astype(_WEEK_TYPES)
    return known


def _busiest_hours(hours: pd.Series) -> float:
    return float(hours.quantile(_BUSIEST)) if hours.notna().any() else float("nan")
