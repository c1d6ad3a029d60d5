"""Evidence on which stage of a value stream holds the others back.

Belongs here: the published table of evidence per value stream, level and active stage: its columns, its ranks, its
sentences. Does not belong here: how an indicator is measured (:mod:`.stage_indicators`), and a verdict. Naming a
constraint takes a resampled probability and a check by simulation; a rank here is evidence and is worded so.

Source of the ranking: Borda count over the indicators. In simulated 5-stage lines the true constraint came first in 93
to 100 % of clear cases and in 53 to 67 % of near ties; queue length alone is misled by limits on work in progress.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from orchestration.analytics.borda_count import borda_points
from orchestration.analytics.evidence_wording import describe_evidence, describe_insufficiency
from orchestration.analytics.line_measures import (
    STAGE_COLUMNS,
    WINDOW_WEEKS,
    MeasuredLine,
    measure_lines,
)
from orchestration.analytics.line_visits import VISIT_COLUMNS
from orchestration.analytics.stage_indicators import INDICATORS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

__all__ = [
    "COLUMNS",
    "METHOD_VERSION",
    "STAGE_COLUMNS",
    "VISIT_COLUMNS",
    "WINDOW_WEEKS",
    "evidence_of_lines",
    "rank_stages",
    "stage_constraint_evidence",
]

METHOD_VERSION = "stage_constraint_evidence-2"

#: A stage with fewer is described and ranked, and marked as not sufficient.
MIN_WEEKS = 13
MIN_DEPARTURES = 60

_TYPES = {
    "value_stream_id": "str",
    "level": "str",
    "workflow_id": "str",
    "stage_id": "str",
    "stage_name": "str",
    "stage_position": "int64",
    "n_weeks": "int64",
    "window_start": "datetime64[us]",
    "window_end": "datetime64[us]",
    "n_arrivals": "int64",
    "n_departures": "int64",
    "n_left_queue": "int64",
    "left_out_share": "float64",
    "capacity_estimate": "float64",
    "capacity_source": "str",
    "utilisation": "float64",
    "utilisation_lower": "float64",
    "utilisation_upper": "float64",
    "not_starved_share": "float64",
    "full_busy_share": "float64",
    "queue_mean": "float64",
    "queue_growth_per_week": "float64",
    "arrivals_minus_departures": "int64",
    "arrivals_departures_p_value": "float64",
    "wait_elapsed_days": "float64",
    "wait_share": "float64",
    "downstream_starvation_share": "float64",
    "wip_imbalance": "float64",
    "is_queue_ranked": "bool",
    "rank_utilisation": "Int64",
    "rank_not_starved": "Int64",
    "rank_full_busy": "Int64",
    "rank_queue": "Int64",
    "borda_points": "float64",
    "evidence_rank": "Int64",
    "n_stages_ranked": "int64",
    "is_sufficient": "bool",
    "insufficient_reason": "str",
    "evidence": "str",
    "method_version": "str",
}
COLUMNS = tuple(_TYPES)

#: The column of the rank by each indicator; for each a higher value points to the constraint.
_RANK_COLUMNS = ("rank_utilisation", "rank_not_starved", "rank_full_busy", "rank_queue")


def stage_constraint_evidence(
    visits: pd.DataFrame,
    stages: pd.DataFrame,
    window_end: pd.Timestamp,
    *,
    generator: np.random.Generator,
    window_weeks: int = WINDOW_WEEKS,
    window_start: pd.Timestamp | None = None,
    calendar: pd.DataFrame | None = None,
    day_start: str | None = None,
    day_end: str | None = None,
    timezones: Mapping[str, str] | None = None,
    capacities: Mapping[tuple[str, str], float] | None = None,
    blocked: pd.DataFrame | None = None,
    n_resamples: int = 500,
) -> pd.DataFrame:
    """Measure and rank every active stage of every line (value stream, level, workflow) over the last weeks.

    Only mapped, counted, not cancelled stages take part; the queue of an active stage is the queue stage or stages
    directly before it. Nothing at or after ``window_end`` is read. Visits without a value stream or level are left out.

    Visits of items without a usable history are left out of every measure, as their times cannot be trusted;
    ``left_out_share`` is their share (0 to 1) of the line's visits to queue and active stages in the window.

    Parameters
    ----------
    visits: one row per stage visit with ``VISIT_COLUMNS`` (grain of ``fct_stage_visits``); ``exited_at`` NaT = open;
        instants without a zone are UTC.
    stages: one row per stage with ``STAGE_COLUMNS`` (grain of ``dim_stages``). A ``wip_limit`` holds for the stage in a
        value stream over all levels.
    window_end: first instant after the window, for example the start of the current week. Without a zone it is
        wall-clock time in each value stream's zone.
    generator: random numbers for the utilisation interval.
    window_weeks, window_start: length of the window; a given start is kept as it is, else the weeks before a line's
        first item are dropped.
    calendar: ``calendar_date`` and ``working_hours`` per day. Time then runs on the working clock for everything but
        the waiting days and ``wait_share``; ``day_start`` and ``day_end`` say when in the day it runs.
    timezones: zone per value stream, UTC for those not in it.
    capacities: items worked on at once, by (value_stream_id, stage_id); estimated for those not in it.
    blocked: stretches in which items in active stages were blocked (``BLOCKED_COLUMNS``), not counted as work.
    n_resamples: bootstrap resamples for the 95 % interval of the utilisation.

    Returns one row per line and active stage with ``COLUMNS``, ordered by value stream, level, workflow and position.
    ``window_end`` there is the last local day inside the window. Ranks are within a line, 1 = points most to this
    stage. Raises ``ValueError`` for missing columns, a stage that ``stages`` does not hold, a visit that ends before it
    begins, a capacity of 0 or less, or a calendar that does not cover the window.
    """
    lines = measure_lines(
        visits,
        stages,
        window_end,
        generator=generator,
        window_weeks=window_weeks,
        window_start=window_start,
        calendar=calendar,
        day_start=day_start,
        day_end=day_end,
        timezones=timezones,
        capacities=capacities,
        blocked=blocked,
        n_resamples=n_resamples,
    )
    return evidence_of_lines(lines)


def evidence_of_lines(
    lines: Sequence[MeasuredLine], *, min_weeks: int = MIN_WEEKS, min_departures: int = MIN_DEPARTURES
) -> pd.DataFrame:
    """Return the table of evidence for lines that are measured already; see :func:`stage_constraint_evidence`.

    ``min_weeks`` and ``min_departures`` are what a stage needs for its evidence to be sufficient.
    """
    tables = [
        _worded(
            rank_stages(
                line.stages.assign(
                    value_stream_id=line.value_stream_id,
                    level=line.level,
                    workflow_id=line.workflow_id,
                    n_weeks=line.n_weeks,
                    window_start=line.window_start,
                    window_end=line.window_end,
                    is_queue_ranked=line.is_queue_ranked,
                    left_out_share=line.left_out_share,
                )
            ),
            is_working_time=line.is_working_time,
            min_weeks=min_weeks,
            min_departures=min_departures,
        )
        for line in lines
    ]
    if not tables:
        return pd.DataFrame(columns=list(COLUMNS)).astype(_TYPES)
    table = pd.concat(tables, ignore_index=True).assign(method_version=METHOD_VERSION)
    order = ["value_stream_id", "level", "workflow_id", "stage_position", "stage_id"]
    return table.sort_values(order, ignore_index=True)[list(COLUMNS)].astype(_TYPES)


def rank_stages(line: pd.DataFrame) -> pd.DataFrame:
    """Add ranks, Borda points and the evidence rank to the measured stages of one line.

    Points are those of :func:`.borda_count.borda_points`. ``queue_mean`` takes part where ``is_queue_ranked``. Stages
    without utilisation (no item in work) are not ranked at all.
    """
    ranked = line.copy()
    takes_part = ranked["utilisation"].notna()
    values = ranked[list(INDICATORS)].where(takes_part)
    values["queue_mean"] = values["queue_mean"].where(ranked["is_queue_ranked"])
    for indicator, rank_column in zip(INDICATORS, _RANK_COLUMNS, strict=True):
        ranked[rank_column] = values[indicator].rank(method="min", ascending=False).astype("Int64")
    ranked["borda_points"] = pd.Series(float("nan"), index=ranked.index)
    ranked.loc[takes_part, "borda_points"] = borda_points(values.loc[takes_part].to_numpy(dtype="float64"))
    ranked["evidence_rank"] = ranked["borda_points"].rank(method="min", ascending=False).astype("Int64")
    ranked["n_stages_ranked"] = int(takes_part.sum())
    return ranked


def _worded(line: pd.DataFrame, *, is_working_time: bool, min_weeks: int, min_departures: int) -> pd.DataFrame:
    """Add whether each stage has data enough, and the sentence that says what its numbers say."""
    worded = line.copy()
    worded["is_sufficient"] = (worded["n_weeks"] >= min_weeks) & (worded["n_departures"] >= min_departures)
    worded["insufficient_reason"] = describe_insufficiency(worded, min_weeks, min_departures)
    worded["evidence"] = describe_evidence(worded, is_working_time=is_working_time)
    return worded
