"""Batches: instances of work that waited for each other and were then begun as one.

Belongs here: which instances form a batch. Does not belong here: what the wait for a batch costs
(:mod:`.waiting_classes`).

Source: N. Martin, M. Swennen, B. Depaire, M. Jans, A. Caris, K. Vanhoof, "Retrieving batch organisation of work
insights from event logs", Decision Support Systems 100 (2017) 119-128.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from orchestration.analytics.work_instances import rows_of_groups
from orchestration.analytics.working_clock import seconds_since_epoch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from orchestration.analytics.array_types import Floats

_DAY = 86_400
#: Of the starts of a resource whose tool tells only days, this share falls on one or two times of day (two: summer).
_DAYS_ONLY_SHARE, _DAYS_ONLY_MIN_DAYS = 0.9, 10


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """What counts as a batch among the instances of one resource in one stage; all are enabled before the first start.

    ``together``: the starts lie within ``max_gap_hours`` of the first, and when the last of them starts more of them
    are in work than the resource can work on, and at least ``min_size``: they were moved, not begun. ``back_to_back``:
    each starts at most ``max_gap_hours`` after the others have ended, at least ``min_size`` of them. That is the
    published rule, but a plain queue before one person fits it as well: its contention would be called batching.
    """

    rule: Literal["together", "back_to_back"] = "together"
    max_gap_hours: float = 0.25
    min_size: int = 3


DEFAULT_BATCHES = BatchSettings()


def find_batches(
    instances: pd.DataFrame, capacities: Mapping[str, float], settings: BatchSettings = DEFAULT_BATCHES
) -> pd.Series[int]:
    """Return the batch of each instance as a number, -1 for those in none; same index as ``instances``.

    Source of the sweep: N. Martin et al., "Retrieving batch organisation of work insights from event logs", Decision
    Support Systems 100 (2017); in order of their starts, an instance joins the batch if it was enabled at or before the
    batch's first start and comes soon enough (:class:`BatchSettings`). ``capacities`` is by resource; a resource not
    in it counts as one person. For a resource whose starts all fall on one time of day no batch is looked for by the
    rule ``together``: its tool tells days only, and all that begins on a day would seem to begin together.
    """
    batch = pd.Series(-1, index=instances.index, dtype="int64")
    started_at = instances["started_at"]
    begun = instances.loc[started_at.notna() & instances["resource_id"].notna()]
    enabled, start = seconds_since_epoch(begun["enabled_at"]), seconds_since_epoch(begun["started_at"])
    end = seconds_since_epoch(begun["finished_at"])
    end = np.where(np.isnan(end), np.inf, end)
    is_together = settings.rule == "together"
    names = pd.Categorical(begun["resource_id"])
    resources = names.codes
    found, next_number = np.full(len(begun), -1, dtype=np.int64), 0
    silent = {
        resources[rows[0]]
        for rows in rows_of_groups(begun, ["resource_id"])
        if is_together and _tells_days_only(start[rows])
    }
    for rows in rows_of_groups(begun, ["resource_id", "stage_id"]):
        resource = resources[rows[0]]
        if resource in silent:
            continue
        n_people = capacities.get(names.categories[resource], 1.0)
        needed = max(settings.min_size, ceil(n_people) + 1) if is_together else settings.min_size
        ordered = rows[np.lexsort((enabled[rows], start[rows]))]
        for stretch in _stretches_with_batches(enabled[ordered], start[ordered], needed, settings):
            rows_of_stretch = ordered[stretch]
            times = enabled[rows_of_stretch], start[rows_of_stretch], end[rows_of_stretch]
            for members in _sweep_batches(*times, settings):
                if _n_at_once(times[1][members], times[2][members], settings) >= needed:
                    found[rows_of_stretch[members]] = next_number
                    next_number += 1
    batch.loc[begun.index] = found
    return batch


def _tells_days_only(starts: Floats) -> bool:
    if np.unique(starts // _DAY).size < _DAYS_ONLY_MIN_DAYS:
        return False
    counts = np.sort(np.unique(starts % _DAY, return_counts=True)[1])[::-1]
    return bool(counts[:2].sum() >= _DAYS_ONLY_SHARE * starts.size)


def _n_at_once(start: Floats, end: Floats, settings: BatchSettings) -> int:
    """Return how many members count: those in work when the last one starts; by the published rule all."""
    is_in_work = (end > start[-1]) | (start == start[-1]) | (settings.rule == "back_to_back")
    return int(is_in_work.sum())


def _stretches_with_batches(enabled: Floats, start: Floats, needed: int, settings: BatchSettings) -> list[slice]:
    """Return the stretches of instances, in order of start, in which a batch of ``needed`` may lie.

    By the rule ``together`` a batch surely ends before an instance that starts too long after the one before it, or
    was enabled after that one had started; and no instance is in one that has too few starts soon after its own.
    """
    if settings.rule != "together":
        return [slice(0, start.size)]
    gap = settings.max_gap_hours * 3600
    is_break = np.ones(start.size, dtype=bool)
    is_break[1:] = (start[1:] - start[:-1] > gap) | (enabled[1:] > start[:-1])
    begins = np.flatnonzero(is_break)
    ends = np.append(begins[1:], start.size)
    # A hair more than the gap, as the sweep takes differences.
    reach = np.searchsorted(start, start + gap * (1 + 1e-9) + 1e-6, side="right")
    n_soon = np.minimum(reach, np.repeat(ends, ends - begins)) - np.arange(start.size)
    is_possible = np.maximum.reduceat(n_soon, begins) >= needed if begins.size else np.zeros(0, dtype=bool)
    return [slice(int(begin), int(end)) for begin, end in zip(begins[is_possible], ends[is_possible], strict=True)]


def _sweep_batches(enabled: Floats, start: Floats, end: Floats, settings: BatchSettings) -> Iterator[slice]:
    """Yield the stretches of instances, in order of start, that form a batch, single ones too."""
    gap, is_together = settings.max_gap_hours * 3600, settings.rule == "together"
    first, reach = 0, -np.inf
    begun: float = np.inf
    for row, (was_enabled, starts, ends) in enumerate(zip(enabled.tolist(), start.tolist(), end.tolist(), strict=True)):
        joins = row > first and was_enabled <= begun and starts - (begun if is_together else reach) <= gap
        if joins:
            reach = max(reach, ends)
        else:
            if row > first:
                yield slice(first, row)
            first, begun, reach = row, starts, ends
    if enabled.size:
        yield slice(first, enabled.size)
