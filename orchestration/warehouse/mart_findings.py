"""Statements behind the findings on ``flow`` and ``marts``: what was examined, and which rows offend.

Each entry: finding name to (scalar query of the rows examined, query yielding one ``example`` text per offending row).
Meanings and severities are declared in ``checks.measures.marts`` and ``checks.suites``.
"""

_N_ITEMS = "select count(*) from flow.fct_work_items"


def _any_column(table: str, label: str, pattern: str, condition: str) -> str:
    """Yield ``label (column = value)`` of each row and column named like ``pattern`` whose value meets a condition."""
    return f"""select label || ' (' || name || ' = ' || value || ')' as example from (
            unpivot (select {label} as label, (columns('^({pattern})$'))::double from {table}) on * exclude (label)
            into name name value value
        ) where {condition}"""


_FLOW_LABEL = (
    "scope_type || ' ' || scope_id || ', ' || level || ', ' || work_type || ', ' || period_type || ' ' || period_id"
)
_STAGE_LABEL = "scope_type || ' ' || scope_id || ', ' || level || ', ' || stage_id || ', ' || week_start"
_CLOCKS = ("cycle_time", "flow_time", "lead_time", "idea_to_value")
_OUT_OF_ORDER = " or ".join(
    f"greatest(coalesce(p50_{clock}_calendar_days, 0), 0) > coalesce(p70_{clock}_calendar_days, 1e9)"
    f" or p70_{clock}_calendar_days > p85_{clock}_calendar_days"
    f" or p85_{clock}_calendar_days > p95_{clock}_calendar_days"
    for clock in _CLOCKS
)
_OF_FEW = " or ".join(
    f"(n_{clock} < 5 and coalesce(p50_{clock}_calendar_days, p85_{clock}_calendar_days) is not null)"
    for clock in _CLOCKS
)

MART_FINDINGS: dict[str, tuple[str, str]] = {
    "negative_item_duration": (
        _N_ITEMS,
        _any_column("flow.fct_work_items", "item_key", ".*_(elapsed_days|working_hours)", "value < -0.000001"),
    ),
    "calendar_days_below_one": (
        _N_ITEMS,
        _any_column("flow.fct_work_items", "item_key", ".*_calendar_days", "value < 1"),
    ),
    "negative_visit_duration": (
        "select count(*) from flow.fct_stage_visits",
        """select stage_visit_id || ' (' || least(elapsed_days, working_hours, blocked_elapsed_days) || ')' as example
            from flow.fct_stage_visits where least(elapsed_days, working_hours, blocked_elapsed_days) < -0.000001""",
    ),
    "negative_spell_duration": (
        "select count(*) from flow.fct_blocked_spells",
        """select blocked_spell_id || ' (' || elapsed_days || ')' as example
            from flow.fct_blocked_spells where elapsed_days < 0""",
    ),
    "fact_after_as_of": (
        "select (select count(*) from flow.fct_work_items) + (select count(*) from flow.fct_stage_visits)",
        """select item_key || ' (' || greatest(created_at, finished_at, cancelled_at, resolved_at) || ')' as example
            from flow.fct_work_items
            where greatest(created_at, finished_at, cancelled_at, resolved_at)
                > (select as_of from raw_portfolio.refresh)
            union all
            select stage_visit_id || ' (' || greatest(entered_at, exited_at) || ')'
            from flow.fct_stage_visits
            where greatest(entered_at, exited_at) > (select as_of from raw_portfolio.refresh)""",
    ),
    "share_outside_0_1": (
        "select (select count(*) from marts.mart_flow_metrics) + (select count(*) from marts.mart_flow_distribution)"
        " + (select count(*) from marts.mart_stage_metrics) + (select count(*) from marts.mart_data_coverage)"
        " + (select count(*) from flow.fct_work_items)",
        " union all ".join(
            _any_column(table, label, ".*_share|flow_efficiency", "value < -0.000001 or value > 1.000001")
            for table, label in (
                ("marts.mart_flow_metrics", _FLOW_LABEL),
                ("marts.mart_flow_distribution", _FLOW_LABEL),
                ("marts.mart_stage_metrics", _STAGE_LABEL),
                ("marts.mart_data_coverage", "source_id"),
                ("flow.fct_work_items", "item_key"),
            )
        ),
    ),
    "percentiles_out_of_order": (
        "select (select count(*) from marts.mart_flow_metrics) + (select count(*) from marts.mart_stage_metrics)",
        f"""select {_FLOW_LABEL} as example from marts.mart_flow_metrics where {_OUT_OF_ORDER}
            union all
            select {_STAGE_LABEL} from marts.mart_stage_metrics where p50_elapsed_days > p85_elapsed_days""",
    ),
    "percentile_of_few": (
        "select (select count(*) from marts.mart_flow_metrics) + (select count(*) from marts.mart_stage_metrics)",
        f"""select {_FLOW_LABEL} as example from marts.mart_flow_metrics where {_OF_FEW}
            union all
            select {_STAGE_LABEL} || ' (' || n_visits_ended || ')' from marts.mart_stage_metrics
            where n_visits_ended < 5 and coalesce(p50_elapsed_days, p85_elapsed_days) is not null""",
    ),
    "negative_wip": (
        "select (select count(*) from marts.mart_flow_metrics) + (select count(*) from marts.mart_stage_metrics)"
        " + (select count(*) from flow.fct_stage_days)",
        " union all ".join(
            _any_column(table, label, "n_.*|wip_mean|wip_end|queue_length_.*|velocity_points", "value < 0")
            for table, label in (
                ("marts.mart_flow_metrics", _FLOW_LABEL),
                ("marts.mart_stage_metrics", _STAGE_LABEL),
                ("flow.fct_stage_days", "team_id || ', ' || work_type || ', ' || stage_id || ', ' || calendar_date"),
            )
        ),
    ),
    "period_without_row": (
        "select count(*) from marts.mart_flow_metrics",
        f"""select {_FLOW_LABEL} || ' is not followed by the next' as example
            from (
                select *, lead(period_start) over (
                    partition by scope_type, scope_id, level, work_type, period_type order by period_start
                ) as next_start
                from marts.mart_flow_metrics where period_type in ('day', 'week', 'month')
            ) where next_start <> period_end + 1""",
    ),
    "finished_counts_differ": (
        "select count(distinct (value_stream_id, level)) from flow.fct_work_items where is_counted",
        """select facts.value_stream_id || ', ' || facts.level || ' (' || coalesce(mart.n, 0) || ', ' || facts.n || ')'
                as example
            from (
                select value_stream_id, level, count(*) filter (where is_finished) as n
                from flow.fct_work_items where is_counted group by value_stream_id, level
            ) as facts
            left join (
                select scope_id, level, sum(n_finished) as n from marts.mart_flow_metrics
                where scope_type = 'value_stream' and work_type = 'all' and period_type = 'week'
                group by scope_id, level
            ) as mart on mart.scope_id = facts.value_stream_id and mart.level = facts.level
            where coalesce(mart.n, 0) <> facts.n""",
    ),
    "portfolio_total_differs": (
        "select count(*) from marts.mart_flow_metrics where scope_type = 'portfolio' and period_type = 'week'",
        """select level || ', ' || work_type || ', ' || period_id || ' ('
                || max(n_finished) filter (where scope_type = 'portfolio') || ', '
                || coalesce(sum(n_finished) filter (where scope_type = 'value_stream'), 0) || ')' as example
            from marts.mart_flow_metrics
            where period_type = 'week' and scope_type in ('portfolio', 'value_stream')
            group by level, work_type, period_id
            having coalesce(sum(n_finished) filter (where scope_type = 'portfolio'), 0)
                <> coalesce(sum(n_finished) filter (where scope_type = 'value_stream'), 0)""",
    ),
    "wip_differs": (
        "select count(distinct (value_stream_id, level)) from flow.fct_work_items where is_counted",
        """select facts.value_stream_id || ', ' || facts.level || ' (' || coalesce(mart.n, 0) || ', ' || facts.n || ')'
                as example
            from (
                select value_stream_id, level, count(*) filter (where is_in_progress) as n
                from flow.fct_work_items where is_counted group by value_stream_id, level
            ) as facts
            left join (
                select scope_id, level, max_by(wip_end, period_start) as n from marts.mart_flow_metrics
                where scope_type = 'value_stream' and work_type = 'all' and period_type = 'week'
                group by scope_id, level
            ) as mart on mart.scope_id = facts.value_stream_id and mart.level = facts.level
            where coalesce(mart.n, 0) <> facts.n""",
    ),
}
