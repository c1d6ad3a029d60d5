"""Which weekly signals move together, and stalls that ran from stage to stage: frames in, tables out."""

from datetime import timedelta
from functools import partial

import pandas as pd

from orchestration import warehouse
from orchestration.analysis_steps.moments import last_week_start, snapshot_of
from orchestration.analysis_steps.written_tables import written_tables
from orchestration.analytics import signal_links, stall_cascades
from orchestration.analytics.array_types import Ints
from orchestration.analytics.random_streams import generator_for
from orchestration.analytics.weekly_signals import line_signals, stage_weeks
from orchestration.refresh import RefreshBuild

_STAGE_COLUMNS = [
    "value_stream_id", "level", "stage_id", "week_start", "is_complete", "n_arrivals", "queue_length_mean",
    "n_visits_ended", "wait_elapsed_days",
]  # fmt: skip
#: Tables that `link_signals` writes.
TABLES = ("signal_links", "stall_cascades", "stall_links")
_QUALITY_COLUMNS = ["value_stream_id", "period_start", "is_complete", "n_defects_created", "n_findings_opened"]


def link_signals(build: RefreshBuild, declared: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Link the signals of every line that has a verdict, find its cascades, write both; returns them by name.

    ``declared``: `constraint_declarations` of this refresh. Where there is too little for a verdict there is too little
    for weekly signals, and each comparison more makes a link harder to show.
    """
    return written_tables(build, TABLES, partial(_made, build, declared))


def _made(build: RefreshBuild, declared: pd.DataFrame) -> dict[str, pd.DataFrame]:
    week_start = last_week_start(build)
    settings = stall_cascades.CascadeSettings()
    since = week_start.date() - timedelta(weeks=settings.window_weeks)
    wanted: dict[str, list[str] | None] = {
        "dim_stages": [
            "stage_id", "workflow_id", "stage_name", "stage_kind", "position", "is_counted", "is_cancelled",
            "is_unmapped",
        ],
        "mart_stage_metrics": _STAGE_COLUMNS,
        "mart_quality_signals": _QUALITY_COLUMNS,
    }  # fmt: skip
    rows = {
        "mart_stage_metrics": {"scope_type": ["value_stream"]},
        "mart_quality_signals": {"scope_type": ["value_stream"], "period_type": ["week"]},
    }
    with build.connection() as connection:
        frames = warehouse.read_frames(connection, wanted, rows)
    judged = declared.loc[
        (declared["scope"] == "value_stream") & (declared["verdict"] != "insufficient_data"),
        ["value_stream_id", "level", "workflow_id"],
    ].drop_duplicates()

    def count_items(events: pd.DataFrame, pairs: pd.DataFrame) -> tuple[Ints, Ints]:
        with build.connection() as connection:
            return warehouse.count_items_of_events(connection, events, pairs, since, week_start.date())

    weeks = stage_weeks(frames["mart_stage_metrics"], frames["dim_stages"], judged)
    stalls = stall_cascades.find_stalls(weeks, count_items, week_start, settings=settings)
    return {
        "signal_links": signal_links.link_signals(
            line_signals(weeks, frames["mart_quality_signals"]),
            week_start,
            generator=generator_for(snapshot_of(build), "portfolio", signal_links.METHOD_VERSION),
        ),
        "stall_cascades": stalls.events,
        "stall_links": stalls.links,
    }
