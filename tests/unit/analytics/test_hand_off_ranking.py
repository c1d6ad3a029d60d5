"""Which hand-offs cost most: totals, returns, the comparison with waits inside teams, the matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from orchestration.analytics.hand_off_ranking import (
    HAND_OFF_COLUMNS,
    MATRIX_COLUMNS,
    PAIR_COLUMNS,
    HandOffSettings,
    hand_off_matrix,
    rank_hand_offs,
)
from orchestration.analytics.waiting_classes import WAITING_CLASSES
from orchestration.analytics.working_clock import week_edges

if TYPE_CHECKING:
    from collections.abc import Sequence

MONDAY = pd.Timestamp("2026-01-05", tz="UTC")
HOUR = pd.Timedelta(hours=1)
EDGES = week_edges(pd.Timestamp("2026-03-30"), 12, "UTC")

#: Team, its train, its value stream.
TEAMS = {
    "red": ("cards", "payments"),
    "blue": ("cards", "payments"),
    "green": ("wallets", "payments"),
    "grey": ("claims", "insurance"),
}


def hand_offs(rows: Sequence[tuple[str, str, str, float, float]], **columns: object) -> pd.DataFrame:
    """Build hand-offs from (item, from team, to team, handed in hours since Monday, hours waited)."""
    frame = pd.DataFrame(rows, columns=["work_item_id", "from_team_id", "to_team_id", "handed", "wait_working_hours"])
    frame["handed_at"] = MONDAY + pd.to_timedelta(frame["handed"].astype("float64"), unit="h")
    frame["taken_at"] = frame["handed_at"] + pd.to_timedelta(frame["wait_working_hours"].astype("float64"), unit="h")
    for side in ("from", "to"):
        frame[f"{side}_train_id"] = [TEAMS[team][0] for team in frame[f"{side}_team_id"]]
        frame[f"{side}_value_stream_id"] = [TEAMS[team][1] for team in frame[f"{side}_team_id"]]
    frame["boundary"] = [
        "role"
        if giver == taker
        else "team"
        if TEAMS[giver][0] == TEAMS[taker][0]
        else "train"
        if TEAMS[giver][1] == TEAMS[taker][1]
        else "value_stream"
        for giver, taker in zip(frame["from_team_id"], frame["to_team_id"], strict=True)
    ]
    known = {"level": "story", "to_stage_id": "flow.test", "has_usable_history": True}
    return frame.assign(**(known | columns))[list(HAND_OFF_COLUMNS)]


def ranked(frame: pd.DataFrame, **options: object) -> pd.DataFrame:
    return rank_hand_offs(frame, EDGES, generator=np.random.default_rng(1), **options)  # type: ignore[arg-type]


def crowd(giver: str, taker: str, waits: Sequence[float], start: float = 0) -> list[tuple[str, str, str, float, float]]:
    name = f"{giver}-{taker}"
    return [(f"{name}-{number}", giver, taker, start + 20 * number, wait) for number, wait in enumerate(waits)]


def test_many_short_waits_cost_more_than_a_long_one() -> None:
    frame = hand_offs(
        [*crowd("red", "blue", [5.0] * 20), *crowd("green", "blue", [60.0]), *crowd("blue", "blue", [1] * 40)]
    )
    found = ranked(frame)
    assert found.columns.tolist() == list(PAIR_COLUMNS)
    teams = found.query("scope_type == 'team'").set_index(["from_id", "to_id"])
    assert teams["wait_rank"].to_dict() == {("red", "blue"): 1, ("green", "blue"): 2}
    assert teams["wait_hours"].tolist() == [100.0, 60.0]
    # 100 + 60 between teams and 40 inside.
    assert teams.loc[("red", "blue"), "share_of_stream_wait"] == pytest.approx(0.5)
    assert teams["share_of_stream_wait"].notna().tolist() == [True, False]
    assert teams["withheld_reason"].tolist()[1] == "1 hand-off, at least 10 needed."
    assert teams.loc[("red", "blue"), "median_wait_hours"] == pytest.approx(5.0)
    assert teams.loc[("red", "blue"), "a12"] == 1.0
    assert teams["is_slower_than_within"].fillna(value=False).tolist() == [True, False]
    assert teams["is_slower_than_within"].isna().tolist() == [False, True]
    # The only hand-off between trains is that of green; red and blue are of one train.
    trains = found.query("scope_type == 'train'")
    assert trains[["from_id", "to_id"]].to_numpy().tolist() == [["wallets", "cards"]]
    assert (found["window_start"].iloc[0], found["window_end"].iloc[0]) == (
        pd.Timestamp("2026-01-05"),
        pd.Timestamp("2026-03-29"),
    )


def test_ping_pong_is_what_goes_straight_back() -> None:
    rows = [(f"item-{number}", "red", "blue", 10.0 * number, 1.0) for number in range(10)]
    # Three come back, one of them twice; one goes on to green and only then to red.
    rows += [("item-0", "blue", "red", 100, 1), ("item-1", "blue", "red", 100, 1), ("item-2", "blue", "red", 100, 1)]
    rows += [("item-0", "red", "blue", 110, 1), ("item-0", "blue", "red", 120, 1)]
    rows += [("item-3", "blue", "green", 100, 1), ("item-3", "green", "red", 110, 1)]
    # Work inside a team in between is no detour.
    rows += [("item-1", "blue", "blue", 50, 1)]
    found = ranked(hand_offs(rows)).query("scope_type == 'team'").set_index(["from_id", "to_id"])
    assert found.loc[("red", "blue"), ["n_hand_offs", "n_items", "n_items_returned"]].tolist() == [11, 10, 3]
    assert found.loc[("red", "blue"), "ping_pong_rate"] == pytest.approx(0.3)
    # Item 0 went back to blue after its first return.
    assert found.loc[("blue", "red"), "n_items_returned"] == 1


def test_as_long_as_inside_teams_is_not_slower() -> None:
    rng = np.random.default_rng(5)
    same = hand_offs([*crowd("red", "blue", rng.exponential(10, 60)), *crowd("blue", "blue", rng.exponential(10, 60))])
    found = ranked(same).query("scope_type == 'team'")
    assert found["is_slower_than_within"].tolist() == [False]
    assert 0.36 < found["a12"].iloc[0] < 0.64
    # All equal: nothing differs, and nothing warns of a division by 0.
    equal = ranked(hand_offs([*crowd("red", "blue", [2] * 12), *crowd("blue", "blue", [2] * 12)])).query(
        "scope_type == 'team'"
    )
    assert (equal["p_value"].iloc[0], equal["a12"].iloc[0]) == (1.0, 0.5)
    # Too few waits inside teams to compare with, but percentiles all the same.
    alone = ranked(hand_offs(crowd("red", "blue", [2] * 12))).query("scope_type == 'team'")
    assert alone["withheld_reason"].str.startswith("No comparison with waits inside teams: 0 of them").all()
    assert alone["p85_wait_hours"].iloc[0] == pytest.approx(2)
    assert alone[["p_value", "p_value_adjusted", "a12", "is_slower_than_within"]].isna().all(axis=None)


def test_p_values_are_controlled_over_all_pairs() -> None:
    rng = np.random.default_rng(6)
    rows = crowd("blue", "blue", rng.exponential(10, 80))
    for taker, giver in (("blue", "red"), ("red", "blue"), ("green", "red"), ("red", "green")):
        rows += crowd(giver, taker, rng.exponential(10, 30))
    found = ranked(hand_offs(rows))
    assert (found["p_value_adjusted"] >= found["p_value"]).all()
    tested = found["p_value"].sort_values().to_numpy()
    expected = np.minimum.accumulate((tested * tested.size / np.arange(1, tested.size + 1))[::-1])[::-1]
    assert found["p_value_adjusted"].sort_values().tolist() == pytest.approx(expected.tolist())


def test_only_usable_hand_offs_taken_in_the_window_count() -> None:
    inside = crowd("red", "blue", [4.0] * 12)
    frame = hand_offs([*inside, ("late", "red", "blue", 12 * 168 - 1, 3.0), ("early", "red", "blue", -10, 3.0)])
    unusable = hand_offs([("broken", "red", "blue", 5, 1000.0)], has_usable_history=False)
    untaken = hand_offs([("open", "red", "blue", 5, 1000.0)]).assign(taken_at=pd.NaT, boundary=None)
    found = ranked(pd.concat([frame, unusable, untaken]))
    pd.testing.assert_frame_equal(found, ranked(hand_offs(inside)))
    shuffled = frame.sample(frac=1, random_state=2)
    pd.testing.assert_frame_equal(ranked(shuffled), found)


def test_a_changed_team_that_crosses_no_boundary_is_no_pair() -> None:
    frame = hand_offs(crowd("red", "blue", [4.0] * 12)).assign(boundary="none")
    assert ranked(frame).empty
    matrix = hand_off_matrix(hand_offs(crowd("red", "grey", [4.0] * 12)).assign(boundary="none"), EDGES)
    assert matrix[["from_id", "to_id"]].to_numpy().tolist() == [["claims", "claims"], ["insurance", "insurance"]]


def test_waits_are_split_by_class_where_they_are_given() -> None:
    frame = hand_offs([*crowd("red", "blue", [4.0] * 12), ("other", "blue", "red", 0, 2.0)])
    waits = pd.DataFrame(
        {
            "work_item_id": frame["work_item_id"],
            "stage_id": "flow.test",
            "started_at": frame["taken_at"],
            **{f"{name}_hours": 0.0 for name in WAITING_CLASSES},
        }
    )
    waits["contention_hours"], waits["extraneous_hours"] = 3.0, 1.0
    # Two ended at another moment, one is of an unknown team.
    waits["started_at"] += np.where(waits.index < 2, 1, 0) * HOUR
    waits.loc[2, [f"{name}_hours" for name in WAITING_CLASSES]] = np.nan
    found = ranked(frame, waits=waits).query("scope_type == 'team'").set_index("from_id")
    assert found["n_split"].tolist() == [9, 1]
    assert found.loc["red", [f"{name}_share" for name in WAITING_CLASSES]].tolist() == [0.0, 0.75, 0.0, 0.0, 0.25]
    without = ranked(frame)
    assert without["n_split"].eq(0).all()
    assert without[[f"{name}_share" for name in WAITING_CLASSES]].isna().all(axis=None)


def test_matrix_of_trains_and_streams() -> None:
    rows = [
        *crowd("red", "blue", [1.0] * 3),
        *crowd("red", "green", [2.0] * 3),
        *crowd("green", "grey", [3.0] * 2),
        ("red-green-0", "red", "green", 100, 8),
    ]
    matrix = hand_off_matrix(hand_offs(rows), EDGES)
    assert matrix.columns.tolist() == list(MATRIX_COLUMNS)
    cells = matrix.set_index(["scope_type", "from_id", "to_id"])
    assert cells["wait_hours"].to_dict() == {
        ("train", "cards", "cards"): 3.0,
        ("train", "cards", "wallets"): 14.0,
        ("train", "wallets", "claims"): 6.0,
        ("value_stream", "payments", "payments"): 17.0,
        ("value_stream", "payments", "insurance"): 6.0,
    }
    assert cells.loc[("train", "cards", "wallets"), ["n_hand_offs", "n_items"]].tolist() == [4, 3]
    assert cells["is_crossing"].tolist() == [False, True, True, True, False]
    assert cells.groupby("scope_type")["wait_share"].sum().tolist() == pytest.approx([1, 1])


def test_no_hand_offs() -> None:
    empty = hand_offs([])
    full = hand_offs(crowd("red", "blue", [4.0] * 12))
    for found, other in (
        (ranked(empty), ranked(full)),
        (hand_off_matrix(empty, EDGES), hand_off_matrix(full, EDGES)),
    ):
        assert found.empty
        pd.testing.assert_series_equal(found.dtypes, other.dtypes)
    with pytest.raises(ValueError, match="lack taken_at"):
        ranked(full.drop(columns="taken_at"))


def test_thresholds_are_settings() -> None:
    frame = hand_offs([*crowd("red", "blue", [5.0] * 5), *crowd("blue", "blue", [1] * 5)])
    assert ranked(frame)["withheld_reason"].notna().all()
    allowed = ranked(frame, settings=HandOffSettings(min_hand_offs=5, min_within_team=5))
    assert allowed["withheld_reason"].isna().all()
    assert allowed["a12"].eq(1).all()
