"""Seeded dependencies between the made-up items, with the mart that is made of them.

Belongs here: which item waits for which. Does not belong here: items and visits (`synthetic_facts`).
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from synthetic_facts import AS_OF, STREAMS, TRAINS

_COUNT = 90
_KINDS = ("value_stream", "train", "team")


def dependency_frames(tables: Mapping[str, pd.DataFrame], seed: int) -> dict[str, pd.DataFrame]:
    """`fct_dependencies` (what is open) and `mart_dependency_waits`."""
    found = dependencies(tables["fct_work_items"], seed)
    return {
        "fct_dependencies": found[found["is_open"]].reset_index(drop=True),
        "mart_dependency_waits": _waits(found, tables["dim_increments"], tables["dim_teams"]),
    }


def dependencies(items: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Pairs of items at random: the open ones of items that are open, the others ended within the 18 months."""
    rng = np.random.default_rng(seed)
    known = items[items["level"] == "story"]
    is_open = known["is_in_progress"].to_numpy(dtype=bool)
    n_open = min(18, int(is_open.sum()) // 2, int((~is_open).sum()) // 4)
    sides = {}
    for side in ("successor", "predecessor"):
        open_ones = known[is_open].sample(n_open, random_state=rng)
        ended = known[known["is_finished"]].sample(min(_COUNT, len(known) // 8), random_state=rng)
        sides[side] = pd.concat([open_ones, ended], ignore_index=True)
    successors = sides["successor"]
    table = pd.DataFrame({"is_open": np.arange(len(successors)) < n_open})
    for side, chosen in sides.items():
        table[f"{side}_work_item_id"] = chosen["work_item_id"]
        for kind in _KINDS:
            table[f"{side}_{kind}_id"] = chosen[f"{kind}_id"]
    for kind in _KINDS:
        differs = table[f"successor_{kind}_id"] != table[f"predecessor_{kind}_id"]
        table[f"is_cross_{kind}"] = differs.astype("boolean")
    waited = rng.lognormal(1.8, 0.9, len(table)).round(2)
    table["blocked_elapsed_days"] = waited
    table["blocked_in_progress_elapsed_days"] = (waited * rng.random(len(table))).round(2)
    table["ended_date"] = pd.to_datetime(successors["finished_date"]).where(~table["is_open"])
    table["start_gap_elapsed_days"] = np.where(
        ~table["is_open"] & (rng.random(len(table)) < 0.3), rng.lognormal(1, 0.8, len(table)).round(2), np.nan
    )
    return table


def _waits(found: pd.DataFrame, increments: pd.DataFrame, teams: pd.DataFrame) -> pd.DataFrame:
    names = {
        "value_stream": dict(STREAMS),
        "train": {train: name for train, name, _ in TRAINS},
        "team": dict(zip(teams["team_id"], teams["team_name"], strict=True)),
    }
    dated = found.assign(at=found["ended_date"].fillna(AS_OF.normalize()))
    weeks = dated.assign(period_type="week", period_start=dated["at"].dt.to_period("W").dt.start_time)
    weeks["period_id"] = weeks["period_start"].dt.strftime("%Y-%m-%d")
    parts = [weeks]
    for increment in increments.to_dict("records"):
        inside = dated[dated["at"].between(increment["start_date"], increment["end_date"])]
        parts.append(
            inside.assign(
                period_type="increment", period_id=increment["increment_id"], period_start=increment["start_date"]
            )
        )
    events = pd.concat(parts, ignore_index=True)
    is_open = events["is_open"]
    events = events.assign(
        n_waits=(~is_open).astype(int),
        wait_elapsed_days=events["blocked_elapsed_days"].where(~is_open, 0.0),
        wait_in_progress_elapsed_days=events["blocked_in_progress_elapsed_days"].where(~is_open, 0.0),
        n_start_gaps=events["start_gap_elapsed_days"].notna().astype(int),
        start_gap_elapsed_days=events["start_gap_elapsed_days"].fillna(0.0),
        n_open=is_open.astype(float).where(is_open),
        open_wait_elapsed_days=events["blocked_elapsed_days"].where(is_open),
    )
    summed = [
        "n_waits", "wait_elapsed_days", "wait_in_progress_elapsed_days", "n_start_gaps", "start_gap_elapsed_days",
        "n_open", "open_wait_elapsed_days",
    ]  # fmt: skip
    rows = []
    for kind in _KINDS:
        sides = events.assign(
            scope_type=kind,
            predecessor_id=events[f"predecessor_{kind}_id"],
            successor_id=events[f"successor_{kind}_id"],
            predecessor_name=events[f"predecessor_{kind}_id"].map(names[kind]),
            successor_name=events[f"successor_{kind}_id"].map(names[kind]),
        )
        keys = ["period_type", "period_id", "period_start", "scope_type"]
        keys += ["predecessor_id", "predecessor_name", "successor_id", "successor_name"]
        sums = sides.groupby(keys, as_index=False)[summed].sum(min_count=1)
        rows.append(sums.assign(is_crossing=sums["predecessor_name"] != sums["successor_name"]))
    return pd.concat(rows, ignore_index=True)
