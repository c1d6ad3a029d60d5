"""What the tables on delivery mean: throughput to come, dates of features and epics, and their back-test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from orchestration.analytics.forecast_table_words import REASON, SCOPE, VERSION, WINDOW, WITHHELD
from orchestration.analytics.table_words import PublishedColumn, PublishedTable

if TYPE_CHECKING:
    from collections.abc import Mapping

_REACH = "Items that {} % of the resampled futures finish, or more."
_THROUGHPUT_FORECASTS = PublishedTable(
    description=(
        "How many items will be finished within 4, 8 and 13 weeks, by Monte Carlo from the "
        "weeks of the current phase, beside how such forecasts of the scope have come true."
    ),
    grain="One row per scope, level and horizon.",
    question="How much will be delivered by a date?",
    columns={
        **SCOPE,
        "level": PublishedColumn("Level of the work items."),
        "horizon_weeks": PublishedColumn("Weeks ahead.", "weeks", "neutral"),
        "target_date": PublishedColumn("Sunday of the last of them."),
        **{
            f"items_{share}": PublishedColumn(
                _REACH.format(share), "items", "up", WITHHELD, "perhaps nothing is finished"
            )
            for share in (50, 70, 85, 95)
        },
        "block_weeks": PublishedColumn(
            "Weeks drawn together: 3 where neighbours resemble each other, else 1.", "weeks", "neutral", WITHHELD
        ),
        "hit_rate_85": PublishedColumn(
            ("Share of past looks ahead in which as many as items_85 said were finished, or more; near 0.85 is right."),
            "share 0-1",
            "neutral",
            "no past case",
            "in no past case",
        ),
        "hit_rate_85_lower": PublishedColumn(
            "Lower end of its 95 % interval (Wilson), every H-th case counted.", "share 0-1", "neutral", "no past case"
        ),
        "hit_rate_85_upper": PublishedColumn("Upper end of it.", "share 0-1", "neutral", "no past case"),
        "hit_rate_50": PublishedColumn(
            "The same of items_50.", "share 0-1", "neutral", "no past case", "in no past case"
        ),
        "pit_mean": PublishedColumn(
            ("Mean place of what came among what was said: below 0.5 too much was said, above it too little."),
            "share 0-1",
            "neutral",
            "no past case",
        ),
        "pinball_85": PublishedColumn(
            "Mean pinball loss of items_85; compare it with itself only.",
            "items",
            "down",
            "no past case",
            "it was always exact",
        ),
        "n_cases": PublishedColumn("Past weeks looked ahead from.", "cases", "neutral", when_zero="none allowed it"),
        "n_weeks": PublishedColumn("Weeks drawn from.", "weeks", "neutral", when_zero="the phase has no complete week"),
        **WINDOW,
        "withheld_reason": REASON,
        "method_version": VERSION,
    },
)

_HIT_PARENT = "Share of past dates at {} % by which the last child was closed; dates that have not passed do not count."
_DELIVERY_FORECASTS = PublishedTable(
    description=(
        "When the children that are left of each feature and epic in progress will be done, "
        "by Monte Carlo from the pace at which children are finished."
    ),
    grain="One row per open feature, capability or epic with work begun and children left.",
    question="When will it be done, and how sure is that?",
    columns={
        "work_item_id": PublishedColumn("The feature, capability or epic."),
        **SCOPE,
        "level": PublishedColumn("Its level."),
        "n_children_left": PublishedColumn("Children neither finished nor cancelled.", "items", "down"),
        "n_children_finished": PublishedColumn("Children finished.", "items", "up", when_zero="none yet"),
        **{
            f"weeks_{share}": PublishedColumn(
                f"Weeks by which {share} % of the resampled futures are done.", "weeks", "down", WITHHELD
            )
            for share in (50, 70, 85, 95)
        },
        **{f"date_{share}": PublishedColumn("Sunday of that week.", when_null=WITHHELD) for share in (50, 70, 85, 95)},
        "pace_source": PublishedColumn(
            "own: its own weeks of work; scope: those of all parents of its scope and level.", when_null=WITHHELD
        ),
        "pace_per_week": PublishedColumn(
            "Children finished a week, mean of the weeks drawn from.", "items per week", "up", WITHHELD
        ),
        "n_pace_weeks": PublishedColumn("Weeks drawn from.", "weeks", "neutral", when_zero=WITHHELD),
        "n_pace_parents": PublishedColumn("Parents they come from.", "parents", "neutral", when_zero=WITHHELD),
        "growth_median": PublishedColumn(
            ("Median of the ratios by which the children left are multiplied: finished in the end over left early on."),
            "ratio",
            "down",
            f"fewer than 8 finished parents, so no growth is allowed for; or {WITHHELD}",
        ),
        "n_growth": PublishedColumn(
            "Finished parents that they come from.", "parents", "neutral", when_zero="none, or withheld"
        ),
        "block_weeks": PublishedColumn("Weeks drawn together.", "weeks", "neutral", WITHHELD),
        "hit_rate_85": PublishedColumn(
            _HIT_PARENT.format(85), "share 0-1", "neutral", "no past case", "in no past case"
        ),
        "hit_rate_85_lower": PublishedColumn(
            "Lower end of its 95 % interval (Wilson), each parent counted once.", "share 0-1", "neutral", "no past case"
        ),
        "hit_rate_85_upper": PublishedColumn("Upper end of it.", "share 0-1", "neutral", "no past case"),
        "n_cases": PublishedColumn(
            "Past dates at 85 % that have passed.", "cases", "neutral", "nothing to look ahead from", "none"
        ),
        **WINDOW,
        "withheld_reason": PublishedColumn("Why nothing, or not every date, is given.", when_null="everything is"),
        "method_version": VERSION,
    },
)

_DELIVERY_BACKTEST = PublishedTable(
    description=(
        "How the dates of features and epics would have come true, looked ahead from every "
        "fourth week of the last year with what was known then."
    ),
    grain="One row per scope type and level.",
    question="Can the dates be relied on?",
    columns={
        "scope_type": SCOPE["scope_type"],
        "level": PublishedColumn("Level of the parents."),
        "n_cases": PublishedColumn(
            "Looks ahead whose date at 85 % has passed.", "cases", "neutral", when_zero="none has"
        ),
        "n_parents": PublishedColumn("Parents among them.", "parents", "neutral", when_zero="none"),
        "n_unresolved": PublishedColumn("Looks ahead whose date has not passed.", "cases", "neutral", when_zero="none"),
        **{
            f"hit_rate_{share}": PublishedColumn(
                _HIT_PARENT.format(share), "share 0-1", "neutral", "no date has passed", "in no past case"
            )
            for share in (50, 70, 85)
        },
        "hit_rate_85_lower": PublishedColumn(
            "Lower end of its 95 % interval (Wilson), each parent counted once.", "share 0-1", "neutral", "no case"
        ),
        "hit_rate_85_upper": PublishedColumn("Upper end of it.", "share 0-1", "neutral", "no case"),
        "hit_rate_95": PublishedColumn(
            _HIT_PARENT.format(95), "share 0-1", "neutral", "no date has passed", "in no past case"
        ),
        "pit_mean": PublishedColumn(
            (
                "Mean place of the week that came among those drawn, of the cases that are done: "
                "below 0.5 they were done sooner than said."
            ),
            "share 0-1",
            "neutral",
            "no case is done",
        ),
        "pinball_85_weeks": PublishedColumn(
            "Mean pinball loss of the week at 85 %; one not done yet counts as done now.",
            "weeks",
            "down",
            "no case",
            "always exact",
        ),
        **WINDOW,
        "method_version": VERSION,
    },
)

#: Tables on delivery, by name.
TABLES: Final[Mapping[str, PublishedTable]] = {
    "throughput_forecasts": _THROUGHPUT_FORECASTS,
    "delivery_forecasts": _DELIVERY_FORECASTS,
    "delivery_backtest": _DELIVERY_BACKTEST,
}
