"""Stage visits sorted into the lines that they make up: a value stream's workflow, scope and level.

Belongs here: which visits make up flow time, and each line's visits as arrays. Does not belong here: the weeks they are
measured in and what is measured (:mod:`.line_measures`).

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
class VisitedLine:
    """All visits of one line."""

    value_stream_id: str
    workflow_id: str
    scope_id: str
    level: str
    visits: CountedVisits


def visited_lines(visits: pd.DataFrame, stages: pd.DataFrame, scope_column: str) -> list[VisitedLine]:
    """Return the lines of stage visits, ordered by value stream, workflow, scope and level.

    Of the visits those to counted queue and active stages make up flow time; without a value stream, scope or level a
    visit is in no line. ``visits`` has ``VISIT_COLUMNS`` and the scope column, whose texts may be categories;
    ``stages`` has stage_id, workflow_id, stage_kind and is_counted (bool). Raises ``ValueError`` for a stage that
    ``stages`` does not hold and a visit that ends before it begins.
    """
    stage, stage_names = _coded(visits["stage_id"])
    unknown = sorted({stage_names[code] for code in np.unique(stage[stage >= 0])} - set(stages["stage_id"]))
    if unknown:
        raise ValueError(f"The stages do not hold {', '.join(unknown)}; pass every stage that is visited.")
    of_interest = stages.loc[stages["is_counted"] & stages["stage_kind"].isin(["queue", "active"])]
    workflows = dict(zip(of_interest["stage_id"], of_interest["workflow_id"], strict=True))
    workflow_names = sorted(set(workflows.values()))
    workflow_of = [workflow_names.index(workflows[name]) if name in workflows else -1 for name in stage_names]
    workflow: Ints = np.array([*workflow_of, -1], dtype=np.int64)[stage]
    keys = [_coded(visits["value_stream_id"]), (workflow, workflow_names)]
    keys += [_coded(visits[column]) for column in (scope_column, "level")]
    rows = np.flatnonzero(np.logical_and.reduce([codes >= 0 for codes, _ in keys]))
    number = np.zeros(rows.size, dtype=np.int64)
    for codes, names in keys:
        number = number * max(len(names), 1) + codes[rows]
    held = np.flatnonzero(np.bincount(number))
    place = np.zeros(int(held[-1]) + 1 if held.size else 0, dtype=np.int16)
    place[held] = np.arange(held.size)
    # Sorted by a small number: quick, and each line's visits keep their order.
    line = place[number]
    order = rows[np.argsort(line, kind="stable")]
    bounds = np.concatenate([[0], np.cumsum(np.bincount(line, minlength=held.size))])
    next_stage = pd.Categorical(visits["next_stage_id"].iloc[order])
    next_place = {name: code for code, name in enumerate(stage_names)}
    next_codes: Ints = np.array([*(next_place.get(name, -1) for name in next_stage.categories), -1], dtype=np.int64)
    usable = visits["has_usable_history"].iloc[order].astype("boolean").fillna(value=False)
    counted = CountedVisits(
        stage_names,
        stage[order],
        next_codes[next_stage.codes],
        seconds_since_epoch(visits["entered_at"].iloc[order]),
        seconds_since_epoch(visits["exited_at"].iloc[order]),
        usable.to_numpy(dtype=bool),
    )
    if (counted.left < counted.entered).any():
        raise ValueError("A stage visit ends before it begins; repair or drop such visits before they are measured.")
    lines = []
    for begin, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        stream, workflow_id, scope, level = (str(names[codes[order[begin]]]) for codes, names in keys)
        lines.append(VisitedLine(stream, workflow_id, scope, level, counted.where(slice(begin, end))))
    return sorted(lines, key=lambda one: (one.value_stream_id, one.workflow_id, one.scope_id, one.level))


def _coded(texts: pd.Series) -> tuple[Ints, list[str]]:
    """Return the place of each text in the list of texts, -1 where it is missing."""
    categories = pd.Categorical(texts)
    return np.asarray(categories.codes, dtype=np.int64), [str(name) for name in categories.categories]
