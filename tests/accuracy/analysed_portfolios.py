"""From exports to published findings, as a nightly refresh goes, for several planted portfolios in one warehouse.

Belongs here: landing, dbt's models, and the analyses. Does not belong here: the truth (`planted_portfolios`) and how
findings are held against it (`scores`).

A refresh costs most of a minute whatever its size, so several portfolios are landed and modelled together, each as five
value streams of its own. No model mixes value streams but in its rows of the scope `portfolio`. The analyses do look
across them (controls, false discovery rates, the gates and hit rates of forecasts), so each portfolio's rows are copied
into a warehouse of its own and analysed there, with seeds of its own: what is found is what a refresh of it alone
finds.
Left out are the checks, the publishing and the reports, which change no finding, and the analyses of waits and of
linked signals, of which no truth is planted.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pandas as pd

from orchestration import refresh, warehouse
from orchestration.analysis_steps.constraints import judge_constraints
from orchestration.analysis_steps.forecasts import counted_queues, forecast
from orchestration.analysis_steps.interventions import follow_interventions
from orchestration.analysis_steps.moments import snapshot_of
from orchestration.analytics import choke_point_forecast
from orchestration.analytics.queue_walks import STAGE_WEEK_COLUMNS
from orchestration.analytics.random_streams import generator_for
from orchestration.portfolio_folder import PortfolioFolder
from tests.accuracy.planted_portfolios import PlantedPortfolio

Findings = dict[str, pd.DataFrame]

_SCHEMAS = ("flow", "marts")
#: Large, and read by no analysis.
_LEFT_OUT = (
    "fct_stage_days",
    "fct_wip_days",
    "fct_wip_spells",
    "fct_hand_offs",
    "mart_stage_days",
    "mart_hand_offs",
    "mart_flow_distribution",
    "mart_quality_signals",
    "mart_blockers",
    "mart_capacity_utilisation",
)


def findings_of(folder: Path, planted: Sequence[PlantedPortfolio]) -> Iterator[tuple[PlantedPortfolio, Findings]]:
    """Build the portfolio folder's warehouse and yield what the analyses find in each planted portfolio, by table."""
    paths = PortfolioFolder(folder)
    with refresh.open_build(paths, "accuracy", refresh.utc_now, full=True, pull=False) as build:
        landed = refresh.land_exports(build)
        messages = [message for report in landed for message in report.messages]
        refresh.write_portfolio(build)
        outcomes = refresh.build_models(build, with_tests=False)
        failed = [f"{each.name}: {each.message}" for each in outcomes if each.status in ("failed", "skipped")]
        if messages or failed or any(report.n_quarantined for report in landed):
            raise RuntimeError("\n".join(["The planted portfolios were not built as they are.", *messages, *failed]))
        for portfolio in planted:
            alone = _alone(build, portfolio)
            yield portfolio, analyse(alone)
            shutil.rmtree(alone.files.folder)


def analyse(build: refresh.RefreshBuild) -> Findings:
    """Return what is found in a build, by table; with `item_keys` of what has dates, `choke_points_without_trend`."""
    found = {**judge_constraints(build), **follow_interventions(build), **forecast(build)}
    with build.connection() as connection:
        frames = warehouse.read_frames(
            connection,
            {
                "dim_stages": None,
                "dim_increments": list(choke_point_forecast.INCREMENT_COLUMNS),
                "mart_stage_metrics": [*STAGE_WEEK_COLUMNS, "queue_length_mean"],
                "fct_work_items": ["work_item_id", "item_key"],
            },
            {"mart_stage_metrics": {"scope_type": ("value_stream",)}},
        )
    keys = frames["fct_work_items"]
    flat = found["choke_point_forecasts"]
    if (flat["method"] == "trend").any():
        # No number of weeks is enough for this gate, so all that comes out is the walk without a trend.
        never = replace(choke_point_forecast.DEFAULT_SETTINGS, min_origins=1_000_000)
        flat = choke_point_forecast.forecast_choke_points(
            counted_queues(frames["mart_stage_metrics"], frames["dim_stages"]),
            frames["dim_increments"],
            generator=generator_for(snapshot_of(build), "portfolio", choke_point_forecast.METHOD_VERSION),
            settings=never,
        ).forecasts
    return found | {
        "item_keys": keys.loc[keys["work_item_id"].isin(found["delivery_forecasts"]["work_item_id"])],
        "choke_points_without_trend": flat[
            ["scope_type", "scope_id", "level", "stage_id", "horizon", "event", "probability"]
        ],
    }


def _alone(build: refresh.RefreshBuild, portfolio: PlantedPortfolio) -> refresh.RefreshBuild:
    """Return a build whose tables hold the rows of one planted portfolio's value streams only."""
    files = warehouse.WarehouseFolder(build.files.folder / f"p{portfolio.seed:03d}")
    files.start_build(full=True)
    streams = [each.stream.id for each in portfolio.streams]
    with closing(warehouse.connect(files.build)) as connection:
        connection.execute(f"attach '{build.files.build}' as shared (read_only)")
        columns = connection.execute(
            """
            select schema_name, table_name, list(column_name)
            from duckdb_columns()
            where database_name = 'shared' and list_contains($schemas, schema_name)
                and not list_contains($left_out, table_name)
            group by all order by all""",
            {"schemas": list(_SCHEMAS), "left_out": list(_LEFT_OUT)},
        ).fetchall()
        for schema in _SCHEMAS:
            connection.execute(f"create schema {schema}")
        for schema, table, names in columns:
            condition = _own_rows(set(names))
            connection.execute(
                f"create table {schema}.{table} as select * from shared.{schema}.{table} where {condition}",
                {"streams": streams} if "$streams" in condition else {},
            )
        connection.execute("detach shared")
    # Random numbers depend on the portfolio alone, not on what lies beside it.
    identity = replace(build.refresh, portfolio_hash=f"planted portfolio {portfolio.seed}")
    return replace(build, files=files, refresh=identity)


def _own_rows(columns: set[str]) -> str:
    """Return which rows of a table with these columns belong to the value streams `$streams`; all if it names none."""
    for name in ("value_stream_id", "from_value_stream_id"):
        if name in columns:
            return f"list_contains($streams, {name})"
    if "work_item_id" in columns:
        own = "select work_item_id from shared.flow.fct_work_items where list_contains($streams, value_stream_id)"
        return f"work_item_id in ({own})"
    return "true"
