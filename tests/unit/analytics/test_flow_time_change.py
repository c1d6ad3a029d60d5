"""Changes of mean flow time add up by type of work and by stage."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.analytics.flow_time_change import (
    COLUMNS,
    FlowTimeChangeSettings,
    decompose_by_type,
    flow_time_changes,
)

STARTS = {"PI-1": pd.Timestamp("2026-01-05"), "PI-2": pd.Timestamp("2026-04-06"), "PI-10": pd.Timestamp("2026-07-06")}


def finished(counts: dict[tuple[str, str], int], days: dict[tuple[str, str], float]) -> pd.DataFrame:
    """Return items per (increment, type), all of one cell with the same flow time."""
    rows = [
        {"increment_id": increment, "work_type": kind, "flow_days": days[increment, kind]}
        for (increment, kind), count in counts.items()
        for _ in range(count)
    ]
    frame = pd.DataFrame(rows).assign(scope_id="payments", level="story")
    frame["increment_start"] = frame["increment_id"].map(STARTS)
    frame["item_id"] = [f"i{number}" for number in range(len(frame))]
    return frame


def no_stage_times() -> pd.DataFrame:
    return pd.DataFrame({"item_id": pd.Series(dtype="str"), "stage_name": pd.Series(dtype="str"), "days": []})


def changes(items: pd.DataFrame, stage_times: pd.DataFrame | None = None, **options: int) -> pd.DataFrame:
    return flow_time_changes(
        items,
        no_stage_times() if stage_times is None else stage_times,
        generator=np.random.default_rng(1),
        settings=FlowTimeChangeSettings(**options),
    )


def change(found: pd.DataFrame, component: str, name: str | None = None) -> float:
    rows = found.loc[found["component"] == component]
    rows = rows if name is None else rows.loc[rows["component_name"] == name]
    (value,) = rows["change_days"]
    return float(value)


def test_two_types_worked_by_hand() -> None:
    # Features 10 to 12 days, defects 2 to 2; from half and half to three quarters features.
    items = finished(
        {("PI-1", "feature"): 20, ("PI-1", "defect"): 20, ("PI-2", "feature"): 30, ("PI-2", "defect"): 10},
        {("PI-1", "feature"): 10, ("PI-1", "defect"): 2, ("PI-2", "feature"): 12, ("PI-2", "defect"): 2},
    )
    found = changes(items)
    assert change(found, "total") == pytest.approx(9.5 - 6)
    # 2 days times the mean share 0.625; shares up and down by 0.25 times means of 11 and 2.
    assert change(found, "within_types") == change(found, "within_type", "feature") == pytest.approx(1.25)
    assert change(found, "within_type", "defect") == 0
    assert change(found, "mix_of_type", "feature") == pytest.approx(2.75)
    assert change(found, "mix_of_type", "defect") == pytest.approx(-0.5)
    assert change(found, "mix") == pytest.approx(2.25)
    assert found["sentence"].iloc[0].startswith("Mean flow time went from 6.0 to 9.5 days (+3.5, 95 % interval ")
    assert (
        "+1.2 because work of the same type took another time, +2.2 because of another mix" in found["sentence"].iloc[0]
    )


def test_a_new_type_is_a_change_of_the_mix_alone() -> None:
    items = finished(
        {("PI-1", "feature"): 10, ("PI-2", "feature"): 10, ("PI-2", "risk"): 10},
        {("PI-1", "feature"): 4, ("PI-2", "feature"): 4, ("PI-2", "risk"): 10},
    )
    found = changes(items)
    assert change(found, "total") == change(found, "mix") == pytest.approx(3)
    assert change(found, "within_types") == 0
    risk = found.loc[(found["component"] == "within_type") & (found["component_name"] == "risk")]
    assert risk["mean_days_before"].isna().all()


cells = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 1), st.floats(0.1, 500), st.floats(0, 1), st.integers(0, 2)),
    min_size=4,
    max_size=60,
).filter(lambda rows: {row[1] for row in rows} == {0, 1})


@settings(max_examples=30, deadline=None)
@given(cells)
def test_the_parts_add_up_to_the_change(rows: list[tuple[int, int, float, float, int]]) -> None:
    frame = pd.DataFrame(rows, columns=["type", "period", "flow_days", "part", "stage"])
    items = pd.DataFrame(
        {
            "scope_id": "payments",
            "level": "story",
            "increment_id": np.where(frame["period"] == 0, "PI-1", "PI-2"),
            "item_id": [f"i{number}" for number in range(len(frame))],
            "work_type": "type " + frame["type"].astype("str"),
            "flow_days": frame["flow_days"],
        }
    )
    items["increment_start"] = items["increment_id"].map(STARTS)
    stage_times = pd.DataFrame(
        {
            "item_id": items["item_id"],
            "stage_name": "stage " + frame["stage"].astype("str"),
            "days": frame["flow_days"] * frame["part"],
        }
    )
    found = changes(items, stage_times, min_items=1, n_resamples=20)
    means = frame.groupby("period")["flow_days"].mean()
    total = change(found, "total")
    assert total == pytest.approx(means[1] - means[0], abs=1e-9)
    assert change(found, "within_types") + change(found, "mix") == pytest.approx(total, abs=1e-9)
    sums = found.groupby("component")["change_days"].sum()
    assert sums["within_type"] == pytest.approx(change(found, "within_types"), abs=1e-9)
    assert sums["mix_of_type"] == pytest.approx(change(found, "mix"), abs=1e-9)
    assert sums.get("stage", 0) + sums["outside_stages"] == pytest.approx(total, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(cells)
def test_the_identity_holds_in_every_resample(rows: list[tuple[int, int, float, float, int]]) -> None:
    types, period = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    days = np.array([row[2] for row in rows])
    weights = np.random.default_rng(1).integers(0, 3, (8, len(rows))).astype(float)
    weights[:, [np.argmin(period), np.argmax(period)]] = 1
    within, mix = decompose_by_type(types, days, period, 4, weights)
    means = [
        np.average(np.tile(days[period == when], (8, 1)), axis=1, weights=weights[:, period == when]) for when in (0, 1)
    ]
    np.testing.assert_allclose((within + mix).sum(axis=1), means[1] - means[0], atol=1e-9)


def test_stage_means_add_up_and_the_rest_is_outside() -> None:
    counts = {("PI-1", "feature"): 10, ("PI-2", "feature"): 10}
    items = finished(counts, {("PI-1", "feature"): 6, ("PI-2", "feature"): 9})
    # Test takes 1 day before and 5 after; half of the items are reviewed after, for 2 days.
    first, second = items["item_id"].tolist()[:10], items["item_id"].tolist()[10:]
    stage_times = pd.DataFrame(
        [(item, "Test", 1.0) for item in first]
        + [(item, "Test", 5.0) for item in second]
        + [(item, "Review", 2.0) for item in second[:5]],
        columns=["item_id", "stage_name", "days"],
    )
    found = changes(items, stage_times)
    assert change(found, "stage", "Test") == pytest.approx(4)
    assert change(found, "stage", "Review") == pytest.approx(1)
    assert change(found, "outside_stages") == pytest.approx(-2)
    assert found["sentence"].iloc[0].endswith("By stage the largest change is in Test (+4.0 days).")


def test_the_interval_covers_and_needs_variation() -> None:
    items = finished({("PI-1", "f"): 30, ("PI-2", "f"): 30}, {("PI-1", "f"): 5, ("PI-2", "f"): 8})
    still = changes(items)
    assert still.loc[0, ["change_days_lower", "change_days_upper"]].tolist() == [3, 3]
    noise = np.random.default_rng(2).normal(0, 1, 60)
    found = changes(items.assign(flow_days=items["flow_days"] + noise)).loc[0]
    assert found["change_days_lower"] < found["change_days"] < found["change_days_upper"]
    # Two means of 30 with a standard deviation of 1.
    assert found["change_days_upper"] - found["change_days_lower"] == pytest.approx(
        2 * 1.96 * np.sqrt(2 / 30), rel=0.25
    )


def test_increments_follow_one_another_by_their_start() -> None:
    names = ("PI-1", "PI-2", "PI-10")
    items = finished({(name, "f"): 10 for name in names}, {("PI-1", "f"): 1, ("PI-2", "f"): 2, ("PI-10", "f"): 4})
    found = changes(items.sample(frac=1, random_state=1))
    totals = found.loc[found["component"] == "total"]
    assert totals[["from_increment_id", "to_increment_id", "change_days"]].to_numpy().tolist() == [
        ["PI-1", "PI-2", 1],
        ["PI-2", "PI-10", 2],
    ]
    # A later increment changes nothing about an earlier change.
    known = changes(items.loc[items["increment_id"] != "PI-10"])
    pd.testing.assert_frame_equal(known, found.loc[found["to_increment_id"] == "PI-2"].reset_index(drop=True))


def test_too_few_items_are_withheld() -> None:
    items = finished({("PI-1", "f"): 9, ("PI-2", "f"): 30}, {("PI-1", "f"): 5, ("PI-2", "f"): 8})
    (row,) = changes(items).to_dict("records")
    assert np.isnan(row["change_days"])
    assert row["withheld_reason"] == "9 items before and 30 after, at least 10 each needed"


def test_empty_and_wrong_input() -> None:
    items = finished({("PI-1", "f"): 12, ("PI-2", "f"): 12}, {("PI-1", "f"): 5, ("PI-2", "f"): 8})
    full, empty, alone = changes(items), changes(items.iloc[:0]), changes(items.iloc[:12])
    assert tuple(empty.columns) == COLUMNS
    assert empty.dtypes.equals(full.dtypes)
    assert len(alone) == 0
    with pytest.raises(ValueError, match="items lack work_type"):
        changes(items.drop(columns="work_type"))
    with pytest.raises(ValueError, match="occurs twice"):
        changes(pd.concat([items, items]))
