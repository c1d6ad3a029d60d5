"""Words for the verdict on a line, made from its numbers and from nothing else.

Belongs here: what keeps a stage from being declared, and the sentence that an executive reads. Does not belong here:
deciding anything (:mod:`.constraint_declaration`) and the words for the indicators (:mod:`.evidence_wording`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from orchestration.analytics.evidence_wording import describe_insufficiency

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from orchestration.analytics.constraint_declaration import DeclarationSettings

_SMALLEST_SHOWN = 0.01
_TINY = 1e-9


def describe_shortfalls(line: pd.DataFrame, settings: DeclarationSettings) -> pd.Series[str]:
    """Return per stage of a line what keeps it from being declared its constraint, missing where nothing does."""
    too_few = describe_insufficiency(line, settings.min_weeks, settings.min_departures)
    highest = line["p_constraint"].max()
    texts = [
        _shortfall(row, None if pd.isna(few) else str(few), settings, is_first=row["p_constraint"] == highest)
        for row, few in zip(line.to_dict("records"), too_few, strict=True)
    ]
    return pd.Series(texts, index=line.index, dtype="str")


def _shortfall(
    row: Mapping[Hashable, Any], too_few: str | None, settings: DeclarationSettings, *, is_first: bool
) -> str | None:
    if pd.isna(row["utilisation"]):
        return "no item was in work in it, so it cannot be compared"
    if row["n_stages_compared"] == 1:
        return "it is the only stage of its line with items in work, so there is no other to compare it with"
    if pd.isna(row["p_constraint"]):
        return too_few
    is_estimated = row["capacity_source"] == "estimated"
    needed = settings.min_probability_estimated if is_estimated else settings.min_probability
    reasons = [] if too_few is None else [too_few]
    if row["p_constraint"] < needed:
        why = " as its capacity is estimated" if is_estimated else ""
        found = _probability(row["p_constraint"])
        reasons.append(f"the signs point to it first in {found} of resamples, at least {_share(needed)} needed{why}")
    if is_estimated and row["scope"] != "value_stream":
        reasons.append("its capacity is estimated, and its people may also work for the rest of the value stream")
    if not is_first:
        return "; ".join(reasons) or "the signs point to another stage as often"
    lead = row["utilisation_lead_lower"]
    if not lead >= settings.min_lead:
        # Cut, not rounded, so that a lead which falls short never reads like the one that is needed.
        side = "above" if lead >= 0 else "below"
        reasons.append(
            f"at the lower {_share(settings.lead_confidence)} bound its utilisation lies {_floored(abs(lead), 1):.1f} "
            f"points {side} the busiest other stage's, at least {100 * settings.min_lead:g} above needed"
        )
    if row["utilisation"] < settings.min_utilisation:
        reasons.append(
            f"it was busy {_floored(row['utilisation'])} % of the time, at least "
            f"{_share(settings.min_utilisation)} needed"
        )
    return "; ".join(reasons) or None


def describe_verdict(line: pd.DataFrame, settings: DeclarationSettings, *, is_working_time: bool) -> str:
    """Return the sentences on one line; ``line`` holds its rows with their status, verdict and reasons."""
    rows = line.to_dict("records")
    verdict = rows[0]["verdict"]
    named = [row for row in rows if row["status"] in {"declared", "candidate"}]
    named.sort(key=lambda row: -row["p_constraint"])
    window = f"{rows[0]['n_weeks']} weeks to {rows[0]['window_end']:%Y-%m-%d} (from {rows[0]['window_start']:%Y-%m-%d})"
    if verdict == "insufficient_data":
        return f"Too little to compare stages by: {_too_little(rows, settings)}; {window}."
    if verdict == "no_dominant_constraint":
        first = max((row for row in rows if not pd.isna(row["p_constraint"])), key=lambda row: row["p_constraint"])
        text = (
            f"No stage stands out among the {first['n_stages_compared']} compared. The signs point most often to "
            f"{first['stage_name']}, in {_probability(first['p_constraint'])} of resamples of the weeks"
        )
        is_often = first["p_constraint"] >= settings.min_probability
        why = f", but {first['withheld_reason']}" if is_often else ""
        return f"{text}{why}. n = {first['n_departures']} departures, {window}."
    first = named[0]
    if verdict == "declared":
        text = (
            f"{first['stage_name']} is the constraint: the signs point to it first in "
            f"{_probability(first['p_constraint'])} of {first['n_resamples']} resamples of the weeks."
        )
    elif len(named) == 1:
        text = f"{first['stage_name']} may be the constraint, but is not declared, as {first['withheld_reason']}."
    else:
        together = sum(row["p_constraint"] for row in named)
        text = (
            f"{_listed([row['stage_name'] for row in named])} may be the constraint: the signs point to one of them "
            f"first in {_probability(together)} of {first['n_resamples']} resamples of the weeks, most often "
            f"({_probability(first['p_constraint'])}) to {first['stage_name']}; that is not enough to declare one."
        )
    sentences = [text, _busy(first, is_working_time=is_working_time), _data_warning(named)]
    text = " ".join(sentence for sentence in sentences if sentence)
    return f"{text} n = {first['n_departures']} departures, {window}."


def _too_little(rows: Sequence[Mapping[Hashable, Any]], settings: DeclarationSettings) -> str:
    n_compared = rows[0]["n_stages_compared"]
    if n_compared < 2:  # noqa: PLR2004 - a comparison takes two
        return f"{n_compared} of {len(rows)} stages had an item in work, at least 2 needed"
    departures = max(row["n_departures"] for row in rows)
    reasons = [
        f"{found} {what}, at least {needed} needed"
        for found, what, needed in (
            (rows[0]["n_weeks"], "complete weeks", settings.min_candidate_weeks),
            (departures, "departures from the stage with the most", settings.min_candidate_departures),
        )
        if found < needed
    ]
    return " and ".join(reasons)


def _busy(row: Mapping[Hashable, Any], *, is_working_time: bool) -> str:
    time = "working time" if is_working_time else "time"
    interval = (
        ""
        if pd.isna(row["utilisation_lower"])
        else f" (95 % interval {100 * row['utilisation_lower']:.0f} to {100 * row['utilisation_upper']:.0f} %)"
    )
    lead = row["utilisation_lead"]
    points = f"{100 * abs(lead):.0f}"
    unit = "point" if points == "1" else "points"
    compared = f"{points} {unit} {'more' if lead >= 0 else 'less'} than the busiest other stage"
    source = "given" if row["capacity_source"] == "given" else "estimated from the items in work, not given"
    return (
        f"{row['stage_name']} was busy {_share(row['utilisation'])} of the {time}{interval}, {compared}; its capacity "
        f"of {row['capacity']:.3g} item{'' if row['capacity'] == 1 else 's'} at once is {source}."
    )


def _data_warning(named: Sequence[Mapping[Hashable, Any]]) -> str:
    failing = [
        f"{row['stage_name']} ({_share(row['littles_law_gap'])})" for row in named if row["littles_law_holds"] is False
    ]
    if not failing:
        return ""
    return f"Check the data first: items there and the time they stayed do not agree for {_listed(failing, 'and')}."


def _listed(names: Sequence[str], word: str = "or") -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"


def _probability(value: float) -> str:
    """Return a probability cut to whole percent, so that one that falls short never reads like the one needed."""
    return "under 1 %" if 0 < value < _SMALLEST_SHOWN else f"{_floored(value)} %"


def _floored(share: float, decimals: int = 0) -> float:
    """Return a share as a percentage cut after some decimals."""
    scale = 10**decimals
    cut = math.floor(100 * scale * share + _TINY) / scale
    return cut if decimals else int(cut)
