"""Numbers, days and names as a reader sees them: one way to write each.

Belongs here: turning a value into a short piece of text. Does not belong here: sentences about a particular figure
(they stand in the section that shows it) and any calculation on data.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

import pandas as pd

# The months are spelled out here because strftime's names follow the machine's locale.
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MIN_ITEMS_FOR_PERCENTILE: Final = 5
# The two percentiles that are said in words: "half took …", "85 % took …".
HALF: Final = 50
MOST: Final = 85
_ROUNDS_TO_NONE: Final = 0.005
_ROUNDS_TO_ALL: Final = 0.995
NOT_MEASURED: Final = "–"

_LEVEL_PLURALS: Final = {
    "story": "stories",
    "feature": "features",
    "capability": "capabilities",
    "epic": "epics",
}
_METRIC_NAMES: Final = {
    "cycle_time": "cycle time",
    "flow_time": "flow time",
    "lead_time": "lead time",
    "throughput": "throughput",
    "wip": "work in progress",
    "flow_efficiency": "flow efficiency",
    "blocked_share": "blocked share",
    "rework_share": "rework share",
    "reopened_share": "reopened share",
    "escape_rate": "escape rate",
    "change_failure_share": "change failure rate",
    "defects_per_item": "defects per finished item",
    "failed_deployments": "failed deployments",
    "stage_time": "time in the stage",
    "stage_wip": "work in the stage",
    "stage_departures": "departures from the stage",
}
_WEEKLY_STATISTICS: Final = {
    "cycle_time": "median cycle time of the items finished in the week, in elapsed days",
    "flow_time": "median flow time of the items finished in the week, in elapsed days",
    "lead_time": "median lead time of the items finished in the week, in elapsed days",
    "throughput": "items finished in the week",
    "wip": "items started and not finished, mean of the week's days",
    "flow_efficiency": "active share of the flow time of the items finished in the week",
    "blocked_share": "blocked share of the flow time of the items finished in the week",
    "rework_share": "share of the flow time of the items finished in the week that was spent on rework",
    "reopened_share": "share of the items finished in the week that had been reopened before",
    "defects": "defects created in the week",
    "escaped_defects": "defects created in the week that users had found",
    "safety_defects": "defects created in the week that touch safety",
    "escape_rate": "share of the defects created in the week that users had found",
    "defects_per_item": "defects created in the week per item finished in it",
    "deployments": "deployments into production in the week",
    "failed_deployments": "deployments into production that failed in the week",
    "change_failure_share": "share of the deployments of the week that failed",
    "incidents": "incidents opened in the week",
    "stage_time": "median elapsed days of the visits to the stage that ended in the week",
    "stage_wip": "items in the stage, mean of the week's days",
    "stage_departures": "items that left the stage in the week",
}
SHARE_METRICS: Final = frozenset(
    {"flow_efficiency", "blocked_share", "rework_share", "reopened_share", "escape_rate", "change_failure_share"}
)
#: Counted for a whole scope, whatever the level of work.
SCOPE_METRICS: Final = frozenset(
    {
        "defects", "escaped_defects", "safety_defects", "escape_rate", "deployments", "failed_deployments",
        "change_failure_share", "incidents",
    }
)  # fmt: skip
#: Small numbers per item, of which one decimal would hide most.
_FINE_METRICS: Final = frozenset({"defects_per_item"})
DAY_METRICS: Final = frozenset({"cycle_time", "flow_time", "lead_time", "stage_time"})


def is_missing(value: object) -> bool:
    """True for None, NaN, NaT and NA, the ways a frame says "cannot be measured"."""
    return value is None or bool(pd.isna(value))  # type: ignore[call-overload]


def number(value: float, decimals: int = 1) -> str:
    """A number without needless digits: 9.0 -> "9", 9.26 -> "9.3", 1240 -> "1,240"."""
    text = f"{value:,.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def count(value: float) -> str:
    """A whole number with thousands separated: 1240 -> "1,240"."""
    return f"{round(value):,}"


def counted(value: float, singular: str, plural: str | None = None) -> str:
    """A count and its noun: (1, "item") -> "1 item", (3, "story", "stories") -> "3 stories"."""
    noun = singular if round(value) == 1 else (plural or f"{singular}s")
    return f"{count(value)} {noun}"


def days(value: float) -> str:
    """A duration in days: 1 -> "1 day", 9.26 -> "9.3 days"."""
    text = number(value)
    return f"{text} day" if text == "1" else f"{text} days"


def percent(share: float) -> str:
    """A share between 0 and 1 as whole per cent; a small share that is not zero is never printed as 0."""
    if 0 < share < _ROUNDS_TO_NONE:
        return "under 1 %"
    if _ROUNDS_TO_ALL <= share < 1:
        return "over 99 %"
    return f"{share * 100:.0f} %"


def level_plural(level: str) -> str:
    """Plural of a level of work: "story" -> "stories"."""
    return _LEVEL_PLURALS.get(level, f"{level} items")


def counted_items(value: float, level: str) -> str:
    """A count of items of a level: (1, "story") -> "1 story"."""
    return counted(value, level, level_plural(level))


def metric_name(metric: str) -> str:
    """A register metric in words: "stage_wip" -> "work in the stage"."""
    return _METRIC_NAMES.get(metric, metric.replace("_", " "))


def weekly_statistic(metric: str) -> str:
    """What one weekly point of a register metric is."""
    return _WEEKLY_STATISTICS.get(metric, metric_name(metric))


def metric_value(value: float, metric: str) -> str:
    """A value of a register metric with its unit: (0.31, "flow_efficiency") -> "31 %"."""
    if metric in SHARE_METRICS:
        return percent(value)
    if metric in DAY_METRICS:
        return days(value)
    return number(value, 2 if metric in _FINE_METRICS else 1)


def as_day(value: object) -> date:
    """A frame's day or instant as a `date` (an instant's own day, no change of zone)."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return pd.Timestamp(str(value)).date()


def day(value: object) -> str:
    """A day in words: "22 Jun 2026"."""
    moment = as_day(value)
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}"


def data_up_to(moment: datetime) -> str:
    """Say up to when the data go; midnight is the end of the day before, as people count days."""
    if moment.time() == time.min:  # the portfolio's own midnight
        return f"Data up to the end of {day(moment.date() - timedelta(days=1))}."
    return f"Data up to {day(moment.date())}, {moment:%H:%M}."


def short_day(value: object) -> str:
    """A day without its year: "22 Jun"."""
    moment = as_day(value)
    return f"{moment.day} {MONTHS[moment.month - 1]}"


def day_range(first: object, last: object) -> str:
    """A window of days, both included: "30 Mar – 22 Jun 2026"; the year is printed once if it is the same."""
    start, end = as_day(first), as_day(last)
    if start == end:
        return day(end)
    opening = short_day(start) if start.year == end.year else day(start)
    return f"{opening} – {day(end)}"


def listed(names: Sequence[str], limit: int = 4) -> str:
    """Names as a clause: "a, b and c"; beyond `limit` the rest is counted ("a, b and 7 more")."""
    shown = list(names)
    if len(shown) > limit:
        shown = [*shown[: limit - 1], f"{len(names) - limit + 1} more"]
    if len(shown) <= 1:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def clipped(text: str, length: int = 60) -> str:
    """Text from a tool, shortened at `length` characters with an ellipsis."""
    flat = " ".join(text.split())
    return flat if len(flat) <= length else f"{flat[: length - 1].rstrip()}…"


def sentence_start(text: str) -> str:
    """The same text with a capital first letter (the rest untouched)."""
    return text[:1].upper() + text[1:]
