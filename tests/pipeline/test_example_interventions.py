"""The bundled example's interventions through the whole pipeline, against what was planted."""

import json

import pytest

from orchestration.portfolio_folder import PortfolioFolder
from orchestration.warehouse import connect_published


@pytest.fixture(scope="module")
def warehouse(published_example: PortfolioFolder):
    with connect_published(published_example.warehouse / "warehouse.duckdb") as connection:
        yield connection


@pytest.fixture(scope="module")
def planted(published_example: PortfolioFolder) -> dict[str, str]:
    truth = json.loads((published_example.folder / "truth.json").read_text(encoding="utf-8"))
    return {name: intervention["verdict"] for name, intervention in truth["interventions"].items()}


@pytest.fixture(scope="module")
def latest(warehouse) -> dict[str, dict[str, object]]:
    frame = warehouse.execute(
        """select * from intervention_verdicts
        qualify row_number() over (partition by intervention_id, metric order by week_start desc) = 1"""
    ).df()
    return {row["intervention_id"]: row for row in frame.to_dict("records")}


def test_the_verdicts_are_the_planted_ones(latest, planted):
    for name, truth in planted.items():
        verdict = latest[name]["verdict"]
        if truth == "worked":
            assert (verdict, latest[name]["sub_status"]) == ("improved", "on_target")
        elif truth == "did nothing":
            assert verdict in {"inconclusive", "no_effect"}
        else:
            assert verdict == "insufficient_data"


def test_what_did_nothing_was_never_called_improved(warehouse, planted):
    claimed = warehouse.execute(
        "select distinct intervention_id from intervention_verdicts where verdict in ('improved', 'regressed')"
    ).fetchall()
    assert {name for (name,) in claimed} == {name for name, truth in planted.items() if truth == "worked"}


def test_the_measured_effect_holds_the_planted_one(published_example, latest):
    truth = json.loads((published_example.folder / "truth.json").read_text(encoding="utf-8"))["interventions"]
    (worked,) = (name for name, planted in truth.items() if planted["verdict"] == "worked")
    row = latest[worked]
    assert row["effect_percent_lower"] <= row["effect_percent"] <= row["effect_percent_upper"] < 0


def test_items_and_gain_agree_with_the_verdict(warehouse, planted):
    (worked,) = (name for name, truth in planted.items() if truth == "worked")
    (nothing,) = (name for name, truth in planted.items() if truth == "did nothing")
    items = (
        warehouse.execute("select intervention_id, shift_percent_lower, shift_percent_upper from intervention_items")
        .df()
        .set_index("intervention_id")
    )
    assert items.loc[worked, "shift_percent_upper"] < 0
    assert items.loc[nothing, "shift_percent_lower"] < 0 < items.loc[nothing, "shift_percent_upper"]
    states = dict(warehouse.execute("select intervention_id, state from intervention_sustainment").fetchall())
    assert states.pop(worked) in {"not_yet", "sustained"}
    assert set(states.values()) == {"no_gain"}


def test_where_too_few_value_streams_or_projections_can_be_used_it_is_said(warehouse):
    compared, reasons = warehouse.execute(
        "select count(controlled_effect), count(withheld_reason) from intervention_controls"
    ).fetchone()
    assert (compared, reasons) == (0, 3)
    scored, reasons = warehouse.execute(
        "select count(*) filter (is_scored), count(withheld_reason) from projection_scores"
    ).fetchone()
    assert (scored, reasons) == (0, 3)


def test_promises_are_recorded_as_first_seen(warehouse):
    rows = warehouse.execute(
        """select version_number, is_in_force, first_seen_as_of at time zone 'UTC' = refreshes.as_of
        from intervention_projections, refreshes"""
    ).fetchall()
    assert rows == [(1, True, True)] * 3
