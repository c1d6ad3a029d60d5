"""Why and where work waits, and what the change of flow time is made of: frames in, tables out."""

from collections.abc import Mapping
from datetime import date
from functools import partial
from zoneinfo import ZoneInfo

import pandas as pd

from orchestration import warehouse
from orchestration.analysis_steps.moments import last_week_start, snapshot_of
from orchestration.analysis_steps.written_tables import written_tables
from orchestration.analytics import flow_time_change, hand_off_ranking, team_clocks, waiting_classes, work_instances
from orchestration.analytics.given_capacity import people_of_resources
from orchestration.analytics.random_streams import generator_for
from orchestration.analytics.waiting_sums import WaitingSettings, waiting_by_stage, waiting_by_transition
from orchestration.analytics.working_clock import week_edges
from orchestration.portfolio.value_types import DEFAULT_LOCATION
from orchestration.refresh import RefreshBuild

#: Tables that `explain_waits` writes.
TABLES = ("waiting_by_transition", "waiting_by_stage", "hand_off_pairs", "hand_off_matrix", "flow_time_changes")
#: Three increments make the two newest changes.
N_INCREMENTS = 3


def explain_waits(build: RefreshBuild) -> dict[str, pd.DataFrame]:
    """Split the waits of the last weeks into classes, rank the hand-offs, split the change of flow time; write them."""
    return written_tables(build, TABLES, partial(_made, build))


def _made(build: RefreshBuild) -> dict[str, pd.DataFrame]:
    waits, edges = _classified_waits(build)
    thresholds = build.portfolio.analysis.constraints
    snapshot = snapshot_of(build)
    settings = WaitingSettings(min_waits=thresholds.min_waits)
    hand_offs = hand_off_ranking.HandOffSettings(min_hand_offs=thresholds.min_hand_offs)
    with build.connection() as connection:
        handed = warehouse.read_hand_offs(connection, hand_off_ranking.HAND_OFF_COLUMNS, edges[0].to_pydatetime())
        items, stage_times = warehouse.read_finished_units(connection, _newest_increments(build))
    return {
        "waiting_by_transition": waiting_by_transition(
            waits, edges, generator=generator_for(snapshot, "transitions", waiting_classes.METHOD_VERSION),
            settings=settings,
        ),
        "waiting_by_stage": waiting_by_stage(
            waits, edges, generator=generator_for(snapshot, "stages", waiting_classes.METHOD_VERSION),
            settings=settings,
        ),
        "hand_off_pairs": hand_off_ranking.rank_hand_offs(
            handed, edges, generator=generator_for(snapshot, "portfolio", hand_off_ranking.METHOD_VERSION),
            waits=waits, settings=hand_offs,
        ),
        "hand_off_matrix": hand_off_ranking.hand_off_matrix(handed, edges),
        "flow_time_changes": flow_time_change.flow_time_changes(
            items, stage_times, generator=generator_for(snapshot, "portfolio", flow_time_change.METHOD_VERSION),
            settings=flow_time_change.FlowTimeChangeSettings(min_items=thresholds.min_items_per_increment),
        ),
    }  # fmt: skip


def _classified_waits(build: RefreshBuild) -> tuple[pd.DataFrame, pd.DatetimeIndex]:
    """Return the waits of the window, each on the clock of its team's location, and the window's weeks."""
    zone = build.portfolio.portfolio.timezone
    week_start = last_week_start(build)
    window_weeks = build.portfolio.analysis.constraints.window_weeks
    edges = week_edges(week_start, window_weeks, zone).tz_convert(zone)
    # What is in work in the window was enabled earlier, so visits are read from as far back again.
    since = (edges[0] - pd.Timedelta(weeks=window_weeks)).to_pydatetime()
    wanted: dict[str, list[str] | None] = {
        "dim_stages": list(work_instances.STAGE_COLUMNS),
        "dim_teams": ["team_id", "value_stream_id", "location_id"],
        "dim_value_streams": ["value_stream_id", "timezone"],
        "dim_stage_roles": ["stage_id", "role"],
        "dim_working_days": ["location_id", *team_clocks.CALENDAR_COLUMNS],
        "fct_capacity_days": [
            "team_id", "role", "location_id", "calendar_date", "available_hours", "value_stream_id",
        ],
    }  # fmt: skip
    with build.connection() as connection:
        frames = warehouse.read_frames(connection, wanted)
        visits = warehouse.read_visits(
            connection, work_instances.VISIT_COLUMNS, since, is_item_numbered=True, has_firsts=False
        )
    instances = work_instances.instances_from_visits(visits, frames["dim_stages"])
    stages = frames["dim_stages"].dropna(subset=["roles"])
    people = people_of_resources(
        frames["fct_capacity_days"],
        frames["dim_working_days"],
        frames["dim_stage_roles"],
        dict(zip(stages["stage_id"], stages["roles"], strict=True)),
        (week_start - pd.Timedelta(weeks=window_weeks), week_start - pd.Timedelta(days=1)),
    )
    clocks, default = _team_clocks(build, frames, instances, edges)
    waits = waiting_classes.classify_waits(instances, edges, default_clock=default, clocks=clocks, capacities=people)
    return waits, edges


def _team_clocks(
    build: RefreshBuild, frames: Mapping[str, pd.DataFrame], instances: pd.DataFrame, edges: pd.DatetimeIndex
) -> tuple[dict[str, team_clocks.TeamClock], team_clocks.TeamClock]:
    """Return the clock of each team, by its location's calendar, and that of the portfolio for who has none."""
    enabled = instances["enabled_at"].min()
    first = edges[0] if pd.isna(enabled) else min(edges[0], enabled)
    span = pd.DatetimeIndex([pd.Timestamp(first).tz_convert("UTC").floor("D"), edges[-1].tz_convert("UTC")])
    of_location = build.portfolio.calendars
    zones = {location.id: location.timezone for location in build.portfolio.locations}
    streams = frames["dim_value_streams"]
    stream_zones = dict(zip(streams["value_stream_id"], streams["timezone"], strict=True))
    days = dict(list(frames["dim_working_days"].groupby("location_id")))
    made: dict[tuple[str, str], team_clocks.TeamClock] = {}

    def clock(location: str, zone: str) -> team_clocks.TeamClock:
        if (location, zone) not in made:
            hours = of_location[location].hours
            made[location, zone] = team_clocks.team_clock(days[location], span, zone, hours[0], hours[1])
        return made[location, zone]

    own = build.portfolio.portfolio.timezone
    teams = frames["dim_teams"]
    clocks = {
        str(team): clock(str(location), zones.get(location) or stream_zones.get(stream) or own)
        for team, stream, location in zip(teams["team_id"], teams["value_stream_id"], teams["location_id"], strict=True)
    }
    return clocks, clock(DEFAULT_LOCATION, own)


def _newest_increments(build: RefreshBuild) -> list[tuple[str, date, date]]:
    """Return the newest complete increments, oldest first: id, first and last day."""
    today = build.refresh.as_of.astimezone(ZoneInfo(build.portfolio.portfolio.timezone)).date()
    complete = sorted((one for one in build.portfolio.increments if one.end < today), key=lambda one: one.start)
    return [(one.id, one.start, one.end) for one in complete[-N_INCREMENTS:]]
