"""Stalls that run from stage to stage: unusual weeks of neighbouring stages that concern the same items.

Belongs here: which stage-weeks are unusual by the stage's own measure, which of them belong together, and their story
in order. Does not belong here: signals that move together over many weeks (:mod:`.signal_links`).

Source: high-level events of processes: Z. Toosinezhad, D. Fahland, Ö. Köroğlu, W. M. P. van der Aalst, "Detecting
system-level behavior leading to dynamic bottlenecks", ICPM 2020; B. Bakullari, W. M. P. van der Aalst, "High-level
event mining: a framework", ICPM 2022 (arXiv 2211.00006). A stage-week is an event where its queue, arrivals or delay is
above the stage's own 85th percentile. Events of neighbouring stages are linked when they lie at most a week apart and
half of the items of the smaller one are in both. What hangs together is a cascade from three events on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from orchestration.analytics.work_instances import check_columns, rows_of_groups

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestration.analytics.array_types import Floats, Ints

    #: Takes events (``EVENT_KEYS`` and their number ``event``, from 0) and pairs of them (``first``, ``second``).
    #: Returns how many different items were in the stage or its queue in the week of each event, and how many were in
    #: both events of each pair.
    CountItems = Callable[[pd.DataFrame, pd.DataFrame], tuple[Ints, Ints]]

METHOD_VERSION = "stall_cascades-1"

#: What may be unusual about a stage-week, and how a sentence says it.
MEASURES = {"queue": "a long queue", "arrivals": "many arrivals", "delay": "long delays"}

STAGE_WEEK_COLUMNS = (
    "value_stream_id",
    "level",
    "stage_id",
    "stage_name",
    "position",
    "week_start",
    "is_complete",
    *MEASURES,
)
#: What tells a stage-week, and so an event.
EVENT_KEYS = ("value_stream_id", "level", "stage_id", "week_start")

_EVENT_TYPES = {
    "value_stream_id": "str",
    "level": "str",
    "cascade_id": "str",
    "stage_id": "str",
    "week_start": "datetime64[us]",
    "is_queue_high": "bool",
    "is_arrivals_high": "bool",
    "is_delay_high": "bool",
    "n_items": "int64",
    "n_links": "int64",
    "max_shared_item_share": "float64",
    "n_events": "int64",
    "n_stages": "int64",
    "cascade_start": "datetime64[us]",
    "cascade_end": "datetime64[us]",
    "n_weeks": "int64",
    "window_start": "datetime64[us]",
    "window_end": "datetime64[us]",
    "story": "str",
    "method_version": "str",
}
EVENT_COLUMNS = tuple(_EVENT_TYPES)

_LINK_TYPES = {
    "value_stream_id": "str",
    "level": "str",
    "cascade_id": "str",
    "stage_id": "str",
    "week_start": "datetime64[us]",
    "linked_stage_id": "str",
    "linked_week_start": "datetime64[us]",
    "shared_item_share": "float64",
    "method_version": "str",
}
LINK_COLUMNS = tuple(_LINK_TYPES)


@dataclass(frozen=True, slots=True)
class CascadeSettings:
    """When a stage-week is unusual, when two belong together, and how many make a cascade over how many stages."""

    window_weeks: int = 52
    min_weeks: int = 26
    percentile: float = 0.85
    max_weeks_apart: int = 1
    min_shared_item_share: float = 0.5
    min_events: int = 3
    min_stages: int = 3


@dataclass(frozen=True, slots=True)
class Stalls:
    """The cascades found: their events (``EVENT_COLUMNS``) and what links them (``LINK_COLUMNS``)."""

    events: pd.DataFrame
    links: pd.DataFrame


def find_stalls(
    stage_weeks: pd.DataFrame,
    count_items: CountItems,
    window_end: pd.Timestamp,
    *,
    settings: CascadeSettings = CascadeSettings(),
) -> Stalls:
    """Return the stalls that ran over three stages or more, event by event in order of time and work, and their links.

    Parameters
    ----------
    stage_weeks: one row per value stream, level, stage and week with ``STAGE_WEEK_COLUMNS``; ``position`` numbers the
        stages of the line one by one. ``queue`` (items), ``arrivals`` (items) and ``delay`` (any unit of time) may be
        NaN: not measured.
    count_items: counts the items of the events found, as they may be millions; see ``CountItems``.
    window_end: Monday after the last week to read; weeks that are not complete are not read.

    A measure with fewer than ``min_weeks`` values flags nothing. The events are one row per event of a cascade, the
    links one per pair of linked events, the earlier first; both empty where there is none. Raises ``ValueError`` for
    missing columns and for two rows of one stage-week.
    """
    check_columns(stage_weeks, STAGE_WEEK_COLUMNS, "stage weeks")
    end = pd.Timestamp(window_end).tz_localize(None)
    start = end - pd.Timedelta(weeks=settings.window_weeks)
    week_start = pd.DatetimeIndex(pd.to_datetime(stage_weeks["week_start"]))
    is_known = stage_weeks["is_complete"].astype(bool).to_numpy() & (week_start >= start) & (week_start < end)
    known = stage_weeks.assign(week_start=week_start).loc[is_known].reset_index(drop=True)
    stage_keys = ["value_stream_id", "level", "stage_id"]
    if known.duplicated([*stage_keys, "week_start"]).any():
        raise ValueError("A stage has two rows in one week; pass one per value stream, level, stage and week.")
    stage = known.groupby(stage_keys)
    for measure in MEASURES:
        values = known[measure].astype("float64")
        limit = values.groupby([known[key] for key in stage_keys]).transform("quantile", settings.percentile)
        n_measured = stage[measure].transform("count")
        known[f"is_{measure}_high"] = (values > limit) & (n_measured >= settings.min_weeks)
    flags = [f"is_{measure}_high" for measure in MEASURES]
    known["n_weeks"] = stage["week_start"].transform("count")
    events = known.loc[known[flags].any(axis=1)].sort_values(
        ["value_stream_id", "level", "week_start", "position", "stage_id"], ignore_index=True
    )
    first, second = _neighbours(events, settings)
    n_items, n_shared = count_items(
        events[list(EVENT_KEYS)].assign(event=np.arange(len(events))), pd.DataFrame({"first": first, "second": second})
    )
    smaller = np.minimum(n_items[first], n_items[second])
    shared = np.divide(n_shared, smaller, out=np.zeros(first.size), where=smaller > 0)
    is_linked = (smaller > 0) & (n_shared > 0) & (shared >= settings.min_shared_item_share)
    first, second, shared = first[is_linked], second[is_linked], shared[is_linked]
    events = events.assign(n_items=n_items)
    chained = _chains(events, first, second, shared, settings)
    if chained.empty:
        return Stalls(
            pd.DataFrame(columns=list(EVENT_COLUMNS)).astype(_EVENT_TYPES),
            pd.DataFrame(columns=list(LINK_COLUMNS)).astype(_LINK_TYPES),
        )
    table = chained.assign(
        window_start=start, window_end=end - pd.Timedelta(days=1), method_version=METHOD_VERSION
    ).sort_values(["value_stream_id", "level", "cascade_id", "week_start", "position"], ignore_index=True)
    return Stalls(table[list(EVENT_COLUMNS)].astype(_EVENT_TYPES), _links_of(chained, first, second, shared))


def _links_of(chained: pd.DataFrame, first: Ints, second: Ints, shared: Floats) -> pd.DataFrame:
    """Return the links of the events that are kept; ``first`` and ``second`` are row labels of ``chained``."""
    links = pd.DataFrame({"first": first, "second": second, "shared_item_share": shared})
    earlier = chained[["value_stream_id", "level", "cascade_id", "stage_id", "week_start"]]
    later = chained[["stage_id", "week_start"]].add_prefix("linked_")
    joined = links.join(earlier, on="first", how="inner").join(later, on="second", how="inner")
    ordered = joined.assign(method_version=METHOD_VERSION).sort_values(["first", "second"], ignore_index=True)
    return ordered[list(LINK_COLUMNS)].astype(_LINK_TYPES)


def _neighbours(events: pd.DataFrame, settings: CascadeSettings) -> tuple[Ints, Ints]:
    """Return the pairs of events (first < second) of neighbouring stages that lie close enough in time."""
    position = events["position"].to_numpy(dtype=float)
    week = events["week_start"].to_numpy(dtype="datetime64[D]").astype(np.int64) / 7
    pairs: list[tuple[Ints, Ints]] = []
    for rows in rows_of_groups(events, ["value_stream_id", "level"]):
        one, other = np.triu_indices(rows.size, k=1)
        first, second = rows[one], rows[other]
        is_near = np.abs(position[first] - position[second]) == 1
        is_near &= np.abs(week[first] - week[second]) <= settings.max_weeks_apart
        pairs.append((first[is_near], second[is_near]))
    nothing: Ints = np.empty(0, dtype=np.int64)
    if not pairs:
        return nothing, nothing
    return np.concatenate([first for first, _ in pairs]), np.concatenate([second for _, second in pairs])


def _chains(events: pd.DataFrame, first: Ints, second: Ints, shared: Floats, settings: CascadeSettings) -> pd.DataFrame:
    """Return the events that hang together with enough others over enough stages, and the story of each cascade."""
    if not first.size:
        return events.iloc[:0]
    graph = coo_array((np.ones(first.size), (first, second)), shape=(len(events), len(events)))
    chain = connected_components(graph, directed=False)[1]
    most = np.zeros(len(events))
    np.maximum.at(most, first, shared)
    np.maximum.at(most, second, shared)
    n_links = np.bincount(np.concatenate([first, second]), minlength=len(events))
    chained = events.assign(chain=chain, n_links=n_links, max_shared_item_share=most)
    of_chain = chained.groupby("chain")
    chained["n_events"] = of_chain["stage_id"].transform("size")
    chained["n_stages"] = of_chain["stage_id"].transform("nunique")
    chained["cascade_start"] = of_chain["week_start"].transform("min")
    chained["cascade_end"] = of_chain["week_start"].transform("max")
    kept = chained.loc[(chained["n_events"] >= settings.min_events) & (chained["n_stages"] >= settings.min_stages)]
    stories = {
        number: ("; ".join(_clauses(of_one)), f"{of_one['week_start'].min():%Y-%m-%d} {of_one['stage_id'].iloc[0]}")
        for number, of_one in kept.groupby("chain")
    }
    return kept.assign(
        story=[f"{stories[number][0]}." for number in kept["chain"]],
        cascade_id=[stories[number][1] for number in kept["chain"]],
    )


def _clauses(events: pd.DataFrame) -> list[str]:
    """Return what happened where, in order of time and work: "week of 2026-03-02: a long queue at Test"."""
    clauses = []
    for row in events.to_dict("records"):
        what = " and ".join(words for measure, words in MEASURES.items() if row[f"is_{measure}_high"])
        clauses.append(f"week of {row['week_start']:%Y-%m-%d}: {what} at {row['stage_name']}")
    return clauses
