"""The numbers that the pandas pipeline computes, from Weir: how long they take and whether they are the same."""

import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from orchestration import dbt_build, refresh
from orchestration.portfolio_folder import DBT_PROJECT, PortfolioFolder
from orchestration.sources import TOOLS
from tests.benchmarks.pandas_pipeline import LEVEL, Numbers

_MODELS = ("fct_work_items", "fct_stage_days")


def weir_seconds_for_the_same_numbers(portfolio: Path) -> tuple[float, Path]:
    """Land the exports and build what these numbers need, all of it from nothing; returns seconds and the database.

    Parsing the dbt project is left out: it is done once for a version of Weir, not once for a refresh.
    """
    paths = PortfolioFolder(portfolio)
    target = paths.dbt_target
    manifest = dbt_build.parse(DBT_PROJECT, target, portfolio / "warehouse.build.duckdb")
    with refresh.open_build(paths, str(uuid.uuid4()), refresh.utc_now, full=True, pull=False) as build:
        began = time.perf_counter()
        refresh.land_exports(build)
        refresh.write_portfolio(build)
        tools = {source.tool for source in build.portfolio.sources}
        selection = ["--select", *(f"+{model}" for model in _MODELS)]
        absent = dbt_build.folders_of(TOOLS.keys() - tools)
        outcomes = refresh.run_dbt(build, "run", [*selection, "--exclude", *absent], manifest=manifest)
        if failures := dbt_build.failure_sentences(outcomes):
            raise RuntimeError("\n".join(failures))
        with build.connection() as connection:
            _numbers(connection)
        seconds = time.perf_counter() - began
    return seconds, build.files.failed


@dataclass(frozen=True)
class WeirNumbers:
    """As `pandas_pipeline.Numbers`, from the warehouse."""

    numbers: Numbers

    def differences(self, other: Numbers) -> int:
        """Count the cells that differ between the two; the other's days end with the last move."""
        return sum(
            _different(mine, theirs)
            for mine, theirs in (
                (self.numbers.weeks, other.weeks),
                (self.numbers.stage_days.loc[: other.stage_days.index.max()], other.stage_days),
            )
        )


def numbers_of_weir(database: Path) -> WeirNumbers:
    """Read the numbers from a built database."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return WeirNumbers(_numbers(connection))


def _numbers(connection: duckdb.DuckDBPyConnection) -> Numbers:
    weeks = connection.execute(
        f"""
        select date_trunc('week', finished_date)::timestamp as week, count(*) as n_finished,
            case when count(cycle_time_calendar_days) >= 5
                then quantile_disc(cycle_time_calendar_days, 0.5) end as p50,
            case when count(cycle_time_calendar_days) >= 5
                then quantile_disc(cycle_time_calendar_days, 0.85) end as p85
        from flow.fct_work_items where is_counted and is_finished and level = '{LEVEL}' group by 1 order by 1"""
    ).df()
    days = connection.execute(
        f"""
        select calendar_date::timestamp as day, split_part(stage_id, '.', 2) as stage, sum(n_wip) as n
        from flow.fct_stage_days where level = '{LEVEL}' group by all"""
    ).df()
    table = days.pivot_table(index="day", columns="stage", values="n", aggfunc="sum")
    return Numbers(weeks.set_index("week"), table)


def _different(mine: pd.DataFrame, theirs: pd.DataFrame) -> int:
    left, right = mine.align(theirs, join="outer")
    one, other = left.fillna(0).to_numpy(dtype=float), right.fillna(0).to_numpy(dtype=float)
    return int((~np.isclose(one, other)).sum())
