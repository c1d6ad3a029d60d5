"""Process behaviour charts of interventions: did the series change after the launch, against frozen limits?

Belongs here: the baseline, what is left out, one row per plotted week, and one per period with limits of its own. Does
not belong here: which chart a metric gets (:mod:`.chart_choice`), the formulas of the limits (:mod:`.process_limits`,
:mod:`.attribute_charts`), of the rules (:mod:`.process_signals`) and of the periods (:mod:`.stable_shift`), figures,
and any verdict on an intervention: one rule firing is not one.

Sources: limits frozen on the weeks before a change and new points judged against them: D. J. Wheeler, *Making Sense of
Data*; NHS England, *Making Data Count*. Durations are charted as the logarithm of the weekly median, because limits of
skewed data in days raise false alarms on more than half of unchanged processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from orchestration.analytics import stable_shift
from orchestration.analytics.attribute_charts import AttributeKind, PointLimits, attribute_baseline, attribute_values
from orchestration.analytics.chart_choice import WEEKLY_METRICS, ChartChoice, choose_chart, with_zeros_in_baseline
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
from orchestration.analytics.process_signals import detect_alerts, detect_signals, first_word_that_holds
from orchestration.analytics.stable_shift import Governance, StablePeriod, StableShiftSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestration.analytics.array_types import Flags, Floats

__all__ = [
    "METHOD_VERSION",
    "OPTIONAL_SERIES_COLUMNS",
    "PERIOD_COLUMNS",
    "POINT_COLUMNS",
    "SERIES_COLUMNS",
    "ProcessLimits",
    "chart_interventions",
    "chart_periods",
    "detect_signals",
    "lag1_autocorrelation",
    "limits_status",
    "moving_ranges",
    "natural_process_limits",
]

METHOD_VERSION = "process_behaviour-2"

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

#: What it reads where it is there: the share's or rate's two parts, and the items behind the value.
OPTIONAL_SERIES_COLUMNS = ("numerator", "denominator", "n_items")

#: Columns of the points with their types. Limits are in the unit of ``value``; ``moving_range`` and
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
    "chart": "str",
    "chart_reason": "str",
    "advised_period": "str",
    "alert_rule": "str",
    "alert_direction": "str",
    "period_number": "Int64",
    "period_in_force": "Int64",
    "period_centre_line": "float64",
    "period_lower_limit": "float64",
    "period_upper_limit": "float64",
    "period_signal_rule": "str",
    "period_signal_direction": "str",
    "period_alert_rule": "str",
    "period_alert_direction": "str",
}
POINT_COLUMNS = tuple(_POINT_TYPES)

#: Columns of the periods with their types.
_PERIOD_TYPES = {
    "intervention_id": "str",
    "period_number": "int64",
    "first_week": "datetime64[us]",
    "last_week": "datetime64[us]",
    "n_weeks": "int64",
    "n_window": "int64",
    "n_left_out": "int64",
    "chart": "str",
    "centre_line": "float64",
    "lower_limit": "float64",
    "upper_limit": "float64",
    "shift_side": "str",
    "is_trial": "bool",
    "is_clearly_different": "boolean",
    "cause_intervention_id": "str",
    "is_desired": "boolean",
    "is_expected_to_last": "boolean",
    "decision": "str",
    "period_in_force": "int64",
    "reason": "str",
    "method_version": "str",
}
PERIOD_COLUMNS = tuple(_PERIOD_TYPES)

_ATTRIBUTE_KINDS: dict[str, AttributeKind] = {"p_prime": "p", "u_prime": "u"}
#: A value and its numerator over its denominator may differ by rounding only.
_SHARE_ROUNDING = 1e-6
_PHASES = ("before", "transition", "after")


def chart_interventions(
    series: pd.DataFrame, *, allow_for_autocorrelation: bool = True, min_baseline: int = MIN_POINTS_TRIAL
) -> pd.DataFrame:
    """Chart every intervention's weekly series against limits frozen on the weeks before its launch.

    Baseline: the last 26 rows at most that have ``is_baseline``, ``is_complete`` and a value. Nothing that happens
    later changes the limits. Left out of the rules (``is_excluded`` with its ``exclusion_reason``): ``transition``
    weeks, an ``incomplete_week``, weeks with ``no_value``, weeks ``before_baseline``, and a duration of 0 on a
    logarithmic chart (``not_positive``). A week left out, a missing week and a change of phase end every run.

    Charts, by :mod:`.chart_choice`: durations on the natural logarithm of the weekly median, limits transformed back;
    if the baseline holds a duration of 0, linear with floor 0. Counts linear with floor 0. Shares and rates on p' and
    u' charts, with limits by the size of each week, where each baseline week has ``numerator`` and ``denominator``;
    a later week without them is left out (``no_size``); else XmR within the bounds.

    ``period_*`` columns tell the same weeks against the limits in force: those of the baseline until the Stable Shift
    Algorithm finds a lasting shift and its governance accepts it (:mod:`.stable_shift`, :func:`chart_periods`). Unlike
    all others they can change with later weeks, which show whether a shift lasts.

    Parameters
    ----------
    series: one row per intervention and week with ``SERIES_COLUMNS`` (grain of ``mart_intervention_series``), and with
        any of ``OPTIONAL_SERIES_COLUMNS``.
    allow_for_autocorrelation: widen limits by 1 / sqrt(1 - r1) for r1 > 0 and drop run rules for r1 >= 0.6.
    min_baseline: fewer baseline weeks give no limits. 12 is the strict choice for an intervention; the default of 6
        shows trial limits and says so.

    Returns one row per row of ``series`` with ``POINT_COLUMNS``, ordered by intervention and week. With too few
    baseline weeks every limit is missing and ``note`` says why.
    Raises ``ValueError`` for a missing column, a repeated week, an unknown metric, phase or direction.
    """
    charts = [
        _points(chart, min_baseline)
        for chart in _charted(series, min_baseline, allow_for_autocorrelation=allow_for_autocorrelation)
    ]
    points = pd.concat(charts, ignore_index=True) if charts else pd.DataFrame(columns=list(POINT_COLUMNS))
    return points.astype(_POINT_TYPES)


def chart_periods(
    series: pd.DataFrame, *, allow_for_autocorrelation: bool = True, min_baseline: int = MIN_POINTS_TRIAL
) -> pd.DataFrame:
    """Tell the periods of every intervention's chart: when the process shifted for good, and what is in force.

    The first period is the baseline. Further ones are proposals of the Stable Shift Algorithm over the weeks that
    :func:`chart_interventions` judges; ``decision`` says whether their limits came into force. There are none after a
    baseline of fewer than 12 weeks, or where autocorrelation leaves no run rules.

    Parameters and errors as there. Returns one row per intervention and period with ``PERIOD_COLUMNS``; no row for a
    chart without limits. Limits are missing where they differ by week.
    """
    found = [
        _periods(chart)
        for chart in _charted(series, min_baseline, allow_for_autocorrelation=allow_for_autocorrelation)
        if chart.periods
    ]
    periods = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(PERIOD_COLUMNS))
    return periods.astype(_PERIOD_TYPES)


@dataclass(frozen=True, slots=True)
class _Charted:
    """One intervention's weeks on their chart. ``facts`` are the limits, or on p' and u' the spread of the scores."""

    frame: pd.DataFrame
    choice: ChartChoice
    advised_period: str | None
    charted: Floats
    judged: Floats
    in_baseline: Flags
    reason: pd.Series[str]
    breaks: Flags
    limits: ProcessLimits | PointLimits
    facts: ProcessLimits
    periods: list[StablePeriod[ProcessLimits | PointLimits]]
    governance: list[Governance]

    @property
    def direction(self) -> str:
        """The desired direction."""
        return str(self.frame["desired_direction"].iloc[0])

    def in_unit_of_value(self, limit: float | Floats) -> float | Floats:
        """Return limits in the unit of the values."""
        return np.exp(limit) if self.choice.scale == "log" else limit


def _charted(series: pd.DataFrame, min_baseline: int, *, allow_for_autocorrelation: bool) -> list[_Charted]:
    """Check the series and chart each intervention, in order of their ids."""
    missing = [column for column in SERIES_COLUMNS if column not in series.columns]
    if missing:
        raise ValueError(f"The intervention series lacks {', '.join(missing)}; pass the columns of SERIES_COLUMNS.")
    ordered = series.reindex(columns=[*SERIES_COLUMNS, *OPTIONAL_SERIES_COLUMNS])
    ordered["week_start"] = pd.to_datetime(ordered["week_start"]).astype("datetime64[us]")
    ordered = ordered.sort_values(["intervention_id", "week_start"], ignore_index=True)
    repeated = ordered.duplicated(["intervention_id", "week_start"])
    if repeated.any():
        first = ordered.loc[repeated].iloc[0]
        raise ValueError(
            f"Intervention {first['intervention_id']} has week {first['week_start']:%Y-%m-%d} twice; "
            "pass one row per intervention and week."
        )
    _check_words(ordered, "metric", WEEKLY_METRICS)
    _check_words(ordered, "phase", _PHASES)
    _check_words(ordered, "desired_direction", ("up", "down"))
    return [
        _chart_one(frame.reset_index(drop=True), min_baseline, allow_for_autocorrelation=allow_for_autocorrelation)
        for _, frame in ordered.groupby("intervention_id", sort=True)
    ]


def _check_words(series: pd.DataFrame, column: str, known: tuple[str, ...]) -> None:
    unknown = sorted({str(word) for word in series[column].unique()} - set(known))
    if unknown:
        raise ValueError(f"Unknown {column} {', '.join(unknown)}; use one of {', '.join(known)}.")


def _as_flags(column: pd.Series) -> Flags:
    """Return a boolean column as an array; a missing flag counts as false."""
    return column.astype("boolean").fillna(value=False).to_numpy(dtype=bool)


def _chart_one(frame: pd.DataFrame, min_baseline: int, *, allow_for_autocorrelation: bool) -> _Charted:
    """Chart one intervention's weeks, given in time order."""
    value = frame["value"].astype("float64").to_numpy()
    phase = frame["phase"].to_numpy(dtype=object)
    is_complete = _as_flags(frame["is_complete"])
    has_value = np.isfinite(value)

    asked_for = _as_flags(frame["is_baseline"]) & is_complete
    in_baseline = asked_for & has_value
    in_baseline[np.flatnonzero(in_baseline)[:-MAX_BASELINE_WEEKS]] = False

    # The baseline alone decides on the chart: a later 0 must not redraw the past.
    metric = str(frame["metric"].iloc[0])
    counts, sizes = (np.asarray(frame[column], dtype=np.float64) for column in ("numerator", "denominator"))
    has_size = np.isfinite(counts) & (np.nan_to_num(sizes) > 0)
    choice = choose_chart(metric, has_sizes=bool(in_baseline.any() and has_size[in_baseline].all()))
    if choice.scale == "log" and bool((value[in_baseline] <= 0).any()):
        choice = with_zeros_in_baseline(choice)
    is_log, kind = choice.scale == "log", _ATTRIBUTE_KINDS.get(choice.chart)
    chartable = has_value & (value > 0) if is_log else has_value
    if kind is not None:
        _check_parts(frame, counts, sizes)
        chartable = chartable & has_size
    charted = np.full(value.shape, np.nan)
    charted[chartable] = np.log(value[chartable]) if is_log else value[chartable]

    first_baseline = int(np.argmax(in_baseline)) if in_baseline.any() else 0
    reasons: list[tuple[str, Flags]] = [
        ("transition", phase == "transition"),
        ("incomplete_week", ~is_complete),
        ("no_value", ~has_value),
        ("not_positive" if kind is None else "no_size", ~chartable),
        ("before_baseline", np.arange(value.size) < first_baseline),
    ]
    reason = first_word_that_holds([flags for _, flags in reasons], [name for name, _ in reasons])
    is_excluded = np.logical_or.reduce([flags for _, flags in reasons])

    breaks = np.ones(value.size, dtype=bool)
    weeks_between = frame["week_start"].diff().to_numpy()[1:]
    breaks[1:] = (phase[1:] != phase[:-1]) | (weeks_between != np.timedelta64(7, "D"))
    judged = np.where(is_excluded, np.nan, charted)

    def limits_of(used: Flags) -> tuple[ProcessLimits | PointLimits, ProcessLimits]:
        if kind is None:
            limits = natural_process_limits(
                np.where(used, charted, np.nan),
                floor=choice.floor,
                ceiling=choice.ceiling,
                breaks=breaks,
                allow_for_autocorrelation=allow_for_autocorrelation,
                min_points=min_baseline,
            )
            return limits, limits
        baseline = attribute_baseline(
            kind,
            np.where(used, counts, np.nan),
            sizes,
            breaks=breaks,
            allow_for_autocorrelation=allow_for_autocorrelation,
            min_points=min_baseline,
        )
        return baseline.limits(sizes), baseline.spread

    limits, facts = limits_of(in_baseline)
    periods = _search_periods(judged, breaks, (limits, facts), lambda used: limits_of(used)[0], in_baseline)
    intervention, direction = str(frame["intervention_id"].iloc[0]), str(frame["desired_direction"].iloc[0])
    causes = [intervention if phase[period.start] == "after" else None for period in periods]
    return _Charted(
        frame=frame,
        choice=choice,
        advised_period=_advised_period(metric, frame.loc[asked_for, "n_items"]),
        charted=charted,
        judged=judged,
        in_baseline=in_baseline,
        reason=reason,
        breaks=breaks,
        limits=limits,
        facts=facts,
        periods=periods,
        governance=stable_shift.govern_periods(
            periods, judged, desired_direction=direction, causes=causes, breaks=breaks
        ),
    )


def _check_parts(frame: pd.DataFrame, counts: Floats, sizes: Floats) -> None:
    """Raise where a value is not its numerator over its denominator: the chart would show another number."""
    differs = np.abs(frame["value"].astype("float64") - attribute_values(counts, sizes)) > _SHARE_ROUNDING
    if differs.any():
        first = frame.loc[differs].iloc[0]
        raise ValueError(
            f"Intervention {first['intervention_id']} has a value in week {first['week_start']:%Y-%m-%d} that is not "
            "its numerator over its denominator; pass the two parts of the value."
        )


def _advised_period(metric: str, n_items: pd.Series) -> str | None:
    """Return how long a period would have to be to hold enough items: week, two_weeks, longer; None if not known."""
    known = n_items.astype("float64").dropna()
    if known.empty:
        return None
    advice = choose_chart(metric, n_items=known)
    return "longer" if advice.chart == "run_chart" else advice.period


def _search_periods(
    judged: Floats,
    breaks: Flags,
    baseline: tuple[ProcessLimits | PointLimits, ProcessLimits],
    limits_of: Callable[[Flags], ProcessLimits | PointLimits],
    in_baseline: Flags,
) -> list[StablePeriod[ProcessLimits | PointLimits]]:
    """Search the judged weeks for lasting shifts away from the baseline; no period where it gave no limits."""
    limits, facts = baseline
    if not facts.has_limits:
        return []
    last_baseline = int(np.flatnonzero(in_baseline)[-1])
    may_shift = facts.n_baseline >= StableShiftSettings().n_min_trial and facts.run_rules_apply
    after = np.arange(judged.size) > last_baseline
    periods: list[StablePeriod[ProcessLimits | PointLimits]] = stable_shift.stable_periods(
        judged if may_shift else np.where(after, np.nan, judged),
        limits_of,
        breaks=breaks,
        baseline_length=int(np.isfinite(judged[: last_baseline + 1]).sum()),
        baseline_limits=limits,
    )
    return periods


def _points(chart: _Charted, min_baseline: int) -> pd.DataFrame:
    """Return one row per week of a chart."""
    frame, limits, facts = chart.frame, chart.limits, chart.facts
    found = _signals_and_alerts(chart, chart.judged, limits)
    return pd.DataFrame(
        {
            "intervention_id": frame["intervention_id"],
            "week_start": frame["week_start"],
            "value": frame["value"].astype("float64"),
            "charted_value": chart.charted,
            "centre_line": chart.in_unit_of_value(limits.centre_line),
            "lower_limit": chart.in_unit_of_value(limits.lower_limit),
            "upper_limit": chart.in_unit_of_value(limits.upper_limit),
            "lower_near_limit": chart.in_unit_of_value(limits.lower_near_limit),
            "upper_near_limit": chart.in_unit_of_value(limits.upper_near_limit),
            "moving_range": moving_ranges(chart.judged, chart.breaks),
            "moving_range_limit": float("nan") if isinstance(limits, PointLimits) else limits.moving_range_limit,
            "n_baseline": facts.n_baseline,
            "limits_status": facts.status,
            "is_baseline": chart.in_baseline,
            "phase": frame["phase"],
            "is_excluded": chart.reason.notna(),
            "exclusion_reason": chart.reason,
            "signal_rule": found["signal_rule"],
            "signal_direction": found["signal_direction"],
            "chart_scale": chart.choice.scale,
            "r1": facts.r1,
            "note": _note(chart, min_baseline),
            "method_version": METHOD_VERSION,
            "chart": chart.choice.chart if facts.has_limits else "run_chart",
            "chart_reason": chart.choice.reason,
            "advised_period": chart.advised_period,
            "alert_rule": found["alert_rule"],
            "alert_direction": found["alert_direction"],
        }
    ).assign(**_against_limits_in_force(chart, found))


def _signals_and_alerts(chart: _Charted, judged: Floats, limits: ProcessLimits | PointLimits) -> pd.DataFrame:
    """Judge weeks against limits by the chart's rules and by those for a message."""
    signals = detect_signals(judged, limits, desired_direction=chart.direction, breaks=chart.breaks)
    alerts = detect_alerts(judged, limits, desired_direction=chart.direction, breaks=chart.breaks)
    return pd.concat([signals, alerts], axis="columns")


def _against_limits_in_force(chart: _Charted, against_baseline: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the ``period_*`` columns of the points: each judged week against the limits in force at it."""
    n_weeks = len(chart.frame)
    number, in_force = np.zeros(n_weeks, dtype=np.int64), np.zeros(n_weeks, dtype=np.int64)
    for index, (period, decided) in enumerate(zip(chart.periods, chart.governance, strict=True)):
        number[period.start : period.end] = index + 1
        in_force[period.start : period.end] = decided.in_force + 1
    is_judged = np.isfinite(chart.judged)
    told = {name: np.full(n_weeks, np.nan) for name in _PERIOD_LIMITS}
    words = {name: np.full(n_weeks, None, dtype=object) for name in _PERIOD_WORDS}
    for valid in sorted({decided.in_force for decided in chart.governance}):
        weeks = is_judged & (in_force == valid + 1)
        limits = chart.periods[valid].limits
        judged = np.where(weeks, chart.judged, np.nan)
        found = (
            against_baseline
            if weeks.sum() == is_judged.sum() and valid == 0
            else _signals_and_alerts(chart, judged, limits)
        )
        for name, source in _PERIOD_LIMITS.items():
            told[name][weeks] = np.broadcast_to(chart.in_unit_of_value(getattr(limits, source)), n_weeks)[weeks]
        for name, source in _PERIOD_WORDS.items():
            words[name][weeks] = found[source].to_numpy(dtype=object)[weeks]
    has_period = is_judged & (number > 0)
    columns = {
        "period_number": pd.Series(number, dtype="Int64").where(has_period),
        "period_in_force": pd.Series(in_force, dtype="Int64").where(has_period),
    }
    columns |= {name: pd.Series(limit) for name, limit in told.items()}
    return columns | {name: pd.Series(word, dtype="str") for name, word in words.items()}


_PERIOD_LIMITS = {
    "period_centre_line": "centre_line",
    "period_lower_limit": "lower_limit",
    "period_upper_limit": "upper_limit",
}
_PERIOD_WORDS = {
    "period_signal_rule": "signal_rule",
    "period_signal_direction": "signal_direction",
    "period_alert_rule": "alert_rule",
    "period_alert_direction": "alert_direction",
}


def _periods(chart: _Charted) -> pd.DataFrame:
    """Return one row per period of a chart with limits."""
    week, is_judged = chart.frame["week_start"].to_numpy(), np.isfinite(chart.judged)
    rows = []
    for index, (period, decided) in enumerate(zip(chart.periods, chart.governance, strict=True)):
        limits = period.limits
        varies = isinstance(limits, PointLimits)
        weeks = week[period.start : period.end][is_judged[period.start : period.end]]
        rows.append(
            {
                "period_number": index + 1,
                "first_week": weeks[0],
                "last_week": weeks[-1],
                "n_weeks": weeks.size,
                "n_window": period.n_window,
                "n_left_out": len(period.excluded),
                "centre_line": chart.in_unit_of_value(limits.centre_line),
                "lower_limit": np.nan if varies else chart.in_unit_of_value(limits.lower_limit),
                "upper_limit": np.nan if varies else chart.in_unit_of_value(limits.upper_limit),
                "shift_side": {0: pd.NA, 1: "high", -1: "low"}[period.side],
                "is_trial": period.is_trial,
                "is_clearly_different": decided.is_clearly_different,
                "cause_intervention_id": decided.cause if index else None,
                "is_desired": decided.is_desired,
                "is_expected_to_last": decided.is_expected_to_last,
                "decision": decided.decision,
                "period_in_force": decided.in_force + 1,
                "reason": decided.reason,
            }
        )
    return pd.DataFrame(rows).assign(
        intervention_id=chart.frame["intervention_id"].iloc[0],
        chart=chart.choice.chart,
        method_version=stable_shift.METHOD_VERSION,
    )[list(PERIOD_COLUMNS)]


def _note(chart: _Charted, min_baseline: int) -> str:
    """Say in words what the limits rest on and what was allowed for; each sentence follows from the numbers."""
    limits = chart.facts
    weeks = chart.frame["week_start"][chart.in_baseline]
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
    return " ".join([*sentences, *_drawn_sentences(chart)])


def _drawn_sentences(chart: _Charted) -> list[str]:
    """Say what of the chart is not as usual: its scale, limits that are not drawn, weeks with too few items."""
    choice, limits = chart.choice, chart.limits
    sentences = []
    if choose_chart(str(chart.frame["metric"].iloc[0])).scale != choice.scale:
        sentences.append("The baseline holds durations of 0, so the chart is linear and not logarithmic.")
    if isinstance(limits, PointLimits):
        sentences.append("Limits differ by week: the fewer a week holds, the wider they are.")
    else:
        if np.isnan(limits.lower_limit):
            sentences.append(f"No lower limit is drawn, as it would lie below {choice.floor:g}.")
        if np.isnan(limits.upper_limit):
            sentences.append(f"No upper limit is drawn, as it would lie above {choice.ceiling:g}.")
    if chart.advised_period in _THIN_WEEKS:
        sentences.append(_THIN_WEEKS[chart.advised_period])
    return sentences


_THIN_WEEKS = {
    "two_weeks": "More than a quarter of the baseline's weeks hold too few items; periods of two weeks would do.",
    "longer": "More than a quarter of the baseline's weeks hold too few items, and periods of two weeks do, too.",
}


def _no_limits_reason(limits: ProcessLimits, min_baseline: int) -> str:
    """Say why a baseline gave no limits."""
    if limits.n_baseline < min_baseline:
        return f"{limits.n_baseline} complete weeks with a value before the launch, at least {min_baseline} needed"
    return f"no two of the {limits.n_baseline} complete weeks with a value before the launch follow each other"
