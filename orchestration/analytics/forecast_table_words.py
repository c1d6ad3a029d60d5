"""What the tables on queues and stages to come mean: choke points with their back-test, load, trends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from orchestration.analytics.table_words import PublishedColumn, PublishedTable

if TYPE_CHECKING:
    from collections.abc import Mapping

WITHHELD = "withheld: see withheld_reason"
VERSION = PublishedColumn("Version of the method.")
SCOPE = {
    "scope_type": PublishedColumn("value_stream, train or team."),
    "scope_id": PublishedColumn("The scope."),
}
WINDOW = {
    "window_start": PublishedColumn("First day of the weeks it rests on."),
    "window_end": PublishedColumn("Last day of them."),
}
REASON = PublishedColumn("Why nothing is said.", when_null="something is")

_TRENDS = PublishedTable(
    description=(
        "How fast a weekly metric rises or falls over its last complete weeks, up to 26, and "
        "whether chance alone would do that."
    ),
    grain="One row per scope, level, stage and metric.",
    question="Which queues, ages and times are getting longer?",
    columns={
        **SCOPE,
        "level": PublishedColumn("Level of the work items."),
        "stage_id": PublishedColumn("The stage.", when_null="the metric is the whole scope's"),
        "metric": PublishedColumn("The metric."),
        "n_weeks": PublishedColumn("Complete weeks with a value.", "weeks", "neutral", when_zero="none has"),
        **WINDOW,
        "slope_per_week": PublishedColumn(
            "Median of all pairwise slopes (Theil and Sen).",
            "unit of the metric per week",
            "neutral",
            WITHHELD,
            "it neither rises nor falls",
        ),
        "slope_lower": PublishedColumn(
            "Lower end of its 95 % interval (Sen), widened for autocorrelation.",
            "unit of the metric per week",
            "neutral",
            WITHHELD,
        ),
        "slope_upper": PublishedColumn("Upper end of it.", "unit of the metric per week", "neutral", WITHHELD),
        "kendall_tau": PublishedColumn(
            "How steadily it goes one way (tau-b): 1 always up, -1 always down.",
            "-1 to 1",
            "neutral",
            f"{WITHHELD}; or it never varied",
            "as many pairs rise as fall",
        ),
        "p_value": PublishedColumn(
            (
                "Two-sided p of such a trend if there were none (Mann and Kendall, allowing for ties "
                "and autocorrelation)."
            ),
            "probability 0-1",
            "neutral",
            WITHHELD,
        ),
        "r1": PublishedColumn(
            "Lag-1 autocorrelation of the distances from the trend line.",
            "correlation -1 to 1",
            "neutral",
            WITHHELD,
            "none, or no distances",
        ),
        "variance_factor": PublishedColumn(
            "By how much that widens the test's variance; 1 is not at all.", "ratio", "neutral", WITHHELD
        ),
        "withheld_reason": REASON,
        "method_version": VERSION,
    },
)

_HIT = (
    "How often the likelier of over and not over came, when past weeks were looked ahead "
    "from by the method published; pooled over the queues of the scope type."
)
_CHOKE_POINT_FORECASTS = PublishedTable(
    description=(
        "How likely each queue is over its limit in 4 and 8 weeks and by the end of the next "
        "increment. A trend is let in only where it has been worth something in the past."
    ),
    grain="One row per scope, level, queue stage, horizon and event.",
    question="Which queue becomes the next choke point, and how sure is that?",
    columns={
        **SCOPE,
        "level": PublishedColumn("Level of the work items; all: a configured limit holds over the levels together."),
        "stage_id": PublishedColumn("The queue stage."),
        "horizon": PublishedColumn("4_weeks, 8_weeks or next_increment."),
        "horizon_weeks": PublishedColumn(
            "Weeks ahead.", "weeks", "neutral", "no increment after the running one is registered"
        ),
        "target_date": PublishedColumn("Sunday of the last of them.", when_null="the horizon is not forecast"),
        "event": PublishedColumn(
            "at: over the limit at the end of the last week; within: at the end of that week or one before."
        ),
        "probability": PublishedColumn(
            (
                "Chance that it is: walk_probability put right by what came of such chances in the back-test of the "
                "scope type (calibration_intercept, calibration_slope), where that looked ahead from 12 weeks or more."
            ),
            "probability 0-1",
            "down",
            WITHHELD,
            "in none of the futures, and nothing to put it right by",
        ),
        "walk_probability": PublishedColumn(
            "Share of 2,000 resampled futures in which it is; they stray further than queues do.",
            "probability 0-1",
            "down",
            WITHHELD,
            "in none of them",
        ),
        "method": PublishedColumn(
            ("trend: net flow goes on with its (shrunk) mean; no_trend: it is as likely to grow as to shrink."),
            when_null=WITHHELD,
        ),
        "label": PublishedColumn(
            (
                "Why no trend: no trend information (fewer than 12 weeks to look ahead from) or no "
                "better than assuming no trend."
            ),
            when_null="the trend is let in, or withheld",
        ),
        "queue_now": PublishedColumn(
            "Items waiting at the end of the last complete week.", "items", "down", "not known", "nobody waits"
        ),
        "queue_limit": PublishedColumn(
            "The limit it is held against.", "items", "neutral", "there is none: see withheld_reason"
        ),
        "limit_source": PublishedColumn(
            ("wip_limit (configured) or own_history (upper natural process limit of earlier weeks)."),
            when_null="there is no limit",
        ),
        "n_limit_weeks": PublishedColumn(
            "Weeks that a limit of own history rests on.",
            "weeks",
            "neutral",
            "the limit is configured",
            "none lie before the last 13",
        ),
        "is_over_now": PublishedColumn(
            "Is it over the limit already?", when_null="there is no limit, or the queue is not known"
        ),
        "queue_lower": PublishedColumn(
            "10 % of the futures end below this queue.", "items", "down", WITHHELD, "they empty it"
        ),
        "queue_median": PublishedColumn("Half of them do.", "items", "down", WITHHELD, "they empty it"),
        "queue_upper": PublishedColumn("90 % of them do.", "items", "down", WITHHELD, "they empty it"),
        "net_flow_per_week": PublishedColumn(
            "Arrivals less departures, mean of the 13 weeks.",
            "items per week",
            "down",
            "a week is not known",
            "as many left as came",
        ),
        "shrunk_net_flow_per_week": PublishedColumn(
            "What of it is believed, given its scatter.",
            "items per week",
            "down",
            "a week is not known",
            "nothing of it, or as many left as came",
        ),
        "hit_rate": PublishedColumn(_HIT, "share 0-1", "up", f"{WITHHELD}; or no past case", "it never did"),
        "hit_rate_lower": PublishedColumn(
            "Lower end of its 95 % interval (Wilson), every H-th case counted.", "share 0-1", "up", "no hit rate"
        ),
        "hit_rate_upper": PublishedColumn("Upper end of it.", "share 0-1", "up", "no hit rate"),
        "n_cases": PublishedColumn("Past cases, queues times weeks.", "cases", "neutral", WITHHELD, "none"),
        "n_origins": PublishedColumn("Weeks looked ahead from.", "weeks", "neutral", WITHHELD, "none"),
        "n_weeks": PublishedColumn("Of the last 13 complete weeks, those known.", "weeks", "neutral", when_zero="none"),
        **WINDOW,
        "withheld_reason": REASON,
        "method_version": VERSION,
    },
)

_CHOKE_POINT_BACKTEST = PublishedTable(
    description=(
        "What looking ahead from past weeks was worth, with and without a trend, pooled over "
        "the queues of a scope type: the gate of choke_point_forecasts."
    ),
    grain="One row per scope type, horizon and event.",
    question="Have forecasts of queues come true, and has the trend helped?",
    columns={
        "scope_type": SCOPE["scope_type"],
        "horizon": PublishedColumn("4_weeks, 8_weeks or next_increment."),
        "horizon_weeks": PublishedColumn("Weeks ahead.", "weeks", "neutral"),
        "event": PublishedColumn("at or within: see choke_point_forecasts."),
        "n_cases": PublishedColumn(
            "Queues times weeks looked ahead from.", "cases", "neutral", when_zero="none could be"
        ),
        "n_origins": PublishedColumn("Weeks looked ahead from.", "weeks", "neutral", when_zero="none"),
        **WINDOW,
        "n_events": PublishedColumn(
            "Cases in which the queue was over its limit.", "cases", "down", when_zero="it never was"
        ),
        "base_rate": PublishedColumn("Share of them.", "share 0-1", "down", "no case", "it never was"),
        "brier_base_rate": PublishedColumn(
            "Brier score of always saying the base rate.",
            "0 (best) to 1",
            "down",
            "no case",
            "the event came always or never",
        ),
        "brier_no_trend": PublishedColumn("Brier score without a trend.", "0 (best) to 1", "down", "no case"),
        "brier_trend": PublishedColumn("Brier score with it.", "0 (best) to 1", "down", "no case"),
        "brier_published": PublishedColumn(
            "Brier score of what is published: of the method chosen, each case put right by those of other weeks.",
            "0 (best) to 1",
            "down",
            "no case",
        ),
        "calibration_intercept": PublishedColumn(
            "Logit of the probability = this + calibration_slope x logit of the share of futures.",
            "logit",
            "neutral",
            when_zero="the share of futures stands, where the slope is 1",
        ),
        "calibration_slope": PublishedColumn(
            "Below 1 where the futures were too sure; 1 where nothing is put right.",
            "ratio",
            "neutral",
            when_zero="the futures told nothing",
        ),
        "method": PublishedColumn("Which of the two is published."),
        "label": PublishedColumn("Why no trend.", when_null="the trend is let in"),
        "hit_rate": PublishedColumn(_HIT, "share 0-1", "up", "no case", "it never did"),
        "hit_rate_lower": PublishedColumn(
            "Lower end of its 95 % interval (Wilson), every H-th case counted.", "share 0-1", "up", "no case"
        ),
        "hit_rate_upper": PublishedColumn("Upper end of it.", "share 0-1", "up", "no case"),
        "n_warnings": PublishedColumn(
            "Cases said to be over at 50 % or more.", "cases", "neutral", when_zero="none was"
        ),
        "warnings_right_share": PublishedColumn(
            "Share of these that came true.", "share 0-1", "up", "no warning", "none did"
        ),
        "events_warned_share": PublishedColumn(
            "Share of the events that had been warned of.", "share 0-1", "up", "no event", "none had"
        ),
        "method_version": VERSION,
    },
)

_LOAD_FORECASTS = PublishedTable(
    description=(
        "How busy each stage will be over the four weeks that end 4 and 8 weeks ahead: "
        "expected arrivals times working hours an item takes, over the capacity known ahead."
    ),
    grain="One row per scope, stage and horizon.",
    question="Where will there be more work than people can do?",
    columns={
        **SCOPE,
        "stage_id": PublishedColumn("The stage."),
        "horizon_weeks": PublishedColumn("Weeks ahead that the four weeks end.", "weeks", "neutral"),
        "target_start": PublishedColumn("First day of the four weeks."),
        "target_end": PublishedColumn("Last day of them."),
        "load": PublishedColumn(
            "Work expected over capacity; above 1 it cannot be done.",
            "share of capacity",
            "neutral",
            WITHHELD,
            "nothing is expected to arrive",
        ),
        "load_lower": PublishedColumn(
            "Lower end of its 80 % interval, of the arrivals alone.",
            "share of capacity",
            "neutral",
            WITHHELD,
            "perhaps nothing arrives",
        ),
        "load_upper": PublishedColumn("Upper end of it.", "share of capacity", "neutral", WITHHELD),
        "state": PublishedColumn(
            "above: the whole interval is over 0.85; may_cross: its upper end is; below.", when_null=WITHHELD
        ),
        "load_now": PublishedColumn(
            "Hours in work over capacity, of the last four weeks.",
            "share of capacity",
            "neutral",
            "hours or capacity are not known",
            "nothing was in work",
        ),
        "arrivals_per_week": PublishedColumn("Arrivals expected.", "items per week", "neutral", WITHHELD, "none"),
        "arrivals_lower": PublishedColumn(
            "Lower end of their 80 % interval.", "items per week", "neutral", WITHHELD, "perhaps none"
        ),
        "arrivals_upper": PublishedColumn("Upper end of it.", "items per week", "neutral", WITHHELD),
        "hours_per_item": PublishedColumn(
            "Hours in work over items that left, of the last 13 weeks.",
            "working hours",
            "down",
            "fewer than 10 items left",
            "no hours are known of them",
        ),
        "capacity_hours_per_week": PublishedColumn(
            "Mean capacity of the four weeks.", "working hours", "up", "not known", "nobody is there"
        ),
        "capacity_source": PublishedColumn("given or estimated."),
        "n_weeks_capacity_known": PublishedColumn(
            ("Of the four weeks, those whose capacity is known ahead; the others go on as the last four."),
            "weeks",
            "neutral",
            when_zero="none is",
        ),
        "model": PublishedColumn("ets, theta, or naive (arrivals did not vary).", when_null=WITHHELD),
        "mase": PublishedColumn(
            (
                "Error of the model when past weeks were looked ahead from, over that of going on as "
                "the last four weeks; not used from 1 on."
            ),
            "ratio",
            "down",
            "too few weeks",
            "it never erred",
        ),
        "n_origins": PublishedColumn("Weeks looked ahead from.", "weeks", "neutral", when_zero="too few weeks"),
        "n_weeks": PublishedColumn("Complete weeks fitted, since the last gap.", "weeks", "neutral", when_zero="none"),
        **WINDOW,
        "withheld_reason": REASON,
        "method_version": VERSION,
    },
)

#: Tables on queues, load and trends, by name.
TABLES: Final[Mapping[str, PublishedTable]] = {
    "trends": _TRENDS,
    "choke_point_forecasts": _CHOKE_POINT_FORECASTS,
    "choke_point_backtest": _CHOKE_POINT_BACKTEST,
    "load_forecasts": _LOAD_FORECASTS,
}
