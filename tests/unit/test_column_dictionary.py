"""The column dictionary: what the models' files and the analyses say, in one frame."""

from orchestration.analytics import (
    alternate_constraint,
    change_search,
    choke_point_forecast,
    constraint_declaration,
    constraint_history,
    constraint_scope,
    constraint_sensitivity,
    constraint_verdicts,
    controlled_effect,
    delivery_forecast,
    discovery_control,
    flow_time_change,
    hand_off_ranking,
    intervention_effects,
    intervention_verdict,
    item_level_effect,
    load_forecast,
    parent_delivery_forecast,
    process_behaviour,
    projection_calibration,
    projection_record,
    rare_event_charts,
    signal_links,
    stall_cascades,
    sustainment,
    synthetic_control,
    trend_test,
    waiting_sums,
)
from orchestration.analytics import stage_constraint_evidence as constraint_evidence
from orchestration.analytics.published_tables import PUBLISHED_TABLES
from orchestration.column_dictionary import DICTIONARY_COLUMNS, column_dictionary


def _model(name: str, schema: str, columns: dict[str, dict[str, object]]) -> dict[str, object]:
    named = {column: {"name": column, "description": f"The {column}.", **said} for column, said in columns.items()}
    return {
        "resource_type": "model", "name": name, "schema": schema, "description": "Words\n  in lines.",
        "config": {"meta": {"grain": "One row per day.", "question": "How many?"}},
        "columns": named,
    }  # fmt: skip


MANIFEST = {
    "nodes": {
        "a": _model(
            "mart_days",
            "marts",
            {
                "n_items": {"config": {"meta": {"unit": "items", "direction": "up", "when_zero": "None."}}},
                "wait_elapsed_days": {},
                "day": {},
            },
        ),
        "b": _model("int_things_built", "intermediate", {"x": {}}),
        "c": {"resource_type": "test", "schema": "marts"},
    }
}


def test_models_that_are_public_are_told_column_by_column():
    frame = column_dictionary(MANIFEST)
    assert tuple(frame.columns) == DICTIONARY_COLUMNS
    mart = frame[frame["schema_name"] == "marts"]
    assert mart["column_name"].tolist() == ["n_items", "wait_elapsed_days", "day"]
    first = mart.iloc[0].to_dict()
    assert first["table_description"] == "Words in lines."
    assert (first["grain"], first["question"]) == ("One row per day.", "How many?")
    assert (first["unit"], first["direction"], first["when_null"], first["when_zero"]) == ("items", "up", None, "None.")
    assert "int_things_built" not in set(frame["table_name"])


def test_a_name_that_ends_with_its_unit_need_not_say_it_again():
    frame = column_dictionary(MANIFEST)
    said = frame[frame["schema_name"] == "marts"].set_index("column_name")["unit"]
    assert said["wait_elapsed_days"] == "elapsed days"
    assert said["day"] is None


TYPES = {
    "process_behaviour_points": process_behaviour._POINT_TYPES,
    "stage_constraint_evidence": constraint_evidence._TYPES,
    "constraint_declarations": constraint_declaration._TYPES,
    "constraint_verdicts": constraint_verdicts._VERDICT_TYPES,
    "constraint_events": constraint_history._TYPES,
    "constraint_scopes": constraint_scope._TYPES,
    "constraint_sensitivity": constraint_sensitivity.TYPES,
    "flow_time_changes": flow_time_change._TYPES,
    "waiting_by_transition": dict.fromkeys(waiting_sums.TRANSITION_KEYS, "str") | waiting_sums._MEASURE_TYPES,
    "waiting_by_stage": dict.fromkeys(waiting_sums.STAGE_KEYS, "str") | waiting_sums._MEASURE_TYPES,
    "hand_off_pairs": hand_off_ranking._PAIR_TYPES,
    "hand_off_matrix": hand_off_ranking._MATRIX_TYPES,
    "signal_links": signal_links._LINK_TYPES,
    "stall_cascades": stall_cascades._EVENT_TYPES,
    "stall_links": stall_cascades._LINK_TYPES,
    "process_behaviour_periods": process_behaviour._PERIOD_TYPES,
    "rare_event_points": rare_event_charts._TYPES,
    "intervention_effects": intervention_effects._TYPES | discovery_control._ADDED_TYPES,
    "intervention_controls": controlled_effect._TYPES | discovery_control._ADDED_TYPES,
    "synthetic_controls": synthetic_control.TYPES,
    "intervention_items": item_level_effect._TYPES,
    "intervention_item_distribution": item_level_effect._DISTRIBUTION_TYPES,
    "intervention_verdicts": intervention_verdict._TYPES,
    "intervention_sustainment": sustainment._TYPES,
    "practice_adherence": sustainment._ADHERENCE_TYPES,
    "level_changes": change_search._LEVEL_TYPES,
    "alternate_constraints": alternate_constraint._TYPES,
    "intervention_projections": projection_record._TYPES,
    "projection_scores": projection_record._SCORE_TYPES,
    "projection_calibration": projection_calibration._TYPES,
    "trends": trend_test._TYPES,
    "choke_point_forecasts": choke_point_forecast._FORECAST_TYPES,
    "choke_point_backtest": choke_point_forecast._BACKTEST_TYPES,
    "load_forecasts": load_forecast._TYPES,
    "throughput_forecasts": delivery_forecast._TYPES,
    "delivery_forecasts": parent_delivery_forecast._FORECAST_TYPES,
    "delivery_backtest": parent_delivery_forecast._BACKTEST_TYPES,
}


def test_every_column_of_the_analyses_is_told_and_no_other():
    fixed = {name: tuple(types) for name, types in TYPES.items()}
    assert {name: tuple(table.columns) for name, table in PUBLISHED_TABLES.items()} == fixed


def test_numbers_of_the_analyses_have_a_unit_and_a_direction():
    silent = [
        f"{table}.{name}"
        for table, told in PUBLISHED_TABLES.items()
        for name, column in told.columns.items()
        if TYPES[table][name] in {"int64", "Int64", "float64"} and not (column.unit and column.direction)
    ]
    assert silent == []
