"""What the tables on the effect of interventions mean: steps, controls, single items, verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from orchestration.analytics.table_words import PublishedColumn, PublishedTable

if TYPE_CHECKING:
    from collections.abc import Mapping

_WITHHELD = "withheld, see withheld_reason"
_NOT_LOG = "the chart is not logarithmic, or withheld"
_ID = {
    "intervention_id": PublishedColumn("The intervention of the register."),
    "metric": PublishedColumn("The metric that it is judged by."),
}
_WINDOW = {
    "window_start": PublishedColumn("Monday of the first week used.", when_null="no week could be used"),
    "window_end": PublishedColumn("Monday of the last week used.", when_null="no week could be used"),
}
_WEEKS = {
    "n_baseline": PublishedColumn(
        "Complete weeks with a value before the launch.", "weeks", "neutral", when_zero="none yet"
    ),
    "n_post": PublishedColumn(
        "Complete weeks with a value after the launch and its transition.", "weeks", "neutral", when_zero="none yet"
    ),
}
_SCALE = {
    "chart_scale": PublishedColumn(
        "log (effects are differences of logarithms; of counts and shares of counts, logarithms of ratios of rates) or "
        "linear (unit of the metric)."
    )
}
_END = {
    "withheld_reason": PublishedColumn("Why numbers are missing.", when_null="nothing is withheld"),
    "method_version": PublishedColumn("Method and version that made the row."),
}

_ADJUSTED = {
    "p_adjusted": PublishedColumn(
        "p adjusted for all tests of the refresh (Benjamini and Hochberg).", "probability 0-1", "neutral", _WITHHELD
    ),
    "is_discovery": PublishedColumn("Whether p_adjusted is at most false_discovery_rate.", when_null=_WITHHELD),
    "n_tests": PublishedColumn("Measured p in the refresh.", "tests", "neutral", when_zero="none was measured"),
    "false_discovery_rate": PublishedColumn("Share of discoveries that may be false.", "share 0-1", "neutral"),
    "discovery_method_version": PublishedColumn("Method and version of the adjustment."),
}

_INTERVENTION_EFFECTS = PublishedTable(
    description=(
        "The step that each intervention made in its weekly series, with an interval that allows for "
        "autocorrelation. Not compared with other value streams."
    ),
    grain="One row per intervention and metric.",
    question="By how much did the metric change with the launch?",
    columns={
        **_ID,
        **_WINDOW,
        **_WEEKS,
        **_SCALE,
        "effect_method": PublishedColumn(
            "autoregression (measurements), quasi_poisson (counts, and shares and rates of counts) or rate_ratio (rare "
            "events)."
        ),
        "has_trend": PublishedColumn("Whether the baseline had a trend that the effect is measured against."),
        "has_slope_change": PublishedColumn("Whether a change of slope is estimated too (26 weeks on either side)."),
        "effect": PublishedColumn(
            "Mean difference of the weeks after the launch from the baseline.",
            "scale of the chart",
            "neutral",
            _WITHHELD,
            "no change",
        ),
        "standard_error": PublishedColumn("Standard error of the effect.", "scale of the chart", "down", _WITHHELD),
        "effect_lower": PublishedColumn("Lower end of its 95 % interval.", "scale of the chart", "neutral", _WITHHELD),
        "effect_upper": PublishedColumn("Upper end of its 95 % interval.", "scale of the chart", "neutral", _WITHHELD),
        "effect_percent": PublishedColumn(
            "The effect as a change in percent, -20 = a fifth less.", "percent", "neutral", _NOT_LOG, "no change"
        ),
        "effect_percent_lower": PublishedColumn("Lower end of its 95 % interval.", "percent", "neutral", _NOT_LOG),
        "effect_percent_upper": PublishedColumn("Upper end of its 95 % interval.", "percent", "neutral", _NOT_LOG),
        "baseline_level": PublishedColumn(
            "Level without the intervention.", "unit of the metric", "neutral", _WITHHELD
        ),
        "post_level": PublishedColumn("Level after the launch.", "unit of the metric", "neutral", _WITHHELD),
        "slope_change_per_week": PublishedColumn(
            "By how much the effect grows each week.",
            "scale of the chart per week",
            "neutral",
            "fewer than 26 weeks on a side, or withheld",
            "it neither grows nor fades",
        ),
        "slope_change_lower": PublishedColumn(
            "Lower end of its 95 % interval.", "scale of the chart per week", "neutral", "as slope_change_per_week"
        ),
        "slope_change_upper": PublishedColumn(
            "Upper end of its 95 % interval.", "scale of the chart per week", "neutral", "as slope_change_per_week"
        ),
        "p_value": PublishedColumn(
            "Two-sided p of no effect, not adjusted for other tests.", "probability 0-1", "neutral", _WITHHELD
        ),
        "phi": PublishedColumn(
            "First-order autocorrelation of the errors.", "correlation", "neutral", _WITHHELD, "weeks are independent"
        ),
        "degrees_of_freedom": PublishedColumn(
            "Effective degrees of freedom of the interval.", "weeks", "neutral", _WITHHELD
        ),
        **_END,
        **_ADJUSTED,
    },
)

_NO_CONTROL = "fewer than two donors, or withheld"
_INTERVENTION_CONTROLS = PublishedTable(
    description=(
        "The step of each intervention less that of comparable value streams without a launch of their "
        "own near it, with a placebo test."
    ),
    grain="One row per intervention and metric.",
    question="Did it get better, or did everybody?",
    columns={
        **_ID,
        "level": PublishedColumn("Level of the work items."),
        "value_stream_id": PublishedColumn("The treated value stream."),
        **_WINDOW,
        **_WEEKS,
        **_SCALE,
        "effect": PublishedColumn("Step without control.", "scale of the chart", "neutral", _WITHHELD, "no change"),
        "effect_lower": PublishedColumn("Lower end of its 95 % interval.", "scale of the chart", "neutral", _WITHHELD),
        "effect_upper": PublishedColumn("Upper end of its 95 % interval.", "scale of the chart", "neutral", _WITHHELD),
        "n_candidates": PublishedColumn(
            "Value streams with the metric and level, none of them ruled out or with a launch of its "
            "own near this one.",
            "value streams",
            "neutral",
            when_zero="none",
        ),
        "n_donors": PublishedColumn("Of these, the ones compared with.", "value streams", "up", when_zero="none"),
        "donors": PublishedColumn("Their ids, by comma.", when_null="none"),
        "donor_rule": PublishedColumn(
            "correlated: they moved with the stream before; all: fewer than three did, so all with enough weeks.",
            when_null="there was no candidate with enough weeks",
        ),
        "controlled_effect": PublishedColumn(
            "Step of the stream less the mean of its donors.",
            "scale of the chart",
            "neutral",
            _NO_CONTROL,
            "no more change than elsewhere",
        ),
        "controlled_lower": PublishedColumn(
            "Lower end of its 95 % interval.", "scale of the chart", "neutral", _NO_CONTROL
        ),
        "controlled_upper": PublishedColumn(
            "Upper end of its 95 % interval.", "scale of the chart", "neutral", _NO_CONTROL
        ),
        "controlled_percent": PublishedColumn(
            "The controlled step as a change in percent.",
            "percent",
            "neutral",
            _NOT_LOG,
            "no more change than elsewhere",
        ),
        "controlled_percent_lower": PublishedColumn("Lower end of its 95 % interval.", "percent", "neutral", _NOT_LOG),
        "controlled_percent_upper": PublishedColumn("Upper end of its 95 % interval.", "percent", "neutral", _NOT_LOG),
        "controlled_p_value": PublishedColumn(
            "Two-sided p of the controlled step.", "probability 0-1", "neutral", _NO_CONTROL
        ),
        "n_placebos": PublishedColumn(
            "Donors that were treated in its place.", "value streams", "neutral", when_zero="no comparison was made"
        ),
        "placebo_p_value": PublishedColumn(
            "Share of placebos, the stream itself counted, with a step at least as large.",
            "probability 0-1",
            "neutral",
            _NO_CONTROL,
        ),
        "smallest_placebo_p_value": PublishedColumn(
            "The smallest such p that so many donors can give.", "probability 0-1", "down", _NO_CONTROL
        ),
        "note": PublishedColumn("Donors and smallest possible p in words.", when_null=_NO_CONTROL),
        **_END,
        **_ADJUSTED,
    },
)

_INTERVENTION_ITEMS = PublishedTable(
    description=(
        "How the durations of single items moved with the launch, whatever their distribution; weeks are "
        "resampled whole."
    ),
    grain="One row per intervention and metric of single items.",
    question="Did the items themselves get faster?",
    columns={
        **_ID,
        **_WINDOW,
        "n_items_before": PublishedColumn(
            "Items finished before, with a duration above 0.", "items", "neutral", when_zero="none"
        ),
        "n_items_after": PublishedColumn("Items finished after.", "items", "neutral", when_zero="none"),
        "n_weeks_before": PublishedColumn("Weeks they finished in.", "weeks", "neutral", when_zero="none"),
        "n_weeks_after": PublishedColumn("Weeks they finished in.", "weeks", "neutral", when_zero="none"),
        "n_left_out": PublishedColumn("Items without a duration above 0.", "items", "down", when_zero="none"),
        "shift": PublishedColumn(
            "Median difference of the logarithm between an item after and one before (Hodges and Lehmann).",
            "log ratio",
            "down",
            _WITHHELD,
            "no shift",
        ),
        "shift_lower": PublishedColumn("Lower end of its 95 % interval.", "log ratio", "down", _WITHHELD),
        "shift_upper": PublishedColumn("Upper end of its 95 % interval.", "log ratio", "down", _WITHHELD),
        "shift_percent": PublishedColumn("The shift in percent.", "percent", "down", _WITHHELD, "no shift"),
        "shift_percent_lower": PublishedColumn("Lower end of its 95 % interval.", "percent", "down", _WITHHELD),
        "shift_percent_upper": PublishedColumn("Upper end of its 95 % interval.", "percent", "down", _WITHHELD),
        "probability_shorter": PublishedColumn(
            "Chance that an item after is shorter than one before; a half = no difference.",
            "probability 0-1",
            "up",
            _WITHHELD,
            "none is",
        ),
        "n_resamples": PublishedColumn("Resamples of the interval.", "resamples", "neutral", when_zero="withheld"),
        **_END,
    },
)

_INTERVENTION_VERDICTS = PublishedTable(
    description=(
        "What was known of each intervention at the end of each complete week since its launch, and what "
        "follows. Later weeks change no row."
    ),
    grain=(
        "One row per intervention, metric and complete week with a value after the launch; one without a "
        "week before the first."
    ),
    question="Is it working, and what do we do?",
    columns={
        **_ID,
        "week_start": PublishedColumn(
            "Monday of the week at whose end the verdict stood.", when_null="no complete week since the launch yet"
        ),
        **_WINDOW,
        **_WEEKS,
        "verdict": PublishedColumn(
            "insufficient_data, regressed, worsened, improved, stagnating, improving_early, no_effect or inconclusive."
        ),
        "sub_status": PublishedColumn(
            "on_target or below_projection.", when_null="not improved, or nothing was projected"
        ),
        "action": PublishedColumn("What the verdict calls for."),
        "reason": PublishedColumn("The verdict in words, from the numbers."),
        "missing": PublishedColumn("What would have to come for a firmer verdict.", when_null="the verdict is firm"),
        **_SCALE,
        "effect": PublishedColumn(
            "Mean difference of the weeks after the launch from the baseline.",
            "scale of the chart",
            "neutral",
            _WITHHELD,
            "no change",
        ),
        "effect_lower": PublishedColumn("Lower end of its 95 % interval.", "scale of the chart", "neutral", _WITHHELD),
        "effect_upper": PublishedColumn("Upper end of its 95 % interval.", "scale of the chart", "neutral", _WITHHELD),
        "effect_lower_90": PublishedColumn(
            "Lower end of its 90 % interval.", "scale of the chart", "neutral", _WITHHELD
        ),
        "effect_upper_90": PublishedColumn(
            "Upper end of its 90 % interval.", "scale of the chart", "neutral", _WITHHELD
        ),
        "effect_percent": PublishedColumn("The effect in percent.", "percent", "neutral", _NOT_LOG, "no change"),
        "effect_percent_lower": PublishedColumn("Lower end of its 95 % interval.", "percent", "neutral", _NOT_LOG),
        "effect_percent_upper": PublishedColumn("Upper end of its 95 % interval.", "percent", "neutral", _NOT_LOG),
        "p_value": PublishedColumn("Two-sided p of no effect, not adjusted.", "probability 0-1", "neutral", _WITHHELD),
        "projected_effect": PublishedColumn(
            "What was projected.", "scale of the chart", "neutral", "nothing was projected", "no change was projected"
        ),
        "minimum_effect": PublishedColumn(
            "Size from which an effect matters.",
            "scale of the chart",
            "neutral",
            "the baseline has no spread to measure it by",
            "any effect matters",
        ),
        "sigma_baseline": PublishedColumn(
            "Standard deviation of the baseline weeks, from its moving ranges.",
            "scale of the chart",
            "down",
            "too few baseline weeks",
            "the baseline did not vary",
        ),
        "has_good_run": PublishedColumn(
            "Whether 8 weeks in a row lay on the better side of the baseline since the launch."
        ),
        "has_bad_run": PublishedColumn("Whether 8 weeks in a row lay on the worse side."),
        "has_bad_outside": PublishedColumn("Whether a week lay beyond the limit on the worse side."),
        "has_recent_good_signal": PublishedColumn("Whether one of the last 8 weeks is a signal on the better side."),
        "item_shift": PublishedColumn(
            "Shift of the logarithm of single items by then.",
            "log ratio",
            "down",
            "not a metric of items, or too few",
            "no shift",
        ),
        "weeks_for_power": PublishedColumn(
            "Weeks after the launch, in all, that would show the projected effect (or the smallest "
            "that matters, if that is larger) with 80 % power.",
            "weeks",
            "down",
            "not inconclusive, or out of reach",
        ),
        **_END,
    },
)

_INTERVENTION_ITEM_DISTRIBUTION = PublishedTable(
    description="How long single items took before and after each launch, in twentieths.",
    grain="One row per intervention, metric of single items, phase and percentile (5 to 95).",
    question="How did the whole range of durations move, and not only its middle?",
    columns={
        **_ID,
        "phase": PublishedColumn("before (the baseline's weeks) or after."),
        "percentile": PublishedColumn("Percentage of the items.", "percent", "neutral"),
        "duration": PublishedColumn("Days within which that percentage of the items was done.", "elapsed days", "down"),
        "n_items": PublishedColumn("Items of the phase.", "items", "neutral"),
        "method_version": PublishedColumn("Method and version that made the row."),
    },
)

_SYNTHETIC_CONTROLS = PublishedTable(
    description=(
        "Interventions against a weighted mix of value streams that moved as theirs did before the launch. Empty "
        "unless `analysis: interventions: synthetic_control` is true."
    ),
    grain="One row per intervention and metric that is known of every value stream.",
    question="What would have come without the intervention, by the streams that were most alike?",
    columns={
        **_ID,
        "level": PublishedColumn("Level of the work items."),
        "value_stream_id": PublishedColumn("The value stream that it acts on."),
        **_WINDOW,
        **_WEEKS,
        **_SCALE,
        "n_candidates": PublishedColumn(
            "Value streams without a launch about then.", "value streams", "neutral", when_zero="there are none"
        ),
        "n_donors": PublishedColumn(
            "Of these, those with a value in nine of ten weeks.", "value streams", "neutral", when_zero="there are none"
        ),
        "weights": PublishedColumn("What the mix is made of, the heaviest first.", when_null=_WITHHELD),
        "baseline_error": PublishedColumn(
            "Root mean squared distance from the mix before the launch.", "unit of the scale", "down", _WITHHELD,
            "the mix follows it exactly",
        ),
        "baseline_spread": PublishedColumn(
            "Standard deviation of the series before the launch.", "unit of the scale", "neutral", _WITHHELD,
            "it did not vary",
        ),
        "effect": PublishedColumn(
            "Mean distance from the mix after the launch.", "unit of the scale", "neutral", _WITHHELD, "none"
        ),
        "effect_percent": PublishedColumn("The same in per cent.", "percent", "neutral", _NOT_LOG, "none"),
        "placebo_lower": PublishedColumn(
            "Lower end of what 95 % of the donors show in its place: what there is without an intervention.",
            "unit of the scale", "neutral", _WITHHELD, "none",
        ),
        "placebo_upper": PublishedColumn("Upper end of the same.", "unit of the scale", "neutral", _WITHHELD, "none"),
        "n_placebos": PublishedColumn(
            "Donors put in its place.", "value streams", "neutral", when_zero="withheld, see withheld_reason"
        ),
        "placebo_p_value": PublishedColumn(
            "Share of them, and of itself, whose distance from their mix grew at least as much.",
            "probability 0-1", "neutral", _WITHHELD,
        ),
        "smallest_placebo_p_value": PublishedColumn(
            "The smallest that so few donors can give.", "probability 0-1", "neutral", _WITHHELD
        ),
        **_END,
    },
)  # fmt: skip

TABLES: Final[Mapping[str, PublishedTable]] = {
    "intervention_effects": _INTERVENTION_EFFECTS,
    "intervention_controls": _INTERVENTION_CONTROLS,
    "intervention_items": _INTERVENTION_ITEMS,
    "intervention_item_distribution": _INTERVENTION_ITEM_DISTRIBUTION,
    "intervention_verdicts": _INTERVENTION_VERDICTS,
    "synthetic_controls": _SYNTHETIC_CONTROLS,
}
