"""What the tables on periods of a process mean: shifts that last, gains that are kept, practices that are followed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from orchestration.analytics.table_words import PublishedColumn, PublishedTable

if TYPE_CHECKING:
    from collections.abc import Mapping

_ON_CHART = "the metric's unit"

_FIRST = "the first period"

_BEHAVIOUR_PERIODS = PublishedTable(
    description=(
        "The periods of each intervention's process behaviour chart: lasting shifts by the Stable Shift Algorithm, and "
        "whether their limits came into force. A shift in the undesired direction never does by itself."
    ),
    grain="One row per intervention, metric and period; none for a chart without limits.",
    question="When did the metric shift for good, and what is it measured against now?",
    columns={
        "intervention_id": PublishedColumn("The intervention's id in the register."),
        "metric": PublishedColumn("The metric of the register."),
        "period_number": PublishedColumn("Number of the period, from 1, the baseline's.", "period", "neutral"),
        "first_week": PublishedColumn("Monday of its first week that was judged."),
        "last_week": PublishedColumn("Monday of its last week that was judged."),
        "n_weeks": PublishedColumn("Weeks of it that were judged.", "weeks", "neutral"),
        "n_window": PublishedColumn("First weeks of it that its limits rest on.", "weeks", "neutral"),
        "n_left_out": PublishedColumn(
            "Weeks far outside that its limits do not rest on, 3 at most.", "weeks", "neutral", when_zero="none"
        ),
        "chart": PublishedColumn("xmr, p_prime or u_prime."),
        "centre_line": PublishedColumn("Centre of its limits.", _ON_CHART, "neutral"),
        "lower_limit": PublishedColumn(
            "Lower limit.", _ON_CHART, "neutral", "it differs by week (p', u'), or would lie below what can be"
        ),
        "upper_limit": PublishedColumn(
            "Upper limit.", _ON_CHART, "neutral", "it differs by week (p', u'), or would lie above what can be"
        ),
        "shift_side": PublishedColumn("high or low: where it lay by the limits before it.", when_null=_FIRST),
        "is_trial": PublishedColumn("Whether its limits rest on 12 to 20 weeks only; they may yet be withdrawn."),
        "is_clearly_different": PublishedColumn(
            "Whether a run of 8 of its weeks lies beyond the centre in force.", when_null=_FIRST
        ),
        "cause_intervention_id": PublishedColumn(
            "The intervention that covers its start.", when_null=f"none does; or {_FIRST}"
        ),
        "is_desired": PublishedColumn("Whether the shift is in the desired direction.", when_null=_FIRST),
        "is_expected_to_last": PublishedColumn(
            "Whether no later run took it back.", when_null=f"not known yet (trial); or {_FIRST}"
        ),
        "decision": PublishedColumn("baseline, auto_accepted, or pending_review (a person decides)."),
        "period_in_force": PublishedColumn("The period whose limits are in force in it.", "period", "neutral"),
        "reason": PublishedColumn("Why."),
        "method_version": PublishedColumn("Version of the method."),
    },
)

_NO_GAIN = "no gain has been accepted"

_SUSTAINMENT = PublishedTable(
    description="Whether each intervention's accepted gain is kept, by its last 8 weeks and the weeks since.",
    grain="One row per intervention and metric that has a chart.",
    question="Do our gains last?",
    columns={
        "intervention_id": PublishedColumn("The intervention's id in the register."),
        "metric": PublishedColumn("The metric of the register."),
        "state": PublishedColumn("regressed, early_warning, sustained, not_yet or no_gain: the first that holds."),
        "is_regressed": PublishedColumn(
            "Whether 8 weeks in a row are on the bad side and under half of the gain is left."
        ),
        "is_early_warning": PublishedColumn("Whether one of the last 8 weeks is a signal in the bad direction."),
        "is_sustained": PublishedColumn(
            "Whether 12 weeks after its first 12, at least half of the gain is left for sure."
        ),
        "gain_since": PublishedColumn("Monday of the gain's first week.", when_null=_NO_GAIN),
        "is_trial": PublishedColumn("Whether the gain's limits rest on 12 to 20 weeks only.", when_null=_NO_GAIN),
        "baseline_centre": PublishedColumn("Centre before the launch.", _ON_CHART, "neutral", "no limits"),
        "gain_centre": PublishedColumn("Centre of the gain.", _ON_CHART, "neutral", _NO_GAIN),
        "recent_level": PublishedColumn("Median of the last 8 weeks.", _ON_CHART, "neutral", _NO_GAIN),
        "gain_retained": PublishedColumn(
            "Share of the gain that is left: 1 all of it, below 0 worse than before.",
            "share of the gain",
            "up",
            _NO_GAIN,
            "back at the baseline",
        ),
        "gain_retained_lower": PublishedColumn(
            "Lower end of its 90 % interval, from resampled weeks.", "share of the gain", "up", _NO_GAIN
        ),
        "gain_retained_upper": PublishedColumn("Upper end of its 90 % interval.", "share of the gain", "up", _NO_GAIN),
        "n_recent": PublishedColumn("Weeks that recent_level rests on.", "weeks", "neutral", when_zero=_NO_GAIN),
        "n_after_acceptance": PublishedColumn(
            "Weeks of the gain after its first 12.", "weeks", "up", when_zero="none yet, or no gain"
        ),
        "window_start": PublishedColumn("Monday of the first of those recent weeks.", when_null=_NO_GAIN),
        "window_end": PublishedColumn("Monday of the last of them.", when_null=_NO_GAIN),
        "reason": PublishedColumn("Why the state is what it is, in words."),
        "withheld_reason": PublishedColumn("Why there is no share.", when_null="there is one"),
        "method_version": PublishedColumn("Version of the method."),
    },
)

_NO_ADHERENCE_LIMITS = "no limits: fewer than 6 weeks with a due practice"

_ADHERENCE = PublishedTable(
    description="Weekly share of due practices that were followed, on a p' chart; it falls before the metric does.",
    grain="One row per intervention and week, from its first practice event on.",
    question="Do people still do what brought the gain?",
    columns={
        "intervention_id": PublishedColumn("The intervention's id in the register."),
        "week_start": PublishedColumn("Monday of the week."),
        "n_due": PublishedColumn("Practice events due.", "events", "neutral", when_zero="none was due"),
        "n_followed": PublishedColumn(
            "Of these, followed.", "events", "up", when_zero="none was followed, or none due"
        ),
        "adherence": PublishedColumn("n_followed over n_due.", "share 0-1", "up", "nothing was due", "none followed"),
        "centre_line": PublishedColumn("Share over the baseline weeks.", "share 0-1", "neutral", _NO_ADHERENCE_LIMITS),
        "lower_limit": PublishedColumn(
            "Lower limit at the week's size.",
            "share 0-1",
            "neutral",
            f"{_NO_ADHERENCE_LIMITS}; nothing was due; or it would lie below 0",
        ),
        "upper_limit": PublishedColumn(
            "Upper limit at the week's size.",
            "share 0-1",
            "neutral",
            f"{_NO_ADHERENCE_LIMITS}; nothing was due; or it would lie above 1",
        ),
        "n_baseline": PublishedColumn("Weeks that the limits rest on, 12 at most.", "weeks", "neutral"),
        "limits_status": PublishedColumn("run_chart (no limits), trial or usable."),
        "is_baseline": PublishedColumn("Whether the limits rest on this week."),
        "signal_rule": PublishedColumn("The rule that fires at this week.", when_null="none does"),
        "signal_direction": PublishedColumn("improvement or concern.", when_null="no rule fires"),
        "alert_direction": PublishedColumn("Likewise by the rules for a message.", when_null="none holds"),
        "method_version": PublishedColumn("Version of the method."),
    },
)

_LEVEL_CHANGES = PublishedTable(
    description="Changes of level of a weekly series at dates that nobody gave. A place to look and no proof.",
    grain="One row per value stream, level, metric and change.",
    question="When did the metric change, if nobody knows when?",
    columns={
        "value_stream_id": PublishedColumn("The value stream."),
        "level": PublishedColumn("Level of the work items."),
        "metric": PublishedColumn("cycle_time, flow_time or throughput."),
        "chart_scale": PublishedColumn("log or linear: the scale that the search and its means are on."),
        "position": PublishedColumn(
            "Place of the first week after the change in the series, from 0.", "place", "neutral"
        ),
        "week_start": PublishedColumn("Monday of that week."),
        "n_before": PublishedColumn("Values between the change before and this one.", "weeks", "neutral"),
        "n_after": PublishedColumn("Values between this one and the next.", "weeks", "neutral"),
        "mean_before": PublishedColumn("Their mean before, on the chart's scale.", "unit of the scale", "neutral"),
        "mean_after": PublishedColumn("Their mean after.", "unit of the scale", "neutral"),
        "statement": PublishedColumn("The change as a sentence."),
        "method_version": PublishedColumn("Version of the method."),
    },
)

TABLES: Final[Mapping[str, PublishedTable]] = {
    "process_behaviour_periods": _BEHAVIOUR_PERIODS,
    "intervention_sustainment": _SUSTAINMENT,
    "practice_adherence": _ADHERENCE,
    "level_changes": _LEVEL_CHANGES,
}
