"""The constraints of the bundled example, against those that were planted in it: where, since when, and where none."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from orchestration.analysis_steps.constraints import ConstraintInputs, constraint_tables
from orchestration.analytics.line_measures import STAGE_COLUMNS
from orchestration.analytics.line_visits import VISIT_COLUMNS
from orchestration.warehouse import read_blocked_stretches

_CAPACITY = ["team_id", "role", "location_id", "calendar_date", "available_hours", "value_stream_id", "train_id"]


@pytest.fixture(scope="module")
def inputs_as_of(warehouse):
    """Build the inputs of the verdicts as they stood at a moment: what happened later is cut off."""
    listed = {
        "dim_stages": STAGE_COLUMNS,
        "dim_stage_roles": ("stage_id", "role"),
        "dim_dates": ("calendar_date", "working_hours"),
        "dim_working_days": ("location_id", "calendar_date", "working_hours"),
        "fct_capacity_days": _CAPACITY,
        "fct_stage_visits": (*VISIT_COLUMNS, "train_id", "work_item_id"),
    }
    frames = {
        table: warehouse.sql(f"select {', '.join(columns)} from {table}").df() for table, columns in listed.items()
    }
    visits = frames.pop("fct_stage_visits")
    blocked = read_blocked_stretches(warehouse, datetime(2024, 1, 1, tzinfo=UTC))

    def build(monday: str, *, days_kept: int = 0) -> ConstraintInputs:
        week_start = pd.Timestamp(monday)
        cut = week_start.tz_localize("Europe/Berlin") + pd.Timedelta(days=days_kept)
        known = visits.loc[visits["entered_at"] < cut].copy()
        is_later = ~(known["exited_at"] < cut)
        known["exited_at"] = known["exited_at"].where(~is_later)
        known["next_stage_id"] = known["next_stage_id"].where(~is_later)
        held_up = blocked.loc[blocked["blocked_from"] < cut].copy()
        held_up["blocked_to"] = held_up["blocked_to"].where(held_up["blocked_to"] < cut)
        waits = pd.DataFrame(columns=["scope_id", "level", "stage_name", "finished_at", "wait_share"]).astype(
            {"finished_at": "datetime64[us, UTC]", "wait_share": "float64"}
        )
        return ConstraintInputs(
            frames={**frames, "visits": known, "blocked": held_up, "stage_waits": waits},
            week_start=week_start,
            as_of=pd.Timestamp(monday),
            snapshot=f"example {monday}",
            hours=("09:00", "17:00"),
            timezones=dict.fromkeys(visits["value_stream_id"].dropna().unique(), "Europe/Berlin"),
        )

    return build


def declared_of(frame: pd.DataFrame) -> dict[tuple[str, int], str]:
    declared = frame[(frame["scope"] == "value_stream") & (frame["status"] == "declared")]
    return {(row.scope_id, row.window_weeks): row.stage_id for row in declared.itertuples()}


def test_each_planted_constraint_is_declared_and_none_where_none_is(warehouse, truth):
    found = declared_of(warehouse.sql("select * from constraint_declarations").df())
    planted = {stream: periods[-1]["constraint"] for stream, periods in truth["value_streams"].items()}
    assert found == {(stream, weeks): stage for stream, stage in planted.items() if stage for weeks in (13, 26)}


def test_what_is_declared_rests_on_the_people_of_the_register(warehouse):
    found = warehouse.sql(
        "select distinct scope_id, capacity_source from constraint_declarations where status = 'declared'"
    ).fetchall()
    assert {source for _, source in found} == {"given"}
    assert {scope for scope, _ in found} == {"payments", "lending", "cards", "transfers"}


def test_more_capacity_helps_at_the_planted_constraint_and_nowhere_else(warehouse, truth):
    found = warehouse.sql("select * from constraint_sensitivity where withheld_reason is null").df()
    assert set(found["scope_id"]) >= {"payments", "lending"}
    assert set(found["finding"]) == {"confirmed"}
    planted = {stream: periods[-1]["constraint"] for stream, periods in truth["value_streams"].items()}
    for stream in ("payments", "lending"):
        own = found[(found["scope"] == "value_stream") & (found["scope_id"] == stream)].set_index("stage_id")
        rest = own.drop(index=planted[stream])
        assert own.loc[planted[stream], "throughput_elasticity"] > 0.1
        assert rest["throughput_elasticity"].abs().max() < 0.06


def test_before_the_planted_change_lending_is_held_back_by_review_and_afterwards_by_test(inputs_as_of, truth):
    """The verdicts of a Monday before and of one long after; the second tells that the constraint moved."""
    periods = truth["value_streams"]["lending"]
    before = constraint_tables(inputs_as_of(periods[1]["from"]))
    assert declared_of(before["constraint_declarations"])["lending", 13] == periods[0]["constraint"]
    after = constraint_tables(inputs_as_of("2026-06-29"), before)
    lines = after["constraint_events"].query("scope_id == 'lending' and window_weeks == 13")
    assert lines["event"].tolist() == ["appeared", "moved"]
    assert lines["from_stage_id"].tolist()[1] == periods[0]["constraint"]
    assert lines["stage_id"].tolist() == [period["constraint"] for period in periods]
    # What was said on the earlier day stands as it was said.
    kept = after["constraint_verdicts"].query("as_of == @before['constraint_verdicts'].as_of.iloc[0]")
    pd.testing.assert_frame_equal(kept.reset_index(drop=True), before["constraint_verdicts"])


def test_what_happens_later_does_not_change_a_verdict(inputs_as_of):
    """The verdict of a Monday is the same whether or not the data go on for ten weeks."""
    then = constraint_tables(inputs_as_of("2026-03-30"))
    later = constraint_tables(inputs_as_of("2026-03-30", days_kept=70))
    assert then["constraint_sensitivity"]["throughput_elasticity"].notna().any()
    for name in (
        "constraint_declarations", "stage_constraint_evidence", "constraint_events", "constraint_sensitivity",
    ):  # fmt: skip
        pd.testing.assert_frame_equal(then[name], later[name])


def test_repeating_a_day_replaces_its_rows_and_reads_no_later_day(inputs_as_of):
    first = constraint_tables(inputs_as_of("2026-03-30"))
    second = constraint_tables(inputs_as_of("2026-06-29"), first)
    again = constraint_tables(inputs_as_of("2026-03-30"), second)
    pd.testing.assert_frame_equal(again["constraint_verdicts"], second["constraint_verdicts"])
    pd.testing.assert_frame_equal(again["constraint_events"], second["constraint_events"])


def test_work_waits_before_the_declared_stages_because_their_people_are_busy(warehouse):
    found = (
        warehouse.sql(
            """select value_stream_id, waiting_class, share, wait_hours from waiting_by_stage
        where level = 'story' and stage_id = 'delivery.test' and waiting_class = 'contention'"""
        )
        .df()
        .set_index("value_stream_id")
    )
    assert (found.loc[["payments", "lending"], "share"] > 0.75).all()
    assert found.loc["servicing", "wait_hours"] < found.loc[["payments", "lending"], "wait_hours"].min() / 10


def test_classes_of_waiting_add_up_to_the_wait(warehouse):
    for table, keys in (("waiting_by_stage", ""), ("waiting_by_transition", ", from_stage_id, team_id")):
        gap = warehouse.execute(
            f"""select max(abs(total - wait)) from (
            select sum(class_hours) as total, any_value(wait_hours - unclassified_hours) as wait from {table}
            group by value_stream_id, level, stage_id{keys})"""
        ).fetchall()[0][0]
        assert gap < 1e-6


def test_the_change_of_flow_time_is_split_without_a_rest(warehouse):
    found = warehouse.sql(
        """select scope_id, level, to_increment_id,
            sum(change_days) filter (where component = 'total') as total,
            sum(change_days) filter (where component in ('within_types', 'mix')) as by_type,
            sum(change_days) filter (where component in ('stage', 'outside_stages')) as by_stage
        from flow_time_changes group by all having total is not null"""
    ).df()
    assert len(found) >= 6
    assert (found["total"] - found["by_type"]).abs().max() < 1e-9
    assert (found["total"] - found["by_stage"]).abs().max() < 1e-9
