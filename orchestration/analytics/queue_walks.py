"""Queues by week and the walk into their future: q = max(0, q + net flow).

Belongs here: what is known of each queue at the end of a week (length, net flow, limit), and rolling it forward along
resampled weeks. Does not belong here: what a forecast makes of it, its back-test and its gate
(:mod:`.choke_point_forecast`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from orchestration.analytics.input_frames import complete_weeks, require_unique
from orchestration.analytics.process_limits import natural_process_limits

if TYPE_CHECKING:
    from orchestration.analytics.array_types import Flags, Floats, Ints

KEYS = ("scope_type", "scope_id", "level", "stage_id")
#: What is read of ``mart_stage_metrics``; further columns are ignored.
STAGE_WEEK_COLUMNS = (
    *KEYS,
    "stage_kind",
    "week_start",
    "is_complete",
    "n_arrivals",
    "n_departures",
    "queue_length_end",
    "wip_limit",
)

#: The level of a queue whose limit holds over several levels together.
ALL_LEVELS = "all"


@dataclass(frozen=True, slots=True)
class Queues:
    """Queues by week: keys with one row per queue, and arrays of shape (queues, weeks) with NaN where nothing is known.

    ``limit`` is the configured one.
    """

    keys: pd.DataFrame
    weeks: pd.DatetimeIndex
    net_flow: Floats
    length: Floats
    limit: Floats


@dataclass(frozen=True, slots=True)
class Cases:
    """Queues at origins: what is known at the end of week ``origin`` and nothing later. NaN limit = none can be had."""

    queue: Ints
    origin: Ints
    length: Floats
    centred: Floats
    mean: Floats
    shrunk: Floats
    limit: Floats
    is_configured: Flags
    n_limit_weeks: Ints


def queues_by_week(stage_weeks: pd.DataFrame) -> Queues | None:
    """Return the queues with a complete week, those with a configured limit over all of their levels; None without."""
    rows = complete_weeks(stage_weeks.loc[stage_weeks["stage_kind"] == "queue", list(STAGE_WEEK_COLUMNS)], "week_start")
    require_unique(rows, [*KEYS, "week_start"], "stage weeks")
    if rows.empty:
        return None
    stage = ["scope_type", "scope_id", "stage_id"]
    is_limited = rows.groupby(stage)["wip_limit"].transform("count") > 0
    n_levels = rows.groupby(stage)["level"].transform("nunique")
    rows["level"] = rows["level"].mask(is_limited & (n_levels > 1), ALL_LEVELS)
    rows["net_flow"] = rows["n_arrivals"].astype("float64") - rows["n_departures"].astype("float64")
    rows = rows.astype({"queue_length_end": "float64", "wip_limit": "float64"})
    of_week = rows.groupby([*KEYS, "week_start"], sort=True)
    summed = of_week[["net_flow", "queue_length_end"]].sum(min_count=1).join(of_week["wip_limit"].max())
    weeks = pd.date_range(rows["week_start"].min(), rows["week_start"].max(), freq="7D")
    # No pivot table, which would drop a column of limits that holds none.
    by_week = {
        name: summed[name].unstack("week_start").reindex(columns=weeks)  # noqa: PD010
        for name in ("net_flow", "queue_length_end", "wip_limit")
    }
    return Queues(
        keys=by_week["net_flow"].index.to_frame(index=False),
        weeks=weeks,
        net_flow=by_week["net_flow"].to_numpy(dtype=float),
        length=by_week["queue_length_end"].to_numpy(dtype=float),
        limit=by_week["wip_limit"].to_numpy(dtype=float),
    )


def known_at(
    queues: Queues, queue: Ints, origin: Ints, *, window_weeks: int, min_limit_weeks: int, max_limit_weeks: int
) -> Cases:
    """Return what is known of each queue at its origin; NaN where the weeks before it have gaps or are too few.

    The net flow is that of the last ``window_weeks``. Without a configured limit it is the upper natural process limit
    of the up to ``max_limit_weeks`` before those, at least ``min_limit_weeks``.
    """
    window = origin[:, None] - np.arange(window_weeks)[::-1]
    net_flow = np.where(window >= 0, queues.net_flow[queue[:, None], np.maximum(window, 0)], np.nan)
    mean, shrunk = shrink_drift(net_flow)
    configured = queues.limit[queue, origin]
    limit, n_limit_weeks = configured.copy(), np.zeros(queue.size, dtype=np.int64)
    for case in np.flatnonzero(np.isnan(configured) & np.isfinite(mean)):
        end = max(0, int(origin[case]) - window_weeks + 1)
        before = queues.length[queue[case], max(0, end - max_limit_weeks) : end]
        n_limit_weeks[case] = np.isfinite(before).sum()
        if n_limit_weeks[case] >= min_limit_weeks:
            limits = natural_process_limits(before, floor=0, allow_for_autocorrelation=True)
            limit[case] = limits.upper_limit if limits.has_width else np.nan
    return Cases(
        queue=queue,
        origin=origin,
        length=queues.length[queue, origin],
        centred=net_flow - mean[:, None],
        mean=mean,
        shrunk=shrunk,
        limit=limit,
        is_configured=np.isfinite(configured),
        n_limit_weeks=n_limit_weeks,
    )


def roll_queues(
    start: Floats, net_flow: Floats, drift: Floats, limit: Floats, positions: Ints
) -> tuple[Floats, Floats, Floats]:
    """Roll queues forward as q = max(0, q + net flow) along resampled weeks.

    Parameters: per case ``start`` (queue now), ``net_flow`` of shape (cases, points) around 0, ``drift`` added to it
    and ``limit``; ``positions`` of shape (paths, weeks) from :func:`.week_blocks.block_positions`.

    Returns per case and week, shape (cases, weeks): the share of paths over the limit in that week, the share over it
    in that week or one before, and the queues of the last week, shape (cases, paths).
    """
    n_paths, n_weeks = positions.shape
    queue = np.repeat(start[:, None], n_paths, axis=1)
    has_been_over = np.zeros(queue.shape, dtype=bool)
    at, within = np.empty((start.size, n_weeks)), np.empty((start.size, n_weeks))
    step = net_flow + drift[:, None]
    for week in range(n_weeks):
        queue += step.take(positions[:, week], axis=1)
        np.maximum(queue, 0, out=queue)
        is_over = queue > limit[:, None]
        has_been_over |= is_over
        at[:, week] = np.count_nonzero(is_over, axis=1) / n_paths
        within[:, week] = np.count_nonzero(has_been_over, axis=1) / n_paths
    return at, within, queue


def shares_over(
    start: Floats, centred: Floats, drift: Floats, limit: Floats, positions: Ints, chunk: int = 500
) -> dict[str, Floats]:
    """Roll many cases in chunks that fit the processor's cache; shares over the limit per case and week, per event."""
    shares: dict[str, list[Floats]] = {"at": [], "within": []}
    for begin in range(0, max(start.size, 1), chunk):
        part = slice(begin, begin + chunk)
        at, within, _ = roll_queues(
            start[part].astype(np.float32),
            centred[part].astype(np.float32),
            drift[part].astype(np.float32),
            limit[part],
            positions,
        )
        shares["at"].append(at)
        shares["within"].append(within)
    return {event: np.concatenate(parts) for event, parts in shares.items()}


def shrink_drift(net_flow: Floats) -> tuple[Floats, Floats]:
    """Return the mean of each row, and the mean shrunk by z2 / (2 + z2) with z2 = (mean / standard error)^2."""
    mean = net_flow.mean(axis=1)
    squared_error = net_flow.var(axis=1, ddof=1) / net_flow.shape[1]
    # mean * z2 / (2 + z2), written so that neither a constant nor a zero net flow divides by 0.
    whole = mean**2 + 2 * squared_error
    return mean, np.divide(mean**3, whole, out=np.zeros_like(mean), where=whole > 0)
