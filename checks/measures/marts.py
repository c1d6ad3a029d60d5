"""Measures of what was built: ``flow.*`` and ``marts.*``.

Belongs here: what the frames contain, exactly enough to write their SQL. Does not belong here: what is expected of
them.
"""

from collections.abc import Mapping

from checks.measures.declaration import Finding, Measure, MeasureColumn, findings_measure

# Grain of each public table: the columns that together may not repeat and may not be NULL.
TABLE_KEYS: Mapping[str, tuple[str, ...]] = {
    "flow.dim_value_streams": ("value_stream_id",),
    "flow.dim_trains": ("train_id",),
    "flow.dim_teams": ("team_id",),
    "flow.dim_increments": ("increment_id",),
    "flow.dim_stages": ("stage_id",),
    "flow.dim_dates": ("calendar_date",),
    "flow.dim_working_days": ("location_id", "calendar_date"),
    "flow.dim_stage_roles": ("stage_id", "role"),
    "flow.dim_interventions": ("intervention_id",),
    "flow.dim_intervention_metrics": ("intervention_id", "metric"),
    "flow.fct_practice_events": ("intervention_id", "event_date", "practice"),
    "flow.dim_sources": ("source_id",),
    "flow.dim_iterations": ("iteration_id",),
    "flow.fct_work_items": ("work_item_id",),
    "flow.fct_stage_visits": ("stage_visit_id",),
    "flow.fct_stage_days": (
        "value_stream_id",
        "train_id",
        "team_id",
        "level",
        "work_type",
        "stage_id",
        "calendar_date",
    ),
    "flow.fct_wip_days": ("team_id", "level", "work_type", "calendar_date"),
    "flow.fct_wip_spells": ("wip_spell_id",),
    "flow.fct_blocked_spells": ("blocked_spell_id",),
    "flow.fct_parent_spells": ("parent_spell_id",),
    "flow.fct_iteration_items": ("iteration_id", "work_item_id"),
    "flow.fct_hand_offs": ("hand_off_id",),
    "flow.fct_dependencies": ("dependency_id",),
    "flow.fct_unmapped_statuses": ("source_id", "status", "stage_id"),
    "flow.fct_builds": ("build_id",),
    "flow.fct_deployments": ("deployment_id",),
    "flow.fct_incidents": ("incident_id",),
    "flow.fct_pull_requests": ("pull_request_id",),
    "flow.fct_quality_findings": ("quality_finding_id",),
    "flow.fct_quality_measures": ("quality_measure_id",),
    "flow.fct_active_hours": ("team_id", "level", "stage_id", "calendar_date"),
    "flow.fct_capacity_days": ("team_id", "role", "calendar_date"),
    "flow.fct_worklogs": ("worklog_id",),
    "flow.fct_objectives": ("increment_id", "team_id", "objective_id"),
    "flow.fct_defects": ("work_item_id",),
    "marts.mart_capacity_utilisation": ("team_id", "role", "week_start"),
    "marts.mart_flow_predictability": ("scope_type", "scope_id", "increment_id"),
    "marts.mart_quality_signals": ("scope_type", "scope_id", "period_type", "period_start"),
    "marts.mart_hand_offs": (
        "period_type",
        "period_start",
        "level",
        "boundary",
        "from_team_id",
        "to_team_id",
        "from_stage_id",
        "to_stage_id",
    ),
    "marts.mart_dependency_waits": ("period_type", "period_start", "scope_type", "predecessor_id", "successor_id"),
    "marts.mart_blockers": (
        "scope_type",
        "scope_id",
        "level",
        "period_type",
        "period_start",
        "blocked_kind",
        "reason",
    ),
    "marts.mart_flow_metrics": ("scope_type", "scope_id", "level", "work_type", "period_type", "period_start"),
    "marts.mart_flow_distribution": ("scope_type", "scope_id", "level", "work_type", "period_type", "period_start"),
    "marts.mart_delivery_performance": ("scope_type", "scope_id", "period_type", "period_start"),
    "marts.mart_stage_metrics": ("scope_type", "scope_id", "level", "stage_id", "week_start"),
    "marts.mart_stage_days": ("scope_type", "scope_id", "level", "stage_id", "calendar_date"),
    "marts.mart_intervention_series": ("intervention_id", "metric", "week_start"),
    "marts.mart_ageing_items": ("work_item_id",),
    "marts.mart_iteration_health": ("iteration_id", "team_id"),
    "marts.mart_data_coverage": ("source_id",),
    "marts.mart_unmapped_values": ("source_id", "value_kind", "value", "fallback"),
}

# These may be empty in a sound warehouse: nothing planned, blocked, launched or left unmapped.
TABLES_THAT_MAY_BE_EMPTY = frozenset(
    {
        "flow.dim_increments",
        "flow.dim_interventions",
        "flow.dim_intervention_metrics",
        "flow.dim_iterations",
        "flow.dim_stage_roles",
        "flow.fct_active_hours",
        "flow.fct_blocked_spells",
        "flow.fct_builds",
        "flow.fct_capacity_days",
        "flow.fct_defects",
        "flow.fct_dependencies",
        "flow.fct_deployments",
        "flow.fct_hand_offs",
        "flow.fct_incidents",
        "flow.fct_iteration_items",
        "flow.fct_parent_spells",
        "flow.fct_objectives",
        "flow.fct_practice_events",
        "flow.fct_pull_requests",
        "flow.fct_quality_findings",
        "flow.fct_quality_measures",
        "flow.fct_unmapped_statuses",
        "flow.fct_wip_days",
        "flow.fct_wip_spells",
        "marts.mart_ageing_items",
        "flow.fct_worklogs",
        "marts.mart_capacity_utilisation",
        "marts.mart_flow_predictability",
        "marts.mart_quality_signals",
        "marts.mart_blockers",
        "marts.mart_delivery_performance",
        "marts.mart_dependency_waits",
        "marts.mart_hand_offs",
        "marts.mart_intervention_series",
        "marts.mart_iteration_health",
        "marts.mart_unmapped_values",
    }
)

MART_FINDINGS = (
    Finding(
        "negative_item_duration",
        "flow.fct_work_items",
        "rows of fct_work_items",
        "items with any *_elapsed_days or *_working_hours below 0",
        "item_key (column and value)",
    ),
    Finding(
        "calendar_days_below_one",
        "flow.fct_work_items",
        "rows of fct_work_items",
        "items with any *_calendar_days below 1 (a same-day item counts 1)",
        "item_key (column and value)",
    ),
    Finding(
        "negative_visit_duration",
        "flow.fct_stage_visits",
        "rows of fct_stage_visits",
        "visits with elapsed_days, working_hours or blocked_elapsed_days below 0",
        "stage_visit_id (value)",
    ),
    Finding(
        "negative_spell_duration",
        "flow.fct_blocked_spells",
        "rows of fct_blocked_spells",
        "spells with elapsed_days below 0",
        "blocked_spell_id (value)",
    ),
    Finding(
        "fact_after_as_of",
        "flow.fct_work_items",
        "rows of fct_work_items and fct_stage_visits",
        "rows with created_at, finished_at, cancelled_at, entered_at or exited_at later than as_of",
        "item or visit (moment)",
    ),
    Finding(
        "share_outside_0_1",
        "marts.mart_flow_metrics",
        "rows of mart_flow_metrics, mart_flow_distribution, mart_stage_metrics, mart_data_coverage and fct_work_items",
        "rows with flow_efficiency or any *_share below 0 or above 1",
        "row (column and value)",
    ),
    Finding(
        "percentiles_out_of_order",
        "marts.mart_flow_metrics",
        "rows of mart_flow_metrics and mart_stage_metrics",
        "rows where p50 <= p70 <= p85 <= p95 of one clock does not hold among those that are not NULL",
        "scope, level, period (values)",
    ),
    Finding(
        "percentile_of_few",
        "marts.mart_flow_metrics",
        "rows of mart_flow_metrics and mart_stage_metrics",
        "rows with a percentile although its n is below 5",
        "scope, level, period (n)",
    ),
    Finding(
        "negative_wip",
        "marts.mart_flow_metrics",
        "rows of mart_flow_metrics, mart_stage_metrics and fct_stage_days",
        "rows with wip_mean, wip_end, n_wip, queue_length_mean or any count below 0",
        "scope or stage, level, period (value)",
    ),
    Finding(
        "period_without_row",
        "marts.mart_flow_metrics",
        "scope x level x work_type x period_type x period between the first and the last such period",
        "those without a row: a gap that a chart would hide",
        "scope, level, period",
    ),
    Finding(
        "finished_counts_differ",
        "marts.mart_flow_metrics",
        "value stream x level",
        "those whose weekly n_finished add up to something else than the counted, finished rows of fct_work_items",
        "value stream, level (mart, facts)",
    ),
    Finding(
        "portfolio_total_differs",
        "marts.mart_flow_metrics",
        "level x work_type x week of the scope portfolio",
        "those whose n_finished differs from the sum over the value streams' rows",
        "level, work type, week (portfolio, sum)",
    ),
    Finding(
        "wip_differs",
        "marts.mart_flow_metrics",
        "value stream x level",
        "those whose wip_end of the last week differs from the counted rows of fct_work_items with is_in_progress",
        "value stream, level (mart, facts)",
    ),
)

_MART_SHAPE = Measure(
    name="mart_shape",
    layer="marts",
    grain="one row per table of TABLE_KEYS",
    key=("table_name",),
    rows=tuple(TABLE_KEYS),
    columns=(
        MeasureColumn("table_name", "text", "schema-qualified table"),
        MeasureColumn("n_rows", "count", "rows of the table"),
        MeasureColumn("n_key_duplicates", "count", "rows beyond the first of each key (TABLE_KEYS)"),
        MeasureColumn(
            "n_null_keys", "count", "rows with a NULL in a key column (scope_id of the portfolio is not NULL)"
        ),
        MeasureColumn("may_be_empty", "count", "1 for the tables in TABLES_THAT_MAY_BE_EMPTY, else 0"),
    ),
)

_FLOW_IDENTITY = Measure(
    name="flow_identity",
    layer="marts",
    grain="one row per value stream of dim_value_streams but `unassigned`; counted items of all levels together",
    key=("value_stream_id",),
    columns=(
        MeasureColumn("value_stream_id", "text", "value stream"),
        MeasureColumn("n_weeks", "count", "complete weeks looked at: the last 26, or as many as there are"),
        MeasureColumn("n_finished", "count", "items finished in those weeks"),
        MeasureColumn(
            "mean_wip", "number", "mean over those weeks' days of started and unfinished items", is_nullable=True
        ),
        MeasureColumn(
            "mean_cycle_time_elapsed_days",
            "number",
            "mean cycle_time_elapsed_days of the items finished in those weeks; NULL if none",
            is_nullable=True,
        ),
        MeasureColumn(
            "littles_law_residual",
            "number",
            "1 - (n_finished / days * mean_cycle_time_elapsed_days) / mean_wip; NULL with fewer than 13 weeks, "
            "fewer than 5 finished items or no WIP",
            is_nullable=True,
        ),
        MeasureColumn("n_finished_last_weeks", "count", "items finished in the last 4 complete weeks"),
        MeasureColumn("n_finished_before", "count", "items finished in the complete weeks before those 4 (of the 26)"),
        MeasureColumn(
            "wip_last_weeks",
            "number",
            "mean WIP over the days of the last 4 complete weeks, 0 if none",
            is_nullable=False,
        ),
    ),
)

_SOURCE_COVERAGE = Measure(
    name="source_coverage",
    layer="marts",
    grain="one row per source, from mart_data_coverage",
    key=("source_id",),
    columns=(
        MeasureColumn("source_id", "text", "source"),
        MeasureColumn("n_items", "count", "work items"),
        MeasureColumn("n_counted_items", "count", "work items in flow metrics"),
        MeasureColumn(
            "usable_history_share", "share", "n_usable_history / n_counted_items; NULL if none", is_nullable=True
        ),
        MeasureColumn("n_unusable_history", "count", "counted items without usable history"),
        MeasureColumn("unassigned_share", "share", "n_unassigned / n_counted_items; NULL if none", is_nullable=True),
        MeasureColumn("n_unassigned", "count", "counted items that no membership rule placed"),
        MeasureColumn(
            "unmapped_status_share",
            "share",
            "n_unmapped_status_items / n_counted_items; NULL if none",
            is_nullable=True,
        ),
        MeasureColumn("n_unmapped_status_items", "count", "counted items that sat in an unmapped status"),
        MeasureColumn("n_announced_missing", "count", "records that the tool says there are and that did not come"),
    ),
)

_INTERVENTION_SERIES = Measure(
    name="intervention_series",
    layer="marts",
    grain="one row per intervention and metric of raw_portfolio.intervention_metrics",
    key=("intervention_id", "metric"),
    columns=(
        MeasureColumn("intervention_id", "text", "intervention"),
        MeasureColumn("metric", "text", "metric that it is to move"),
        MeasureColumn("n_series_weeks", "count", "rows in mart_intervention_series"),
        MeasureColumn("n_baseline_weeks", "count", "baseline weeks (is_baseline) whose value is not NULL"),
        MeasureColumn("n_weeks_judged", "count", "complete weeks that are baseline or after the transition"),
        MeasureColumn("n_weeks_missing", "count", "of those, weeks whose value is NULL"),
        MeasureColumn("missing_share", "share", "n_weeks_missing / n_weeks_judged; NULL if none", is_nullable=True),
    ),
)

MART_MEASURES = (
    _MART_SHAPE,
    findings_measure("mart_findings", "marts", MART_FINDINGS),
    _FLOW_IDENTITY,
    _SOURCE_COVERAGE,
    _INTERVENTION_SERIES,
)
