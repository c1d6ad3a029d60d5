"""The weekly signals of a line that are compared with each other: few, and none that another one follows by itself.

Belongs here: which signals there are and what they are called. Does not belong here: how they are compared
(:mod:`.signal_links`) and which weeks are unusual (:mod:`.stall_cascades`).

Per stage only the work that waits before it: by Little's law the wait follows the queue, and what arrives at a stage is
what left the one before, so either would be linked with it in any line. Of the whole line: new work, defects found,
and findings of code analysis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from orchestration.analytics.input_frames import require_columns
from orchestration.analytics.stage_indicators import queues_before_active_stages

if TYPE_CHECKING:
    from collections.abc import Mapping

STAGE_WEEK_COLUMNS = (
    "value_stream_id",
    "level",
    "stage_id",
    "week_start",
    "is_complete",
    "n_arrivals",
    "queue_length_mean",
    "n_visits_ended",
    "wait_elapsed_days",
)
QUALITY_COLUMNS = ("value_stream_id", "period_start", "is_complete", "n_defects_created", "n_findings_opened")
_STAGES_OF_LINE_COLUMNS = ("value_stream_id", "level", "workflow_id")
_LINE = ["value_stream_id", "level"]
#: Signals of a whole value stream, by their column in the weeks of quality.
_QUALITY_NAMES: Mapping[str, str] = {
    "n_defects_created": "defects found",
    "n_findings_opened": "findings of code analysis",
}


def stage_weeks(metrics: pd.DataFrame, stages: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Return each active stage's weeks as :func:`.stall_cascades.stall_cascades` reads them.

    Parameters: ``metrics`` with ``STAGE_WEEK_COLUMNS`` (grain of ``mart_stage_metrics``, one kind of scope); ``stages``
    as for :func:`.stage_indicators.queues_before_active_stages` with workflow_id, stage_name, is_counted, is_cancelled
    and is_unmapped; ``lines`` the value streams, levels and workflows wanted. ``queue`` and ``arrivals`` are of the
    queue stages before the active one (arrivals without a queue: of the stage itself), ``delay`` the mean elapsed days
    of the waits that ended. NaN without a queue stage. ``position`` numbers the active stages of a workflow from 1.
    """
    require_columns(metrics, STAGE_WEEK_COLUMNS, "stage weeks")
    require_columns(lines, _STAGES_OF_LINE_COLUMNS, "lines")
    flags = stages[["is_counted", "is_cancelled", "is_unmapped"]].astype(bool)
    counted = stages.loc[flags["is_counted"] & ~flags["is_cancelled"] & ~flags["is_unmapped"]]
    served = [
        (active, position, member, member != active, bool(queues))
        for _, of_workflow in counted.groupby("workflow_id", sort=True)
        for position, (active, queues) in enumerate(queues_before_active_stages(of_workflow).items(), start=1)
        for member in (*queues, active)
    ]
    roles = pd.DataFrame(served, columns=["active_id", "position", "stage_id", "is_queue", "has_queue"])
    joined = metrics.merge(roles, on="stage_id").merge(
        counted[["stage_id", "stage_name", "workflow_id"]].rename(columns={"stage_id": "active_id"}), on="active_id"
    )
    joined = joined.merge(lines[list(_STAGES_OF_LINE_COLUMNS)].drop_duplicates(), on=list(_STAGES_OF_LINE_COLUMNS))
    is_queue = joined["is_queue"].astype(bool)
    first_queue = joined.loc[is_queue].groupby("active_id")["stage_id"].agg(lambda ids: ids.iloc[0])
    begins = (joined["stage_id"] == joined["active_id"].map(first_queue)) | ~joined["has_queue"].astype(bool)
    joined = joined.assign(
        queue=joined["queue_length_mean"].astype("float64").where(is_queue),
        arrivals=joined["n_arrivals"].astype("float64").where(begins),
        wait_days=joined["wait_elapsed_days"].astype("float64").where(is_queue),
        n_waits=joined["n_visits_ended"].astype("float64").where(is_queue),
    )
    keys = [*_LINE, "active_id", "stage_name", "position", "week_start"]
    of_stage = joined.groupby(keys)
    # Missing where nothing was measured.
    sums = of_stage[["queue", "arrivals", "wait_days", "n_waits"]].sum(min_count=1)
    weeks = of_stage.agg(is_complete=("is_complete", "all")).join(sums).reset_index()
    weeks["delay"] = weeks["wait_days"] / weeks["n_waits"].where(weeks["n_waits"] > 0)
    return weeks.rename(columns={"active_id": "stage_id"}).drop(columns=["wait_days", "n_waits"])


def line_signals(weeks: pd.DataFrame, quality: pd.DataFrame) -> pd.DataFrame:
    """Return the signals that :func:`.signal_links.link_signals` compares.

    ``weeks`` from :func:`stage_weeks`; ``quality`` with ``QUALITY_COLUMNS``, a row per value stream and week (grain of
    ``mart_quality_signals``). A signal of quality is of the value stream, and compared with each of its levels.
    """
    require_columns(quality, QUALITY_COLUMNS, "weeks of quality")
    waiting = weeks.dropna(subset=["queue"]).assign(
        signal_id=lambda frame: frame["stage_id"] + " queue",
        signal_name=lambda frame: "Work waiting before " + frame["stage_name"],
        value=lambda frame: frame["queue"],
    )
    first = weeks.groupby(_LINE)["position"].transform("min") == weeks["position"]
    new = weeks.loc[first].assign(
        signal_id="new work",
        signal_name="New work",
        position=np.nan,
        value=lambda frame: frame["arrivals"],
    )
    columns = [*_LINE, "signal_id", "signal_name", "position", "week_start", "is_complete", "value"]
    lines = weeks[_LINE].drop_duplicates()
    parts = [waiting[columns], new[columns]]
    for column, name in _QUALITY_NAMES.items():
        told = quality.dropna(subset=[column]).merge(lines, on="value_stream_id")
        named = told.assign(
            signal_id=name,
            signal_name=name[0].upper() + name[1:],
            position=np.nan,
            value=told[column].astype("float64"),
        )
        parts.append(named.rename(columns={"period_start": "week_start"})[columns])
    signals = pd.concat([part for part in parts if not part.empty] or parts[:1], ignore_index=True)
    return signals.assign(week_start=pd.to_datetime(signals["week_start"]))
