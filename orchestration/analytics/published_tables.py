"""What the tables of the schema ``analysis`` mean, in words: the counterpart of the ``.yml`` beside a dbt model.

Belongs here: grain, question and every column of each published analysis, with unit, direction and the meaning of
NULL and 0. Does not belong here: computing them (each method has its module, which fixes names and types).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Direction = Literal["up", "down", "neutral"]


@dataclass(frozen=True, slots=True)
class PublishedColumn:
    """One column in words; a key or label has no unit, and what cannot be NULL or 0 says nothing on it.

    ``direction``: which way is better; neutral where neither is.
    """

    description: str
    unit: str | None = None
    direction: Direction | None = None
    when_null: str | None = None
    when_zero: str | None = None


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """One table in words: what a row is, and which question it answers."""

    description: str
    grain: str
    question: str
    columns: Mapping[str, PublishedColumn]


_NO_WORK = "no item was in work, so nothing is known of the stage's capacity"
_NO_QUEUE = "no queue stage lies before it, so nobody knows whether work was waiting"
_NOT_RANKED = "not ranked, as the indicator could not be measured"

_CONSTRAINT_EVIDENCE = PublishedTable(
    description=(
        "How busy, starved and waited-for each active stage was over the last whole weeks, with ranks. A rank is "
        "evidence and no verdict. Items without a usable history are left out."
    ),
    grain="One row per value stream, level, workflow and active stage.",
    question="Which stage holds the others back?",
    columns={
        "value_stream_id": PublishedColumn("The value stream."),
        "level": PublishedColumn("Level of the work items."),
        "workflow_id": PublishedColumn("The workflow."),
        "stage_id": PublishedColumn("The active stage, as workflow.stage."),
        "stage_name": PublishedColumn("Name of the stage."),
        "stage_position": PublishedColumn("Place of the stage in its workflow, from 1.", "place", "neutral"),
        "n_weeks": PublishedColumn("Whole weeks in the window.", "weeks", "neutral"),
        "window_start": PublishedColumn("First local day of the window."),
        "window_end": PublishedColumn("Last local day of the window."),
        "n_arrivals": PublishedColumn(
            "Items that entered the stage or its queue in the window.", "items", "neutral", when_zero="none entered"
        ),
        "n_departures": PublishedColumn(
            "Items that left the stage onwards or back in the window.", "items", "up", when_zero="none left"
        ),
        "n_left_queue": PublishedColumn(
            "Items that left its queue without having been in the stage.", "items", "neutral", when_zero="none did"
        ),
        "left_out_share": PublishedColumn(
            "Share of the line's visits that were left out, because their items have no usable history.",
            "share 0-1", "down", "no visit lies in the window", "none was left out",
        ),
        "capacity_estimate": PublishedColumn(
            "Items worked on at once: as given, else the 95th percentile of the items in work.",
            "items", "neutral", _NO_WORK,
        ),
        "capacity_source": PublishedColumn("given or estimated."),
        "utilisation": PublishedColumn(
            "Working time in which the capacity was used; near 1 is busy all the time.",
            "share of capacity", "neutral", _NO_WORK, "nothing was in work in the window",
        ),
        "utilisation_lower": PublishedColumn(
            "Lower end of its 95 % interval, from resampled weeks.", "share of capacity", "neutral",
            "not measured, or fewer than 3 weeks",
        ),
        "utilisation_upper": PublishedColumn(
            "Upper end of its 95 % interval.", "share of capacity", "neutral", "not measured, or fewer than 3 weeks",
        ),
        "not_starved_share": PublishedColumn(
            "Share of the working time in which the stage was full or had work waiting.",
            "share 0-1", "neutral", f"{_NO_QUEUE}; or {_NO_WORK}", "it always had room and nothing to do",
        ),
        "full_busy_share": PublishedColumn(
            "Share of the working time in which the stage was full.", "share 0-1", "neutral", _NO_WORK,
            "it never was",
        ),
        "queue_mean": PublishedColumn(
            "Items that waited before the stage, mean over the working time.", "items", "down", _NO_QUEUE,
            "nothing waited",
        ),
        "queue_growth_per_week": PublishedColumn(
            "Slope of the weekly mean queue (Theil and Sen).", "items per week", "down",
            f"{_NO_QUEUE}; or fewer than 3 weeks", "the queue neither grew nor shrank",
        ),
        "arrivals_minus_departures": PublishedColumn(
            "n_arrivals less n_departures and n_left_queue: how much work has piled up.", "items", "down",
            when_zero="as many left as came",
        ),
        "arrivals_departures_p_value": PublishedColumn(
            "Two-sided binomial p of such a difference if both were equally likely.", "probability 0-1", "neutral",
            "nothing came and nothing left",
        ),
        "wait_elapsed_days": PublishedColumn(
            "Waiting before the stage within the window, summed over items.", "elapsed days", "down", _NO_QUEUE,
            "nothing waited",
        ),
        "wait_share": PublishedColumn(
            "That waiting over all time that items spent in the line.", "share 0-1", "down",
            f"{_NO_QUEUE}; or no item was in the line", "nothing waited",
        ),
        "downstream_starvation_share": PublishedColumn(
            "Mean idle share of the later stages while work waited before this one.", "share 0-1", "neutral",
            "no later stage has a capacity, or nothing ever waited", "they were never idle meanwhile",
        ),
        "wip_imbalance": PublishedColumn(
            "Longest queue per unit of capacity over the line's mean; the same in each row of a line.",
            "ratio", "neutral", "fewer than two stages of the line can be compared, or nothing waited",
        ),
        "is_queue_ranked": PublishedColumn(
            "Whether the queue takes part in the ranking: not in a line that limits on work in progress hold back."
        ),
        "rank_utilisation": PublishedColumn("Rank by utilisation; 1 points most here.", "rank", "neutral", _NOT_RANKED),
        "rank_not_starved": PublishedColumn("Rank by not_starved_share.", "rank", "neutral", _NOT_RANKED),
        "rank_full_busy": PublishedColumn("Rank by full_busy_share.", "rank", "neutral", _NOT_RANKED),
        "rank_queue": PublishedColumn(
            "Rank by queue_mean.", "rank", "neutral", f"{_NOT_RANKED}; or the queue is not ranked in this line"
        ),
        "borda_points": PublishedColumn(
            "Points over the ranked indicators: 1 for each stage exceeded, half for a tie.", "points", "neutral",
            _NO_WORK, "exceeds no stage in any indicator",
        ),
        "evidence_rank": PublishedColumn(
            "Rank by those points; 1: the evidence points here first.", "rank", "neutral", _NO_WORK
        ),
        "n_stages_ranked": PublishedColumn(
            "Stages of the line that were ranked.", "stages", "neutral", when_zero="none could be"
        ),
        "is_sufficient": PublishedColumn("Whether weeks and departures suffice to speak of it."),
        "insufficient_reason": PublishedColumn("Why not.", when_null="they suffice"),
        "evidence": PublishedColumn("The indicators as a sentence."),
        "method_version": PublishedColumn("Version of the method."),
    },
)  # fmt: skip

_NO_LIMITS = "no limits: too few weeks before the launch, as note says"
_ON_CHART = "the metric's unit"

_BEHAVIOUR_POINTS = PublishedTable(
    description=(
        "The weekly points of each intervention's process behaviour chart, against limits frozen on the weeks before "
        "its launch. One rule that fires is a signal to look at and no verdict."
    ),
    grain="One row per intervention and week.",
    question="Did the metric change after the launch, or does it only vary as before?",
    columns={
        "intervention_id": PublishedColumn("The intervention's id in the register."),
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
            "Mean of the baseline; on a logarithmic chart the geometric one.", _ON_CHART, "neutral", _NO_LIMITS),
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
            "Upper limit of the moving ranges.", "unit of the scale", "neutral", _NO_LIMITS
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
    },
)  # fmt: skip

#: Tables of the schema ``analysis`` by name.
PUBLISHED_TABLES: Final[Mapping[str, PublishedTable]] = {
    "process_behaviour_points": _BEHAVIOUR_POINTS,
    "stage_constraint_evidence": _CONSTRAINT_EVIDENCE,
}
