"""Seeded hand-offs between the made-up teams, with the tables that are made of them.

Belongs here: who handed on to whom, and how long it lay. Does not belong here: items and visits (`synthetic_facts`).
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from synthetic_facts import AS_OF, FIRST_DAY, TEAMS, TRAINS

from orchestration.analytics.hand_off_ranking import hand_off_matrix, rank_hand_offs
from orchestration.analytics.working_clock import week_edges

# Giver, taker, hand-offs in the 18 months, median working hours; what comes back is drawn from them.
_ROUTES = (
    ("checkout", "checkout", 700, 4.0), ("ledger", "ledger", 500, 5.0), ("origination", "origination", 600, 6.0),
    ("ingest", "ingest", 500, 5.0), ("checkout", "tokens", 300, 9.0), ("checkout", "ledger", 260, 26.0),
    ("fraud", "checkout", 120, 12.0), ("ledger", "scoring", 90, 60.0), ("origination", "scoring", 240, 7.0),
    ("scoring", "models", 150, 34.0), ("reporting", "origination", 30, 15.0), ("models", "ingest", 160, 8.0),
)  # fmt: skip


def hand_offs(seed: int) -> pd.DataFrame:
    """Hand-offs with the columns of `fct_hand_offs` that the ranking reads."""
    rng = np.random.default_rng(seed)
    train_of = dict(TEAMS)
    stream_of = {train: stream for train, _, stream in TRAINS}
    parts = []
    for number, (giver, taker, count, median) in enumerate(_ROUTES):
        at = FIRST_DAY + pd.to_timedelta(np.sort(rng.uniform(0, (AS_OF - FIRST_DAY).days, count)), unit="D")
        hours = median * rng.lognormal(0, 0.8, count)
        sides = {}
        for side, team in (("from", giver), ("to", taker)):
            sides |= {
                f"{side}_team_id": team,
                f"{side}_train_id": train_of[team],
                f"{side}_value_stream_id": stream_of[train_of[team]],
            }
        part = pd.DataFrame(
            {
                "work_item_id": [f"h{number}-{item}" for item in range(count)],
                "level": np.where(rng.random(count) < 0.9, "story", "feature"),
                "handed_at": at - pd.to_timedelta(hours * 3, unit="h"),
                "taken_at": at,
                "wait_working_hours": hours,
                "has_usable_history": True,
                "to_stage_id": "delivery.test",
                **sides,
            }
        )
        # A fifth of what went to another team comes back two days later.
        back = part.loc[(giver != taker) & (rng.random(count) < 0.2)].copy()
        swapped = {f"{a}_{kind}_id": back[f"{b}_{kind}_id"] for kind in ("team", "train", "value_stream")
                   for a, b in (("from", "to"), ("to", "from"))}  # fmt: skip
        back = back.assign(**swapped, handed_at=back["taken_at"], taken_at=back["taken_at"] + pd.Timedelta(days=2))
        parts += [part, back]
    table = pd.concat(parts, ignore_index=True)
    for column in ("handed_at", "taken_at"):
        table[column] = table[column].dt.tz_localize("UTC")
    crossed = [(table[f"from_{kind}_id"] != table[f"to_{kind}_id"], kind) for kind in ("value_stream", "train", "team")]
    table["boundary"] = np.select([flags for flags, _ in crossed], [kind for _, kind in crossed], default="role")
    return table


def hand_off_frames(tables: Mapping[str, pd.DataFrame], seed: int) -> dict[str, pd.DataFrame]:
    """The pairs, the matrix and the mart by increment."""
    found = hand_offs(seed)
    edges = week_edges(pd.Timestamp("2026-06-22"), 13, "UTC")
    return {
        "hand_off_pairs": rank_hand_offs(found, edges, generator=np.random.default_rng(seed)),
        "hand_off_matrix": hand_off_matrix(found, edges),
        "mart_hand_offs": _by_increment(found, tables["dim_increments"]),
    }


def _by_increment(found: pd.DataFrame, increments: pd.DataFrame) -> pd.DataFrame:
    taken = found["taken_at"].dt.tz_localize(None)
    parts = []
    for increment in increments.to_dict("records"):
        is_inside = (taken >= increment["start_date"]) & (taken < increment["end_date"] + pd.Timedelta(days=1))
        parts.append(found[is_inside].assign(period_id=increment["increment_id"]))
    sums = (
        pd.concat(parts)
        .groupby(["period_id", "level", "boundary"], as_index=False)
        .agg(n_hand_offs=("work_item_id", "size"), wait_working_hours=("wait_working_hours", "sum"))
    )
    return sums[sums["boundary"] != "role"].assign(period_type="increment").reset_index(drop=True)
