"""Whether single items moved the way the weekly series did: shift of flow times.

Belongs here: comparison of the items before and after a launch, without a model of their distribution. Does not belong
here: the weekly series (:mod:`.interrupted_series`) and any verdict (:mod:`.intervention_verdict`).

Sources: shift: J. L. Hodges, E. L. Lehmann, Annals of Mathematical Statistics 34 (1963); probability of superiority:
A. Vargha, H. D. Delaney, Journal of Educational and Behavioral Statistics 25 (2000); weeks resampled whole: A. C.
Davison, D. V. Hinkley, *Bootstrap Methods and their Application* (1997), 3.8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from orchestration.analytics.array_types import Floats, Ints

    # Half the memory of whole numbers of the usual size; two weeks never hold 2^31 pairs of items.
    Counts = NDArray[np.int32]

METHOD_VERSION = "item_level_effect-1"

#: What `item_level_effects` reads; further columns are ignored.
ITEM_COLUMNS = ("intervention_id", "metric", "week_start", "phase", "duration")

_TYPES = {
    "intervention_id": "str",
    "metric": "str",
    "window_start": "datetime64[us]",
    "window_end": "datetime64[us]",
    "n_items_before": "int64",
    "n_items_after": "int64",
    "n_weeks_before": "int64",
    "n_weeks_after": "int64",
    "n_left_out": "int64",
    "shift": "float64",
    "shift_lower": "float64",
    "shift_upper": "float64",
    "shift_percent": "float64",
    "shift_percent_lower": "float64",
    "shift_percent_upper": "float64",
    "probability_shorter": "float64",
    "n_resamples": "int64",
    "withheld_reason": "str",
    "method_version": "str",
}
COLUMNS = tuple(_TYPES)

_WEEKLY_TYPES = {"intervention_id": "str", "metric": "str", "week_start": "datetime64[us]", "item_shift": "float64"}

_DISTRIBUTION_TYPES = {
    "intervention_id": "str",
    "metric": "str",
    "phase": "str",
    "percentile": "int64",
    "duration": "float64",
    "n_items": "int64",
    "method_version": "str",
}
DISTRIBUTION_COLUMNS = tuple(_DISTRIBUTION_TYPES)

#: Up to this many pairs the differences are written out; beyond, their median is found by counting.
_MAX_PAIRS_WRITTEN_OUT = 1_000_000
#: Cells into which the range of values is cut for the bootstrap; the bounds are exact to about one.
_N_CELLS = 2048


@dataclass(frozen=True, slots=True)
class ItemLevelSettings:
    """Minima on either side of the launch, and the resamples and level of the interval."""

    min_items: int = 5
    min_weeks: int = 3
    n_resamples: int = 2000
    confidence: float = 0.95


DEFAULT_SETTINGS = ItemLevelSettings()


def hodges_lehmann_shift(before: ArrayLike, after: ArrayLike) -> float:
    """Return the median of all differences ``after - before`` between an item of one and an item of the other.

    Both one-dimensional and finite, in one unit. NaN if either is empty. Of more than a million pairs not all are
    written out: pairs at or below a value are counted in sorted arrays, and the median is halved in until at most a
    million are left.
    """
    return _median_difference(np.sort(np.asarray(before, dtype=float)), np.sort(np.asarray(after, dtype=float)))


def _median_difference(first: Floats, second: Floats) -> float:
    """Return the median of the differences of sorted arrays, NaN if either is empty."""
    n_pairs = first.size * second.size
    if n_pairs == 0:
        return float("nan")
    if n_pairs <= _MAX_PAIRS_WRITTEN_OUT:
        return float(np.median(second[:, None] - first[None, :]))
    return _middle_difference(first, second)


def _middle_difference(first: Floats, second: Floats) -> float:
    """Return the median of the differences of sorted arrays, the mean of the two middle ones of an even number."""
    n_pairs = first.size * second.size
    ranks = ((n_pairs + 1) // 2, n_pairs // 2 + 1)

    def place_of(difference: float) -> Ints:
        """Of each of second: from which of first on the difference is at most this."""
        return np.searchsorted(first, second - difference, side="left")

    # Pairs above low and up to high are still in question; the middle ones are among them.
    low, high = float(np.nextafter(second[0] - first[-1], -np.inf)), float(second[-1] - first[0])
    n_below, n_within = 0, n_pairs
    begin, end = np.zeros(second.size, dtype=np.int64), np.full(second.size, first.size, dtype=np.int64)
    while n_within > _MAX_PAIRS_WRITTEN_OUT:
        middle = low + (high - low) / 2
        if not low < middle < high:
            # All that is left is one value.
            return high
        places = place_of(middle)
        n_up_to = n_pairs - int(places.sum())
        if ranks[0] <= n_up_to < ranks[1]:
            # The two middle ones lie on either side.
            return (_nearest(first, second, places, -1) + _nearest(first, second, places, 0)) / 2
        if n_up_to >= ranks[1]:
            high, begin = middle, places
        else:
            low, end, n_below = middle, places, n_up_to
        n_within = int((end - begin).sum())
    counts = end - begin
    within = np.arange(n_within) - np.repeat(np.cumsum(counts) - counts, counts)
    differences = np.repeat(second, counts) - first[np.repeat(begin, counts) + within]
    wanted = [rank - n_below - 1 for rank in ranks]
    return float(np.partition(differences, wanted)[wanted].mean())


def _nearest(first: Floats, second: Floats, places: Ints, step: int) -> float:
    """Return the largest difference up to a value (step 0: of its places) or the smallest above it (step -1)."""
    at = places + step
    is_there = (at >= 0) & (at < first.size)
    differences = second[is_there] - first[at[is_there]]
    return float(differences.max() if step == 0 else differences.min())


def probability_shorter(before: ArrayLike, after: ArrayLike) -> float:
    """Return the chance that an item after is below one before, ties counted half (A12); NaN if either is empty."""
    first, second = np.sort(np.asarray(before, dtype=float)), np.asarray(after, dtype=float)
    n_pairs = first.size * second.size
    if n_pairs == 0:
        return float("nan")
    above = first.size - np.searchsorted(first, second, side="right")
    tied = first.size - np.searchsorted(first, second, side="left") - above
    return float((above.sum() + tied.sum() / 2) / n_pairs)


def shift_interval(
    before: ArrayLike,
    before_weeks: ArrayLike,
    after: ArrayLike,
    after_weeks: ArrayLike,
    *,
    generator: np.random.Generator,
    n_resamples: int = DEFAULT_SETTINGS.n_resamples,
    confidence: float = DEFAULT_SETTINGS.confidence,
) -> tuple[float, float]:
    """Return the percentile interval of the Hodges-Lehmann shift, weeks resampled whole.

    Items of one week share its holidays and its release, so weeks are drawn, not items, before and after apart. For
    every pair of weeks the differences are counted once in cells of 1/2048 of the range of values; a resample is then a
    weighted sum of those counts, and its median exact to a cell.

    Parameters: ``before``, ``after`` (n,) and (m,) finite values; ``before_weeks``, ``after_weeks`` name the week of
    each. Returns NaN bounds if either is empty.
    """
    first, second = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    if first.size == 0 or second.size == 0:
        return float("nan"), float("nan")
    lowest = min(first.min(), second.min())
    cell = (max(first.max(), second.max()) - lowest) / (_N_CELLS - 1)
    if cell == 0:
        return 0.0, 0.0
    counts_before = _week_counts(first, before_weeks, lowest, cell)
    counts_after = _week_counts(second, after_weeks, lowest, cell)
    at_or_below = _pairs_at_or_below(counts_before, counts_after)
    weights = [
        generator.multinomial(n_weeks, np.full(n_weeks, 1 / n_weeks), size=n_resamples).astype(float)
        for n_weeks in (counts_before.shape[0], counts_after.shape[0])
    ]
    medians = cell * _weighted_medians(at_or_below, weights[0], weights[1])
    tail = (1 - confidence) / 2
    lower, upper = np.quantile(medians, [tail, 1 - tail])
    return float(lower), float(upper)


def _week_counts(values: Floats, weeks: ArrayLike, lowest: float, cell: float) -> Floats:
    """Return how many values of each week lie in each cell, (weeks, cells)."""
    names, place = np.unique(np.asarray(weeks), return_inverse=True)
    counts = np.zeros((names.size, _N_CELLS))
    np.add.at(counts, (place, np.rint((values - lowest) / cell).astype(np.int64)), 1)
    return counts


def _pairs_at_or_below(before: Floats, after: Floats) -> Counts:
    """Return the pairs of each two weeks whose difference is at most a lag, (weeks before, weeks after, lags).

    Lag place p stands for p - (cells - 1) cells. The pairs per lag are the cross-correlation of the counts.
    """
    length = 2 * _N_CELLS
    transforms = np.conj(np.fft.rfft(before, length))[:, None, :] * np.fft.rfft(after, length)[None, :, :]
    pairs = np.rint(np.fft.irfft(transforms, length)).astype(np.int32)
    return np.roll(pairs, _N_CELLS - 1, axis=-1)[..., : length - 1].cumsum(axis=-1, dtype=np.int32)


def _weighted_medians(at_or_below: Counts, before: Floats, after: Floats) -> Floats:
    """Return the median difference in cells for each pair of rows of week weights: the mean of the two middle ones."""
    first_lag, last_lag = np.full(len(before), -1), np.full(len(before), at_or_below.shape[-1] - 1)
    total = _pairs_up_to(at_or_below, last_lag, before, after)
    lower = _first_lag_with((total + 1) // 2, at_or_below, (first_lag, last_lag), before, after)
    # Most often the upper one of the two middle pairs has the same lag.
    upper = lower.copy()
    differs = _pairs_up_to(at_or_below, lower, before, after) < total // 2 + 1
    upper[differs] = _first_lag_with(
        total[differs] // 2 + 1, at_or_below, (lower[differs], last_lag[differs]), before[differs], after[differs]
    )
    medians: Floats = (lower + upper) / 2 - (_N_CELLS - 1)
    return medians


def _first_lag_with(
    wanted: Floats, at_or_below: Counts, bounds: tuple[Ints, Ints], before: Floats, after: Floats
) -> Ints:
    """Return per pair of rows of weights the first lag place with at least the pairs wanted, by halving.

    ``bounds``: a place that has fewer (-1 has none) and one that has enough.
    """
    low, high = bounds
    while (high - low > 1).any():
        middle = (low + high + 1) // 2
        enough = _pairs_up_to(at_or_below, middle, before, after) >= wanted
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high


def _pairs_up_to(at_or_below: Counts, lags: Ints, before: Floats, after: Floats) -> Floats:
    """Return per pair of rows of weights the weighted pairs whose difference is at most its own lag place."""
    pairs = np.empty(lags.shape)
    for lag in np.unique(lags):
        rows = lags == lag
        pairs[rows] = ((before[rows] @ at_or_below[..., lag]) * after[rows]).sum(axis=1)
    return pairs


def item_level_effects(
    items: pd.DataFrame, *, generator: np.random.Generator, settings: ItemLevelSettings = DEFAULT_SETTINGS
) -> pd.DataFrame:
    """Compare the durations of the items finished before and after each launch.

    Parameters
    ----------
    items: one row per finished item with ``ITEM_COLUMNS``: ``week_start`` of the week it finished in, ``phase``
        ``before`` or ``after`` (other rows are not read), ``duration`` above 0 in the unit of the metric. Pass the
        items of the very weeks that the weekly series uses. A duration of 0 or none has no logarithm and is left out.
    generator: random numbers for the interval.

    Returns one row per intervention and metric with ``COLUMNS``, ordered by both. ``shift`` is the Hodges-Lehmann
    shift of the logarithm of the duration, also as a percent change; ``probability_shorter`` the chance that an item
    after is shorter than one before. Raises ``ValueError`` for a missing column.
    """
    rows = []
    for (intervention, metric), frame in _of_either_phase(items).groupby(["intervention_id", "metric"], sort=True):
        usable = frame.loc[frame["duration"] > 0]
        before, after = (usable.loc[usable["phase"] == phase] for phase in ("before", "after"))
        sizes = {
            "n_items_before": len(before),
            "n_items_after": len(after),
            "n_weeks_before": before["week_start"].nunique(),
            "n_weeks_after": after["week_start"].nunique(),
        }
        row: dict[str, object] = {
            "intervention_id": intervention,
            "metric": metric,
            "window_start": frame["week_start"].min(),
            "window_end": frame["week_start"].max(),
            **sizes,
            "n_left_out": len(frame) - len(usable),
            "n_resamples": 0,
            "withheld_reason": _too_few_reason(sizes, settings),
            "method_version": METHOD_VERSION,
        }
        rows.append(row)
        if row["withheld_reason"] is not None:
            continue
        logs = [np.log(side["duration"].to_numpy(dtype=float)) for side in (before, after)]
        lower, upper = shift_interval(
            logs[0],
            before["week_start"].to_numpy(),
            logs[1],
            after["week_start"].to_numpy(),
            generator=generator,
            n_resamples=settings.n_resamples,
            confidence=settings.confidence,
        )
        shift = hodges_lehmann_shift(logs[0], logs[1])
        row |= {
            "shift": shift,
            "shift_lower": lower,
            "shift_upper": upper,
            "shift_percent": 100 * np.expm1(shift),
            "shift_percent_lower": 100 * np.expm1(lower),
            "shift_percent_upper": 100 * np.expm1(upper),
            "probability_shorter": probability_shorter(logs[0], logs[1]),
            "n_resamples": settings.n_resamples,
        }
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(_TYPES)


def weekly_item_shifts(items: pd.DataFrame, *, settings: ItemLevelSettings = DEFAULT_SETTINGS) -> pd.DataFrame:
    """Return the shift as it stood at the end of each week after the launch.

    ``items`` as for :func:`item_level_effects`. One row per intervention, metric and week with items after the launch:
    ``intervention_id``, ``metric``, ``week_start``, ``item_shift`` (of the logarithm; missing below the minima).
    Items of later weeks change no row.
    """
    rows = []
    for (intervention, metric), frame in _of_either_phase(items).groupby(["intervention_id", "metric"], sort=True):
        usable = frame.loc[frame["duration"] > 0]
        logs = np.log(usable["duration"].to_numpy(dtype=float))
        weeks = usable["week_start"].to_numpy()
        is_after = (usable["phase"] == "after").to_numpy(dtype=bool)
        before, after = np.sort(logs[~is_after]), logs[is_after]
        enough_before = _is_enough(weeks[~is_after], settings)
        weeks_after, place = np.unique(weeks[is_after], return_inverse=True)
        for n_weeks, week in enumerate(weeks_after, start=1):
            until = after[place < n_weeks]
            is_measured = enough_before and until.size >= settings.min_items and n_weeks >= settings.min_weeks
            shift = _median_difference(before, np.sort(until)) if is_measured else float("nan")
            rows.append((intervention, metric, week, shift))
    return pd.DataFrame(rows, columns=list(_WEEKLY_TYPES)).astype(_WEEKLY_TYPES)


def _of_either_phase(items: pd.DataFrame) -> pd.DataFrame:
    missing = [column for column in ITEM_COLUMNS if column not in items.columns]
    if missing:
        raise ValueError(f"The items lack {', '.join(missing)}; pass the columns of ITEM_COLUMNS.")
    return items.loc[items["phase"].isin(["before", "after"])]


def _is_enough(weeks: np.ndarray, settings: ItemLevelSettings) -> bool:
    return weeks.size >= settings.min_items and np.unique(weeks).size >= settings.min_weeks


def _too_few_reason(sizes: dict[str, int], settings: ItemLevelSettings) -> str | None:
    """Return which minima are not reached, None where all are."""
    short = [
        f"{sizes[f'n_{what}_{when}']} {what} {when} the launch, at least {needed} needed"
        for what, needed in (("items", settings.min_items), ("weeks", settings.min_weeks))
        for when in ("before", "after")
        if sizes[f"n_{what}_{when}"] < needed
    ]
    return " and ".join(short) or None


def item_distribution(items: pd.DataFrame, *, settings: ItemLevelSettings = DEFAULT_SETTINGS) -> pd.DataFrame:
    """Return every twentieth of the durations before and after each launch, for a picture of both.

    ``items`` as for :func:`item_level_effects`. One row per intervention, metric, phase and percentile (5 to 95) with
    ``DISTRIBUTION_COLUMNS``; ``duration`` is the smallest within which at least that percentage of the items was done.
    A side with fewer items or weeks than the minima has no row.
    """
    usable = _of_either_phase(items)
    usable = usable.loc[usable["duration"] > 0]
    percentiles = np.arange(5, 100, 5)
    rows = []
    for (intervention, metric, phase), frame in usable.groupby(["intervention_id", "metric", "phase"], sort=True):
        if not _is_enough(frame["week_start"].to_numpy(), settings):
            continue
        durations = np.quantile(frame["duration"].to_numpy(dtype=float), percentiles / 100, method="inverted_cdf")
        rows += [
            (intervention, metric, phase, percentile, duration, len(frame))
            for percentile, duration in zip(percentiles.tolist(), durations.tolist(), strict=True)
        ]
    table = pd.DataFrame(rows, columns=[name for name in DISTRIBUTION_COLUMNS if name != "method_version"])
    return table.assign(method_version=METHOD_VERSION)[list(DISTRIBUTION_COLUMNS)].astype(_DISTRIBUTION_TYPES)
