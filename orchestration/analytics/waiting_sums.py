"""How long items wait and why, summed per transition and per stage.

Belongs here: sums, shares with their intervals, and what the flow efficiency would be without a class of waiting.
Does not belong here: the split of a single wait (:mod:`.waiting_classes`).

Source: flow efficiency without a class, P / (P + W - W_class) beside P / (P + W): K. Lashkevich et al., "Why am I
waiting?", CAiSE 2023. The interval of a share: moving blocks of 3 weeks, as for utilisation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from orchestration.analytics.stage_indicators import BOOTSTRAP_BLOCK_WEEKS, bootstrap_ratio_interval
from orchestration.analytics.waiting_classes import METHOD_VERSION, WAIT_COLUMNS, WAITING_CLASSES
from orchestration.analytics.work_instances import check_columns
from orchestration.analytics.working_clock import seconds_since_epoch

if TYPE_CHECKING:
    from orchestration.analytics.array_types import Floats, Ints

_MEASURE_TYPES = {
    "waiting_class": "str",
    "window_start": "datetime64[us]",
    "window_end": "datetime64[us]",
    "n_weeks": "int64",
    "n_waits": "int64",
    "n_items": "int64",
    "n_open": "int64",
    "wait_hours": "float64",
    "unclassified_hours": "float64",
    "class_hours": "float64",
    "share": "float64",
    "share_lower": "float64",
    "share_upper": "float64",
    "flow_efficiency": "float64",
    "flow_efficiency_without": "float64",
    "capacity_source": "str",
    "withheld_reason": "str",
    "method_version": "str",
}
STAGE_KEYS = ("value_stream_id", "level", "stage_id")
TRANSITION_KEYS = ("value_stream_id", "level", "from_stage_id", "stage_id", "team_id")


@dataclass(frozen=True, slots=True)
class WaitingSettings:
    """What it takes to speak of a share: with fewer waits or items only the hours are given."""

    min_waits: int = 30
    min_items: int = 10
    n_resamples: int = 500


def waiting_by_transition(
    waits: pd.DataFrame,
    edges: pd.DatetimeIndex,
    *,
    generator: np.random.Generator,
    settings: WaitingSettings = WaitingSettings(),
) -> pd.DataFrame:
    """Sum the classified waits per transition and class; see :func:`waiting_by_stage` for the measures.

    Returns ``TRANSITION_KEYS`` and the measures: one row per value stream, level, stage before (missing for the first),
    stage, team and class.
    """
    return _summed(waits, edges, TRANSITION_KEYS, generator, settings)


def waiting_by_stage(
    waits: pd.DataFrame,
    edges: pd.DatetimeIndex,
    *,
    generator: np.random.Generator,
    settings: WaitingSettings = WaitingSettings(),
) -> pd.DataFrame:
    """Sum the classified waits per stage and class.

    ``waits`` are those of :func:`.waiting_classes.classify_waits` for the same ``edges``; the zone of ``edges`` is that
    of the days ``window_start`` and ``window_end``. Returns ``STAGE_KEYS`` and the measures, one row per value stream,
    level, stage and class. ``share`` is the class's part of the classified wait, its 95 % interval from resampled
    blocks of 3 weeks (the week in which the wait ended; the last one while it lasts). ``flow_efficiency`` is
    P / (P + W) of the whole value stream and level, P the hours in work and W the hours waited, and
    ``flow_efficiency_without`` is P / (P + W - W_class): what it would be without this row's hours. Share, interval and
    efficiencies are withheld below ``min_waits`` or ``min_items``.
    """
    return _summed(waits, edges, STAGE_KEYS, generator, settings)


def _summed(
    waits: pd.DataFrame,
    edges: pd.DatetimeIndex,
    keys: tuple[str, ...],
    generator: np.random.Generator,
    settings: WaitingSettings,
) -> pd.DataFrame:
    check_columns(waits, WAIT_COLUMNS, "waits")
    types = dict.fromkeys(keys, "str") | _MEASURE_TYPES
    n_weeks = len(edges) - 1
    uniforms = generator.random((settings.n_resamples, -(-n_weeks // BOOTSTRAP_BLOCK_WEEKS)))
    if waits.empty:
        return pd.DataFrame(columns=list(types)).astype(types)
    seconds = seconds_since_epoch(edges)
    started = np.nan_to_num(seconds_since_epoch(waits["started_at"]), nan=seconds[-1])
    week = np.clip(np.searchsorted(seconds, started, side="right") - 1, 0, n_weeks - 1)
    columns = [f"{name}_hours" for name in WAITING_CLASSES]
    is_classified = waits[columns[0]].notna()
    frame = waits.assign(
        week=week,
        classified_hours=waits["wait_hours"].where(is_classified, 0.0),
        unclassified_hours=waits["wait_hours"].where(~is_classified, 0.0),
    )
    line = frame.groupby(["value_stream_id", "level"])[["processing_hours", "wait_hours"]].transform("sum")
    frame = frame.assign(line_processing=line["processing_hours"], line_wait=line["wait_hours"])
    grouped = frame.groupby(list(keys), dropna=False, sort=True)
    sums = grouped.agg(
        n_waits=("wait_hours", "size"),
        n_items=("work_item_id", "nunique"),
        n_open=("is_open", "sum"),
        wait_hours=("wait_hours", "sum"),
        unclassified_hours=("unclassified_hours", "sum"),
        n_classified=("batching_hours", "count"),
        first_source=("capacity_source", "min"),
        last_source=("capacity_source", "max"),
        line_processing=("line_processing", "first"),
        line_wait=("line_wait", "first"),
        **{column: (column, "sum") for column in columns},
    )
    group: Ints = np.asarray(grouped.ngroup(), dtype=np.int64)
    weekly = _weekly_sums(frame, group, len(sums), n_weeks, [*columns, "classified_hours"])
    sums = sums.reset_index().astype({"first_source": "str", "last_source": "str"})
    sums["capacity_source"] = sums["first_source"].where(sums["first_source"].eq(sums["last_source"]), "mixed")
    sums["capacity_source"] = sums["capacity_source"].where(sums["n_classified"] > 0)
    reason = _withheld(sums, settings)
    local = edges.tz_localize(None)
    parts = []
    for number, name in enumerate(WAITING_CLASSES):
        hours = sums[f"{name}_hours"].where(sums["n_classified"] > 0)
        classified = sums["wait_hours"] - sums["unclassified_hours"]
        intervals = np.array(
            [bootstrap_ratio_interval(of_group[number], of_group[-1], uniforms) for of_group in weekly]
        ).reshape(-1, 2)
        without = sums["line_processing"] + sums["line_wait"] - hours
        part = sums[[*keys, "n_waits", "n_items", "n_open", "wait_hours", "unclassified_hours", "capacity_source"]]
        withheld = {
            "share": hours / classified.where(classified > 0),
            "share_lower": pd.Series(intervals[:, 0]),
            "share_upper": pd.Series(intervals[:, 1]),
            "flow_efficiency": _ratio(sums["line_processing"], sums["line_processing"] + sums["line_wait"]),
            "flow_efficiency_without": _ratio(sums["line_processing"], without),
        }
        part = part.assign(
            waiting_class=name,
            window_start=local[0].normalize(),
            window_end=(local[-1] - pd.Timedelta(microseconds=1)).normalize(),
            n_weeks=n_weeks,
            class_hours=hours,
            **{column: values.where(reason.isna()) for column, values in withheld.items()},
            withheld_reason=reason,
            method_version=METHOD_VERSION,
        )
        parts.append(part.reset_index(names="group").assign(class_number=number))
    table = pd.concat(parts).sort_values(["group", "class_number"], ignore_index=True)
    return table[list(types)].astype(types)


def _ratio(numerator: pd.Series[float], denominator: pd.Series[float]) -> pd.Series[float]:
    return numerator / denominator.where(denominator > 0)


def _weekly_sums(frame: pd.DataFrame, group: Ints, n_groups: int, n_weeks: int, columns: list[str]) -> Floats:
    """Return the sums of each column per group and week, shape (groups, columns, weeks)."""
    cell = group * n_weeks + frame["week"].to_numpy()
    sums = [
        np.bincount(cell, weights=frame[column].fillna(0.0).to_numpy(), minlength=n_groups * n_weeks)
        for column in columns
    ]
    return np.stack(sums).astype(np.float64).reshape(len(columns), n_groups, n_weeks).transpose(1, 0, 2)


def _withheld(sums: pd.DataFrame, settings: WaitingSettings) -> pd.Series[str]:
    """Return why shares are withheld, missing where they are not."""
    texts = [
        "No team is known that serves it, so nobody knows why it waited."
        if n_classified == 0
        else f"{n_waits} waits of {n_items} items, at least {settings.min_waits} of {settings.min_items} needed."
        if n_waits < settings.min_waits or n_items < settings.min_items
        else None
        for n_waits, n_items, n_classified in zip(sums["n_waits"], sums["n_items"], sums["n_classified"], strict=True)
    ]
    return pd.Series(texts, index=sums.index, dtype="str")
