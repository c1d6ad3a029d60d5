"""The tables that the reports read, with the columns they need, declared in one place.

Belongs here: `REQUIRED_FRAMES`, `REQUIRED_ROWS` and the check of frames against the former. Does not belong here:
reading a database (the caller does) and any calculation.
"""

from collections.abc import Mapping
from typing import Final

import pandas as pd

REQUIRED_FRAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "dim_value_streams": ("value_stream_id", "value_stream_name", "timezone", "position"),
    "dim_trains": ("train_id", "train_name", "value_stream_id", "position"),
    "dim_teams": ("team_id", "team_name", "train_id", "value_stream_id", "position"),
    "dim_increments": ("increment_id", "increment_name", "start_date", "end_date", "position"),
    "dim_stages": (
        "stage_id", "workflow_id", "stage_name", "stage_kind", "position", "is_commitment", "is_counted",
        "is_cancelled", "is_unmapped", "wip_limit",
    ),
    "fct_work_items": (
        "work_item_id", "item_key", "title", "level", "value_stream_id", "workflow_id", "current_stage_id",
        "finished_date", "cancelled_date", "is_counted", "is_finished", "is_cancelled", "is_in_progress", "is_blocked",
        "cycle_time_calendar_days", "age_calendar_days",
    ),
    "fct_stage_visits": ("work_item_id", "stage_id", "stage_position"),
    "mart_stage_days": ("value_stream_id", "level", "stage_id", "calendar_date", "n_first_reached"),
    "mart_flow_metrics": (
        "scope_type", "scope_id", "scope_name", "value_stream_id", "level", "period_type", "period_id",
        "period_start", "period_end", "is_complete", "n_finished", "n_cancelled", "wip_mean", "wip_end",
        "n_cycle_time", "p50_cycle_time_calendar_days", "p85_cycle_time_calendar_days",
        "p95_cycle_time_calendar_days", "n_flow_time", "p50_flow_time_calendar_days",
        "p85_flow_time_calendar_days", "n_undefined_start", "flow_efficiency", "n_flow_efficiency",
    ),
    "mart_stage_metrics": (
        "value_stream_id", "level", "stage_id", "week_start", "is_complete", "n_visits_ended",
        "wait_elapsed_days", "active_elapsed_days", "blocked_elapsed_days", "wip_limit", "n_breach_days",
        "queue_length_end",
    ),
    "mart_ageing_items": (
        "item_key", "title", "value_stream_id", "level", "stage_name", "age_calendar_days", "n_finished",
        "p85_cycle_time_calendar_days", "is_over_p85", "n_passed_stage", "p85_age_at_leaving_calendar_days",
        "attention", "attention_rank",
    ),
    "choke_point_forecasts": (
        "scope_id", "level", "stage_id", "horizon", "horizon_weeks", "target_date", "event", "probability", "method",
        "label", "queue_now", "queue_limit", "limit_source", "is_over_now", "queue_lower", "queue_median",
        "queue_upper", "withheld_reason",
    ),
    "choke_point_backtest": (
        "scope_type", "horizon", "horizon_weeks", "event", "n_cases", "n_origins", "base_rate", "hit_rate",
        "hit_rate_lower", "hit_rate_upper", "n_warnings", "warnings_right_share",
    ),
    "load_forecasts": (
        "scope_id", "stage_id", "horizon_weeks", "target_start", "target_end", "load", "load_lower", "load_upper",
        "state", "load_now", "capacity_source", "withheld_reason",
    ),
    "trends": (
        "scope_id", "level", "stage_id", "metric", "slope_per_week", "slope_lower", "slope_upper", "p_value",
    ),
    "throughput_forecasts": (
        "scope_id", "level", "horizon_weeks", "target_date", "items_50", "items_85", "items_95", "hit_rate_85",
        "hit_rate_85_lower", "hit_rate_85_upper", "n_cases", "n_weeks", "window_start", "window_end",
        "withheld_reason",
    ),
    "delivery_forecasts": (
        "work_item_id", "scope_id", "level", "n_children_left", "n_children_finished", "date_50", "date_85", "date_95",
        "pace_source", "withheld_reason",
    ),
    "delivery_backtest": (
        "scope_type", "level", "n_cases", "hit_rate_85", "hit_rate_85_lower", "hit_rate_85_upper",
    ),
    "mart_intervention_series": (
        "intervention_id", "week_start", "intervention_name", "metric", "is_primary", "unit", "desired_direction",
        "scope_type", "scope_id", "value_stream_id", "stage_id", "level", "launched_date", "transition_end_date",
        "hypothesis", "owner_role", "projected_change_percent", "kind", "funded_date", "week_number", "phase",
        "is_baseline", "is_complete", "value", "n_items",
    ),
    "process_behaviour_points": (
        "intervention_id", "metric", "week_start", "value", "centre_line", "lower_limit", "upper_limit",
        "lower_near_limit", "upper_near_limit", "moving_range", "limits_status", "is_baseline", "phase", "is_excluded",
        "exclusion_reason", "signal_rule", "signal_direction", "chart_scale", "note", "chart", "period_in_force",
        "period_centre_line", "period_lower_limit", "period_upper_limit",
    ),
    "rare_event_points": (
        "intervention_id", "metric", "occurred_on", "is_open", "chart", "gap", "centre_line", "lower_limit",
        "upper_limit", "n_baseline", "phase", "is_excluded", "signal_direction", "window_start", "window_end",
        "withheld_reason",
    ),
    "intervention_projections": (
        "intervention_id", "version_number", "metric", "projected_change_percent", "projected_change_low_percent",
        "projected_change_high_percent", "first_seen_as_of", "is_in_force",
        "was_seen_in_time",
    ),
    "intervention_verdicts": (
        "intervention_id", "metric", "week_start", "window_start", "window_end", "n_baseline", "n_post", "verdict",
        "sub_status", "action", "missing",
        "chart_scale", "effect", "effect_lower", "effect_upper", "projected_effect", "item_shift", "withheld_reason",
    ),
    "intervention_effects": ("intervention_id", "metric", "p_value", "is_discovery", "n_tests"),
    "intervention_controls": (
        "intervention_id", "metric", "chart_scale", "n_donors", "donors", "controlled_effect", "controlled_lower",
        "controlled_upper", "placebo_p_value", "smallest_placebo_p_value", "withheld_reason",
    ),
    "synthetic_controls": (
        "intervention_id", "metric", "chart_scale", "weights", "effect", "placebo_lower", "placebo_upper", "n_donors",
        "placebo_p_value", "smallest_placebo_p_value", "withheld_reason",
    ),
    "intervention_items": (
        "intervention_id", "metric", "n_items_before", "n_items_after", "shift", "shift_lower", "shift_upper",
        "probability_shorter", "withheld_reason",
    ),
    "intervention_item_distribution": (
        "intervention_id", "metric", "phase", "percentile", "duration", "n_items",
    ),
    "intervention_sustainment": (
        "intervention_id", "metric", "state", "gain_since", "is_trial", "gain_retained", "gain_retained_lower",
        "gain_retained_upper", "n_recent", "n_after_acceptance", "reason",
    ),
    "alternate_constraints": (
        "intervention_id", "end_to_end_metric", "constraint_before", "constraint_after", "finding", "reason",
        "withheld_reason",
    ),
    "practice_adherence": (
        "intervention_id", "week_start", "n_due", "n_followed", "adherence", "centre_line", "limits_status",
        "alert_direction",
    ),
    "projection_scores": (
        "intervention_id", "metric", "due_date", "is_due", "is_scored", "projected_gain", "actual_gain",
        "withheld_reason",
    ),
    "stage_constraint_evidence": (
        "value_stream_id", "level", "workflow_id", "stage_id", "stage_name", "stage_position", "n_weeks",
        "window_start", "window_end", "n_arrivals", "n_departures", "n_left_queue", "utilisation", "utilisation_lower",
        "utilisation_upper", "queue_mean", "queue_growth_per_week", "wait_share", "downstream_starvation_share",
        "evidence_rank", "n_stages_ranked", "evidence",
    ),
    "constraint_declarations": (
        "scope", "scope_id", "value_stream_id", "level", "workflow_id", "window_weeks", "stage_id", "stage_name",
        "stage_position", "n_weeks", "window_start", "window_end", "n_departures", "capacity_source", "utilisation",
        "utilisation_lower", "utilisation_upper", "p_constraint", "utilisation_lead", "littles_law_gap",
        "littles_law_holds", "status", "withheld_reason",
        "verdict", "sentence",
    ),
    "constraint_verdicts": (
        "as_of", "scope", "scope_id", "level", "window_weeks", "stage_id", "stage_name", "p_constraint", "status",
    ),
    "constraint_events": ("as_of", "scope", "scope_id", "level", "window_weeks", "event", "sentence"),
    "constraint_scopes": (
        "window_weeks", "stage_name", "n_streams_named", "n_levels_named", "scope_class", "sentence",
    ),
    "waiting_by_stage": (
        "value_stream_id", "level", "stage_id", "waiting_class", "window_start", "window_end", "n_waits", "n_open",
        "wait_hours", "class_hours", "share", "share_lower", "share_upper", "flow_efficiency",
        "flow_efficiency_without", "capacity_source", "withheld_reason",
    ),
    "hand_off_pairs": (
        "scope_type", "level", "from_id", "to_id", "to_value_stream_id", "window_start", "window_end", "n_weeks",
        "wait_rank", "n_hand_offs", "wait_hours", "share_of_stream_wait", "median_wait_hours", "ping_pong_rate",
        "n_within_team", "within_team_median_hours", "is_slower_than_within", "n_split", "batching_share",
        "contention_share", "prioritization_share", "unavailability_share", "extraneous_share", "withheld_reason",
    ),
    "hand_off_matrix": (
        "scope_type", "level", "from_id", "to_id", "is_crossing", "window_start", "window_end", "n_weeks",
        "n_hand_offs", "wait_hours",
    ),
    "mart_hand_offs": (
        "period_type", "period_id", "level", "boundary", "n_hand_offs", "wait_working_hours",
    ),
    "mart_dependency_waits": (
        "period_type", "period_id", "period_start", "scope_type", "predecessor_id", "predecessor_name", "successor_id",
        "successor_name", "is_crossing", "n_waits", "wait_elapsed_days", "wait_in_progress_elapsed_days",
        "n_start_gaps", "start_gap_elapsed_days", "n_open", "open_wait_elapsed_days",
    ),
    "fct_dependencies": (
        "predecessor_work_item_id", "successor_work_item_id", "predecessor_value_stream_id", "predecessor_team_id",
        "successor_value_stream_id", "successor_team_id", "is_cross_team", "is_cross_train", "is_cross_value_stream",
        "blocked_elapsed_days", "blocked_in_progress_elapsed_days",
    ),
    "stall_cascades": (
        "value_stream_id", "level", "cascade_id", "stage_id", "week_start", "is_queue_high", "is_arrivals_high",
        "is_delay_high", "n_items", "cascade_start", "cascade_end", "n_weeks",
        "window_start", "window_end",
    ),
    "stall_links": (
        "value_stream_id", "level", "cascade_id", "stage_id", "week_start", "linked_stage_id", "linked_week_start",
    ),
    "constraint_sensitivity": (
        "scope", "scope_id", "level", "workflow_id", "window_start", "window_end", "stage_id", "stage_name",
        "stage_position", "status", "n_finished", "n_replications", "added_capacity", "throughput_elasticity",
        "throughput_elasticity_lower", "throughput_elasticity_upper", "finished_simulated_lower",
        "finished_simulated_upper", "is_flow_time_reproduced", "sentence", "withheld_reason",
    ),
    "signal_links": (
        "value_stream_id", "level", "leading_signal_id", "following_signal_id", "lag_weeks", "n_weeks", "is_linked",
        "sentence", "withheld_reason",
    ),
    "flow_time_changes": (
        "scope_id", "level", "from_increment_id", "to_increment_id", "component", "component_name", "n_before",
        "n_after", "mean_days_before", "mean_days_after", "change_days", "change_days_lower", "change_days_upper",
        "withheld_reason",
    ),
    "mart_data_coverage": (
        "source_id", "tool", "is_work_tracker", "n_items", "n_counted_items", "n_usable_history",
        "usable_history_share", "n_truncated", "n_removed", "n_announced_missing", "n_broken", "n_start_repaired",
        "n_change_before_creation", "n_unassigned",
        "n_unmapped_status_items", "n_quarantined", "quarantined_share", "complete_to", "days_behind_as_of",
        "n_export_files",
    ),
    "mart_unmapped_values": ("source_id", "value_kind", "value", "fallback", "n_items", "example_item_key"),
    "check_results": (
        "layer", "suite", "table_name", "check_name", "description", "severity", "status", "n_observed",
        "n_unexpected", "examples",
    ),
    "column_dictionary": (
        "schema_name", "table_name", "table_description", "grain", "question", "column_position", "column_name",
        "data_type", "description", "unit", "direction", "when_null", "when_zero",
    ),
    "quarantined_records": ("source_id", "export_file", "line_number", "record_number", "record_key", "reason"),
}  # fmt: skip

REQUIRED_ROWS: Final[Mapping[str, Mapping[str, tuple[str | bool, ...]]]] = {
    "mart_flow_metrics": {"work_type": ("all",), "period_type": ("week", "month", "increment")},
    "mart_stage_metrics": {"scope_type": ("value_stream",)},
    "mart_stage_days": {"scope_type": ("value_stream",)},
    "mart_hand_offs": {"period_type": ("month", "increment"), "boundary": ("value_stream", "train", "team")},
    # The cumulative flow needs to know how far cancelled items had come; the other millions of visits are in marts.
    "fct_stage_visits": {"fct_work_items.is_cancelled": (True,)},
    "fct_dependencies": {"is_open": (True,)},
    "choke_point_forecasts": {"scope_type": ("value_stream",)},
    "choke_point_backtest": {"scope_type": ("value_stream",)},
    "load_forecasts": {"scope_type": ("value_stream",)},
    "trends": {"scope_type": ("value_stream",)},
    "throughput_forecasts": {"scope_type": ("value_stream",)},
    "delivery_forecasts": {"scope_type": ("value_stream",)},
}
"""Of these tables only the rows whose columns, or whose item's columns in another table, hold one of the values: the
others are never read into frames."""


class ReportFrameError(ValueError):
    """A table or column that the reports need was not given."""


def check_frames(frames: Mapping[str, pd.DataFrame]) -> None:
    """Raise `ReportFrameError` naming every table and column that is missing, all at once."""
    problems = []
    for table, columns in REQUIRED_FRAMES.items():
        if table not in frames:
            problems.append(f"table {table} is missing")
            continue
        missing = [column for column in columns if column not in frames[table].columns]
        if missing:
            problems.append(f"{table} lacks {', '.join(missing)}")
    if problems:
        message = (
            f"The report cannot be built: {'; '.join(problems)}. Pass every table of REQUIRED_FRAMES, even if empty."
        )
        raise ReportFrameError(message)
