"""The verdict on an intervention as a reader meets it: a word, its tone, one sentence that its numbers produce.

Belongs here: turning one row of `analysis.intervention_verdicts` into text. Does not belong here: the verdict, which
the table holds, and the evidence beside it (`intervention_evidence`).
"""

from __future__ import annotations

import math
from typing import Final

import pandas as pd

from orchestration.reports.blocks import Tone
from orchestration.reports.wording import (
    SHARE_METRICS,
    counted,
    day,
    is_missing,
    metric_name,
    number,
)

_WORDS: Final[dict[str, tuple[str, Tone]]] = {
    "improved": ("Working", "good"),
    "improving_early": ("First signs", "plain"),
    "inconclusive": ("Not clear yet", "muted"),
    "insufficient_data": ("Too early to say", "muted"),
    "no_effect": ("No effect", "warning"),
    "stagnating": ("Stalled", "warning"),
    "worsened": ("Worse than before", "bad"),
    "regressed": ("Gain being lost", "bad"),
}
_SUB_STATUS: Final = {"on_target": "as projected or better", "below_projection": "less than projected"}
#: What comes first on a page: where somebody has to act.
_ORDER: Final = (
    "regressed", "worsened", "stagnating", "no_effect", "improved", "improving_early", "inconclusive",
    "insufficient_data",
)  # fmt: skip


def latest_verdicts(verdicts: pd.DataFrame) -> dict[tuple[str, str], pd.Series]:
    """The newest verdict on each intervention and metric, with `since`: the first week of its unbroken run."""
    newest = {}
    ordered = verdicts.sort_values("week_start", na_position="first")
    for (name, metric), rows in ordered.groupby(["intervention_id", "metric"], sort=True):
        last = rows.iloc[-1]
        changed = (rows["verdict"] != rows["verdict"].shift()).cumsum()
        first = rows.loc[changed == changed.iloc[-1], "week_start"].iloc[0]
        newest[str(name), str(metric)] = pd.concat([last, pd.Series({"since": first})])
    return newest


def order_of(verdict: str) -> int:
    """Place of a verdict in the reading order: what asks for a decision comes first."""
    return _ORDER.index(verdict)


def headword(row: pd.Series) -> tuple[str, str | None, Tone]:
    """The verdict in a word or two, how it stands to the projection, and its tone."""
    words, tone = _WORDS[str(row["verdict"])]
    sub_status = None if is_missing(row["sub_status"]) else _SUB_STATUS[str(row["sub_status"])]
    return words, sub_status, "plain" if row["sub_status"] == "below_projection" else tone


def change(value: float, row: pd.Series, metric: str) -> str:
    """A change on the chart's scale as a reader has it: per cent of a duration, else in the metric's unit."""
    if row["chart_scale"] == "log":
        return percent_change(100 * math.expm1(value))
    if metric in SHARE_METRICS:
        return f"{_signed(100 * value, 1)} percentage points"
    return _signed(value, 1)


def percent_change(value: float) -> str:
    """A change in per cent with its sign: -41.2 -> "−41 %"."""
    return f"{_signed(value, 0)} %"


def _signed(value: float, decimals: int) -> str:
    text = number(abs(value), decimals)
    return text if text == "0" else f"{'+' if value > 0 else '−'}{text}"


def effect_and_interval(row: pd.Series, metric: str) -> tuple[str, str] | None:
    """The measured change and its interval; None if it is withheld."""
    if is_missing(row["effect"]):
        return None
    lower, upper = (change(float(row[f"effect_{end}"]), row, metric) for end in ("lower", "upper"))
    return change(float(row["effect"]), row, metric), f"{lower} to {upper}"


def projected_change(row: pd.Series, metric: str) -> str | None:
    """What was projected, on the same scale; None if nothing was."""
    return None if is_missing(row["projected_effect"]) else change(float(row["projected_effect"]), row, metric)


def verdict_sentence(row: pd.Series, metric: str, direction: str) -> str:
    """The verdict in one sentence, from the row's numbers."""
    measured = effect_and_interval(row, metric)
    if measured is None:
        reason = "" if is_missing(row["withheld_reason"]) else f": {row['withheld_reason']}"
        return f"Too early to say{reason}."
    effect, interval = measured
    weeks = f"{counted(row['n_post'], 'complete week')} since against {row['n_baseline']:.0f} before"
    name = metric_name(metric)
    numbers = f"{name} changed by {effect} ({interval} with 95 % confidence; {weeks})"
    verdict = str(row["verdict"])
    if verdict == "improved":
        return f"It works: {numbers}{_against_projection(row, metric)}."
    ends = {
        "improving_early": "; some of the last weeks stand out in the desired direction, which is not yet enough to "
        "call it a gain",
        "stagnating": "; the last weeks show no further progress, and the level aimed at lies outside what the process "
        "now does",
        "worsened": "; that is the wrong direction, and chance alone does not explain it",
        "regressed": "; the gain that was reached is being given back",
        "no_effect": "; whatever the change is, it is too small to matter",
        "inconclusive": _why_unclear(row, direction),
    }
    starts = {
        "improving_early": "First signs",
        "stagnating": "Stalled",
        "worsened": "Worse than before",
        "regressed": "Gain being lost",
        "no_effect": "No effect",
        "inconclusive": "Not clear yet",
    }
    return f"{starts[verdict]}: {numbers}{ends[verdict]}."


def _against_projection(row: pd.Series, metric: str) -> str:
    projected = projected_change(row, metric)
    if projected is None:
        return ""
    if row["sub_status"] == "below_projection":
        return f"; even the best end of that range falls short of the projected {projected}"
    if row["effect_lower"] <= row["projected_effect"] <= row["effect_upper"]:
        return f"; the projected {projected} lies within that range"
    return f"; that is more than the projected {projected}"


def _why_unclear(row: pd.Series, direction: str) -> str:
    if row["effect_lower"] <= 0 <= row["effect_upper"]:
        return "; no change at all lies within that range"
    is_better = (row["effect"] > 0) == (direction == "up")
    has_items = not is_missing(row["item_shift"])
    if is_better and has_items and row["item_shift"] >= 0:
        return "; the single items did not move the same way"
    return "; the weeks do not settle whether it lasts"


def since_when(row: pd.Series) -> str | None:
    """Since when the verdict has stood; None before the first week after the launch."""
    return None if is_missing(row["since"]) else f"since the week of {day(row['since'])}"


def what_is_missing(row: pd.Series) -> str | None:
    """What would have to come to know more; None where the verdict is firm."""
    return None if is_missing(row["missing"]) else f"To know more: {row['missing']}."
