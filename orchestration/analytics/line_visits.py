"""Stage visits sorted into the lines that they make up: a value stream's workflow, scope and level.

Belongs here: which visits make up flow time, and each line's visits and their blocked stretches as arrays. Does not
belong here: the weeks they are measured in and what is measured (:mod:`.line_measures`).

Texts that repeat are told apart by their place in a list, as lines may have millions of visits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from orchestration.analytics.working_clock import seconds_since_epoch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestration.analytics.array_types import Flags, Floats, Ints

VISIT_COLUMNS = (
    "value_stream_id",
    "level",
    "stage_id",
    "entered_at",
    "exited_at",
    "next_stage_id",
    "has_usable_history",
)
#: Stretches of visits to active stages in which the item was blocked, beside the scope column.
BLOCKED_COLUMNS = ("value_stream_id", "level", "stage_id", "blocked_from", "blocked_to", "has_usable_history")


@dataclass(frozen=True, slots=True)
class CountedVisits:
    """Visits as arrays of equal length; times in seconds since the epoch, ``left`` NaN for an open visit.

    ``stage`` and ``next_stage`` are places in ``stage_names``, -1 for none.
    """

    stage_names: Sequence[str]
    stage: Ints
    next_stage: Ints
    entered: Floats
    left: Floats
    is_usable: Flags

    def where(self, chosen: Flags | slice) -> CountedVisits:
        """Return the chosen visits."""
        return CountedVisits(
            self.stage_names,
            self.stage[chosen],
            self.next_stage[chosen],
            self.entered[chosen],
            self.left[chosen],
            self.is_usable[chosen],
        )


@dataclass(frozen=True, slots=True)
class BlockedStretches:
    """Stretches as arrays of equal length; times in seconds since the epoch, ``end`` NaN where the item still is.

    ``stage`` are places in the ``stage_names`` of the line's visits.
    """

    stage: Ints
    begin: Floats
    end: Floats

    def where(self, chosen: Flags | slice) -> BlockedStretches:
        """Return the chosen stretches."""
        return BlockedStretches(self.stage[chosen], self.begin[chosen], self.end[chosen])


@dataclass(frozen=True, slots=True)
class VisitedLine:
    """All visits of one line, and the stretches of those with a usable history in which the item was blocked."""

    value_stream_id: str
    workflow_id: str
    scope_id: str
    level: str
    visits: CountedVisits
    blocked: BlockedStretches


def visited_lines(
    visits: pd.DataFrame, stages: pd.DataFrame, scope_column: str, blocked: pd.DataFrame | None = None
) -> list[VisitedLine]:
    """Return the lines of stage visits, ordered by value stream, workflow, scope and level.

    Of the visits those to counted queue and active stages make up flow time; without a value stream, scope or level a
    visit is in no line. ``visits`` has ``VISIT_COLUMNS`` and the scope column, whose texts may be categories;
    ``stages`` has stage_id, workflow_id, stage_kind and is_counted (bool); ``blocked`` has ``BLOCKED_COLUMNS`` and the
    scope column, None where nothing is known of it. Raises ``ValueError`` for a stage that ``stages`` does not hold and
    a visit that ends before it begins.
    """
    stage, stage_names = _coded(visits["stage_id"])
    unknown = sorted({stage_names[code] for code in np.unique(stage[stage >= 0])} - set(stages["stage_id"]))
    if unknown:
        raise ValueError(f"The stages do not hold {', '.join(unknown)}; pass every stage that is visited.")
    of_interest = stages.loc[stages["is_counted"] & stages["stage_kind"].isin(["queue", "active"])]
    workflows = dict(zip(of_interest["stage_id"], of_interest["workflow_id"], strict=True))
    workflow_names = sorted(set(workflows.values()))
    workflow_of = [workflow_names.index(workflows[name]) if name in workflows else -1 for name in stage_names]
    workflows_by_stage: Ints = np.array([*workflow_of, -1], dtype=np.int64)
    keys = [_coded(visits["value_stream_id"]), (workflows_by_stage[stage], workflow_names)]
    keys += [_coded(visits[column]) for column in (scope_column, "level")]
    names = [texts for _, texts in keys]
    numbers = _numbered([codes for codes, _ in keys], names)
    rows = np.flatnonzero(numbers >= 0)
    number = numbers[rows]
    held = np.flatnonzero(np.bincount(number))
    place = np.zeros(int(held[-1]) + 1 if held.size else 0, dtype=np.int16)
    place[held] = np.arange(held.size)
    # Sorted by a small number: quick, and each line's visits keep their order.
    line = place[number]
    order = rows[np.argsort(line, kind="stable")]
    bounds = np.concatenate([[0], np.cumsum(np.bincount(line, minlength=held.size))])
    usable = visits["has_usable_history"].iloc[order].astype("boolean").fillna(value=False)
    counted = CountedVisits(
        stage_names,
        stage[order],
        _places(visits["next_stage_id"].iloc[order], stage_names),
        seconds_since_epoch(visits["entered_at"].iloc[order]),
        seconds_since_epoch(visits["exited_at"].iloc[order]),
        usable.to_numpy(dtype=bool),
    )
    if (counted.left < counted.entered).any():
        raise ValueError("A stage visit ends before it begins; repair or drop such visits before they are measured.")
    nothing = BlockedStretches(np.empty(0, dtype=np.int64), np.empty(0), np.empty(0))
    stretches = {} if blocked is None else _stretches(blocked, scope_column, stage_names, workflows_by_stage, names)
    lines = []
    for one, begin, end in zip(held.tolist(), bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        stream, workflow_id, scope, level = (str(texts[codes[order[begin]]]) for codes, texts in keys)
        chosen = counted.where(slice(begin, end))
        lines.append(VisitedLine(stream, workflow_id, scope, level, chosen, stretches.get(one, nothing)))
    return sorted(lines, key=lambda one: (one.value_stream_id, one.workflow_id, one.scope_id, one.level))


def _numbered(codes: Sequence[Ints], names: Sequence[Sequence[str]]) -> Ints:
    """Return the number of the line of each row, -1 for none, from the places of its four keys in their texts."""
    number: Ints = np.zeros(codes[0].size, dtype=np.int64)
    for of_key, texts in zip(codes, names, strict=True):
        number = number * max(len(texts), 1) + of_key
    number[~np.logical_and.reduce([of_key >= 0 for of_key in codes])] = -1
    return number


def _stretches(
    blocked: pd.DataFrame,
    scope_column: str,
    stage_names: Sequence[str],
    workflows_by_stage: Ints,
    names: Sequence[Sequence[str]],
) -> dict[int, BlockedStretches]:
    """Return the blocked stretches of usable histories by the number of the line (see :func:`_numbered`)."""
    blocked = blocked.loc[blocked["has_usable_history"].astype("boolean").fillna(value=False).to_numpy(dtype=bool)]
    stage = _places(blocked["stage_id"], stage_names)
    stream, scope, level = (
        _places(blocked[column], texts)
        for column, texts in zip(("value_stream_id", scope_column, "level"), (names[0], *names[2:]), strict=True)
    )
    number = _numbered([stream, workflows_by_stage[stage], scope, level], names)
    order = np.argsort(number, kind="stable")
    sorted_all = BlockedStretches(
        stage[order],
        seconds_since_epoch(blocked["blocked_from"].iloc[order]),
        seconds_since_epoch(blocked["blocked_to"].iloc[order]),
    )
    held, first = np.unique(number[order], return_index=True)
    bounds = [*first.tolist(), order.size]
    return {
        line: sorted_all.where(slice(begin, end))
        for line, begin, end in zip(held.tolist(), bounds[:-1], bounds[1:], strict=True)
    }


def _coded(texts: pd.Series) -> tuple[Ints, list[str]]:
    """Return the place of each text in the list of texts, -1 where it is missing."""
    categories = pd.Categorical(texts)
    return np.asarray(categories.codes, dtype=np.int64), [str(name) for name in categories.categories]


def _places(texts: pd.Series, names: Sequence[str]) -> Ints:
    """Return the place of each text in a list of texts, -1 where it is missing or not in it."""
    found = pd.Categorical(texts)
    place = {name: code for code, name in enumerate(names)}
    place_of_code = np.array([*(place.get(str(name), -1) for name in found.categories), -1], dtype=np.int64)
    places: Ints = place_of_code[found.codes]
    return places
