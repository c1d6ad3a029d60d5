"""Instances of work behind stage visits: when an item could have been begun, was begun and was finished.

Belongs here: turning visits to queues and active stages into instances with their wait, and whose people they take.
Does not belong here: why an instance waited (:mod:`.waiting_classes`).

An instance is one visit to an active stage. It is enabled when the item's step before it has ended.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from orchestration.analytics.stage_indicators import queues_before_active_stages

if TYPE_CHECKING:
    from orchestration.analytics.array_types import Ints

VISIT_COLUMNS = (
    "value_stream_id",
    "level",
    "team_id",
    "work_item_id",
    "stage_id",
    "entered_at",
    "exited_at",
    "has_usable_history",
)
STAGE_COLUMNS = (
    "stage_id",
    "workflow_id",
    "stage_kind",
    "position",
    "is_counted",
    "is_cancelled",
    "is_unmapped",
    "roles",
)
#: The team and value stream of items that no rule matched.
UNASSIGNED = "unassigned"

_INSTANCE_TYPES = {
    "value_stream_id": "str",
    "level": "str",
    "work_item_id": "str",
    "from_stage_id": "str",
    "stage_id": "str",
    "team_id": "str",
    "resource_id": "str",
    "enabled_at": "datetime64[us, UTC]",
    "started_at": "datetime64[us, UTC]",
    "finished_at": "datetime64[us, UTC]",
}
INSTANCE_COLUMNS = tuple(_INSTANCE_TYPES)


def instances_from_visits(
    visits: pd.DataFrame, stages: pd.DataFrame, *, served_by: Literal["value_stream", "team"] = "value_stream"
) -> pd.DataFrame:
    """Return the instances of work behind stage visits: one row per visit to an active stage, and per unended wait.

    An instance is enabled when its item enters the queue stage or stages directly before the active one; without a
    queue, when it enters the active stage itself, as the visits of an item follow each other without a gap. One that
    still waits in the queue of an active stage has no ``started_at`` and the stage that its queue serves.
    ``from_stage_id`` is the active stage that the item came from; missing for its first one and after any stage that
    is not counted, cancelled, unmapped or done.

    The resource, ``<id of served_by>/<roles, or else stage_id>``, is the people who serve the stage: those of all teams
    of the value stream, or of the item's own team where no team helps another. Stages that name the same roles are
    served by the same people. What is unassigned has no resource: nobody knows who serves it.

    Parameters: ``visits`` with ``VISIT_COLUMNS`` (grain of ``fct_stage_visits``), of which items without a usable
    history are left out; ``stages`` with ``STAGE_COLUMNS`` (grain of ``dim_stages``). Returns ``INSTANCE_COLUMNS``,
    ordered by item and time. Raises ``ValueError`` for missing columns and for a visit that ends before it begins.
    """
    check_columns(visits, VISIT_COLUMNS, "stage visits")
    check_columns(stages, STAGE_COLUMNS, "stages")
    is_usable = visits["has_usable_history"].astype("boolean").fillna(value=False).astype(bool)
    lives = visits.loc[is_usable, list(VISIT_COLUMNS)].dropna(subset=["value_stream_id", "level"])
    flags = stages[["is_counted", "is_cancelled", "is_unmapped"]].astype(bool)
    counted = stages.loc[flags["is_counted"] & ~flags["is_cancelled"] & ~flags["is_unmapped"]]
    served = {
        queue: active
        for _, of_workflow in counted.groupby("workflow_id", sort=True)
        for active, queues in queues_before_active_stages(of_workflow).items()
        for queue in queues
    }
    kind = lives["stage_id"].map(counted.set_index("stage_id")["stage_kind"])
    lives = lives.assign(
        is_queue=kind.eq("queue") & lives["stage_id"].isin(list(served)),
        is_active=kind.eq("active"),
        entered_at=pd.to_datetime(lives["entered_at"], utc=True),
        exited_at=pd.to_datetime(lives["exited_at"], utc=True),
    ).sort_values(["work_item_id", "entered_at", "exited_at"], ignore_index=True, kind="stable")
    if (lives["exited_at"] < lives["entered_at"]).any():
        raise ValueError("A stage visit ends before it begins; repair or drop such visits before waits are classified.")
    item = lives["work_item_id"]
    follows_queue = lives["is_queue"].shift(fill_value=False) & item.eq(item.shift())
    # The wait begins with the first of the queues that follow each other.
    queue_began = lives["entered_at"].where(lives["is_queue"] & ~follows_queue)
    queue_began = queue_began.groupby(item).ffill()
    waits_still = lives["is_queue"] & lives["exited_at"].isna()
    stretch = (~(lives["is_queue"] | lives["is_active"])).groupby(item).cumsum()
    came_from = lives["stage_id"].where(lives["is_active"]).groupby([item, stretch]).ffill()
    came_from = came_from.groupby([item, stretch]).shift()
    stage_id = lives["stage_id"].where(lives["is_active"], lives["stage_id"].map(served))
    roles = stage_id.map(stages.set_index("stage_id")["roles"])
    servers = lives[f"{served_by}_id"]
    servers = servers.where(servers.ne(UNASSIGNED))
    instances = pd.DataFrame(
        {
            "value_stream_id": lives["value_stream_id"],
            "level": lives["level"],
            "work_item_id": item,
            "from_stage_id": came_from,
            "stage_id": stage_id,
            "team_id": lives["team_id"],
            "resource_id": servers.astype("str") + "/" + roles.astype("str").where(roles.notna(), stage_id),
            "enabled_at": queue_began.where(follows_queue | lives["is_queue"], lives["entered_at"]),
            "started_at": lives["entered_at"].where(lives["is_active"]),
            "finished_at": lives["exited_at"].where(lives["is_active"]),
        }
    )
    chosen = instances.loc[lives["is_active"] | waits_still].reset_index(drop=True)
    return chosen.astype(_INSTANCE_TYPES)


def rows_of_groups(frame: pd.DataFrame, keys: list[str]) -> list[Ints]:
    """Return the row numbers of each group, in order; rows without a key are in none."""
    number = frame.groupby(keys, sort=True).ngroup().to_numpy(dtype=np.int64, na_value=-1)
    order = np.argsort(number, kind="stable")
    bounds = np.searchsorted(number[order], np.arange(number.max(initial=-1) + 2))
    return [order[begin:end].astype(np.int64) for begin, end in pairwise(bounds.tolist())]


def check_columns(frame: pd.DataFrame, wanted: tuple[str, ...], what: str) -> None:
    """Raise ``ValueError`` if the frame lacks a column."""
    missing = [column for column in wanted if column not in frame.columns]
    if missing:
        raise ValueError(f"The {what} lack {', '.join(missing)}; pass every column that is read.")
