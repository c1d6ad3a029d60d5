"""What the tables on promises and on what lies beyond the metric mean: projections, their record, moved constraints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from orchestration.analytics.table_words import PublishedColumn, PublishedTable

if TYPE_CHECKING:
    from collections.abc import Mapping

_END = {
    "withheld_reason": PublishedColumn("Why numbers are missing.", when_null="nothing is withheld"),
    "method_version": PublishedColumn("Method and version that made the row."),
}

_ALTERNATE_CONSTRAINTS = PublishedTable(
    description=(
        "What became end to end of local gains, read beside the constraints declared before and after the launch."
    ),
    grain="One row per intervention whose primary metric is local.",
    question="Did the constraint move?",
    columns={
        "intervention_id": PublishedColumn("The intervention of the register."),
        "local_metric": PublishedColumn("Metric of the stage or team it acts on."),
        "local_verdict": PublishedColumn("Its verdict."),
        "n_post": PublishedColumn("Complete weeks after the launch.", "weeks", "neutral", when_zero="none yet"),
        "end_to_end_metric": PublishedColumn("Metric of the whole value stream."),
        "end_to_end_effect": PublishedColumn("Its step.", "scale of the chart", "neutral", "withheld", "no change"),
        "end_to_end_lower": PublishedColumn(
            "Lower end of its 95 % interval.", "scale of the chart", "neutral", "withheld"
        ),
        "end_to_end_upper": PublishedColumn(
            "Upper end of its 95 % interval.", "scale of the chart", "neutral", "withheld"
        ),
        "constraint_before": PublishedColumn(
            "Stage declared before the launch.", when_null="none was declared, or nobody had to ask"
        ),
        "constraint_after": PublishedColumn(
            "Stage declared on the weeks after the launch.", when_null="none is declared, or nobody had to ask"
        ),
        "finding": PublishedColumn(
            "constraint_moved, local_gain_not_at_constraint, unclear or not_triggered.",
            when_null="the end-to-end effect is withheld",
        ),
        "reason": PublishedColumn("The finding in words.", when_null="the end-to-end effect is withheld"),
        **_END,
    },
)

_FEW = "fewer scored than needed, see withheld_reason"
_PROJECTION_CALIBRATION = PublishedTable(
    description=(
        "How good the office's own projections were, once due: bias, coverage, probabilities. Gains are "
        "positive in the desired direction."
    ),
    grain="One row per kind of projection, and one for all.",
    question="Can our projections be believed?",
    columns={
        "kind": PublishedColumn("Kind of intervention projected, or all."),
        "window_start": PublishedColumn("First due date."),
        "window_end": PublishedColumn("Last due date."),
        "n_projections": PublishedColumn("Projections that have come due.", "projections", "neutral"),
        "n_scored": PublishedColumn(
            "Of these, those whose gain was measured.", "projections", "up", when_zero="none was"
        ),
        "bias_ratio": PublishedColumn(
            "Median of actual over projected gain; 1 = no bias.",
            "ratio",
            "neutral",
            _FEW,
            "half of them brought nothing or less",
        ),
        "n_bias_ratios": PublishedColumn(
            "Projections of a gain above 0 that were scored.", "projections", "neutral", when_zero="none"
        ),
        "n_optimistic": PublishedColumn(
            "Actual gains below their projection.", "projections", "down", when_zero="none"
        ),
        "n_sign_test": PublishedColumn("Actual gains below or above it.", "projections", "neutral", when_zero="none"),
        "optimism_p_value": PublishedColumn(
            "Two-sided p of as many below as above.", "probability 0-1", "neutral", "fewer than 5 off their projection"
        ),
        "scaled_absolute_error": PublishedColumn(
            "Mean size of actual less projected gain, in standard deviations of the baseline.",
            "sigmas",
            "down",
            _FEW,
            "all were exact",
        ),
        **{
            name: column
            for level in (50, 80, 95)
            for name, column in (
                (
                    f"n_covered_{level}",
                    PublishedColumn(
                        f"Actual gains inside the projected {level} % interval.", "projections", "neutral", _FEW, "none"
                    ),
                ),
                (
                    f"n_coverage_{level}",
                    PublishedColumn(
                        f"Scored projections with a {level} % interval.", "projections", "neutral", when_zero="none"
                    ),
                ),
                (
                    f"coverage_{level}",
                    PublishedColumn(
                        f"Share inside; {level / 100:g} would be right.",
                        "share 0-1",
                        "neutral",
                        _FEW,
                        "none was inside",
                    ),
                ),
                (
                    f"coverage_{level}_lower",
                    PublishedColumn("Lower end of its 95 % interval (Wilson).", "share 0-1", "neutral", _FEW),
                ),
                (
                    f"coverage_{level}_upper",
                    PublishedColumn("Upper end of its 95 % interval.", "share 0-1", "neutral", _FEW),
                ),
            )
        },
        "pinball_10": PublishedColumn(
            "Mean pinball loss of the lower end of the 80 % interval as a 10 % quantile.",
            "sigmas",
            "down",
            _FEW,
            "all were exact",
        ),
        "pinball_50": PublishedColumn(
            "Mean pinball loss of the projection as a median.", "sigmas", "down", _FEW, "all were exact"
        ),
        "pinball_90": PublishedColumn(
            "Mean pinball loss of the upper end as a 90 % quantile.", "sigmas", "down", _FEW, "all were exact"
        ),
        "n_probabilities": PublishedColumn(
            "Scored probabilities to meet the threshold.", "projections", "neutral", when_zero="none"
        ),
        "brier": PublishedColumn(
            "Mean squared error of the probabilities.", "score 0-1", "down", _FEW, "all were certain and right"
        ),
        "brier_skill_base_rate": PublishedColumn(
            "Gain over always saying the base rate; below 0 = worse.",
            "share",
            "up",
            "fewer than needed, or the outcome never varied",
            "no better than the base rate",
        ),
        "brier_skill_no_change": PublishedColumn(
            "Gain over saying that none will meet it.", "share", "up", "fewer than needed, or none met it", "no better"
        ),
        "reliability": PublishedColumn(
            "Part of the Brier score from probabilities that are off (Murphy).",
            "score 0-1",
            "down",
            "fewer than 30 probabilities",
            "they are right on average",
        ),
        "resolution": PublishedColumn(
            "Part taken off by telling cases apart.",
            "score 0-1",
            "up",
            "fewer than 30 probabilities",
            "they tell nothing apart",
        ),
        "uncertainty": PublishedColumn(
            "Brier score of the base rate.",
            "score 0-1",
            "neutral",
            "fewer than 30 probabilities",
            "the outcome never varied",
        ),
        "within_bin": PublishedColumn(
            "What grouping unlike probabilities adds, so that the parts add up.",
            "score",
            "neutral",
            "fewer than 30 probabilities",
            "each bin holds one probability",
        ),
        "has_reliability_bins": PublishedColumn("Whether there are enough probabilities for bins (30)."),
        **_END,
    },
)

_PERCENT = "percent of the baseline"
_PROJECTIONS = PublishedTable(
    description="What the register promised of each intervention, version by version: frozen when first seen.",
    grain="One row per intervention, metric and version of its promise; no row is ever changed or removed.",
    question="What was promised, and when was it first seen?",
    columns={
        "intervention_id": PublishedColumn("The intervention of the register."),
        "version_number": PublishedColumn("Number of the version, from 1.", "version", "neutral"),
        "metric": PublishedColumn("The metric that it is judged by."),
        "desired_direction": PublishedColumn("up or down."),
        "kind": PublishedColumn("What sort of change it is.", when_null="the register does not say"),
        "launched_date": PublishedColumn("Day of the launch by that version."),
        "transition_days": PublishedColumn("Days of transition.", "days", "neutral", when_zero="no transition"),
        "due_date": PublishedColumn(
            "Day from which the projection is held against what came: 26 weeks after the transition."
        ),
        "projected_change_percent": PublishedColumn(
            "Change promised.", _PERCENT, "neutral", "only a minimum is named", "the metric is to stay as it is"
        ),
        "projected_change_low_percent": PublishedColumn(
            "Lower end of the promise; the true change should lie between both ends in eight of ten cases.",
            _PERCENT,
            "neutral",
            "the register does not say",
        ),
        "projected_change_high_percent": PublishedColumn(
            "Upper end of the promise.", _PERCENT, "neutral", "the register does not say"
        ),
        "minimum_change_percent": PublishedColumn(
            "Smallest change that matters, whichever way.",
            _PERCENT,
            "neutral",
            "the register does not say",
            "any change matters",
        ),
        "first_seen_as_of": PublishedColumn("as_of of the refresh that saw the version first."),
        "is_in_force": PublishedColumn("Whether this version counts: the first of its intervention and metric."),
        "was_seen_in_time": PublishedColumn("Whether it was seen by the end of the first week after the transition."),
        "method_version": PublishedColumn("Method and version that made the row."),
    },
)

_NO_LEVEL = "the baseline gives no level, or the register names no interval"
_FEW_OF_KIND = "fewer than 8 of its kind are scored"
_SCORES = PublishedTable(
    description=(
        "Every projection that counts beside what came of it, case by case. Gains are positive in the "
        "desired direction."
    ),
    grain="One row per intervention and metric with a projection in force.",
    question="Which promises were kept?",
    columns={
        "intervention_id": PublishedColumn("The intervention of the register."),
        "metric": PublishedColumn("The metric that it is judged by."),
        "kind": PublishedColumn("What sort of change it is.", when_null="the register does not say"),
        "due_date": PublishedColumn("Day from which it is held against what came."),
        "is_due": PublishedColumn("Whether that day has come."),
        "is_scored": PublishedColumn("Whether it takes part in the record."),
        "projected_gain": PublishedColumn(
            "Gain promised, against the level of the baseline.",
            "unit of the metric",
            "up",
            "the baseline gives no level",
            "no gain",
        ),
        "projected_gain_lower": PublishedColumn(
            "Lower end of the promise.", "unit of the metric", "up", _NO_LEVEL, "no gain"
        ),
        "projected_gain_upper": PublishedColumn(
            "Upper end of the promise.", "unit of the metric", "up", _NO_LEVEL, "no gain"
        ),
        "actual_gain": PublishedColumn(
            "Gain measured on the weeks up to the due date.",
            "unit of the metric",
            "up",
            "not scored, as withheld_reason says",
            "no gain",
        ),
        "sigma_baseline": PublishedColumn(
            "Spread of the baseline's weeks.", "unit of the metric", "down", "too few weeks", "they did not vary"
        ),
        "n_baseline": PublishedColumn("Complete weeks before the launch.", "weeks", "neutral", when_zero="none"),
        "n_post": PublishedColumn(
            "Complete weeks after it, up to the due date.", "weeks", "neutral", when_zero="none yet"
        ),
        "calibrated_gain": PublishedColumn(
            "Projected gain times the median bias ratio of its kind.",
            "unit of the metric",
            "up",
            _FEW_OF_KIND,
            "nothing is to be expected",
        ),
        "calibration_ratio": PublishedColumn("That ratio.", "ratio", "neutral", _FEW_OF_KIND),
        "n_calibration": PublishedColumn("Scored projections of the kind.", "projections", "neutral", when_zero="none"),
        "calibration_withheld_reason": PublishedColumn("Why it is not calibrated.", when_null="it is"),
        "withheld_reason": PublishedColumn("Why it is not scored.", when_null="it is"),
        "method_version": PublishedColumn("Method and version that made the row."),
    },
)

TABLES: Final[Mapping[str, PublishedTable]] = {
    "alternate_constraints": _ALTERNATE_CONSTRAINTS,
    "intervention_projections": _PROJECTIONS,
    "projection_scores": _SCORES,
    "projection_calibration": _PROJECTION_CALIBRATION,
}
