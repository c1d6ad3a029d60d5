"""Instances of work behind stage visits: when an item could have been begun, was begun and was finished.

Belongs here: turning visits to queues and active stages into instances with their wait, and whose people they take.
Does not belong here: why an instance waited (:mod:`.waiting_classes`).

An instance is one visit to an active stage. It is enabled when the item's step before it has ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from orchestration.analytics.stage_indicators import queues_before_active_stages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestration.analytics.array_types import Flags, Ints

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
    ordered by item, time and stage; where the stages of the visits are categories, texts of few values are categories
    too, and items are as they were told: numbers stay numbers. Raises ``ValueError`` for missing columns and for a
    visit that ends before it begins.
    """
    check_columns(visits, VISIT_COLUMNS, "stage visits")
    check_columns(stages, STAGE_COLUMNS, "stages")
    is_usable = visits["has_usable_history"].astype("boolean").fillna(value=False).to_numpy(dtype=bool)
    is_placed = (visits["value_stream_id"].notna() & visits["level"].notna()).to_numpy()
    lives = np.flatnonzero(is_usable & is_placed)
    stage = pd.Categorical(visits["stage_id"])
    entered, exited = (_microseconds(visits[column])[lives] for column in ("entered_at", "exited_at"))
    if (exited < entered).any():
        raise ValueError("A stage visit ends before it begins; repair or drop such visits before waits are classified.")
    # A stage may be waited for that nobody has entered yet.
    names = pd.Index([*stage.categories, *sorted(set(stages["stage_id"]) - set(stage.categories))], dtype="str")
    about = _served_stages(stages, names)
    code = np.asarray(stage.codes, dtype=np.int64)[lives]
    item, order = _items_in_order(visits["work_item_id"].iloc[lives], entered, exited, code)
    lives, entered, exited, code = lives[order], entered[order], exited[order], code[order]
    is_queue, is_active = about.is_queue[code], about.is_active[code]
    is_first = np.ones(item.size, dtype=bool)
    is_first[1:] = item[1:] != item[:-1]
    follows_queue = np.zeros(item.size, dtype=bool)
    follows_queue[1:] = is_queue[:-1] & ~is_first[1:]
    # The wait begins with the first of the queues that follow each other.
    queue_began = _last_row(is_queue & ~follows_queue)
    enabled = np.where(follows_queue | is_queue, entered[queue_began], entered)
    came_from = np.concatenate([[-1], _last_row(is_active)[:-1]]) if item.size else item
    since = np.maximum(_last_row(is_first), _last_row(~(is_queue | is_active)))
    from_stage = np.where(came_from >= since, code[came_from], -1)
    stage_code = np.where(is_active, code, about.served[code])
    waits_still = is_queue & (exited == _NEVER)
    chosen = np.flatnonzero(is_active | waits_still)
    is_begun = is_active[chosen]
    of_chosen = visits.iloc[lives[chosen]]
    servers = pd.Categorical(of_chosen[f"{served_by}_id"])
    instances = pd.DataFrame(
        {
            "value_stream_id": of_chosen["value_stream_id"].array,
            "level": of_chosen["level"].array,
            "work_item_id": of_chosen["work_item_id"].array,
            "from_stage_id": pd.Categorical.from_codes(from_stage[chosen], names),
            "stage_id": pd.Categorical.from_codes(stage_code[chosen], names),
            "team_id": of_chosen["team_id"].array,
            "resource_id": _resources(servers, stage_code[chosen], names, stages),
            "enabled_at": _instants(enabled[chosen]),
            "started_at": _instants(np.where(is_begun, entered[chosen], _NEVER)),
            "finished_at": _instants(np.where(is_begun, exited[chosen], _NEVER)),
        }
    )
    is_coded = isinstance(visits["stage_id"].dtype, pd.CategoricalDtype)
    return instances if is_coded else instances.astype(_INSTANCE_TYPES)


#: Stands for a moment that has not come.
_NEVER = np.iinfo(np.int64).max


def _microseconds(moments: pd.Series) -> Ints:
    index = pd.DatetimeIndex(pd.to_datetime(moments, utc=True)).as_unit("us")
    return np.where(index.isna(), _NEVER, index.asi8)


def _instants(microseconds: Ints) -> pd.DatetimeIndex:
    missing = np.iinfo(np.int64).min
    values = np.where(microseconds == _NEVER, missing, microseconds).astype("datetime64[us]")
    return pd.DatetimeIndex(values).tz_localize("UTC")


def _items_in_order(names: pd.Series, entered: Ints, exited: Ints, stage: Ints) -> tuple[Ints, Ints]:
    """Return the items as numbers, and the rows, in order of item, entry, exit and stage."""
    is_numbered = pd.api.types.is_integer_dtype(names.dtype)
    item = names.to_numpy() if is_numbered else np.asarray(pd.factorize(names, sort=True)[0], dtype=np.int64)
    order = np.lexsort((stage, exited, entered, item)).astype(np.int64)
    return item[order], order


def _last_row(flags: Flags) -> Ints:
    """Return for each row the last one up to it where the flag holds, -1 where there is none."""
    return np.maximum.accumulate(np.where(flags, np.arange(flags.size), -1))


@dataclass(frozen=True, slots=True)
class _StagesByCode:
    """Per stage code: whether it is a queue before an active stage, whether it is active, and which stage it serves."""

    is_queue: Flags
    is_active: Flags
    served: Ints


def _served_stages(stages: pd.DataFrame, names: pd.Index) -> _StagesByCode:
    flags = stages[["is_counted", "is_cancelled", "is_unmapped"]].astype(bool)
    counted = stages.loc[flags["is_counted"] & ~flags["is_cancelled"] & ~flags["is_unmapped"]]
    serves = {
        queue: active
        for _, of_workflow in counted.groupby("workflow_id", sort=True)
        for active, queues in queues_before_active_stages(of_workflow).items()
        for queue in queues
    }
    kind = dict(zip(counted["stage_id"], counted["stage_kind"], strict=True))
    place = {name: code for code, name in enumerate(names)}
    # The last is for a visit without a stage.
    return _StagesByCode(
        np.array([*(kind.get(name) == "queue" and name in serves for name in names), False], dtype=bool),
        np.array([*(kind.get(name) == "active" for name in names), False], dtype=bool),
        np.array([*(place.get(serves.get(name, ""), -1) for name in names), -1], dtype=np.int64),
    )


def _resources(servers: pd.Categorical, stage_code: Ints, names: pd.Index, stages: pd.DataFrame) -> pd.Categorical:
    """Return who serves each instance, missing for what is unassigned."""
    roles = stages.set_index("stage_id")["roles"].dropna().to_dict()
    n_stages = max(len(names), 1)
    pair = np.where(servers.codes >= 0, servers.codes.astype(np.int64) * n_stages + stage_code, -1)
    place = np.full(len(servers.categories) * n_stages + 1, -1, dtype=np.int64)
    numbers: dict[str, int] = {}
    for number in np.flatnonzero(np.bincount(pair[pair >= 0], minlength=place.size)).tolist():
        server, name = servers.categories[number // n_stages], names[number % n_stages]
        if server == UNASSIGNED:
            continue
        label = f"{server}/{roles.get(name, name)}"
        place[number] = numbers.setdefault(label, len(numbers))
    labels = list(numbers)
    return pd.Categorical.from_codes(np.where(pair >= 0, place[pair], -1), pd.Index(labels, dtype="str"))


def rows_of_groups(frame: pd.DataFrame, keys: list[str]) -> list[Ints]:
    """Return the row numbers of each group, in the order of the keys' texts; rows without a key are in none."""
    number, is_keyed = np.zeros(len(frame), dtype=np.int64), np.ones(len(frame), dtype=bool)
    for key in keys:
        texts = pd.Categorical(frame[key])
        is_keyed &= texts.codes >= 0
        number = pd.factorize(number * len(texts.categories) + texts.codes, sort=True)[0]
    rows = np.flatnonzero(is_keyed)
    order = rows[stable_order(number[rows])]
    bounds = np.flatnonzero(np.diff(number[order], prepend=-1, append=-1))
    return [order[begin:end].astype(np.int64) for begin, end in pairwise(bounds.tolist())]


def stable_order(number: Ints) -> Ints:
    """Return the rows in the order of small numbers from 0, equal ones as they come; of up to 65,536 it is quick."""
    is_small = number.max(initial=0) <= np.iinfo(np.uint16).max
    return np.argsort(number.astype(np.uint16) if is_small else number, kind="stable").astype(np.int64)


def typed(frame: pd.DataFrame, types: Mapping[str, str]) -> pd.DataFrame:
    """Return the frame with the types, but texts told as categories or numbers as they are."""
    kept = {
        name
        for name, kind in types.items()
        if kind == "str"
        and (isinstance(frame[name].dtype, pd.CategoricalDtype) or pd.api.types.is_integer_dtype(frame[name].dtype))
    }
    return frame.astype({name: kind for name, kind in types.items() if name not in kept})


def check_columns(frame: pd.DataFrame, wanted: tuple[str, ...], what: str) -> None:
    """Raise ``ValueError`` if the frame lacks a column."""
    missing = [column for column in wanted if column not in frame.columns]
    if missing:
        raise ValueError(f"The {what} lack {', '.join(missing)}; pass every column that is read.")
