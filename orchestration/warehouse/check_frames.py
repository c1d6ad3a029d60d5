"""The small frames that the quality gate judges: counts and a few offending rows, computed where the rows are.

Belongs here: one statement per measure that ``checks.MEASURES`` declares and per finding of ``checks.FINDINGS``. Does
not belong here: what is good or bad (``checks.suites``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import duckdb

from orchestration.sources import TOOLS
from orchestration.warehouse.mart_findings import MART_FINDINGS
from orchestration.warehouse.raw_findings import RAW_JIRA_FINDINGS, RAW_JIRA_TABLES

if TYPE_CHECKING:
    import pandas as pd

_N_EXAMPLES = 5


@dataclass(frozen=True)
class TableKeys:
    """The grain of each public table, and which of them may be empty: what the shape of the marts is held against."""

    keys: Mapping[str, Sequence[str]]
    may_be_empty: frozenset[str]


def check_frames(
    connection: duckdb.DuckDBPyConnection,
    layer: Literal["raw", "marts"],
    *,
    tables: TableKeys,
    portfolio_tables: Sequence[str],
) -> dict[str, pd.DataFrame]:
    """Compute the frames of a layer by the names of their measures.

    ``tables``: grain of the public tables. ``portfolio_tables``: the tables of ``raw_portfolio`` that have to be there.
    """
    if layer == "raw":
        for name, statement in RAW_JIRA_TABLES.items():
            connection.execute(f"create or replace temp table {name} as {statement}")
        return {
            "export_load": connection.execute(_export_load()).df(),
            "raw_jira_load": connection.execute(_RAW_JIRA_LOAD).df(),
            "raw_jira_findings": _findings(connection, RAW_JIRA_FINDINGS),
            "raw_portfolio_tables": _portfolio_tables(connection, portfolio_tables),
            "raw_portfolio_calendar": connection.execute(_calendar()).df(),
        }
    return {
        "mart_shape": _shapes(connection, tables),
        "mart_findings": _findings(connection, MART_FINDINGS),
        "flow_identity": connection.execute(_FLOW_IDENTITY).df(),
        "source_coverage": connection.execute(_SOURCE_COVERAGE).df(),
        "intervention_series": connection.execute(_INTERVENTION_SERIES).df(),
    }


def _findings(connection: duckdb.DuckDBPyConnection, findings: Mapping[str, tuple[str, str]]) -> pd.DataFrame:
    """Run each finding: how many rows were examined, how many offend, and the first few of them as text."""
    import pandas as pd  # not at the top: a reader's query does without the second that this takes

    statements = [
        f"""
        select '{name}' as finding, ({examined}) as n_examined,
            (select count(*) from found) as n_offending,
            (select string_agg(example, '; ' order by example)
                from (select distinct example from found order by example limit {_N_EXAMPLES})) as examples"""
        for name, (examined, _) in findings.items()
    ]
    # Each is computed once, for its count and its examples.
    return pd.concat(
        [
            connection.execute(f"with found as materialized ({offending}) {statement}").df()
            for statement, (_, offending) in zip(statements, findings.values(), strict=True)
        ],
        ignore_index=True,
    )


def _portfolio_tables(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> pd.DataFrame:
    ids = {"value_streams": "value_stream_id", "trains": "train_id", "teams": "team_id"}
    statements = [
        f"select '{name}' as table_name, count(*) as n_rows from raw_portfolio.{name}"
        + (f" where {ids[name]} <> 'unassigned'" if name in ids else "")
        for name in names
    ]
    return connection.execute(" union all ".join(statements)).df()


def _shapes(connection: duckdb.DuckDBPyConnection, tables: TableKeys) -> pd.DataFrame:
    statements = [
        f"select '{table}' as table_name, count(*) as n_rows,"
        f" count(*) - count(distinct ({', '.join(key)},)) as n_key_duplicates,"
        f" count(*) filter (where {' or '.join(f'{column} is null' for column in key)}) as n_null_keys,"
        f" {int(table in tables.may_be_empty)} as may_be_empty from {table}"
        for table, key in tables.keys.items()
    ]
    return connection.execute(" union all ".join(statements)).df()


_SHARE_OF = "sum(n_quarantined) filter (where {files})::double / nullif(sum(n_records) filter (where {files}), 0)"


def _loaded_rows() -> str:
    """Rows of each raw table by the file they came from: what the records of a file are held against."""
    return " union all ".join(
        f"select source_id, export_file, '{table.name}' as rows_in, count(*) as n_rows"
        f" from raw_{tool.tool}.{table.name} group by all"
        for tool in TOOLS.values()
        for table in tool.tables
    )


def _moments() -> str:
    """Every day on which a source has something new."""
    return " union ".join(
        f"select news.source_id, news.{column}::date as news_date from raw_{tool.tool}.{table} as news"
        f" cross join raw_portfolio.refresh where news.{column} <= refresh.as_of"
        for tool in TOOLS.values()
        for table, column in tool.moments
    )


def _export_load() -> str:
    share_of = _SHARE_OF.format(files="file_kind is not null")
    share_of_tonight = _SHARE_OF.format(
        files="file_kind is not null and export_files.refresh_id = raw_portfolio.refresh.refresh_id"
    )
    return f"""
    with files as (
        select source_id, count(*) as n_export_files, max(complete_to) as complete_to,
            -- Of all files, and of tonight's alone: years of good records must not hide a bad night.
            greatest({share_of}, {share_of_tonight}) as quarantined_share,
            count(*) filter (where file_kind is not null and not is_readable) as n_unreadable_files,
            coalesce(sum(n_records) filter (where is_readable), 0) as n_records
        from quality.export_files cross join raw_portfolio.refresh group by source_id
    ),
    refused as (
        select source_id, export_file, count(*) as n_refused from quality.quarantined_records
        where line_number is not null or record_number is not null group by all
    ),
    accounts as (
        select files.source_id,
            sum(abs(files.n_records - coalesce(loaded.n_rows, 0) - coalesce(refused.n_refused, 0))) as n_unaccounted
        from quality.export_files as files
        left join ({_loaded_rows()}) as loaded using (source_id, export_file, rows_in)
        left join refused using (source_id, export_file)
        where files.rows_in is not null and files.is_readable
        group by files.source_id
    ),
    quarantined as (select source_id, count(*) as n_quarantined from quality.quarantined_records group by source_id),
    days as (
        select source_id, news_date,
            max(news_date) over (partition by source_id) as last_date,
            news_date - lag(news_date) over (partition by source_id order by news_date) as gap
        from ({_moments()})
    ),
    habits as (
        select source_id, max(last_date) as last_date,
            coalesce(quantile_disc(gap, 0.95) filter (where news_date > last_date - 365), 0) as usual_gap,
            count(gap) filter (where news_date > last_date - 365) as n_gaps
        from days group by source_id
    )
    select sources.source_id, coalesce(n_export_files, 0) as n_export_files,
        coalesce(n_unreadable_files, 0) as n_unreadable_files, coalesce(n_records, 0) as n_records,
        coalesce(n_quarantined, 0) as n_quarantined, files.quarantined_share,
        coalesce(n_unaccounted, 0)::bigint as n_unaccounted,
        (epoch(refresh.as_of) - epoch(files.complete_to)) / 86400.0 as days_behind_as_of,
        coalesce(refresh.as_of::date - last_date, 0) as n_days_silent,
        coalesce(usual_gap, 0) as n_days_silent_usual,
        case when n_gaps >= 20 then greatest(n_days_silent - greatest(5 * usual_gap, 7), 0) else 0 end
            as n_days_silent_beyond_habit
    from raw_portfolio.sources
    cross join raw_portfolio.refresh
    left join files using (source_id)
    left join accounts using (source_id)
    left join quarantined using (source_id)
    left join habits using (source_id)"""


_RAW_JIRA_LOAD = """
    with newest as (
        select source_id, issue_id, max_by(status_name, (updated, exported_at, export_file)) as status_name
        from raw_jira.issues group by source_id, issue_id
    ),
    issues as (
        select source_id, count(*) as n_issues,
            count(*) filter (where trim(coalesce(status_name, '')) = '') as n_without_status
        from newest group by source_id
    )
    select sources.source_id, coalesce(n_issues, 0) as n_issues, coalesce(n_without_status, 0) as n_without_status,
        n_without_status::double / nullif(n_issues, 0) as without_status_share
    from raw_portfolio.sources
    left join issues using (source_id)
    where sources.tool = 'jira'"""


def _calendar() -> str:
    return f"""
    with required as (
        select coalesce((select min(news_date) from ({_moments()})), refresh.as_of::date) as first_day,
            refresh.as_of::date as last_day
        from raw_portfolio.refresh
    ),
    days as (select unnest(generate_series(first_day, last_day, interval 1 day))::date as day from required),
    dates as (
        select calendar_date, count(*) as n, bool_or(is_working_day and working_hours > 0) as is_worked
        from raw_portfolio.dates group by calendar_date
    )
    select 'portfolio' as calendar, count(*) as n_days_required,
        (select case when not is_as_of_given then (epoch(started_at) - epoch(as_of)) / 86400.0 end
            from raw_portfolio.refresh) as days_since_as_of,
        count(*) filter (where coalesce(dates.n, 0) <> 1) as n_days_missing,
        count(*) filter (where dates.is_worked) as n_working_days
    from days left join dates on days.day = dates.calendar_date"""


_FLOW_IDENTITY = """
    with weeks as (
        select scope_id as value_stream_id, period_start,
            row_number() over (partition by scope_id order by period_start desc) as weeks_back,
            sum(n_finished) as n_finished, sum(wip_mean) as wip_mean
        from marts.mart_flow_metrics
        where scope_type = 'value_stream' and work_type = 'all' and period_type = 'week' and is_complete
        group by scope_id, period_start
    ),
    recent as (
        select value_stream_id, count(*) as n_weeks, min(period_start) as first_day,
            max(period_start) + 6 as last_day, sum(n_finished) as n_finished, avg(wip_mean) as mean_wip,
            coalesce(sum(n_finished) filter (where weeks_back <= 4), 0) as n_finished_last_weeks,
            coalesce(sum(n_finished) filter (where weeks_back > 4), 0) as n_finished_before,
            coalesce(avg(wip_mean) filter (where weeks_back <= 4), 0) as wip_last_weeks
        from weeks where weeks_back <= 26 group by value_stream_id
    ),
    times as (
        select recent.value_stream_id, avg(items.cycle_time_elapsed_days) as mean_cycle_time_elapsed_days
        from recent inner join flow.fct_work_items as items
            on items.value_stream_id = recent.value_stream_id and items.is_counted
            and items.finished_date between recent.first_day and recent.last_day
        group by recent.value_stream_id
    )
    select streams.value_stream_id, coalesce(n_weeks, 0) as n_weeks, coalesce(n_finished, 0) as n_finished, mean_wip,
        mean_cycle_time_elapsed_days,
        case when n_weeks >= 13 and n_finished >= 5 and mean_wip > 0
            then 1 - (n_finished / (n_weeks * 7.0) * mean_cycle_time_elapsed_days) / mean_wip
        end as littles_law_residual,
        coalesce(n_finished_last_weeks, 0) as n_finished_last_weeks,
        coalesce(n_finished_before, 0) as n_finished_before, coalesce(wip_last_weeks, 0) as wip_last_weeks
    from flow.dim_value_streams as streams
    left join recent using (value_stream_id)
    left join times using (value_stream_id)
    where streams.value_stream_id <> 'unassigned'"""

_SOURCE_COVERAGE = """
    select source_id, n_items, n_counted_items, usable_history_share,
        n_counted_items - n_usable_history as n_unusable_history,
        n_unassigned::double / nullif(n_counted_items, 0) as unassigned_share, n_unassigned,
        least(n_unmapped_status_items::double / nullif(n_counted_items, 0), 1.0) as unmapped_status_share,
        n_unmapped_status_items, n_announced_missing
    from marts.mart_data_coverage"""

_INTERVENTION_SERIES = """
    select interventions.intervention_id, interventions.metric, count(series.week_start) as n_series_weeks,
        count(*) filter (where series.is_baseline and series.value is not null) as n_baseline_weeks,
        count(*) filter (where series.is_baseline or (series.phase = 'after' and series.is_complete)) as n_weeks_judged,
        count(*) filter (
            where (series.is_baseline or (series.phase = 'after' and series.is_complete)) and series.value is null
        ) as n_weeks_missing,
        n_weeks_missing::double / nullif(n_weeks_judged, 0) as missing_share
    from raw_portfolio.intervention_metrics as interventions
    left join marts.mart_intervention_series as series using (intervention_id, metric)
    group by interventions.intervention_id, interventions.metric"""
