"""Stage evidence against a line worked by hand and a simulated one whose constraint is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from service_records import visits_from_service_records

from orchestration.analytics.constraint_declaration import declare_constraints
from orchestration.analytics.line_measures import measure_lines
from orchestration.analytics.stage_constraint_evidence import stage_constraint_evidence
from tests.external.conftest import ORACLES, published

FOLDER = ORACLES / "bottleneck"
MONDAY = pd.Timestamp("2026-01-05")

pytestmark = [
    pytest.mark.external,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the worked lines are not at {FOLDER}"),
]


def test_line_worked_by_hand() -> None:
    line = published("bottleneck/hand_line.json")
    expected = line["expected"]
    visits, stages = visits_from_service_records(pd.DataFrame(line["records"]), pd.Timedelta(hours=1), MONDAY)
    found = stage_constraint_evidence(
        visits,
        stages,
        MONDAY + pd.Timedelta(hours=20),
        window_start=MONDAY,
        capacities={("line", f"line.stage-{number}"): 1 for number in range(3)},
        generator=np.random.default_rng(1),
    )
    assert found["utilisation"].tolist() == expected["utilisation"]
    assert found["full_busy_share"].tolist() == expected["utilisation"]
    assert (found["utilisation"] * 20).tolist() == expected["busy_h_in_window"]
    assert (1 - found["not_starved_share"]).tolist() == pytest.approx(expected["starved_fraction"], abs=1e-12)
    assert (found["wait_elapsed_days"] * 24).tolist() == pytest.approx(expected["total_wait_h"], abs=1e-9)
    constraint = f"line.stage-{expected['constraint_stage']}"
    assert found.loc[found["evidence_rank"] == 1, "stage_id"].tolist() == [constraint]


def test_a_day_worked_by_hand_declares_nothing() -> None:
    line = published("bottleneck/hand_line.json")
    visits, stages = visits_from_service_records(pd.DataFrame(line["records"]), pd.Timedelta(hours=1), MONDAY)
    lines = measure_lines(
        visits,
        stages,
        MONDAY + pd.Timedelta(hours=20),
        window_start=MONDAY,
        capacities={("line", f"line.stage-{number}"): 1 for number in range(3)},
        generator=np.random.default_rng(1),
    )
    found = declare_constraints(lines)
    assert found["utilisation"].tolist() == line["expected"]["utilisation"]
    assert found.loc[found["evidence_rank"] == 1, "stage_position"].tolist() == [4]
    assert found["p_constraint"].isna().all()
    assert set(found["verdict"]) == {"insufficient_data"}
    assert "0 complete weeks, at least 6 needed" in found["sentence"].iloc[0]
    # Little by hand: 12 + 0, 18 + 15 and 5 + 0 hours of work and waiting over 20 hours.
    assert found["littles_law_items"].tolist() == pytest.approx([12 / 20, 33 / 20, 5 / 20])


def test_the_day_worked_by_hand_repeated_for_weeks_declares_its_constraint() -> None:
    line = published("bottleneck/hand_line.json")
    day = pd.DataFrame(line["records"])
    times = ["enter", "start", "finish"]
    # A new day begins every 24 hours, after the last item of the day before has left.
    days = [
        day.assign(item=day["item"] + 6 * number, **{time: day[time] + 24 * number for time in times})
        for number in range(7 * 14)
    ]
    visits, stages = visits_from_service_records(pd.concat(days), pd.Timedelta(hours=1), MONDAY)
    lines = measure_lines(visits, stages, MONDAY + pd.Timedelta(weeks=14), generator=np.random.default_rng(1))
    found = declare_constraints(lines)
    assert found["utilisation"].tolist() == pytest.approx([12 / 24, 18 / 24, 6 / 24])
    assert found["p_constraint"].tolist() == [0, 1, 0]
    assert found["utilisation_lead_lower"].tolist() == pytest.approx([-6 / 24, 6 / 24, -12 / 24])
    assert found["status"].tolist() == ["not_named", "declared", "not_named"]
    # The line is empty whenever a week ends, so the law holds exactly.
    assert found["littles_law_holds"].all()
    assert found["littles_law_gap"].tolist() == pytest.approx([0, 0, 0], abs=1e-9)
    assert found["littles_law_items"].tolist() == pytest.approx([12 / 24, 33 / 24, 6 / 24])


@pytest.mark.parametrize("window_weeks", [13, 26])
@pytest.mark.parametrize("is_capacity_known", [True, False])
def test_the_constraint_of_a_simulated_push_line(window_weeks: int, *, is_capacity_known: bool) -> None:
    records = pd.read_csv(FOLDER / "push_clear_dev.csv")
    # The simulation's servers per stage. Its truth file is not always beside it, so the truth is what the log itself
    # says: the stage to which the items bring the most work per server.
    servers = np.array([2, 4, 3, 2, 1])
    work = (records["finish"] - records["start"]).groupby(records["stage"]).mean().to_numpy()
    load = work * records.loc[records["stage"] == 0, "item"].nunique() / (records["finish"].max() * servers)
    constraint = int(np.argmax(load))
    assert load[constraint] > 1.2 * np.sort(load)[-2]

    visits, stages = visits_from_service_records(records, pd.Timedelta(weeks=1), MONDAY)
    capacities = {("line", f"line.stage-{number}"): float(count) for number, count in enumerate(servers)}
    found = stage_constraint_evidence(
        visits,
        stages,
        MONDAY + pd.Timedelta(weeks=36),
        window_weeks=window_weeks,
        capacities=capacities if is_capacity_known else None,
        generator=np.random.default_rng(1),
    )
    assert found["is_sufficient"].all()
    assert found["capacity_estimate"].tolist() == servers.tolist()
    assert found.loc[found["evidence_rank"] == 1, "stage_id"].tolist() == [f"line.stage-{constraint}"]
    first = found.loc[found["evidence_rank"] == 1].iloc[0]
    ranks = first[["rank_utilisation", "rank_not_starved", "rank_full_busy", "rank_queue"]]
    assert ranks.tolist() == [1, 1, 1, 1]
    lines = measure_lines(
        visits,
        stages,
        MONDAY + pd.Timedelta(weeks=36),
        window_weeks=window_weeks,
        capacities=capacities if is_capacity_known else None,
        generator=np.random.default_rng(1),
    )
    verdict = declare_constraints(lines)
    assert verdict.loc[verdict["status"] == "declared", "stage_id"].tolist() == [f"line.stage-{constraint}"]
    assert set(verdict["capacity_source"]) == {"given" if is_capacity_known else "estimated"}
