"""What the tables on interventions mean: charts, effects, verdicts, sustainment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from orchestration.analytics.table_words import PublishedColumn, PublishedTable

if TYPE_CHECKING:
    from collections.abc import Mapping

_NO_LIMITS = "no limits: too few weeks before the launch (see note), or a week without size on a p' or u' chart"
_ON_CHART = "the metric's unit"
_NOT_IN_PERIOD = "the week is left out, or the chart has no limits"

_BEHAVIOUR_POINTS = PublishedTable(
    description=(
        "The weekly points of each intervention's process behaviour charts, against limits frozen on the weeks before "
        "its launch. One rule that fires is a signal to look at and no verdict."
    ),
    grain="One row per intervention, metric and week.",
    question="Did the metric change after the launch, or does it only vary as before?",
    columns={
        "intervention_id": PublishedColumn("The intervention's id in the register."),
        "metric": PublishedColumn("The metric of the register."),
        "week_start": PublishedColumn("Monday of the week."),
        "value": PublishedColumn(
            "The metric's value in the week, as in mart_intervention_series.", _ON_CHART, "neutral",
            "cannot be measured in the week", "measured, none",
        ),
        "charted_value": PublishedColumn(
            "The value on the chart's scale: its natural logarithm where chart_scale is log.",
            "unit of the scale", "neutral", "no value, or a duration of 0 on a logarithmic chart",
        ),
        "centre_line": PublishedColumn(
            "Mean of the baseline; on a logarithmic chart the geometric one, on p' and u' charts all items together.",
            _ON_CHART, "neutral", _NO_LIMITS,
        ),
        "lower_limit": PublishedColumn(
            "Lower natural process limit.", _ON_CHART, "neutral", f"{_NO_LIMITS}; or it would lie below what can be"
        ),
        "upper_limit": PublishedColumn(
            "Upper natural process limit.", _ON_CHART, "neutral", f"{_NO_LIMITS}; or it would lie above what can be"
        ),
        "lower_near_limit": PublishedColumn(
            "Two thirds of the way to the lower limit.", _ON_CHART, "neutral",
            f"{_NO_LIMITS}; or it would lie beyond what can be",
        ),
        "upper_near_limit": PublishedColumn(
            "Two thirds of the way to the upper limit.", _ON_CHART, "neutral",
            f"{_NO_LIMITS}; or it would lie beyond what can be",
        ),
        "moving_range": PublishedColumn(
            "Distance from the week before, of charted_value.", "unit of the scale", "neutral",
            "the week is left out, or follows no other", "as in the week before",
        ),
        "moving_range_limit": PublishedColumn(
            "Upper limit of the moving ranges.", "unit of the scale", "neutral",
            f"{_NO_LIMITS}; or a p' or u' chart, where it differs by week",
        ),
        "n_baseline": PublishedColumn(
            "Weeks that the limits rest on.", "weeks", "neutral", when_zero="none before the launch has a value"
        ),
        "limits_status": PublishedColumn("run_chart (no limits), trial, usable or firm, by the number of weeks."),
        "is_baseline": PublishedColumn("Whether the limits rest on this week."),
        "phase": PublishedColumn("before, transition (any of its days) or after the launch."),
        "is_excluded": PublishedColumn("Whether the week is left out of the rules."),
        "exclusion_reason": PublishedColumn("Why.", when_null="it takes part"),
        "signal_rule": PublishedColumn("The rule that fires at this week.", when_null="none does"),
        "signal_direction": PublishedColumn(
            "improvement or concern, by the desired direction.", when_null="no rule fires"
        ),
        "chart_scale": PublishedColumn("log or linear."),
        "r1": PublishedColumn(
            "Lag-1 autocorrelation of the baseline.", "correlation -1 to 1", "neutral",
            "too few weeks, or they do not vary", "none",
        ),
        "note": PublishedColumn("What the limits rest on and what was allowed for, in words."),
        "method_version": PublishedColumn("Version of the method."),
        "chart": PublishedColumn(
            "xmr, p_prime, u_prime, c, c_prime; t or g for events too rare to count by week, whose gaps are in "
            "rare_event_points; or run_chart (no limits)."
        ),
        "chart_reason": PublishedColumn("Why the metric has this chart."),
        "advised_period": PublishedColumn(
            "week if the baseline's weeks hold enough items, else two_weeks or longer.",
            when_null="items are not known, or the metric counts events",
        ),
        "effect_method": PublishedColumn(
            "How the effect is estimated: autoregression (measurements), quasi_poisson (counts, and shares and rates "
            "of counts) or rate_ratio (rare events)."
        ),
        "alert_rule": PublishedColumn(
            "outside_two_of_three or eight_run, against the baseline: what a message may go out on.",
            when_null="no such rule holds",
        ),
        "alert_direction": PublishedColumn(
            "improvement or concern, by the desired direction.", when_null="no such rule holds"
        ),
        "period_number": PublishedColumn(
            "The period that the week lies in, from 1 (the baseline's); later weeks can change it.",
            "period", "neutral", _NOT_IN_PERIOD,
        ),
        "period_in_force": PublishedColumn(
            "The period whose limits are in force at the week.", "period", "neutral", _NOT_IN_PERIOD
        ),
        "period_centre_line": PublishedColumn("Centre in force.", _ON_CHART, "neutral", _NOT_IN_PERIOD),
        "period_lower_limit": PublishedColumn(
            "Lower limit in force.", _ON_CHART, "neutral", f"{_NOT_IN_PERIOD}; or it would lie below what can be"
        ),
        "period_upper_limit": PublishedColumn(
            "Upper limit in force.", _ON_CHART, "neutral", f"{_NOT_IN_PERIOD}; or it would lie above what can be"
        ),
        "period_signal_rule": PublishedColumn("The rule that fires against these limits.", when_null="none does"),
        "period_signal_direction": PublishedColumn("improvement or concern.", when_null="no rule fires"),
        "period_alert_rule": PublishedColumn("As alert_rule, against these limits.", when_null="no such rule holds"),
        "period_alert_direction": PublishedColumn("improvement or concern.", when_null="no such rule holds"),
    },
)  # fmt: skip

_IN_GAPS = "days (t) or items (g)"
_FEW_GAPS = "withheld, see withheld_reason"
_RARE_EVENT_POINTS = PublishedTable(
    description=(
        "What lies between events that are too rare to count by week: days (t chart) or items (g chart) from one to "
        "the next, against limits frozen on the gaps before the launch."
    ),
    grain="One row per intervention, metric of rare events and gap between two events; the one still open comes last.",
    question="Do incidents, failures or escaped defects come less often than before?",
    columns={
        "intervention_id": PublishedColumn("The intervention's id in the register."),
        "metric": PublishedColumn("The metric of the register."),
        "event_number": PublishedColumn(
            "Place of the event that ends the gap, in time; the first event ends none.", "event", "neutral"
        ),
        "occurred_at": PublishedColumn("When it happened, in UTC.", when_null="the gap is still open"),
        "occurred_on": PublishedColumn("Local day on which it happened.", when_null="the gap is still open"),
        "is_open": PublishedColumn("Whether no further event has happened yet: the gap is at least as long."),
        "chart": PublishedColumn("t (days between) or g (items between)."),
        "gap": PublishedColumn(
            "What lies between the event and the one before.", _IN_GAPS, "neutral", "not known", "none in between"
        ),
        "charted_gap": PublishedColumn(
            "The gap on the chart's scale: to the power 1/3.6 on a t chart.", "unit of the scale", "neutral",
            "not known", "none in between",
        ),
        "centre_line": PublishedColumn(
            "Centre of the baseline's gaps: the mean on the chart's scale (t), the median (g).",
            _IN_GAPS, "neutral", _FEW_GAPS, "half of the gaps are 0",
        ),
        "lower_limit": PublishedColumn(
            "Lower limit.", _IN_GAPS, "neutral", f"{_FEW_GAPS}; or a g chart, or it would lie below 0"
        ),
        "upper_limit": PublishedColumn("Upper limit.", _IN_GAPS, "neutral", _FEW_GAPS),
        "n_baseline": PublishedColumn("Gaps that the limits rest on.", "gaps", "neutral", when_zero="there are none"),
        "limits_status": PublishedColumn("run_chart (no limits), trial, usable or firm, by the number of gaps."),
        "phase": PublishedColumn("before or after the launch, or transition: the gap spans it."),
        "is_baseline": PublishedColumn("Whether the limits rest on this gap."),
        "is_excluded": PublishedColumn("Whether the gap is left out of the rules."),
        "exclusion_reason": PublishedColumn(
            "spans_launch, before_baseline or no_value.", when_null="it takes part"
        ),
        "signal_rule": PublishedColumn("The rule that fires at this gap.", when_null="none does"),
        "signal_direction": PublishedColumn(
            "improvement or concern, by the desired direction.", when_null="no rule fires"
        ),
        "alert_rule": PublishedColumn("outside_two_of_three or eight_run.", when_null="no such rule holds"),
        "alert_direction": PublishedColumn("improvement or concern.", when_null="no such rule holds"),
        "window_start": PublishedColumn("Monday of the first week of the series."),
        "window_end": PublishedColumn("Day up to which events are read: the end of the last complete week."),
        "withheld_reason": PublishedColumn("Why there are no limits.", when_null="there are"),
        "method_version": PublishedColumn("Version of the method."),
    },
)  # fmt: skip

TABLES: Final[Mapping[str, PublishedTable]] = {
    "process_behaviour_points": _BEHAVIOUR_POINTS,
    "rare_event_points": _RARE_EVENT_POINTS,
}
