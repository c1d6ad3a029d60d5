"""When a series changed, if nobody knows a date to ask about.

Belongs here: the search for changes of level over the whole of a series. Does not belong here: periods with limits of
their own (:mod:`.stable_shift`) and the effect of a known change. A change found here is a place to look and no proof:
the search always looks back over all weeks, and later weeks can move what it finds.

Source: R. Killick, P. Fearnhead, I. A. Eckley, "Optimal detection of changepoints with a linear computational cost",
JASA 107 (2012), as computed by ruptures with least squares; the penalty is 2 log(n) s^2 with s from moving ranges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from orchestration.analytics.process_limits import natural_process_limits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

METHOD_VERSION = "change_search-1"

_TYPES = {
    "position": "int64",
    "week_start": "datetime64[us]",
    "n_before": "int64",
    "n_after": "int64",
    "mean_before": "float64",
    "mean_after": "float64",
    "statement": "str",
    "method_version": "str",
}
COLUMNS = tuple(_TYPES)

_LEVEL_TYPES = {"value_stream_id": "str", "level": "str", "metric": "str", "chart_scale": "str", **_TYPES}
LEVEL_COLUMNS = tuple(_LEVEL_TYPES)


@dataclass(frozen=True, slots=True)
class ChangeSearchSettings:
    """``min_points``: between two changes at least. ``penalty``: price of a change, in log(n) s^2."""

    min_points: int = 8
    penalty: float = 2.0


def change_positions(values: ArrayLike, *, settings: ChangeSearchSettings | None = None) -> list[int]:
    """Return the positions, from 0, of the first points after a change of level, in time order.

    ``values``: one-dimensional, in time order, on the scale on which they are charted (the logarithm for durations);
    NaN = no value, left out of the search. No change is found in fewer than 16 values, or in values that never vary.
    Raises ``ValueError`` for infinite values.
    """
    rules = settings or ChangeSearchSettings()
    series = np.asarray(values, dtype=float)
    if np.isinf(series).any():
        raise ValueError("Changes cannot be searched in infinite values; pass NaN where a period has no value.")
    places = np.flatnonzero(np.isfinite(series))
    known = series[places]
    if known.size < 2 * rules.min_points:
        return []
    sigma = natural_process_limits(known, screen=False).sigma
    if not sigma > 0:
        return []
    # It takes half a second to import and is needed by this search alone.
    import ruptures  # type: ignore[import-untyped]

    search = ruptures.Pelt(model="l2", min_size=rules.min_points, jump=1).fit(known)
    found = search.predict(pen=rules.penalty * np.log(known.size) * sigma**2)
    return [int(places[end]) for end in found[:-1]]


def changes_of_level(
    weeks: ArrayLike, values: ArrayLike, *, settings: ChangeSearchSettings | None = None
) -> pd.DataFrame:
    """Tell the changes of level of a weekly series.

    ``weeks``: start of each week; ``values``: as in :func:`change_positions`. Returns one row per change with
    ``COLUMNS``: the first week after it, and number and mean of the values between it and its neighbours, on the
    scale given.
    """
    series, starts = np.asarray(values, dtype=float), pd.DatetimeIndex(np.asarray(weeks, dtype="datetime64[us]"))
    positions = change_positions(series, settings=settings)
    edges = [0, *positions, series.size]
    rows = []
    for before, position, after in zip(edges[:-2], positions, edges[2:], strict=True):
        earlier, later = series[before:position], series[position:after]
        rows.append(
            {
                "position": position,
                "week_start": starts[position],
                "n_before": np.isfinite(earlier).sum(),
                "n_after": np.isfinite(later).sum(),
                "mean_before": np.nanmean(earlier),
                "mean_after": np.nanmean(later),
                "statement": f"A change near the week of {starts[position]:%Y-%m-%d}; why is not known from this.",
            }
        )
    found = pd.DataFrame(rows, columns=list(COLUMNS)).assign(method_version=METHOD_VERSION)
    return found.astype(_TYPES)


def level_changes(
    values: pd.DataFrame, scales: Mapping[str, str], *, settings: ChangeSearchSettings | None = None
) -> pd.DataFrame:
    """Tell the changes of level of every value stream, level and metric.

    ``values``: one row per value stream, level, metric and week (:func:`.weekly_measures.weekly_values`); weeks that
    are not complete are left out. ``scales``: ``log`` or ``linear`` by metric; metrics without one are not searched.
    Returns one row per change with ``LEVEL_COLUMNS``, ordered by the keys and the week.
    """
    keys = ["value_stream_id", "level", "metric"]
    complete = values.loc[values["is_complete"].astype(bool) & values["metric"].isin(list(scales))]
    found = []
    for (stream, level, metric), frame in complete.groupby(keys, sort=True):
        series = frame["value"].to_numpy(dtype=float)
        if scales[str(metric)] == "log":
            series = np.log(np.where(series > 0, series, np.nan))
        changes = changes_of_level(frame["week_start"], series, settings=settings)
        facts = {"value_stream_id": str(stream), "level": str(level), "metric": str(metric)}
        found.append(changes.assign(**facts, chart_scale=scales[str(metric)]))
    table = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(LEVEL_COLUMNS))
    return table[list(LEVEL_COLUMNS)].astype(_LEVEL_TYPES)
