"""Weekly values of value streams in the units of the register's metrics, also on the calendar of an intervention.

Belongs here: what each metric is among the weekly flow metrics, and putting a stream's weeks on an intervention's
calendar. Does not belong here: charts, effects and comparisons made of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from orchestration.analytics.chart_choice import is_counted

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The register's metrics of a whole scope, and their columns among the weekly flow metrics (`mart_flow_metrics`).
FLOW_METRICS: Mapping[str, str] = {
    "cycle_time": "p50_cycle_time_elapsed_days",
    "flow_time": "p50_flow_time_elapsed_days",
    "lead_time": "p50_lead_time_elapsed_days",
    "throughput": "n_finished",
    "wip": "wip_mean",
    "flow_efficiency": "flow_efficiency",
    "blocked_share": "blocked_share",
    "rework_share": "rework_share",
}
FLOW_COLUMNS = ("value_stream_id", "level", "period_start", "is_complete", *FLOW_METRICS.values())

#: What of a whole value stream already is end to end, and so has no local gain that could get lost on the way.
_END_TO_END_METRICS = ("flow_time", "lead_time", "throughput")
#: Where the gain is in items and not in days, it has to show in the items that the whole stream finishes.
_COUNTED_LOCALLY = ("throughput", "stage_departures")


def weekly_values(flow_weeks: pd.DataFrame) -> pd.DataFrame:
    """Return the weeks of value streams as one row per value stream, level, metric and week.

    ``flow_weeks``: one row per value stream, level and week with ``FLOW_COLUMNS``, all work types together. Returns
    ``value_stream_id``, ``level``, ``metric``, ``week_start``, ``is_complete`` and ``value`` in the metric's unit,
    ordered by the first four. Raises ``ValueError`` for a missing column.
    """
    missing = [column for column in FLOW_COLUMNS if column not in flow_weeks.columns]
    if missing:
        raise ValueError(f"The flow weeks lack {', '.join(missing)}; pass the columns of FLOW_COLUMNS.")
    keys = ["value_stream_id", "level", "period_start", "is_complete"]
    named = flow_weeks[list(FLOW_COLUMNS)].rename(columns={column: name for name, column in FLOW_METRICS.items()})
    named[list(FLOW_METRICS)] = named[list(FLOW_METRICS)].astype("float64")
    long = named.melt(keys, list(FLOW_METRICS), var_name="metric", value_name="value")
    long = long.rename(columns={"period_start": "week_start"})
    long["week_start"] = pd.to_datetime(long["week_start"]).astype("datetime64[us]")
    order = ["value_stream_id", "level", "metric", "week_start"]
    return long.sort_values(order, ignore_index=True)[[*order, "is_complete", "value"]]


def end_to_end_metric(scope_type: str, metric: str) -> str | None:
    """Return the metric of the whole value stream in which a gain has to arrive.

    None if the metric already is one, or counts events or a share of counts, of which nobody expects that work flows
    faster.
    """
    if is_counted(metric):
        return None
    if scope_type == "value_stream" and metric in _END_TO_END_METRICS:
        return None
    return "throughput" if metric in _COUNTED_LOCALLY else "flow_time"


def end_to_end_series(series: pd.DataFrame, values: pd.DataFrame) -> pd.DataFrame:
    """Return, for every local metric, its value stream's weeks on the intervention's calendar.

    Parameters
    ----------
    series: one row per intervention and week, of one metric each, with ``intervention_id``, ``week_start``,
        ``metric``, ``scope_type``, ``value_stream_id``, ``level``, ``desired_direction``, ``phase``, ``is_baseline``,
        ``is_complete``.
    values: result of :func:`weekly_values`.

    Returns the same grain with the columns that :func:`.process_behaviour.chart_interventions` reads: ``metric`` is the
    end-to-end one, ``local_metric`` the given one, ``desired_direction`` its own; a week is complete where both are.
    """
    metrics = [end_to_end_metric(*facts) for facts in series[["scope_type", "metric"]].itertuples(index=False)]
    wanted = series.assign(local_metric=series["metric"], metric=pd.Series(metrics, index=series.index, dtype="str"))
    wanted = wanted.loc[wanted["metric"].notna()]
    wanted = wanted.assign(week_start=pd.to_datetime(wanted["week_start"]).astype("datetime64[us]"))
    joined = wanted.drop(columns="value", errors="ignore").merge(
        values.rename(columns={"is_complete": "is_stream_complete"}),
        on=["value_stream_id", "level", "metric", "week_start"],
        how="left",
    )
    both = joined["is_complete"].astype(bool) & joined["is_stream_complete"].astype("boolean").fillna(value=False)
    return joined.assign(
        is_complete=both.astype(bool),
        is_baseline=joined["is_baseline"].astype(bool) & both.astype(bool),
        desired_direction=np.where(joined["metric"] == "throughput", "up", "down"),
    )[
        [
            "intervention_id",
            "local_metric",
            "week_start",
            "metric",
            "desired_direction",
            "phase",
            "is_baseline",
            "is_complete",
            "value",
        ]
    ]
