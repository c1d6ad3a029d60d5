"""What a change of mean flow time is made of: the same kinds of work taking longer, or other kinds of work.

Belongs here: the split of the change from one increment to the next by type of work and by stage. Does not belong here:
measuring flow and stage times, and why they changed.

Source: E. M. Kitagawa, "Components of a difference between two rates", Journal of the American Statistical Association
50 (1955): with the shares s and means r of each type, the change of the overall mean is the sum of
(r2 - r1)(s1 + s2)/2, the change within types, and of (s2 - s1)(r1 + r2)/2, the change of the mix. Both add up to it
exactly. Means are used and not medians, as only means add up, by type as well as by stage.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestration.analytics.array_types import Floats, Ints

METHOD_VERSION = "flow_time_change-1"

ITEM_COLUMNS = ("scope_id", "level", "increment_id", "increment_start", "item_id", "work_type", "flow_days")
STAGE_TIME_COLUMNS = ("item_id", "stage_name", "days")

#: Kinds of rows: ``total`` = ``within_types`` + ``mix``; those are the sums of ``within_type`` and ``mix_of_type`` over
#: types; ``total`` is also the sum of ``stage`` over stages and ``outside_stages``.
COMPONENTS = ("total", "within_types", "mix", "within_type", "mix_of_type", "stage", "outside_stages")

_TYPES = {
    "scope_id": "str",
    "level": "str",
    "from_increment_id": "str",
    "to_increment_id": "str",
    "component": "str",
    "component_name": "str",
    "n_before": "int64",
    "n_after": "int64",
    "mean_days_before": "float64",
    "mean_days_after": "float64",
    "change_days": "float64",
    "change_days_lower": "float64",
    "change_days_upper": "float64",
    "withheld_reason": "str",
    "sentence": "str",
    "method_version": "str",
}
COLUMNS = tuple(_TYPES)


@dataclass(frozen=True, slots=True)
class FlowTimeChangeSettings:
    """``min_items`` finished in either increment, or the change is withheld; ``n_resamples`` of the items."""

    min_items: int = 10
    n_resamples: int = 500
    confidence: float = 0.95


def decompose_by_type(types: Ints, days: Floats, period: Ints, n_types: int, weights: Floats) -> tuple[Floats, Floats]:
    """Return Kitagawa's change within each type and of the mix of each type, shapes (weightings, types).

    ``types`` (0 to n_types - 1), ``days`` and ``period`` (0 before, 1 after) have one entry per item; ``weights``
    (weightings, items) how often each item counts. Both results add up to the change of the weighted mean. A type that
    is missing before or after has no mean there: it is given the mean that it has, so all of its change is of the mix.
    """
    is_of_type = (types[:, None] == np.arange(n_types)).astype(np.float64)
    return _decomposed(is_of_type, is_of_type * days[:, None], period, weights)


def _decomposed(n_items: Floats, days: Floats, period: Ints, weights: Floats) -> tuple[Floats, Floats]:
    """Return the changes as :func:`decompose_by_type`, from items and their days per unit and type, (units, types)."""
    share, mean = np.zeros((2, len(weights), n_items.shape[1])), np.zeros((2, len(weights), n_items.shape[1]))
    for when in (0, 1):
        is_then = period == when
        drawn = weights[:, is_then]
        count, total = drawn @ n_items[is_then], drawn @ days[is_then]
        share[when] = count / count.sum(axis=1, keepdims=True)
        mean[when] = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    mean[0] = np.where(np.isnan(mean[0]), mean[1], mean[0])
    mean[1] = np.where(np.isnan(mean[1]), mean[0], mean[1])
    # A type that a resample left out altogether counts for nothing in it.
    mean = np.nan_to_num(mean)
    within: Floats = (mean[1] - mean[0]) * (share[0] + share[1]) / 2
    mix: Floats = (share[1] - share[0]) * (mean[0] + mean[1]) / 2
    return within, mix


def flow_time_changes(
    items: pd.DataFrame,
    stage_times: pd.DataFrame,
    *,
    generator: np.random.Generator,
    settings: FlowTimeChangeSettings | None = None,
) -> pd.DataFrame:
    """Split the change of mean flow time between successive increments of each scope and level; ``COLUMNS``.

    Parameters
    ----------
    items: one row per finished item with ``ITEM_COLUMNS``: the complete increment in which it was finished and that
        increment's start, its type of work, and its flow time in days. Rows without a flow time are left out. Where
        items are many a row may stand for ``n_items`` of one type in one unit of items drawn together (``item_id``),
        ``flow_days`` being their sum; items have to be put into units at random.
    stage_times: days that each item spent in each stage, with ``STAGE_TIME_COLUMNS``; an item without a row spent none.
        Give them on the clock of ``flow_days``; what they do not cover is ``outside_stages``.
    generator: random numbers for the percentile intervals, from items resampled within either increment.

    ``change_days`` is after less before, in days of mean flow time. The share of the mix that is due to one type
    (``mix_of_type``) has a meaning only in the sum: more items of a type raise the mean only if the type is slower than
    the others. Numbers are NULL, with the reason, where either increment has too few items. Increments follow one
    another by their start. Raises ``ValueError`` for missing columns or an item that occurs twice.
    """
    settings = settings or FlowTimeChangeSettings()
    for frame, wanted, what in (
        (items, ITEM_COLUMNS, "items"),
        (stage_times, STAGE_TIME_COLUMNS, "stage times"),
    ):
        missing = [column for column in wanted if column not in frame.columns]
        if missing:
            raise ValueError(f"The {what} lack {', '.join(missing)}; pass the columns that the docstring names.")
    keys = ["item_id", "work_type"] if "n_items" in items.columns else ["item_id"]
    if items.duplicated(keys).any():
        raise ValueError("An item occurs twice; pass one row per finished item.")
    items = items if "n_items" in items.columns else items.assign(n_items=1)
    items = items.dropna(subset=["flow_days"]).sort_values(["scope_id", "level", "increment_start", "item_id"])
    in_stage = stage_times.pivot_table(index="item_id", columns="stage_name", values="days", aggfunc="sum")
    tables: list[pd.DataFrame] = []
    for (scope, level), of_line in items.groupby(["scope_id", "level"], sort=True):
        increments = of_line["increment_id"].drop_duplicates().tolist()
        for before, after in pairwise(increments):
            pair = of_line.loc[of_line["increment_id"].isin([before, after])]
            table = _change(pair, before, in_stage, generator, settings)
            tables.append(
                table.assign(scope_id=str(scope), level=str(level), from_increment_id=before, to_increment_id=after)
            )
    if not tables:
        return pd.DataFrame(columns=list(COLUMNS)).astype(_TYPES)
    return pd.concat(tables, ignore_index=True).assign(method_version=METHOD_VERSION)[list(COLUMNS)].astype(_TYPES)


def _change(
    pair: pd.DataFrame,
    before: str,
    in_stage: pd.DataFrame,
    generator: np.random.Generator,
    settings: FlowTimeChangeSettings,
) -> pd.DataFrame:
    """Return the rows of one change."""
    period = np.where(pair["increment_id"] == before, 0, 1).astype(np.int64)
    days, n_items = (pair[column].to_numpy(dtype="float64") for column in ("flow_days", "n_items"))
    counts = np.bincount(period, weights=n_items, minlength=2).astype(np.int64)
    # Drawn before anything is withheld, so that the draws of one line do not depend on how many items it has.
    seed = int(generator.integers(2**63))
    if counts.min() < settings.min_items:
        reason = f"{counts[0]} items before and {counts[1]} after, at least {settings.min_items} each needed"
        row = {"component": "total", "n_before": counts[0], "n_after": counts[1], "withheld_reason": reason}
        return pd.DataFrame([row | {"sentence": f"The change of flow time is not shown: {reason}."}]).reindex(
            columns=list(COLUMNS)
        )
    unit, units = pd.factorize(pair["item_id"])
    n_units = len(units)
    period_of_unit = np.zeros(n_units, dtype=np.int64)
    period_of_unit[unit] = period
    weights = _resampled(period_of_unit, np.random.default_rng(seed), settings.n_resamples)
    codes, names = pd.factorize(pair["work_type"].fillna("unknown"), sort=True)
    cell, shape = unit * len(names) + codes, (n_units, len(names))
    items_of_types, days_of_types = (
        np.asarray(np.bincount(cell, weights=values, minlength=n_units * len(names)).reshape(shape), dtype=np.float64)
        for values in (n_items, days)
    )
    within, mix = _decomposed(items_of_types, days_of_types, period_of_unit, weights)
    own = _means_of_types(codes, days, n_items, period, len(names))
    stages = in_stage.reindex(units).fillna(0.0)
    stages = stages.loc[:, (stages != 0).any()]
    size, total = (np.bincount(unit, weights=values, minlength=n_units) for values in (n_items, days))
    columns = np.column_stack([stages.to_numpy(dtype="float64"), total - stages.sum(axis=1).to_numpy(), total])
    means = []
    for when in (0, 1):
        is_then = period_of_unit == when
        drawn = weights[:, is_then]
        means.append(drawn @ columns[is_then] / (drawn @ size[is_then])[:, None])
    by_stage = means[1] - means[0]
    at = slice(0, 1)
    parts: list[tuple[str, str | None, Floats, Floats]] = [
        ("total", None, by_stage[:, -1], np.array([means[0][0, -1], means[1][0, -1]])),
        ("within_types", None, within.sum(axis=1), np.full(2, np.nan)),
        ("mix", None, mix.sum(axis=1), np.full(2, np.nan)),
        *(("within_type", str(name), within[:, index], own[:, index]) for index, name in enumerate(names)),
        *(("mix_of_type", str(name), mix[:, index], own[:, index]) for index, name in enumerate(names)),
        *(
            ("stage", str(name), by_stage[:, index], np.array([means[0][at, index][0], means[1][at, index][0]]))
            for index, name in enumerate(stages.columns)
        ),
        ("outside_stages", None, by_stage[:, -2], np.array([means[0][0, -2], means[1][0, -2]])),
    ]
    tail = (1 - settings.confidence) / 2
    rows = []
    for component, name, changes, (mean_before, mean_after) in parts:
        lower, upper = np.quantile(changes[1:], [tail, 1 - tail])
        rows.append(
            {
                "component": component,
                "component_name": name,
                "mean_days_before": mean_before,
                "mean_days_after": mean_after,
                "change_days": changes[0],
                "change_days_lower": lower,
                "change_days_upper": upper,
            }
        )
    table = pd.DataFrame(rows).assign(n_before=counts[0], n_after=counts[1], withheld_reason=None)
    return table.assign(sentence=_sentence(rows, settings))


def _resampled(period: Ints, generator: np.random.Generator, n_resamples: int) -> Floats:
    """Return how often each item counts: once in the first row, then resamples within either period."""
    weights = np.ones((n_resamples + 1, period.size))
    for when in (0, 1):
        n_items = int((period == when).sum())
        # The counts of a multinomial draw, many times quicker than drawing them item by item.
        drawn = generator.integers(n_items, size=(n_resamples, n_items)) + np.arange(n_resamples)[:, None] * n_items
        counts = np.bincount(drawn.ravel(), minlength=n_resamples * n_items)
        weights[1:, period == when] = counts.reshape(n_resamples, n_items)
    return weights


def _means_of_types(codes: Ints, days: Floats, n_items: Floats, period: Ints, n_types: int) -> Floats:
    """Return the mean flow time per period and type, NaN where there is no item."""
    means = np.full((2, n_types), np.nan)
    for when in (0, 1):
        count = np.bincount(codes[period == when], weights=n_items[period == when], minlength=n_types)
        total = np.bincount(codes[period == when], weights=days[period == when], minlength=n_types)
        np.divide(total, count, out=means[when], where=count > 0)
    return means


def _sentence(rows: Sequence[dict[str, Any]], settings: FlowTimeChangeSettings) -> str:
    total, within, mix = rows[0], rows[1], rows[2]
    interval = (
        f"{100 * settings.confidence:.0f} % interval {total['change_days_lower']:+.1f} to "
        f"{total['change_days_upper']:+.1f}"
    )
    stages = [row for row in rows if row["component"] == "stage"]
    text = (
        f"Mean flow time went from {total['mean_days_before']:.1f} to {total['mean_days_after']:.1f} days "
        f"({total['change_days']:+.1f}, {interval}): {within['change_days']:+.1f} because work of the same type took "
        f"another time, {mix['change_days']:+.1f} because of another mix of types."
    )
    if not stages:
        return text
    largest = max(stages, key=lambda row: abs(row["change_days"]))
    return f"{text} By stage the largest change is in {largest['component_name']} ({largest['change_days']:+.1f} days)."
