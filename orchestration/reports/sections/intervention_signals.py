"""What the signals of an intervention's chart say, in words that are true for any data.

Belongs here: joining series and points, counting signals by phase, the sentences. Does not belong here: a verdict on
the intervention, and the rules themselves (`analytics.process_signals`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from orchestration.reports.blocks import Tone
from orchestration.reports.figures.behaviour_chart import SIGNAL_NAMES, Limits
from orchestration.reports.wording import (
    counted,
    day,
    is_missing,
    listed,
    metric_name,
    metric_value,
)

RUN_LENGTH = 7
#: Charts whose limits differ by week, with its size.
_CHARTS_BY_WEEK = ("p_prime", "u_prime")
_LIMIT_COLUMNS = ("lower_limit", "upper_limit", "lower_near_limit", "upper_near_limit")


@dataclass(frozen=True)
class Charted:
    """One metric of an intervention: its register facts, its weekly points and its frozen limits.

    `gaps` are what lies between its events (`analysis.rare_event_points`), None where they are counted by week.
    """

    facts: pd.Series
    points: pd.DataFrame
    limits: Limits
    limits_status: str
    note: str
    gaps: pd.DataFrame | None = None

    @property
    def intervention_id(self) -> str:
        """The intervention's id in the register."""
        return str(self.facts["intervention_id"])

    @property
    def metric(self) -> str:
        """The register metric."""
        return str(self.facts["metric"])

    @property
    def is_primary(self) -> bool:
        """Whether the intervention's verdict rests on it."""
        return bool(self.facts["is_primary"])

    @property
    def after(self) -> pd.DataFrame:
        """The weeks after the transition that were judged."""
        points = self.points
        return points[(points["phase"] == "after") & ~points["is_excluded"].astype(bool)]


def charted_metrics(series: pd.DataFrame, points: pd.DataFrame, gaps: pd.DataFrame) -> list[Charted]:
    """Every metric of every intervention, ordered by intervention, the primary metric first.

    Args:
        series: `mart_intervention_series`.
        points: `analysis.process_behaviour_points`.
        gaps: `analysis.rare_event_points`.
    """
    keys = series[["intervention_id", "metric", "is_primary"]].drop_duplicates()
    ordered = keys.sort_values(["intervention_id", "is_primary", "metric"], ascending=[True, False, True])
    return [
        replace(charted_metric(series, points, str(name), str(metric)), gaps=_own_gaps(gaps, str(name), str(metric)))
        for name, metric in zip(ordered["intervention_id"], ordered["metric"], strict=True)
    ]


def _own_gaps(gaps: pd.DataFrame, intervention_id: str, metric: str) -> pd.DataFrame | None:
    own: pd.DataFrame = gaps[(gaps["intervention_id"] == intervention_id) & (gaps["metric"] == metric)]
    return None if own.empty else own


def charted_metric(series: pd.DataFrame, points: pd.DataFrame, intervention_id: str, metric: str) -> Charted:
    """Series and points of one metric of an intervention, week by week.

    Args:
        series: `mart_intervention_series`.
        points: `analysis.process_behaviour_points`.
    """
    is_own = (series["intervention_id"] == intervention_id) & (series["metric"] == metric)
    own = series[is_own].sort_values("week_start", ignore_index=True)
    own = own.assign(week_start=pd.to_datetime(own["week_start"]).astype("datetime64[us]"))
    of_metric = points[(points["intervention_id"] == intervention_id) & (points["metric"] == metric)]
    judged = of_metric.drop(columns=["intervention_id", "metric", "value", "phase", "is_baseline"])
    judged = judged.assign(week_start=pd.to_datetime(judged["week_start"]).astype("datetime64[us]"))
    in_baseline = of_metric["is_baseline"].to_numpy()
    joined = own.drop(columns="is_baseline").merge(
        judged.assign(is_baseline=in_baseline), on="week_start", how="left", validate="one_to_one"
    )
    joined["is_baseline"] = joined["is_baseline"].astype("boolean").fillna(value=False).astype(bool)
    joined["is_excluded"] = joined["is_excluded"].astype("boolean").fillna(value=True).astype(bool)
    first = judged.iloc[0] if len(judged) else pd.Series(dtype=object)

    is_by_week = str(first.get("chart", "")) in _CHARTS_BY_WEEK

    def limit(column: str) -> float | None:
        # A week without a count has no limits of its own; those of the others are all the same.
        known = judged[column].dropna()
        return None if is_by_week or known.empty else float(known.iloc[0])

    centre = first.get("centre_line")

    return Charted(
        facts=own.iloc[0],
        points=joined,
        limits=Limits(
            centre=None if centre is None or is_missing(centre) else float(centre),
            lower=limit("lower_limit"),
            upper=limit("upper_limit"),
            lower_near=limit("lower_near_limit"),
            upper_near=limit("upper_near_limit"),
            by_week=judged[["week_start", *_LIMIT_COLUMNS]] if is_by_week else None,
        ),
        limits_status=str(first.get("limits_status", "run_chart")),
        note="" if is_missing(first.get("note")) else str(first["note"]),
    )


def state(charted: Charted) -> tuple[str, Tone]:
    """How the signals stand after the transition: one sentence and its tone."""
    return _state_of_weeks(charted) if charted.gaps is None else _state_of_gaps(charted, charted.gaps)


def _state_of_weeks(charted: Charted) -> tuple[str, Tone]:
    """How the weeks after the transition stand."""
    if charted.limits.centre is None:
        return "No limits yet, so nothing can be said: too few complete weeks before the launch.", "muted"
    after = charted.after
    if after.empty:
        first_day = day(charted.facts["transition_end_date"])
        return (
            f"Too early: no complete week with a value after the transition; it is judged from {first_day} on.",
            "muted",
        )
    n_weeks = counted(len(after), "week")
    favourable = after[after["signal_direction"] == "improvement"]
    unfavourable = after[after["signal_direction"] == "concern"]
    trial = " Trial limits: the baseline is short." if charted.limits_status == "trial" else ""
    if favourable.empty and unfavourable.empty:
        verb = "is" if len(after) == 1 else "are"
        early = f" A shift takes {RUN_LENGTH} weeks to show." if len(after) < RUN_LENGTH else ""
        return (
            f"No signal: the {n_weeks} after the transition {verb} within what the baseline would give.{early}{trial}",
            "muted",
        )
    if unfavourable.empty:
        return (
            f"Signals in the desired direction in {len(favourable)} of {n_weeks} ({_rules(favourable)}), none against "
            f"it.{trial}",
            "good",
        )
    if favourable.empty:
        return (
            f"Signals against the desired direction in {len(unfavourable)} of {n_weeks} ({_rules(unfavourable)}), none "
            f"in it.{trial}",
            "bad",
        )
    last = after.loc[after["signal_direction"].notna(), "signal_direction"].iloc[-1]
    latest = "in the desired direction" if last == "improvement" else "against it"
    return (
        f"Signals both ways in {n_weeks}: {len(favourable)} in the desired direction, {len(unfavourable)} against "
        f"it; the latest is {latest}.{trial}",
        "plain",
    )


def _state_of_gaps(charted: Charted, gaps: pd.DataFrame) -> tuple[str, Tone]:
    """How the gaps between rare events stand after the launch."""
    name = metric_name(charted.metric)
    if not is_missing(gaps["withheld_reason"].iloc[0]):
        return f"Too few {name} for limits: {gaps['withheld_reason'].iloc[0]}.", "muted"
    after = gaps[(gaps["phase"] == "after") & ~gaps["is_excluded"].astype(bool)]
    good = int((after["signal_direction"] == "improvement").sum())
    bad = int((after["signal_direction"] == "concern").sum())
    n_gaps = f"the {counted(len(after), 'gap')} between {name} since the launch"
    if not good and not bad:
        within = "lies" if len(after) == 1 else "lie"
        return f"No signal: {n_gaps}, the open one included, {within} within what the baseline would give.", "muted"
    if good and bad:
        return f"Signals both ways among {n_gaps}: {good} in the desired direction, {bad} against it.", "plain"
    way, tone = ("in the desired direction", "good") if good else ("against the desired direction", "bad")
    return f"Signals {way} in {good or bad} of {n_gaps}.", tone  # type: ignore[return-value]


def _rules(points: pd.DataFrame) -> str:
    found = points["signal_rule"].value_counts()
    return listed([SIGNAL_NAMES.get(rule, str(rule)) for rule in SIGNAL_NAMES if rule in found.index])


def signal_letters(points: pd.DataFrame) -> pd.Series[str]:
    """A letter per unbroken run of one signal in one direction, in time order; missing where there is no signal.

    Weeks left out of the rules do not part a run.

    Args:
        points: `Charted.points`.
    """
    judged = points[~points["is_excluded"]]
    kind = judged["signal_rule"].fillna("") + "/" + judged["signal_direction"].fillna("")
    run = (kind != kind.shift()).cumsum()
    in_signal = run[judged["signal_rule"].notna()]
    letters = {number: _letter(order) for order, number in enumerate(in_signal.unique())}
    return in_signal.map(letters).reindex(points.index).astype("str")


def _letter(order: int) -> str:
    """A to Z, then AA, AB and so on."""
    rest, last = divmod(order, 26)
    return (_letter(rest - 1) if rest else "") + chr(ord("A") + last)


def named_signals(charted: Charted) -> list[str]:
    """Each unbroken run of one signal as a clause with its letter in the chart and its weeks, in time order."""
    clauses = []
    for letter, part in charted.points.groupby(signal_letters(charted.points), sort=False):
        first = part.iloc[0]
        rule = SIGNAL_NAMES.get(str(first["signal_rule"]), str(first["signal_rule"]))
        is_good = first["signal_direction"] == "improvement"
        way = "in the desired direction" if is_good else "against the desired direction"
        weeks = f"week of {day(first['week_start'])}"
        if len(part) > 1:
            weeks = f"{len(part)} weeks, {day(first['week_start'])} to {day(part['week_start'].iloc[-1])}"
        phase = {"before": "before the launch", "transition": "in the transition"}.get(
            str(first["phase"]), "after the launch"
        )
        clauses.append(f"{letter}: {rule} ({way}), {weeks}, {phase}")
    return clauses


def projection(charted: Charted) -> tuple[float | None, str | None]:
    """The projected level and a sentence that sets the weeks after the transition against it.

    Returns:
        (level in the metric's unit, sentence); (None, reason) without limits; (None, None) without a projection.
    """
    change = charted.facts["projected_change_percent"]
    if is_missing(change):
        return None, None
    centre = charted.limits.centre
    change_text = f"{'+' if change > 0 else '−'}{abs(float(change)):g} %"
    if centre is None:
        return (
            None,
            f"Projected change: {change_text}. It is not set against the data, as the baseline gives no limits.",
        )
    level = centre * (1 + float(change) / 100)
    sentence = (
        f"Projected change: {change_text}, from the baseline’s {metric_value(centre, charted.metric)} to "
        f"{metric_value(level, charted.metric)}."
    )
    after = charted.after
    if after.empty:
        return level, sentence
    is_up = charted.facts["desired_direction"] == "up"
    reached = after["value"] >= level if is_up else after["value"] <= level
    side = "at or above" if is_up else "at or below"
    verb = "is" if int(reached.sum()) == 1 else "are"
    return (
        level,
        f"{sentence} {int(reached.sum())} of the {counted(len(after), 'week')} after the transition {verb} {side} it.",
    )


def against_centre(charted: Charted) -> str | None:
    """How many weeks after the transition lie on the favourable side of the baseline's centre line."""
    after, centre = charted.after, charted.limits.centre
    if centre is None or after.empty:
        return None
    is_up = charted.facts["desired_direction"] == "up"
    favourable = after["value"] > centre if is_up else after["value"] < centre
    side = "above" if is_up else "below"
    verb = "lies" if int(favourable.sum()) == 1 else "lie"
    return (
        f"{int(favourable.sum())} of the {counted(len(after), 'week')} after the transition {verb} {side} the "
        f"baseline’s centre line of {metric_value(centre, charted.metric)}."
    )
