"""What the tables on hand-offs, linked signals and cascades mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from orchestration.analytics.table_words import PublishedColumn, PublishedTable

if TYPE_CHECKING:
    from collections.abc import Mapping

_WINDOW = {
    "window_start": PublishedColumn("First local day of the window."),
    "window_end": PublishedColumn("Last local day of the window."),
}
_WEEKS = {"n_weeks": PublishedColumn("Whole weeks in the window.", "weeks", "neutral")}
_VERSION = {"method_version": PublishedColumn("Version of the method.")}

_FEW_HAND_OFFS = "fewer than 10 hand-offs"
_NO_SPLIT = "no wait of the pair could be split"

_HAND_OFF_PAIRS = PublishedTable(
    description=(
        "Pairs of teams, trains and value streams by the hours that work lay between them in the window: the "
        "most costly "
        "first. Hand-offs that nobody has taken yet, and those of items without a usable history, are left out."
    ),
    grain="One row per kind of scope, level, giver, taker and the taker's value stream.",
    question="Which hand-offs cost most, and what comes straight back?",
    columns={
        "scope_type": PublishedColumn("team, train or value_stream: between what the work is handed on."),
        "level": PublishedColumn("Level of the work items."),
        "from_id": PublishedColumn("The giver."),
        "to_id": PublishedColumn("The taker."),
        "to_value_stream_id": PublishedColumn("The taker's value stream."),
        **_WINDOW,
        **_WEEKS,
        "wait_rank": PublishedColumn(
            "Rank by wait_hours within kind of scope and level; 1 cost most hours.", "rank", "neutral"
        ),
        "n_hand_offs": PublishedColumn("Hand-offs taken in the window.", "hand-offs", "neutral"),
        "n_items": PublishedColumn("Items handed on.", "items", "neutral"),
        "wait_hours": PublishedColumn(
            "Hours that work lay between them, summed: working hours of the taker's location.",
            "working hours",
            "down",
            when_zero="all went straight on",
        ),
        "share_of_stream_wait": PublishedColumn(
            "These hours over those of all hand-offs that the taking value stream took at the level, also inside "
            "teams.",
            "share 0-1",
            "down",
            f"{_FEW_HAND_OFFS}; or nothing waited",
            "all went straight on",
        ),
        "share_lower": PublishedColumn(
            "Lower end of its 95 % interval, from resampled weeks.",
            "share 0-1",
            "neutral",
            f"{_FEW_HAND_OFFS}; or fewer than 3 weeks",
        ),
        "share_upper": PublishedColumn(
            "Upper end of its 95 % interval.", "share 0-1", "neutral", f"{_FEW_HAND_OFFS}; or fewer than 3 weeks"
        ),
        "median_wait_hours": PublishedColumn(
            "Half of the hand-offs waited this long or less.",
            "working hours",
            "down",
            _FEW_HAND_OFFS,
            "half went straight on",
        ),
        "p85_wait_hours": PublishedColumn(
            "85 % of the hand-offs waited this long or less.",
            "working hours",
            "down",
            _FEW_HAND_OFFS,
            "they went straight on",
        ),
        "n_items_returned": PublishedColumn(
            "Items whose next hand-off between such scopes went back to the giver.",
            "items",
            "down",
            when_zero="none has come back",
        ),
        "ping_pong_rate": PublishedColumn(
            "n_items_returned over n_items. What has not been handed on since counts as not returned.",
            "share 0-1",
            "down",
            _FEW_HAND_OFFS,
            "none has come back",
        ),
        "n_within_team": PublishedColumn(
            "Hand-offs inside teams of the taking value stream at the level: what the pair is compared with.",
            "hand-offs",
            "neutral",
            when_zero="there are none",
        ),
        "within_team_median_hours": PublishedColumn(
            "Their median wait.", "working hours", "down", "fewer than 10 of them", "half went straight on"
        ),
        "p_value": PublishedColumn(
            "Two-sided Mann-Whitney p of such a difference between the pair and the waits inside teams, were "
            "there none.",
            "probability 0-1",
            "neutral",
            "fewer than 10 hand-offs on either side",
        ),
        "p_value_adjusted": PublishedColumn(
            "The same, controlled over all pairs of the table (Benjamini and Hochberg).",
            "probability 0-1",
            "neutral",
            "not tested",
        ),
        "a12": PublishedColumn(
            "Probability that a hand-off of the pair waits longer than one inside a team, ties half; 0.5 is no "
            "difference.",
            "probability 0-1",
            "down",
            "not tested",
            "each waits less",
        ),
        "is_slower_than_within": PublishedColumn(
            "Whether it is slower than waits inside teams: adjusted p below 0.05 and a12 of 0.64 or more.",
            when_null="not tested",
        ),
        "n_split": PublishedColumn(
            "Hand-offs whose wait could be split into classes.", "hand-offs", "neutral", when_zero="none could"
        ),
        "batching_share": PublishedColumn(
            "Share of their wait for the rest of a batch.", "share 0-1", "neutral", _NO_SPLIT, "none"
        ),
        "contention_share": PublishedColumn(
            "Share while the taker was full with work that was there before.", "share 0-1", "neutral", _NO_SPLIT, "none"
        ),
        "prioritization_share": PublishedColumn(
            "Share while the taker was full with work that came later.", "share 0-1", "neutral", _NO_SPLIT, "none"
        ),
        "unavailability_share": PublishedColumn(
            "Share on holidays and closed days of the taker.", "share 0-1", "neutral", _NO_SPLIT, "none"
        ),
        "extraneous_share": PublishedColumn("Share of what remains.", "share 0-1", "neutral", _NO_SPLIT, "none"),
        "withheld_reason": PublishedColumn("What is withheld and why.", when_null="nothing is"),
        **_VERSION,
    },
)

_HAND_OFF_MATRIX = PublishedTable(
    description=(
        "How often and how long work lay between any two trains and any two value streams. The diagonal is what stayed "
        "inside."
    ),
    grain="One row per kind of scope (train, value_stream), level, giver and taker between whom work was handed on.",
    question="Between which trains and value streams does work wait?",
    columns={
        "scope_type": PublishedColumn("train or value_stream."),
        "level": PublishedColumn("Level of the work items."),
        "from_id": PublishedColumn("The giver."),
        "to_id": PublishedColumn("The taker."),
        "is_crossing": PublishedColumn("Whether giver and taker differ."),
        **_WINDOW,
        **_WEEKS,
        "n_hand_offs": PublishedColumn("Hand-offs taken in the window.", "hand-offs", "neutral"),
        "n_items": PublishedColumn("Items handed on.", "items", "neutral"),
        "wait_hours": PublishedColumn(
            "Hours that work lay between them: working hours of the taker's location.",
            "working hours",
            "down",
            when_zero="all went straight on",
        ),
        "wait_share": PublishedColumn(
            "These hours over all of the kind of scope and level.",
            "share 0-1",
            "down",
            "nothing waited",
            "all went straight on",
        ),
        **_VERSION,
    },
)

_NOT_COMPARED = "the two could not be compared, as withheld_reason says"

_SIGNAL_LINKS = PublishedTable(
    description=(
        "Which weekly signals of neighbouring stages move together, beyond the momentum of each, and how many weeks "
        "apart. That one moves with another does not say that it is caused by it."
    ),
    grain="One row per value stream, level, leading signal, following signal and lag; one for a pair not compared.",
    question="Which signals move with which, and how many weeks later?",
    columns={
        "value_stream_id": PublishedColumn("The value stream."),
        "level": PublishedColumn("Level of the work items."),
        "leading_signal_id": PublishedColumn("The signal that is read first."),
        "following_signal_id": PublishedColumn("The signal that is read lag_weeks later."),
        "lag_weeks": PublishedColumn("Weeks between the two.", "weeks", "neutral", _NOT_COMPARED, "the same week"),
        **_WINDOW,
        "n_weeks": PublishedColumn(
            "Weeks in which both were measured.", "weeks", "neutral", when_zero="there is no such week"
        ),
        "correlation": PublishedColumn(
            "Correlation of what the two do beyond their momentum; below 0 one falls as the other rises.",
            "correlation -1 to 1",
            "neutral",
            _NOT_COMPARED,
            "none",
        ),
        "correlation_lower": PublishedColumn(
            "Lower end of its 95 % interval, for this comparison by itself.",
            "correlation -1 to 1",
            "neutral",
            _NOT_COMPARED,
        ),
        "correlation_upper": PublishedColumn(
            "Upper end of its 95 % interval.", "correlation -1 to 1", "neutral", _NOT_COMPARED
        ),
        "p_value": PublishedColumn(
            "Two-sided p of such a correlation, were there none, by permuting blocks of 3 weeks.",
            "probability 0-1",
            "neutral",
            _NOT_COMPARED,
        ),
        "p_value_adjusted": PublishedColumn(
            "The same, controlled over all comparisons of the table (Benjamini and Hochberg).",
            "probability 0-1",
            "neutral",
            _NOT_COMPARED,
        ),
        "n_tests": PublishedColumn(
            "Comparisons of the table, which the control is over.", "comparisons", "neutral", when_zero="none"
        ),
        "is_linked": PublishedColumn("Whether the adjusted p is below 0.05.", when_null=_NOT_COMPARED),
        "sentence": PublishedColumn("The link in words.", when_null="not linked"),
        "withheld_reason": PublishedColumn("Why the two are not compared.", when_null="they are"),
        **_VERSION,
    },
)

_STALL_CASCADES = PublishedTable(
    description=(
        "Stalls that ran over three stages or more: weeks in which neighbouring stages were unusual by their own "
        "measure and held the same items. They describe busy spells; a stable simulated line of five stages has about "
        "five a year, so one by itself is no sign that anything changed."
    ),
    grain="One row per value stream, level, cascade and event (a stage in a week).",
    question="How did a stall run from stage to stage?",
    columns={
        "value_stream_id": PublishedColumn("The value stream."),
        "level": PublishedColumn("Level of the work items."),
        "cascade_id": PublishedColumn("Week and stage of its first event."),
        "stage_id": PublishedColumn("The stage of the event."),
        "week_start": PublishedColumn("Monday of its week."),
        "is_queue_high": PublishedColumn("Was the queue above the stage's own 85th percentile?"),
        "is_arrivals_high": PublishedColumn("Were the arrivals?"),
        "is_delay_high": PublishedColumn("Was the delay?"),
        "n_items": PublishedColumn("Items in the stage or its queue in the week.", "items", "neutral"),
        "n_links": PublishedColumn("Events of neighbouring stages that it is linked with.", "events", "neutral"),
        "max_shared_item_share": PublishedColumn(
            "Largest share of items in common with one of them, of the smaller of the two.", "share 0-1", "neutral"
        ),
        "n_events": PublishedColumn("Events of the cascade.", "events", "down"),
        "n_stages": PublishedColumn("Stages that it ran over.", "stages", "down"),
        "cascade_start": PublishedColumn("Monday of its first week."),
        "cascade_end": PublishedColumn("Monday of its last week."),
        "n_weeks": PublishedColumn("Weeks that the stage's percentiles rest on.", "weeks", "neutral"),
        **_WINDOW,
        "story": PublishedColumn("The cascade in words, in order of time and work."),
        **_VERSION,
    },
)

_STALL_LINKS = PublishedTable(
    description=(
        "What hangs a cascade together: two events of it at neighbouring stages, a week apart at most, that hold the "
        "same items."
    ),
    grain="One row per value stream, level, cascade and pair of linked events, the earlier one first.",
    question="From where to where did a stall run?",
    columns={
        "value_stream_id": PublishedColumn("The value stream."),
        "level": PublishedColumn("Level of the work items."),
        "cascade_id": PublishedColumn("The cascade, as in stall_cascades."),
        "stage_id": PublishedColumn("Stage of the earlier event; of the earlier stage within one week."),
        "week_start": PublishedColumn("Monday of its week."),
        "linked_stage_id": PublishedColumn("Stage of the event that it is linked with."),
        "linked_week_start": PublishedColumn("Monday of that one's week."),
        "shared_item_share": PublishedColumn(
            "Items that are in both, over those of the smaller one.", "share 0-1", "neutral"
        ),
        **_VERSION,
    },
)

TABLES: Final[Mapping[str, PublishedTable]] = {
    "hand_off_pairs": _HAND_OFF_PAIRS,
    "hand_off_matrix": _HAND_OFF_MATRIX,
    "signal_links": _SIGNAL_LINKS,
    "stall_cascades": _STALL_CASCADES,
    "stall_links": _STALL_LINKS,
}
