"""What the tables on constraints mean: the ranked evidence here, the others in a module each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from orchestration.analytics import (
    constraint_verdict_words,
    hand_off_table_words,
    sensitivity_table_words,
    waiting_table_words,
)
from orchestration.analytics.table_words import PublishedColumn, PublishedTable

if TYPE_CHECKING:
    from collections.abc import Mapping

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
            "Share of the capacity that was at work, over the working time: items in the stage that were not blocked, "
            "and no more of them than it can work on at once. 1 is busy all the time.",
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

TABLES: Final[Mapping[str, PublishedTable]] = {
    "stage_constraint_evidence": _CONSTRAINT_EVIDENCE,
    **constraint_verdict_words.TABLES,
    **waiting_table_words.TABLES,
    **hand_off_table_words.TABLES,
    **sensitivity_table_words.TABLES,
}
