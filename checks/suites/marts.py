"""What flow facts and marts have to look like before anyone reads them.

Belongs here: expectations on ``flow.*`` and ``marts.*`` that a reader would notice: impossible values, gaps, sums that
differ, coverage, plausibility. Does not belong here: relations and the tiling of visits, which dbt tests own.
"""

from checks.definitions import Check, Condition, Limit, SuiteDefinition, no_finding

_SHAPE = SuiteDefinition(
    name="mart_shape",
    layer="marts",
    table="flow.*, marts.*",
    frame="mart_shape",
    description="Does every public table have rows, and each of them once?",
    checks=(
        Check(
            "has_rows",
            "critical",
            "Every public table that cannot rightly be empty has rows.",
            "ExpectColumnValuesToBeBetween",
            {"column": "n_rows", "min_value": 1},
            where=(Condition("may_be_empty", "==", 0),),
            identify=("table_name",),
        ),
        Check(
            "no_duplicate_keys",
            "critical",
            "No public table holds the same key twice.",
            "ExpectColumnValuesToBeBetween",
            {"column": "n_key_duplicates", "max_value": 0},
            identify=("table_name",),
            observed_column="n_rows",
            unexpected_column="n_key_duplicates",
        ),
        Check(
            "no_null_keys",
            "critical",
            "No key of a public table is missing.",
            "ExpectColumnValuesToBeBetween",
            {"column": "n_null_keys", "max_value": 0},
            identify=("table_name",),
            observed_column="n_rows",
            unexpected_column="n_null_keys",
        ),
    ),
)

_FINDINGS = SuiteDefinition(
    name="mart_findings",
    layer="marts",
    table="flow.fct_work_items",
    frame="mart_findings",
    description="Is any value impossible, any period missing, any sum different from what it sums?",
    checks=(
        no_finding("negative_item_duration", "flow.fct_work_items", "critical", "No item has a negative duration."),
        no_finding(
            "calendar_days_below_one",
            "flow.fct_work_items",
            "critical",
            "No calendar-day count lies below 1, the count of a same-day item.",
        ),
        no_finding(
            "negative_visit_duration", "flow.fct_stage_visits", "critical", "No stage visit has a negative duration."
        ),
        no_finding(
            "negative_spell_duration",
            "flow.fct_blocked_spells",
            "critical",
            "No blocked spell has a negative duration.",
        ),
        no_finding("fact_after_as_of", "flow.fct_work_items", "critical", "Nothing happened later than as_of."),
        no_finding("share_outside_0_1", "marts.mart_flow_metrics", "critical", "Every share lies between 0 and 1."),
        no_finding(
            "percentiles_out_of_order",
            "marts.mart_flow_metrics",
            "critical",
            "Percentiles of one clock rise from the 50th to the 95th.",
        ),
        no_finding(
            "percentile_of_few",
            "marts.mart_flow_metrics",
            "critical",
            "No percentile is given for fewer than 5 items.",
        ),
        no_finding("negative_wip", "marts.mart_flow_metrics", "critical", "No count of work is negative."),
        no_finding(
            "period_without_row",
            "marts.mart_flow_metrics",
            "critical",
            "Every period has a row, also where nothing happened.",
        ),
        no_finding(
            "finished_counts_differ",
            "marts.mart_flow_metrics",
            "critical",
            "Weekly throughput adds up to the finished items of each value stream and level.",
        ),
        no_finding(
            "portfolio_total_differs",
            "marts.mart_flow_metrics",
            "critical",
            "The portfolio's throughput is the sum of its value streams'.",
        ),
        no_finding(
            "wip_differs",
            "marts.mart_flow_metrics",
            "critical",
            "The last week's WIP equals the items in progress.",
        ),
    ),
)

_IDENTITY = SuiteDefinition(
    name="flow_identity",
    layer="marts",
    table="marts.mart_flow_metrics",
    frame="flow_identity",
    description="Do throughput, cycle time and WIP of each value stream agree, and does work still get finished?",
    checks=(
        Check(
            "littles_law_residual",
            "warning",
            "WIP, throughput and cycle time agree within ±{littles_law_tolerance:.0%} over the last 26 weeks.",
            "ExpectColumnValuesToBeBetween",
            {
                "column": "littles_law_residual",
                "min_value": Limit("littles_law_tolerance", sign=-1),
                "max_value": Limit("littles_law_tolerance"),
            },
            identify=("value_stream_id",),
        ),
        Check(
            "throughput_continues",
            "warning",
            "A value stream that has work and used to finish some has finished some in the last 4 weeks.",
            "ExpectColumnValuesToBeBetween",
            {"column": "n_finished_last_weeks", "min_value": 1},
            where=(Condition("wip_last_weeks", ">", 0), Condition("n_finished_before", ">", 0)),
            identify=("value_stream_id", "wip_last_weeks"),
        ),
    ),
)

_COVERAGE = SuiteDefinition(
    name="source_coverage",
    layer="marts",
    table="marts.mart_data_coverage",
    frame="source_coverage",
    description="How much of each source do the metrics rest on?",
    checks=(
        Check(
            "items_counted",
            "critical",
            "At least one item counts in flow metrics.",
            "ExpectColumnSumToBeBetween",
            {"column": "n_counted_items", "min_value": 1},
            observed_column="n_items",
        ),
        Check(
            "everything_announced_came",
            "warning",
            "Every record that a tool says there is has come.",
            "ExpectColumnValuesToBeBetween",
            {"column": "n_announced_missing", "max_value": 0},
            identify=("source_id",),
            unexpected_column="n_announced_missing",
        ),
        Check(
            "usable_history_share",
            "warning",
            "At least {min_usable_history_share:.0%} of a source's counted items have a usable history.",
            "ExpectColumnValuesToBeBetween",
            {"column": "usable_history_share", "min_value": Limit("min_usable_history_share")},
            identify=("source_id", "n_unusable_history"),
            observed_column="n_counted_items",
            unexpected_column="n_unusable_history",
        ),
        Check(
            "unassigned_share",
            "warning",
            "At most {max_unassigned_share:.0%} of a source's counted items belong to no team.",
            "ExpectColumnValuesToBeBetween",
            {"column": "unassigned_share", "max_value": Limit("max_unassigned_share")},
            identify=("source_id", "n_unassigned"),
            observed_column="n_counted_items",
            unexpected_column="n_unassigned",
        ),
        Check(
            "unmapped_status_share",
            "warning",
            "At most {max_unmapped_status_share:.0%} of a source's counted items sat in a status nobody mapped.",
            "ExpectColumnValuesToBeBetween",
            {"column": "unmapped_status_share", "max_value": Limit("max_unmapped_status_share")},
            identify=("source_id", "n_unmapped_status_items"),
            observed_column="n_counted_items",
            unexpected_column="n_unmapped_status_items",
        ),
    ),
)

_INTERVENTIONS = SuiteDefinition(
    name="intervention_series",
    layer="marts",
    table="marts.mart_intervention_series",
    frame="intervention_series",
    description="Can the trend of each metric of the registered interventions be judged?",
    checks=(
        Check(
            "every_intervention_has_series",
            "warning",
            "Every metric of a registered intervention has a weekly series.",
            "ExpectColumnValuesToBeBetween",
            {"column": "n_series_weeks", "min_value": 1},
            identify=("intervention_id", "metric"),
        ),
        Check(
            "baseline_long_enough",
            "warning",
            "Every metric has at least {min_baseline_weeks} measured weeks before its intervention's launch.",
            "ExpectColumnValuesToBeBetween",
            {"column": "n_baseline_weeks", "min_value": Limit("min_baseline_weeks")},
            identify=("intervention_id", "metric"),
        ),
        Check(
            "few_weeks_missing",
            "warning",
            "At most {max_missing_weeks_share:.0%} of the weeks of an intervention's metric are without a value.",
            "ExpectColumnValuesToBeBetween",
            {"column": "missing_share", "max_value": Limit("max_missing_weeks_share")},
            identify=("intervention_id", "metric", "n_weeks_missing"),
            observed_column="n_weeks_judged",
            unexpected_column="n_weeks_missing",
        ),
    ),
)

SUITES = (_SHAPE, _FINDINGS, _IDENTITY, _COVERAGE, _INTERVENTIONS)
