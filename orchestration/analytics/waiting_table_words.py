"""What the tables on waits mean: their classes, the change of flow time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from orchestration.analytics.table_words import PublishedColumn, PublishedTable

if TYPE_CHECKING:
    from collections.abc import Mapping

_FEW_WAITS = "too few waits or items, or nobody knows the team; withheld_reason says which"
_UNKNOWN_TEAM = "nobody knows the team that serves it"
_WINDOW = {
    "window_start": PublishedColumn("First local day of the window."),
    "window_end": PublishedColumn("Last local day of the window."),
}
_WEEKS = {"n_weeks": PublishedColumn("Whole weeks in the window.", "weeks", "neutral")}
_VERSION = {"method_version": PublishedColumn("Version of the method.")}

_WAITING_MEASURES = {
    "waiting_class": PublishedColumn(
        "Why it waited: batching (for the rest of a batch), contention (those who serve the stage were full "
        "with work that "
        "was there before), prioritization (full with work that came later), unavailability (a holiday or "
        "closed day), extraneous "
        "(none of these: nobody was busy and nobody away). Of very many waits contention is told from "
        "prioritization on a part, evenly spread."
    ),
    **_WINDOW,
    **_WEEKS,
    "n_waits": PublishedColumn(
        "Waits that ended in the window or lasted at its end, of all classes together.", "waits", "neutral"
    ),
    "n_items": PublishedColumn("Items that they are of.", "items", "neutral"),
    "n_open": PublishedColumn(
        "Of the waits, those that lasted at the window's end.", "waits", "down", when_zero="none did"
    ),
    "wait_hours": PublishedColumn(
        "Hours waited, of all classes together: usual working hours of the team's location.",
        "working hours",
        "down",
        when_zero="nothing waited",
    ),
    "unclassified_hours": PublishedColumn(
        "Of these, hours before a team that nobody knows, which have no class.",
        "working hours",
        "down",
        when_zero="every team is known",
    ),
    "class_hours": PublishedColumn(
        "Hours waited in this class.", "working hours", "down", _UNKNOWN_TEAM, "none was waited for this"
    ),
    "share": PublishedColumn(
        "Share of this class in the hours that have a class.",
        "share 0-1",
        "neutral",
        f"{_FEW_WAITS}; or nothing waited",
        "none was waited for this",
    ),
    "share_lower": PublishedColumn(
        "Lower end of its 95 % interval, from resampled weeks.",
        "share 0-1",
        "neutral",
        f"{_FEW_WAITS}; or nothing waited, or fewer than 3 weeks",
    ),
    "share_upper": PublishedColumn(
        "Upper end of its 95 % interval.",
        "share 0-1",
        "neutral",
        f"{_FEW_WAITS}; or nothing waited, or fewer than 3 weeks",
    ),
    "flow_efficiency": PublishedColumn(
        "Hours in work over hours in work and waiting, of the whole value stream and level.",
        "share 0-1",
        "up",
        f"{_FEW_WAITS}; or neither work nor wait",
        "nothing was in work",
    ),
    "flow_efficiency_without": PublishedColumn(
        "What it would be had this row's hours not been waited: an upper bound of what there is to gain.",
        "share 0-1",
        "up",
        f"{_FEW_WAITS}; or neither work nor wait",
        "nothing was in work",
    ),
    "capacity_source": PublishedColumn(
        "given, estimated or mixed: how many those who serve the stage can work on at once. Estimated too "
        "high, contention shows as "
        "extraneous.",
        when_null=_UNKNOWN_TEAM,
    ),
    "withheld_reason": PublishedColumn("Why share and efficiencies are withheld.", when_null="they are not"),
    **_VERSION,
}

_WAITING_BY_TRANSITION = PublishedTable(
    description=(
        "Why items wait between two active stages, in five classes that add up to the wait. Items without a usable "
        "history are left out; nights and weekends are no wait."
    ),
    grain="One row per value stream, level, stage before, stage, team and class of waiting.",
    question="Why do items wait on the way from one stage to the next, and what would it be worth if they did not?",
    columns={
        "value_stream_id": PublishedColumn("The value stream."),
        "level": PublishedColumn("Level of the work items."),
        "from_stage_id": PublishedColumn(
            "The active stage they came from.",
            when_null="the item's first active stage, or the first since it was done",
        ),
        "stage_id": PublishedColumn("The active stage they waited for."),
        "team_id": PublishedColumn("The team they waited for."),
        **_WAITING_MEASURES,
    },
)

_WAITING_BY_STAGE = PublishedTable(
    description=(
        "Why items wait before an active stage, in five classes that add up to the wait. Items without a "
        "usable history "
        "are left out; nights and weekends are no wait."
    ),
    grain="One row per value stream, level, stage and class of waiting.",
    question="Why do items wait before a stage, and what would it be worth if they did not?",
    columns={
        "value_stream_id": PublishedColumn("The value stream."),
        "level": PublishedColumn("Level of the work items."),
        "stage_id": PublishedColumn("The active stage they waited for."),
        **_WAITING_MEASURES,
    },
)

_WITHHELD = "too few items, as withheld_reason says"

_FLOW_TIME_CHANGES = PublishedTable(
    description=(
        "The change of mean flow time from one increment to the next, split exactly: within types of work and by their "
        "mix (Kitagawa), and by stage."
    ),
    grain="One row per scope, level, pair of successive increments and component.",
    question="Did the same work take longer, or was it other work, and in which stage?",
    columns={
        "scope_id": PublishedColumn("The value stream or train."),
        "level": PublishedColumn("Level of the work items."),
        "from_increment_id": PublishedColumn("The earlier increment."),
        "to_increment_id": PublishedColumn("The later increment."),
        "component": PublishedColumn(
            "total = within_types + mix = all stage + outside_stages; within_types and mix are the sums of "
            "within_type and "
            "mix_of_type."
        ),
        "component_name": PublishedColumn("The type of work or the stage.", when_null="the component has none"),
        "n_before": PublishedColumn("Items finished in the earlier increment.", "items", "neutral", when_zero="none"),
        "n_after": PublishedColumn("Items finished in the later increment.", "items", "neutral", when_zero="none"),
        "mean_days_before": PublishedColumn(
            "Mean days of the component in the earlier increment: flow time, of the type, or time in the stage.",
            "days",
            "down",
            f"{_WITHHELD}; or no item of the type; or the component is a sum",
            "no time",
        ),
        "mean_days_after": PublishedColumn(
            "The same in the later increment.",
            "days",
            "down",
            f"{_WITHHELD}; or no item of the type; or the component is a sum",
            "no time",
        ),
        "change_days": PublishedColumn(
            "What the component adds to the change of the mean.", "days", "down", _WITHHELD, "no change"
        ),
        "change_days_lower": PublishedColumn(
            "Lower end of its 95 % interval, from resampled items, of many in 1,000 random groups.",
            "days",
            "down",
            _WITHHELD,
        ),
        "change_days_upper": PublishedColumn("Upper end of its 95 % interval.", "days", "down", _WITHHELD),
        "withheld_reason": PublishedColumn("Why there are no numbers.", when_null="there are"),
        "sentence": PublishedColumn("The change as sentences, the same in all rows of a pair."),
        "method_version": PublishedColumn("Version of the method."),
    },
)

TABLES: Final[Mapping[str, PublishedTable]] = {
    "waiting_by_transition": _WAITING_BY_TRANSITION,
    "waiting_by_stage": _WAITING_BY_STAGE,
    "flow_time_changes": _FLOW_TIME_CHANGES,
}
