"""What the tables of verdicts mean: on a line, on every day, what followed, how far it reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from orchestration.analytics.table_words import PublishedColumn, PublishedTable

if TYPE_CHECKING:
    from collections.abc import Mapping

_NO_WORK = "no item was in work, so nothing is known of the stage's capacity"
_NO_QUEUE = "no queue stage lies before it, so nobody knows whether work was waiting"
_NOT_COMPARED = "the stage is not compared, or there are fewer than 3 weeks"

_CONSTRAINT_DECLARATIONS = PublishedTable(
    description=(
        "The verdict on each line over the whole weeks of two windows, 13 and 26 unless the portfolio file says "
        "otherwise, and what it rests on. A stage is declared where the weeks, resampled, point to it often enough and "
        "it leads every other stage in utilisation; less makes candidates, or names no stage."
    ),
    grain="One row per scope (value stream or train), level, workflow, window and active stage.",
    question="Which stage is the constraint, and how sure are we?",
    columns={
        "scope": PublishedColumn("value_stream or train."),
        "scope_id": PublishedColumn("The value stream or train."),
        "value_stream_id": PublishedColumn("The value stream it is or belongs to."),
        "level": PublishedColumn("Level of the work items."),
        "workflow_id": PublishedColumn("The workflow."),
        "window_weeks": PublishedColumn("Length of the window that was asked for.", "weeks", "neutral"),
        "stage_id": PublishedColumn("The active stage, as workflow.stage."),
        "stage_name": PublishedColumn("Name of the stage."),
        "stage_position": PublishedColumn("Place of the stage in its workflow, from 1.", "place", "neutral"),
        "n_weeks": PublishedColumn(
            "Whole weeks measured; fewer than window_weeks where the line is younger.",
            "weeks",
            "neutral",
            when_zero="not one whole week",
        ),
        "window_start": PublishedColumn("First local day of the window."),
        "window_end": PublishedColumn("Last local day of the window."),
        "n_departures": PublishedColumn(
            "Items that left the stage onwards or back in the window.", "items", "up", when_zero="none left"
        ),
        "n_stages_compared": PublishedColumn(
            "Stages of the line that had an item in work.", "stages", "neutral", when_zero="none had"
        ),
        "n_resamples": PublishedColumn("Resamples of the weeks, in blocks of 3.", "resamples", "neutral"),
        "left_out_share": PublishedColumn(
            "Share of the line's visits that were left out, because their items have no usable history.",
            "share 0-1",
            "down",
            "no visit lies in the window",
            "none was left out",
        ),
        "capacity": PublishedColumn(
            "Items worked on at once: as given, else the 95th percentile of the items in work.",
            "items",
            "neutral",
            _NO_WORK,
        ),
        "capacity_source": PublishedColumn("given or estimated."),
        "utilisation": PublishedColumn(
            "Share of the capacity that was at work, over the working time: items in the stage that were not blocked, "
            "and no more of them than it can work on at once.",
            "share of capacity",
            "neutral",
            _NO_WORK,
            "nothing was in work in the window",
        ),
        "utilisation_lower": PublishedColumn(
            "Lower end of its 95 % interval, from resampled weeks.",
            "share of capacity",
            "neutral",
            "not measured, or fewer than 3 weeks",
        ),
        "utilisation_upper": PublishedColumn(
            "Upper end of its 95 % interval.",
            "share of capacity",
            "neutral",
            "not measured, or fewer than 3 weeks",
        ),
        "not_starved_share": PublishedColumn(
            "Share of the working time in which the stage was full or had work waiting.",
            "share 0-1",
            "neutral",
            f"{_NO_QUEUE}; or {_NO_WORK}",
            "it always had room and nothing to do",
        ),
        "full_busy_share": PublishedColumn(
            "Share of the working time in which the stage was full.", "share 0-1", "neutral", _NO_WORK, "it never was"
        ),
        "queue_mean": PublishedColumn(
            "Items that waited before the stage, mean over the working time.",
            "items",
            "down",
            _NO_QUEUE,
            "nothing waited",
        ),
        "is_queue_ranked": PublishedColumn(
            "Whether the queue takes part: not where a limit on work in progress was reached in over a fifth of weeks."
        ),
        "borda_points": PublishedColumn(
            "Points over the ranked indicators: 1 for each stage exceeded, half for a tie.",
            "points",
            "neutral",
            _NO_WORK,
            "exceeds no stage in any indicator",
        ),
        "evidence_rank": PublishedColumn(
            "Rank by those points; 1: the evidence points here first.", "rank", "neutral", _NO_WORK
        ),
        "p_constraint": PublishedColumn(
            "Share of resamples in which the stage has the most points, ties split; a line's add up to 1.",
            "probability 0-1",
            "neutral",
            _NOT_COMPARED,
            "it came first in none",
        ),
        "utilisation_lead": PublishedColumn(
            "Its utilisation less that of the busiest other stage compared.",
            "share of capacity",
            "neutral",
            _NOT_COMPARED,
            "as busy as another stage",
        ),
        "utilisation_lead_lower": PublishedColumn(
            "Lower end of the lead's one-sided 95 % interval, from the same resamples.",
            "share of capacity",
            "neutral",
            _NOT_COMPARED,
            "no lead is certain",
        ),
        "littles_law_items": PublishedColumn(
            "Items in the stage and its queue, mean over the calendar time of the window.",
            "items",
            "neutral",
            when_zero="none was there",
        ),
        "littles_law_left_per_week": PublishedColumn(
            "Visits to the stage and its queue that ended.", "visits per week", "neutral", when_zero="none ended"
        ),
        "littles_law_days": PublishedColumn(
            "Mean length of the visits that ended.", "elapsed days", "neutral", "none ended", "they took no time"
        ),
        "littles_law_gap": PublishedColumn(
            "How far items there and rate times length differ, over items there.",
            "share",
            "down",
            "nothing was there, or nothing ended",
            "they agree exactly",
        ),
        "littles_law_holds": PublishedColumn(
            "Whether the gap is 10 % or less; if not, visits are lost, doubled or wrongly timed.",
            when_null="work in progress differs by 10 % or more between start and end, so the law cannot be asked for",
        ),
        "status": PublishedColumn(
            "declared, candidate, not_named, or not_compared (no item in work, or no other stage to compare with)."
        ),
        "withheld_reason": PublishedColumn("What keeps the stage from being declared.", when_null="it is declared"),
        "verdict": PublishedColumn(
            "On the line, the same in its rows: declared, candidates, no_dominant_constraint or insufficient_data."
        ),
        "sentence": PublishedColumn("The verdict on the line as sentences, the same in its rows."),
        "method_version": PublishedColumn("Version of the method."),
    },
)

_CONSTRAINT_EVENTS = PublishedTable(
    description=(
        "What each refresh's verdicts add to those before: a constraint appeared, persisted, moved or was eliminated. "
        "An event is made once, from the verdicts up to its day, and not rewritten."
    ),
    grain="One row per refresh, line, window and event of a stage.",
    question="How has the constraint changed since earlier refreshes?",
    columns={
        "as_of": PublishedColumn("The refresh's as_of (UTC)."),
        "scope": PublishedColumn("value_stream or train."),
        "scope_id": PublishedColumn("The value stream or train."),
        "level": PublishedColumn("Level of the work items."),
        "workflow_id": PublishedColumn("The workflow."),
        "window_weeks": PublishedColumn("Length of the window of the verdicts.", "weeks", "neutral"),
        "event": PublishedColumn("appeared, persisted, moved or eliminated."),
        "stage_id": PublishedColumn("The stage; of moved, the one moved to."),
        "stage_name": PublishedColumn("Name of the stage."),
        "from_stage_id": PublishedColumn(
            "The stage that the constraint moved from.", when_null="the event is not moved"
        ),
        "from_stage_name": PublishedColumn("Its name.", when_null="the event is not moved"),
        "p_constraint": PublishedColumn(
            "Probability of the stage in this refresh.", "probability 0-1", "neutral", when_zero="first in no resample"
        ),
        "since": PublishedColumn("The first as_of that declared the stage, since it was last eliminated."),
        "n_weeks_since": PublishedColumn("Whole weeks since then.", "weeks", "neutral", when_zero="less than one"),
        "n_refreshes": PublishedColumn(
            "Refreshes that the event rests on: those that declared the stage, for eliminated those that found it low.",
            "refreshes",
            "neutral",
        ),
        "sentence": PublishedColumn("The event as a sentence."),
        "method_version": PublishedColumn("Version of the method."),
    },
)

_CONSTRAINT_VERDICTS = PublishedTable(
    description=(
        "What each refresh said of each stage, as it was said: later data never change it. A repeated "
        "refresh of the same "
        "as_of replaces that day's rows."
    ),
    grain="One row per refresh, scope (value stream or train), level, workflow, window and active stage.",
    question="What did we know at the time?",
    columns={
        "as_of": PublishedColumn("The refresh's as_of (UTC)."),
        **{
            name: _CONSTRAINT_DECLARATIONS.columns[name]
            for name in (
                "scope",
                "scope_id",
                "level",
                "workflow_id",
                "window_weeks",
                "stage_id",
                "stage_name",
                "stage_position",
                "window_start",
                "window_end",
                "n_weeks",
                "n_departures",
                "utilisation",
                "capacity_source",
                "p_constraint",
                "status",
                "verdict",
                "method_version",
            )
        },
    },
)

_NOT_SPECIFIC = "it is not declared in just one place"
_UNTESTED = f"{_NOT_SPECIFIC}, or too few waits to compare"

_CONSTRAINT_SCOPES = PublishedTable(
    description="Whether a declared or candidate stage holds back the whole portfolio or one level or value stream.",
    grain="One row per window and stage name that is declared or a candidate in some line.",
    question="Is it one value stream's constraint, one level's, or everybody's?",
    columns={
        "window_weeks": PublishedColumn("Length of the window of the verdicts.", "weeks", "neutral"),
        "window_start": PublishedColumn("Earliest first day of the verdicts' windows."),
        "window_end": PublishedColumn("Latest last day of the verdicts' windows."),
        "stage_name": PublishedColumn("The stage, by its name in all workflows."),
        "n_streams": PublishedColumn("Value streams that use the stage.", "value streams", "neutral"),
        "n_streams_named": PublishedColumn(
            "Of those, with the stage declared or a candidate.", "value streams", "down"
        ),
        "streams_named_share": PublishedColumn("n_streams_named over n_streams.", "share 0-1", "down"),
        "n_levels": PublishedColumn("Levels that use the stage.", "levels", "neutral"),
        "n_levels_named": PublishedColumn("Of those, with the stage declared or a candidate.", "levels", "down"),
        "n_lines_declared": PublishedColumn(
            "Lines with the stage declared.", "lines", "down", when_zero="candidates only"
        ),
        "specific_scope_id": PublishedColumn(
            "The only value stream with the stage declared, of several.",
            when_null="none or several, or just one uses it",
        ),
        "specific_level": PublishedColumn(
            "The only level with the stage declared, of several.", when_null="none or several, or just one uses it"
        ),
        "n_waits_here": PublishedColumn(
            "Items compared there: all, or about 10,000 of a value stream and level that has more.",
            "items",
            "neutral",
            when_zero="nothing to compare",
        ),
        "n_waits_elsewhere": PublishedColumn(
            "Items compared elsewhere, as n_waits_here.", "items", "neutral", when_zero="nothing to compare"
        ),
        "wait_share_here": PublishedColumn(
            "Median share of flow time that items there waited before the stage.",
            "share 0-1",
            "down",
            _UNTESTED,
            "most did not wait",
        ),
        "wait_share_elsewhere": PublishedColumn(
            "The same elsewhere.", "share 0-1", "down", _UNTESTED, "most did not wait"
        ),
        "a12": PublishedColumn(
            "Chance that an item waits a larger share there than elsewhere, ties half (Vargha and Delaney).",
            "probability 0-1",
            "neutral",
            _UNTESTED,
            "never",
        ),
        "p_value": PublishedColumn("One-sided Mann-Whitney p.", "probability 0-1", "neutral", _UNTESTED),
        "p_value_adjusted": PublishedColumn(
            "The p adjusted over all rows of the refresh (Benjamini and Hochberg).",
            "probability 0-1",
            "neutral",
            _UNTESTED,
        ),
        "scope_class": PublishedColumn(
            "system_wide, scope_specific or mixed.", when_null="just one line uses the stage"
        ),
        "withheld_reason": PublishedColumn("What could not be compared.", when_null="nothing is withheld"),
        "sentence": PublishedColumn("The class as a sentence."),
        "method_version": PublishedColumn("Version of the method."),
    },
)

TABLES: Final[Mapping[str, PublishedTable]] = {
    "constraint_declarations": _CONSTRAINT_DECLARATIONS,
    "constraint_verdicts": _CONSTRAINT_VERDICTS,
    "constraint_events": _CONSTRAINT_EVENTS,
    "constraint_scopes": _CONSTRAINT_SCOPES,
}
