"""Process behaviour charts of interventions: did the series change after the launch, against frozen limits?

Belongs here: the two tables, one row per plotted week and one per period with limits of its own. Does not belong here:
the charts that they tell of (:mod:`.intervention_charts`), which chart a metric gets (:mod:`.chart_choice`), the
formulas of the limits (:mod:`.process_limits`, :mod:`.attribute_charts`), of the rules (:mod:`.process_signals`) and of
the periods (:mod:`.stable_shift`), figures, and any verdict on an intervention: one rule firing is not one.

Sources: limits frozen on the weeks before a change and new points judged against them: D. J. Wheeler, *Making Sense of
Data*; NHS England, *Making Data Count*. Durations are charted as the logarithm of the weekly median, because limits of
skewed data in days raise false alarms on more than half of unchanged processes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from orchestration.analytics.attribute_charts import PointLimits
from orchestration.analytics.chart_choice import effect_method
from orchestration.analytics.chart_wording import describe_chart
from orchestration.analytics.intervention_charts import InterventionChart, chart_each_intervention
from orchestration.analytics.process_limits import MIN_POINTS_TRIAL, ProcessLimits, moving_ranges
from orchestration.analytics.process_signals import detect_alerts, detect_signals
from orchestration.analytics.rare_event_charts import RARE_CHARTS
from orchestration.analytics.stable_shift import METHOD_VERSION as PERIODS_METHOD
from orchestration.analytics.stable_shift import StableShiftSettings

if TYPE_CHECKING:
    from orchestration.analytics.array_types import Floats

METHOD_VERSION = "process_behaviour-2"

#: Columns of the points with their types. Limits are in the unit of ``value``; ``moving_range`` and
#: ``moving_range_limit`` are in the unit of ``charted_value``.
_POINT_TYPES = {
    "intervention_id": "str",
    "metric": "str",
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
    "effect_method": "str",
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
    "metric": "str",
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


def chart_interventions(
    series: pd.DataFrame,
    *,
    allow_for_autocorrelation: bool = True,
    min_baseline: int = MIN_POINTS_TRIAL,
    stable_shift: StableShiftSettings | None = None,
) -> pd.DataFrame:
    """Chart every weekly series of the interventions against limits frozen on the weeks before its launch.

    Baseline: the last 26 rows at most that have ``is_baseline``, ``is_complete`` and a value. Nothing that happens
    later changes the limits. Left out of the rules (``is_excluded`` with its ``exclusion_reason``): ``transition``
    weeks, an ``incomplete_week``, weeks with ``no_value``, weeks ``before_baseline``, and a duration of 0 on a
    logarithmic chart (``not_positive``). A week left out, a missing week and a change of phase end every run.

    Charts, by :mod:`.chart_choice`: durations on the natural logarithm of the weekly median, limits transformed back;
    if the baseline holds a duration of 0, linear with floor 0. Counts linear with floor 0. Shares and rates on p' and
    u' charts, with limits by the size of each week, where each baseline week has ``numerator`` and ``denominator``;
    a later week without them is left out (``no_size``); else XmR within the bounds. Counts of events (``numerator``) on
    c or c' charts, by whether the baseline scatters as chance does; where its median week holds none, the weeks have no
    limits and what lies between events is charted (:mod:`.rare_event_charts`). ``effect_method`` is how the effect on
    the series is estimated (:mod:`.intervention_effects`).

    ``period_*`` columns tell the same weeks against the limits in force: those of the baseline until the Stable Shift
    Algorithm finds a lasting shift and its governance accepts it (:mod:`.stable_shift`, :func:`chart_periods`). Unlike
    all others they can change with later weeks, which show whether a shift lasts.

    Parameters
    ----------
    series: one row per intervention, metric and week with ``SERIES_COLUMNS`` (grain of ``mart_intervention_series``),
        and with any of ``OPTIONAL_SERIES_COLUMNS``.
    allow_for_autocorrelation: widen limits by 1 / sqrt(1 - r1) for r1 > 0 and drop run rules for r1 >= 0.6.
    min_baseline: fewer baseline weeks give no limits. 12 is the strict choice for an intervention; the default of 6
        shows trial limits and says so.
    stable_shift: when limits are computed anew; None for the published parameters.

    Returns one row per row of ``series`` with ``POINT_COLUMNS``, ordered by intervention, metric and week. With too few
    baseline weeks every limit is missing and ``note`` says why.
    Raises ``ValueError`` for a missing column, a repeated week, an unknown metric, phase or direction.
    """
    charts = [
        _points(chart, min_baseline)
        for chart in chart_each_intervention(
            series,
            min_baseline,
            allow_for_autocorrelation=allow_for_autocorrelation,
            stable_shift=stable_shift or StableShiftSettings(),
        )
    ]
    points = pd.concat(charts, ignore_index=True) if charts else pd.DataFrame(columns=list(POINT_COLUMNS))
    return points.astype(_POINT_TYPES)


def chart_periods(
    series: pd.DataFrame,
    *,
    allow_for_autocorrelation: bool = True,
    min_baseline: int = MIN_POINTS_TRIAL,
    stable_shift: StableShiftSettings | None = None,
) -> pd.DataFrame:
    """Tell the periods of every chart: when the process shifted for good, and what is in force.

    The first period is the baseline. Further ones are proposals of the Stable Shift Algorithm over the weeks that
    :func:`chart_interventions` judges; ``decision`` says whether their limits came into force. There are none after a
    baseline of fewer than 12 weeks, or where autocorrelation leaves no run rules.

    Parameters and errors as there. Returns one row per intervention, metric and period with ``PERIOD_COLUMNS``;
    no row for a chart without limits. Limits are missing where they differ by week.
    """
    found = [
        _periods(chart)
        for chart in chart_each_intervention(
            series,
            min_baseline,
            allow_for_autocorrelation=allow_for_autocorrelation,
            stable_shift=stable_shift or StableShiftSettings(),
        )
        if chart.periods
    ]
    periods = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(PERIOD_COLUMNS))
    return periods.astype(_PERIOD_TYPES)


def _points(chart: InterventionChart, min_baseline: int) -> pd.DataFrame:
    """Return one row per week of a chart."""
    frame, limits, facts = chart.frame, chart.limits, chart.facts
    found = _signals_and_alerts(chart, chart.judged, limits)
    return pd.DataFrame(
        {
            "intervention_id": frame["intervention_id"],
            "metric": frame["metric"],
            "week_start": frame["week_start"],
            "value": frame["value"],
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
            "note": describe_chart(chart, min_baseline),
            "method_version": METHOD_VERSION,
            "chart": chart.choice.chart if facts.has_limits or chart.choice.chart in RARE_CHARTS else "run_chart",
            "chart_reason": chart.choice.reason,
            "advised_period": chart.advised_period,
            "effect_method": effect_method(str(frame["metric"].iloc[0]), chart.choice.chart),
            "alert_rule": found["alert_rule"],
            "alert_direction": found["alert_direction"],
        }
    ).assign(**_against_limits_in_force(chart, found))


def _signals_and_alerts(chart: InterventionChart, judged: Floats, limits: ProcessLimits | PointLimits) -> pd.DataFrame:
    """Judge weeks against limits by the chart's rules and by those for a message."""
    signals = detect_signals(judged, limits, desired_direction=chart.direction, breaks=chart.breaks)
    alerts = detect_alerts(judged, limits, desired_direction=chart.direction, breaks=chart.breaks)
    return pd.concat([signals, alerts], axis="columns")


def _against_limits_in_force(chart: InterventionChart, against_baseline: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the ``period_*`` columns of the points: each judged week against the limits in force at it."""
    n_weeks = len(chart.frame)
    own, in_force = chart.places_of_periods()
    is_judged = np.isfinite(chart.judged)
    told = {name: np.full(n_weeks, np.nan) for name in _PERIOD_LIMITS}
    words = {name: np.full(n_weeks, None, dtype=object) for name in _PERIOD_WORDS}
    for valid in sorted({decided.in_force for decided in chart.governance}):
        weeks = in_force == valid
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
    columns = {
        name: pd.Series(place + 1, dtype="Int64").where(place >= 0)
        for name, place in (("period_number", own), ("period_in_force", in_force))
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


def _periods(chart: InterventionChart) -> pd.DataFrame:
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
        metric=chart.frame["metric"].iloc[0],
        chart=chart.choice.chart,
        method_version=PERIODS_METHOD,
    )[list(PERIOD_COLUMNS)]
