"""What speaks for and against a verdict: effect against projection, other value streams, single items, what lasts.

Belongs here: one block per kind of evidence, from the tables of `analysis`; a reason where there is none. Does not
belong here: the verdict's own sentence (`intervention_verdicts`) and the chart of the weeks (`intervention_detail`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from orchestration.reports.blocks import Block, Chart, LegendEntry, Notice, Tone, Words, present
from orchestration.reports.figures import duration_ranges, effect_intervals
from orchestration.reports.figures.effect_intervals import Change
from orchestration.reports.sections.intervention_signals import Charted
from orchestration.reports.sections.intervention_verdicts import change, effect_and_interval, percent_change
from orchestration.reports.wording import (
    counted,
    day,
    day_range,
    days,
    is_missing,
    listed,
    metric_name,
    percent,
    sentence_start,
)

_TABLES: Final = (
    "intervention_effects",
    "intervention_controls",
    "synthetic_controls",
    "intervention_items",
    "intervention_sustainment",
    "alternate_constraints",
    "projection_scores",
)
_MANY_ITEMS: Final = 0.5
_EFFECT_NOTE: Final = (
    "The line through a dot is where the true change lies with 95 % confidence; that of the projection is the office’s "
    "own. Left of 0 is less than before, right of it more."
)


@dataclass(frozen=True)
class Evidence:
    """What the analyses hold on one metric of an intervention; a row is None where a table has none.

    Attributes:
        verdict: The newest verdict.
        rows: One row per table of `_TABLES`.
        projections: All versions of what was promised, the first one first.
        distribution: Percentiles of single items.
        adherence: Weeks of practices followed.
    """

    verdict: pd.Series
    rows: Mapping[str, pd.Series | None]
    projections: pd.DataFrame
    distribution: pd.DataFrame
    adherence: pd.DataFrame


def evidence_on(frames: Mapping[str, pd.DataFrame], verdict: pd.Series) -> Evidence:
    """Collect what the tables hold on the intervention and metric of a verdict.

    Tables without a metric (`alternate_constraints`, `practice_adherence`) are about the intervention as a whole.
    """

    def own(table: str) -> pd.DataFrame:
        frame = frames[table]
        own_rows: pd.DataFrame = frame[frame["intervention_id"] == verdict["intervention_id"]]
        return own_rows[own_rows["metric"] == verdict["metric"]] if "metric" in frame.columns else own_rows

    firsts = {table: own(table) for table in _TABLES}
    return Evidence(
        verdict=verdict,
        rows={table: None if found.empty else found.iloc[0] for table, found in firsts.items()},
        projections=own("intervention_projections").sort_values("version_number"),
        distribution=own("intervention_item_distribution"),
        adherence=own("practice_adherence").sort_values("week_start"),
    )


def effect_blocks(charted: Charted, evidence: Evidence) -> tuple[Block, ...]:
    """The measured change beside the projected one, with what controls and single items say."""
    verdict, metric = evidence.verdict, charted.metric
    measured = effect_and_interval(verdict, metric)
    changes = _changes(charted, evidence)
    said = [
        _control_words(evidence, metric), _mix_words(evidence, metric), _item_words(evidence), chance_words(evidence),
        _promise_words(evidence),
    ]  # fmt: skip
    return present((
        None if measured is None else Chart(
            chart_id="effect-chart",
            title=_effect_title(charted, evidence, measured),
            figure=effect_intervals.figure(changes, " %" if verdict["chart_scale"] == "log" else ""),
            description=_effect_title(charted, evidence, measured),
            height=90 + 44 * len(changes),
            legend=_effect_legend(changes),
            notes=(_EFFECT_NOTE,),
        ),
        Words(tuple(words for words in said if words)),
        _item_chart(evidence),
    ))  # fmt: skip


def _effect_title(charted: Charted, evidence: Evidence, measured: tuple[str, str]) -> str:
    verdict = evidence.verdict
    effect, interval = measured
    promised = "" if is_missing(verdict["projected_effect"]) else (
        f", {change(float(verdict['projected_effect']), verdict, charted.metric)} projected"
    )  # fmt: skip
    weeks = f"n {counted(verdict['n_post'], 'week')} after and {verdict['n_baseline']:.0f} before, {_window(verdict)}"
    name = sentence_start(metric_name(charted.metric))
    return f"{name}: {effect} measured ({interval}){promised} ({weeks})"


def _window(verdict: pd.Series) -> str:
    """The weeks that the verdict rests on, as days."""
    return day_range(verdict["window_start"], pd.Timestamp(verdict["window_end"]) + pd.Timedelta(days=6))


def _effect_legend(changes: list[Change]) -> tuple[LegendEntry, ...]:
    entries = [LegendEntry("centre", "measured, with its 95 % range")]
    if any(one.is_projected for one in changes):
        entries.append(LegendEntry("projected", "projected"))
    return tuple(entries)


def _changes(charted: Charted, evidence: Evidence) -> list[Change]:
    verdict = evidence.verdict
    is_log = verdict["chart_scale"] == "log"

    def scaled(value: float) -> float:
        return 100 * math.expm1(value) if is_log else float(value)

    def row(label: str, found: pd.Series | None, names: tuple[str, str, str]) -> Change | None:
        if found is None or is_missing(found[names[0]]):
            return None
        middle, lower, upper = (scaled(float(found[name])) for name in names)
        return Change(label, middle, lower, upper)

    items = evidence.rows["intervention_items"] if is_log else None
    found = [
        row("Measured", verdict, ("effect", "effect_lower", "effect_upper")),
        row(
            "Against others",
            evidence.rows["intervention_controls"],
            ("controlled_effect", "controlled_lower", "controlled_upper"),
        ),
        row("Against a mix", evidence.rows["synthetic_controls"], ("effect", "effect", "effect")),
        row("Item by item", items, ("shift", "shift_lower", "shift_upper")),
        _promised(charted, evidence, is_log=is_log),
    ]
    return [one for one in found if one is not None]


def _promised(charted: Charted, evidence: Evidence, *, is_log: bool) -> Change | None:
    in_force = evidence.projections[
        evidence.projections["is_in_force"].astype(bool) & (evidence.projections["metric"] == charted.metric)
    ]
    if in_force.empty or is_missing(in_force["projected_change_percent"].iloc[0]):
        return None
    promise = in_force.iloc[0]
    unit = 1.0 if is_log else (charted.limits.centre or float("nan")) / 100
    ends = [promise[f"projected_change_{end}_percent"] for end in ("low", "high")]
    lower, upper = (None if is_missing(end) or math.isnan(unit) else float(end) * unit for end in ends)
    if math.isnan(unit):
        return None
    return Change("Projected", float(promise["projected_change_percent"]) * unit, lower, upper, is_projected=True)


def _control_words(evidence: Evidence, metric: str) -> str | None:
    row = evidence.rows["intervention_controls"]
    if row is None:
        return None
    if is_missing(row["controlled_effect"]):
        return None if is_missing(row["withheld_reason"]) else f"Not compared with others: {row['withheld_reason']}."
    effect, lower, upper = (
        change(float(row[f"controlled_{part}"]), row, metric) for part in ("effect", "lower", "upper")
    )
    streams = counted(row["n_donors"], "value stream")
    named = listed(str(row["donors"]).split(", "))
    text = f"Compared with {streams} without a launch about then ({named}): {effect} (between {lower} and {upper})."
    if row["controlled_lower"] <= 0 <= row["controlled_upper"]:
        return f"{text} No difference from them lies within that range."
    return f"{text} So it is more than what changed elsewhere, too."


def _mix_words(evidence: Evidence, metric: str) -> str | None:
    """The synthetic control, where the portfolio asks for one."""
    row = evidence.rows["synthetic_controls"]
    if row is None:
        return None
    if is_missing(row["effect"]):
        return f"Not compared with a weighted mix of value streams: {row['withheld_reason']}."
    effect, lower, upper = (
        change(float(row[name]), row, metric) for name in ("effect", "placebo_lower", "placebo_upper")
    )
    streams = counted(row["n_donors"], "value stream")
    return (
        f"Against the mix of value streams that moved like it before the launch ({row['weights']}): {effect}; put in "
        f"its place, those streams themselves show {lower} to {upper} (p {row['placebo_p_value']:.2f}, at best "
        f"{row['smallest_placebo_p_value']:.2f} with {streams})."
    )


def _item_words(evidence: Evidence) -> str | None:
    row = evidence.rows["intervention_items"]
    if row is None:
        return None
    if is_missing(row["shift"]):
        return (
            None if is_missing(row["withheld_reason"]) else f"Single items are not compared: {row['withheld_reason']}."
        )
    shift, lower, upper = (100 * math.expm1(float(row[name])) for name in ("shift", "shift_lower", "shift_upper"))
    share = float(row["probability_shorter"])
    items = f"{counted(row['n_items_after'], 'item')} after the launch against {row['n_items_before']:.0f} before"
    took = f"{abs(shift):.0f} % {'less' if shift < 0 else 'more'} time" if round(shift) else "about as long"
    between = f"{percent_change(lower)} to {percent_change(upper)}"
    text = f"Item by item ({items}): a typical one took {took} ({between} with 95 % confidence)"
    if abs(share - _MANY_ITEMS) < 0.05:  # noqa: PLR2004 - nearer than that, it is half and half to a reader
        return f"{text}; an item after was shorter than one before about as often as longer."
    return f"{text}; an item after was shorter than one before in {percent(share)} of comparisons."


def chance_words(evidence: Evidence) -> str | None:
    """A caution where a change stands out by itself but not among all tests of the refresh."""
    row = evidence.rows["intervention_effects"]
    verdict = evidence.verdict
    if row is None or is_missing(row["is_discovery"]) or is_missing(verdict["effect"]):
        return None
    stands_out = not verdict["effect_lower"] <= 0 <= verdict["effect_upper"]
    if stands_out and not bool(row["is_discovery"]):
        return f"Among the {counted(row['n_tests'], 'test')} made at this refresh, such a change may still be chance."
    return None


def _promise_words(evidence: Evidence) -> str | None:
    promises = evidence.projections
    if promises.empty:
        return None
    n_later = int((~promises["is_in_force"].astype(bool)).sum())
    first = promises.iloc[0]
    words = [f"The projection was first seen on {day(first['first_seen_as_of'])}."]
    if n_later:
        words.append(f"It was changed {counted(n_later, 'time')} since; the first one counts.")
    score = evidence.rows["projection_scores"]
    if not bool(first["was_seen_in_time"]):
        words.append("Results were known by then, so it takes no part in the record of promises kept.")
    elif score is not None and not bool(score["is_due"]):
        words.append(f"It is held against what came on {day(score['due_date'])}.")
    elif score is not None and bool(score["is_scored"]):
        words.append("It takes part in the record of promises kept.")
    return " ".join(words)


def _item_chart(evidence: Evidence) -> Chart | None:
    parts = evidence.distribution
    if set(parts["phase"]) != {"before", "after"}:
        return None
    half = parts[parts["percentile"] == 50].set_index("phase")["duration"]  # noqa: PLR2004 - the median
    most = parts[parts["percentile"] == 85].set_index("phase")["duration"]  # noqa: PLR2004 - as everywhere in the reports
    sizes = parts.drop_duplicates("phase").set_index("phase")["n_items"]
    title = (
        f"Half of the items took up to {days(half['after'])} after the launch ({days(half['before'])} before), 85 % up "
        f"to {days(most['after'])} ({days(most['before'])} before); n {sizes['after']:.0f} and {sizes['before']:.0f}, "
        f"{_window(evidence.verdict)}"
    )
    return Chart(
        chart_id="item-chart",
        title=title,
        figure=duration_ranges.figure(parts),
        description=title,
        height=260,
        legend=(LegendEntry("centre", "after the launch"), LegendEntry("limit", "before")),
        notes=("The further left a curve lies, the shorter the items; items of the weeks that are judged.",),
    )


def end_to_end_words(evidence: Evidence, stage_names: Mapping[str, str]) -> Words | None:
    """What became of a local gain in the whole value stream; None where the question does not arise."""
    row = evidence.rows["alternate_constraints"]
    if row is None:
        return None
    if is_missing(row["finding"]):
        told = "it cannot be measured" if is_missing(row["withheld_reason"]) else str(row["withheld_reason"])
        return Words((f"Whether the gain arrives in the whole value stream is not known: {told}.",))
    if row["finding"] == "not_triggered":
        is_gain = evidence.verdict["verdict"] == "improved"
        arrived = f"The gain shows in the whole value stream too, in its {metric_name(row['end_to_end_metric'])}."
        return Words((arrived,)) if is_gain and "arrived" in str(row["reason"]) else None
    before, after = (
        None if is_missing(row[f"constraint_{when}"])
        else stage_names.get(str(row[f"constraint_{when}"]), str(row[f"constraint_{when}"]))
        for when in ("before", "after")
    )  # fmt: skip
    lost = f"The gain does not show in the whole value stream’s {metric_name(row['end_to_end_metric'])}"
    where = {
        "constraint_moved": f"what holds it back was {before} before the launch and is {after} now",
        "local_gain_not_at_constraint": f"it is {after} that holds it back, as before, and the gain was made elsewhere",
        "unclear": "what holds it back now cannot be named with confidence"
        if after is None
        else f"{after} holds it back now; before the launch no stage could be named",
    }[str(row["finding"])]
    return Words((f"{lost}: {where}.",))


_STATE_WORDS: Final[dict[str, tuple[str, Tone]]] = {
    "sustained": ("The gain lasts", "good"),
    "not_yet": ("The gain holds so far", "plain"),
    "early_warning": ("The gain shows a first sign of slipping", "warning"),
    "regressed": ("The gain is being lost", "bad"),
}


def sustainment_blocks(evidence: Evidence) -> tuple[Block, ...]:
    """Whether an accepted gain is kept, and whether the practices behind it are followed."""
    row = evidence.rows["intervention_sustainment"]
    if row is None:
        return ()
    if row["state"] == "no_gain":
        words: Block = Words((f"There is no accepted gain to watch. {row['reason']}",))
    else:
        headline, tone = _STATE_WORDS[str(row["state"])]
        ends = " to ".join(percent(float(row[f"gain_retained_{end}"])) for end in ("lower", "upper"))
        words = Notice(
            f"{headline}: accepted from the week of {day(row['gain_since'])}. {row['reason']} The last "
            f"{counted(row['n_recent'], 'week')} put what is left at {ends}, with 90 % confidence.",
            tone=tone,
        )
    return present((words, _adherence_words(evidence)))


def _adherence_words(evidence: Evidence) -> Words | None:
    weeks = evidence.adherence[evidence.adherence["n_due"] > 0]
    if weeks.empty:
        return None
    last = weeks.tail(8)
    n_due, n_followed = int(last["n_due"].sum()), int(last["n_followed"].sum())
    text = (
        f"Agreed practices were followed {n_followed} of {counted(n_due, 'time')} they were due in the last "
        f"{counted(len(last), 'week')} with one ({percent(n_followed / n_due)})"
    )
    falls = last[last["alert_direction"] == "concern"]
    if len(falls):
        return Words((f"{text}; fewer than before since the week of {day(falls['week_start'].iloc[0])}, which tends to "
                      "come before the gain goes.",))  # fmt: skip
    return Words((f"{text}.",))
