"""Words for the evidence on stages, made from the numbers and from nothing else.

Belongs here: one sentence or clause per number, left out where the number is missing. Does not belong here: measuring
or ranking. The words describe; they name no constraint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

#: Below these a number would print as 0.
_SMALLEST_GROWTH_SHOWN, _SMALLEST_P_SHOWN, _SMALLEST_SHARE_SHOWN = 0.05, 0.001, 0.005


def describe_insufficiency(line: pd.DataFrame, min_weeks: int, min_departures: int) -> pd.Series[str]:
    """Return per row which minimum is not reached, missing where both are."""
    texts = [
        " and ".join(
            f"{found} {what}, at least {needed} needed"
            for found, needed, what in (
                (n_weeks, min_weeks, "complete weeks"),
                (n_departures, min_departures, "departures"),
            )
            if found < needed
        )
        or None
        for n_weeks, n_departures in zip(line["n_weeks"], line["n_departures"], strict=True)
    ]
    return pd.Series(texts, index=line.index, dtype="str")


def describe_evidence(line: pd.DataFrame, *, is_working_time: bool) -> pd.Series[str]:
    """Return one text per stage of a line: what was measured, its rank in the line, n and window.

    ``line`` needs the measured, ranked and sufficiency columns of the evidence table; ``is_working_time`` says whether
    shares are of working time.
    """
    time = "working time" if is_working_time else "time"
    texts = [_describe_stage(row, time) for row in line.to_dict("records")]
    return pd.Series(texts, index=line.index, dtype="str")


def _describe_stage(row: Mapping[Hashable, Any], time: str) -> str:
    basis = (
        f"n = {row['n_departures']} departures, {row['n_weeks']} weeks to {row['window_end']:%Y-%m-%d}"
        f" (from {row['window_start']:%Y-%m-%d}){_left_out_clause(row)}."
    )
    if pd.isna(row["utilisation"]):
        item = "item with a usable history" if row["left_out_share"] > 0 else "item"
        return f"{row['stage_name']} had no {item} in work in the window, so it cannot be compared; {basis}"
    sentences = [_busy_sentence(row, time), _queue_sentence(row), _flow_sentence(row), _rank_sentence(row)]
    if not row["is_sufficient"]:
        sentences.append(f"Too little to compare stages by: {row['insufficient_reason']}.")
    return " ".join([sentence for sentence in sentences if sentence] + [basis])


def _left_out_clause(row: Mapping[Hashable, Any]) -> str:
    share = row["left_out_share"]
    if pd.isna(share) or share == 0:
        return ""
    # Neither the few left out nor the few kept may be rounded away.
    shown = _share(share)
    if share < _SMALLEST_SHARE_SHOWN:
        shown = "under 1 %"
    elif 1 - _SMALLEST_SHARE_SHOWN <= share < 1:
        shown = "over 99 %"
    return f"; {shown} of the line's stage visits are left out, as their items have no usable history"


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"


def _busy_sentence(row: Mapping[Hashable, Any], time: str) -> str:
    interval = ""
    if not pd.isna(row["utilisation_lower"]):
        interval = f" (95 % interval {100 * row['utilisation_lower']:.0f} to {_share(row['utilisation_upper'])})"
    source = "an estimated" if row["capacity_source"] == "estimated" else "a given"
    capacity = f"{row['capacity_estimate']:g} item{'' if row['capacity_estimate'] == 1 else 's'} at once"
    busy = f"{row['stage_name']} was busy {_share(row['utilisation'])} of the {time}{interval}"
    clauses = [busy, f"for {source} capacity of {capacity}", f"fully busy {_share(row['full_busy_share'])}"]
    if not pd.isna(row["not_starved_share"]):
        clauses.append(f"with free capacity and nothing waiting {_share(1 - row['not_starved_share'])}")
    return f"{', '.join(clauses)}."


def _queue_sentence(row: Mapping[Hashable, Any]) -> str:
    if pd.isna(row["queue_mean"]):
        return "No queue stage lies before it, so its waiting work cannot be seen."
    clauses = [f"on average {row['queue_mean']:.1f} items waited before it"]
    growth = row["queue_growth_per_week"]
    if not pd.isna(growth):
        if abs(growth) < _SMALLEST_GROWTH_SHOWN:
            clauses.append("neither growing nor shrinking by 0.1 a week")
        else:
            clauses.append(f"{'growing' if growth > 0 else 'shrinking'} by {abs(growth):.1f} a week")
    if not pd.isna(row["wait_share"]):
        clauses.append(f"their wait made up {_share(row['wait_share'])} of the flow time in the window")
    if not pd.isna(row["downstream_starvation_share"]):
        clauses.append(f"meanwhile later stages were idle {_share(row['downstream_starvation_share'])}")
    text = ", ".join(clauses)
    unused = "" if row["is_queue_ranked"] else " The queue is not ranked, as limits on work in progress were reached."
    return f"{text[0].upper()}{text[1:]}.{unused}"


def _flow_sentence(row: Mapping[Hashable, Any]) -> str:
    difference = row["arrivals_minus_departures"]
    if pd.isna(row["arrivals_departures_p_value"]):
        return "Nothing arrived and nothing left."
    left = row["n_departures"] + row["n_left_queue"]
    if difference == 0:
        return f"{row['n_arrivals']} items arrived and as many left."
    p_value = row["arrivals_departures_p_value"]
    shown = "p < 0.001" if p_value < _SMALLEST_P_SHOWN else f"p = {p_value:.3f}"
    return f"{row['n_arrivals']} items arrived and {left} left ({shown} for equal odds)."


def _rank_sentence(row: Mapping[Hashable, Any]) -> str:
    if row["n_stages_ranked"] == 1:
        return "It is the only stage of its line with items in work, so there is no other to compare it with."
    return f"Rank {row['evidence_rank']} of {row['n_stages_ranked']} stages by these indicators together."
