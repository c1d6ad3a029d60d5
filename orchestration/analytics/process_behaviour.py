"""Process behaviour charts of interventions: did the series change after the launch, against frozen limits?

Belongs here: the choice of scale and bounds for a metric, the baseline, what is left out, and one row per plotted week.
Does not belong here: the formulas of the limits (:mod:`.process_limits`) and of the rules (:mod:`.process_signals`),
figures, and any verdict on an intervention: one rule firing is not one.

Sources: limits frozen on the weeks before a change and new points judged against them: D. J. Wheeler, *Making Sense of
Data*; NHS England, *Making Data Count*. Durations are charted as the logarithm of the weekly median, because limits of
skewed data in days raise false alarms on more than half of unchanged processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from orchestration.analytics.process_limits import (
    MAX_AUTOCORRELATION_FOR_RUN_RULES,
    MIN_POINTS_TRIAL,
    MIN_POINTS_USABLE,
    ProcessLimits,
    lag1_autocorrelation,
    limits_status,
    moving_ranges,
    natural_process_limits,
)
from orchestration.analytics.process_signals import detect_signals, first_word_that_holds

if TYPE_CHECKING:
    from orchestration.analytics.array_types import Flags

__all__ = [
    "METHOD_VERSION",
    "POINT_COLUMNS",
    "SERIES_COLUMNS",
    "ProcessLimits",
    "chart_interventions",
    "detect_signals",
    "lag1_autocorrelation",
    "limits_status",
    "moving_ranges",
    "natural_process_limits",
]

METHOD_VERSION = "process_behaviour-1"

MAX_BASELINE_WEEKS = 26

#: What `chart_interventions` reads; further columns are ignored.
SERIES_COLUMNS = (
    "intervention_id",
    "week_start",
    "metric",
    "desired_direction",
    "phase",
    "is_baseline",
    "is_complete",
    "value",
)

#: Columns of the result with their types. Limits are in the unit of ``value``; ``moving_range`` and
#: ``moving_range_limit`` are in the unit of ``charted_value``.
_POINT_TYPES = {
    "intervention_id": "str",
    "week_start": "datetime64[us]",
    "value": "float64",
    "charted_value": "float64",
    "centre_line": "float64",
    "lower_limit": "float64",
    "upper_limit": "float64",
    "lower_near_limit": "float64",
    "upper_near_limit": "float64",
    "moving_range": "float64",
    "moving_range_limit": "float64",
    "n_baseline": "int64",
    "limits_status": "str",
    "is_baseline": "bool",
    "phase": "str",
    "is_excluded": "bool",
    "exclusion_reason": "str",
    "signal_rule": "str",
    "signal_direction": "str",
    "chart_scale": "str",
    "r1": "float64",
    "note": "str",
    "method_version": "str",
}
POINT_COLUMNS = tuple(_POINT_TYPES)


@dataclass(frozen=True, slots=True)
class _Chart:
    """How a kind of metric is charted: its scale and the bounds that it cannot pass."""

    scale: str
    floor: float | None
    ceiling: float | None = None


_DURATION = _Chart("log", floor=None)
_DURATION_WITH_ZEROS = _Chart("linear", floor=0.0)
_COUNT = _Chart("linear", floor=0.0)
_SHARE = _Chart("linear", floor=0.0, ceiling=1.0)
_CHARTS = {
    "cycle_time": _DURATION,
    "flow_time": _DURATION,
    "lead_time": _DURATION,
    "stage_time": _DURATION,
    "throughput": _COUNT,
    "wip": _COUNT,
    "stage_wip": _COUNT,
    "stage_departures": _COUNT,
    "flow_efficiency": _SHARE,
}
_PHASES = ("before", "transition", "after")


def chart_interventions(
    series: pd.DataFrame, *, allow_for_autocorrelation: bool = True, min_baseline: int = MIN_POINTS_TRIAL
) -> pd.DataFrame:
    """Chart every intervention's weekly series against limits frozen on the weeks before its launch.

    Baseline: the last 26 rows at most that have ``is_baseline``, ``is_complete`` and a value. Nothing that happens
    later changes the limits. Left out of the rules (``is_excluded`` with its ``exclusion_reason``): ``transition``
    weeks, an ``incomplete_week``, weeks with ``no_value``, weeks ``before_baseline``, and a duration of 0 on a
    logarithmic chart (``not_positive``). A week left out, a missing week and a change of phase end every run.

    Scales: durations (``cycle_time``, ``flow_time``, ``lead_time``, ``stage_time``) on the natural logarithm of the
    weekly median, limits transformed back; if the baseline holds a duration of 0, linear with floor 0. Counts
    (``throughput``, ``wip``, ``stage_wip``, ``stage_departures``) linear with floor 0. ``flow_efficiency`` linear
    within 0 to 1: an XmR chart for now, although a share with known numerator and denominator belongs on a Laney p'
    chart, which allows for weeks of different size.

    Parameters
    ----------
    series: one row per intervention and week with ``SERIES_COLUMNS`` (grain of ``mart_intervention_series``).
    allow_for_autocorrelation: widen limits by 1 / sqrt(1 - r1) for r1 > 0 and drop run rules for r1 >= 0.6.
    min_baseline: fewer baseline weeks give no limits. 12 is the strict choice for an intervention; the default of 6
        shows trial limits and says so.

    Returns one row per row of ``series`` with ``POINT_COLUMNS``, ordered by intervention and week. With too few
    baseline weeks every limit is missing and ``note`` says why.
    Raises ``ValueError`` for a missing column, a repeated week, an unknown metric, phase or direction.
    """
    missing = [column for column in SERIES_COLUMNS if column not in series.columns]
    if missing:
        raise ValueError(f"The intervention series lacks {', '.join(missing)}; pass the columns of SERIES_COLUMNS.")
    ordered = series.loc[:, list(SERIES_COLUMNS)].copy()
    ordered["week_start"] = pd.to_datetime(ordered["week_start"]).astype("datetime64[us]")
    ordered = ordered.sort_values(["intervention_id", "week_start"], ignore_index=True)
    repeated = ordered.duplicated(["intervention_id", "week_start"])
    if repeated.any():
        first = ordered.loc[repeated].iloc[0]
        raise ValueError(
            f"Intervention {first['intervention_id']} has week {first['week_start']:%Y-%m-%d} twice; "
            "pass one row per intervention and week."
        )
    _check_words(ordered, "metric", tuple(_CHARTS))
    _check_words(ordered, "phase", _PHASES)
    _check_words(ordered, "desired_direction", ("up", "down"))
    charts = [
        _chart_one(frame.reset_index(drop=True), min_baseline, allow_for_autocorrelation=allow_for_autocorrelation)
        for _, frame in ordered.groupby("intervention_id", sort=True)
    ]
    points = pd.concat(charts, ignore_index=True) if charts else pd.DataFrame(columns=list(POINT_COLUMNS))
    return points.astype(_POINT_TYPES)


def _check_words(series: pd.DataFrame, column: str, known: tuple[str, ...]) -> None:
    unknown = sorted({str(word) for word in series[column].unique()} - set(known))
    if unknown:
        raise ValueError(f"Unknown {column} {', '.join(unknown)}; use one of {', '.join(known)}.")


def _as_flags(column: pd.Series) -> Flags:
    """Return a boolean column as an array; a missing flag counts as false."""
    return column.astype("boolean").fillna(value=False).to_numpy(dtype=bool)


def _chart_one(frame: pd.DataFrame, min_baseline: int, *, allow_for_autocorrelation: bool) -> pd.DataFrame:
    """Chart one intervention's weeks, given in time order."""
    value = frame["value"].astype("float64").to_numpy()
    phase = frame["phase"].to_numpy(dtype=object)
    is_complete = _as_flags(frame["is_complete"])
    has_value = np.isfinite(value)

    in_baseline = _as_flags(frame["is_baseline"]) & is_complete & has_value
    in_baseline[np.flatnonzero(in_baseline)[:-MAX_BASELINE_WEEKS]] = False

    # The baseline alone decides on the scale: a later 0 must not redraw the past.
    chart = _CHARTS[str(frame["metric"].iloc[0])]
    if chart.scale == "log" and bool((value[in_baseline] <= 0).any()):
        chart = _DURATION_WITH_ZEROS
    is_log = chart.scale == "log"
    charted = np.full(value.shape, np.nan)
    chartable = has_value & (value > 0) if is_log else has_value
    charted[chartable] = np.log(value[chartable]) if is_log else value[chartable]

    first_baseline = int(np.argmax(in_baseline)) if in_baseline.any() else 0
    reasons: list[tuple[str, Flags]] = [
        ("transition", phase == "transition"),
        ("incomplete_week", ~is_complete),
        ("no_value", ~has_value),
        ("not_positive", ~chartable),
        ("before_baseline", np.arange(value.size) < first_baseline),
    ]
    reason = first_word_that_holds([flags for _, flags in reasons], [name for name, _ in reasons])
    is_excluded = np.logical_or.reduce([flags for _, flags in reasons])

    breaks = np.ones(value.size, dtype=bool)
    weeks_between = frame["week_start"].diff().to_numpy()[1:]
    breaks[1:] = (phase[1:] != phase[:-1]) | (weeks_between != np.timedelta64(7, "D"))
    judged = np.where(is_excluded, np.nan, charted)
    limits = natural_process_limits(
        np.where(in_baseline, charted, np.nan),
        floor=chart.floor,
        ceiling=chart.ceiling,
        breaks=breaks,
        allow_for_autocorrelation=allow_for_autocorrelation,
        min_points=min_baseline,
    )
    signals = detect_signals(judged, limits, desired_direction=str(frame["desired_direction"].iloc[0]), breaks=breaks)

    def in_unit_of_value(limit: float) -> float:
        return float(np.exp(limit)) if is_log else limit

    return pd.DataFrame(
        {
            "intervention_id": frame["intervention_id"],
            "week_start": frame["week_start"],
            "value": value,
            "charted_value": charted,
            "centre_line": in_unit_of_value(limits.centre_line),
            "lower_limit": in_unit_of_value(limits.lower_limit),
            "upper_limit": in_unit_of_value(limits.upper_limit),
            "lower_near_limit": in_unit_of_value(limits.lower_near_limit),
            "upper_near_limit": in_unit_of_value(limits.upper_near_limit),
            "moving_range": moving_ranges(judged, breaks),
            "moving_range_limit": limits.moving_range_limit,
            "n_baseline": limits.n_baseline,
            "limits_status": limits.status,
            "is_baseline": in_baseline,
            "phase": frame["phase"],
            "is_excluded": is_excluded,
            "exclusion_reason": reason,
            "signal_rule": signals["signal_rule"],
            "signal_direction": signals["signal_direction"],
            "chart_scale": chart.scale,
            "r1": limits.r1,
            "note": _note(frame["week_start"][in_baseline], limits, chart, min_baseline),
            "method_version": METHOD_VERSION,
        }
    )


def _note(weeks: pd.Series, limits: ProcessLimits, chart: _Chart, min_baseline: int) -> str:
    """Say in words what the limits rest on and what was allowed for; each sentence follows from the numbers."""
    if not limits.has_limits:
        return f"No limits: {_no_limits_reason(limits, min_baseline)}."
    period = f"{weeks.iloc[0]:%Y-%m-%d} to {weeks.iloc[-1]:%Y-%m-%d}"
    sentences = [f"Limits frozen on {limits.n_baseline} complete weeks, {period} ({limits.status})."]
    if limits.n_baseline < MIN_POINTS_USABLE:
        sentences.append(f"Trial limits: {MIN_POINTS_USABLE} weeks are needed before a change is judged by them.")
    if limits.n_screened:
        sentences.append(
            f"{limits.n_screened} of the moving ranges lay above their limit and were left out of the average."
        )
    if limits.widening > 1:
        word = "Autocorrelated, limits" if limits.is_autocorrelated else "Limits"
        sentences.append(f"{word} widened by {limits.widening - 1:.0%} for a lag-1 autocorrelation of {limits.r1:.2f}.")
    if not limits.run_rules_apply:
        sentences.append(
            f"No run rules, as the autocorrelation is {MAX_AUTOCORRELATION_FOR_RUN_RULES} or more: "
            "only points outside the limits are marked."
        )
    if not limits.has_width:
        sentences.append("The baseline did not vary, so only shifts and trends are marked.")
    if chart is _DURATION_WITH_ZEROS:
        sentences.append("The baseline holds durations of 0, so the chart is linear and not logarithmic.")
    if np.isnan(limits.lower_limit):
        sentences.append(f"No lower limit is drawn, as it would lie below {chart.floor:g}.")
    if np.isnan(limits.upper_limit):
        sentences.append(f"No upper limit is drawn, as it would lie above {chart.ceiling:g}.")
    return " ".join(sentences)


def _no_limits_reason(limits: ProcessLimits, min_baseline: int) -> str:
    """Say why a baseline gave no limits."""
    if limits.n_baseline < min_baseline:
        return f"{limits.n_baseline} complete weeks with a value before the launch, at least {min_baseline} needed"
    return f"no two of the {limits.n_baseline} complete weeks with a value before the launch follow each other"
