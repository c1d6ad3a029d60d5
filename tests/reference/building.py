"""Builds the tables of made-up exports as a refresh does, in seconds: landed and built, neither checked nor published."""

import shutil
from datetime import datetime
from pathlib import Path

from orchestration import dbt_build, refresh
from orchestration.portfolio_folder import PortfolioFolder
from tests.external.conftest import _parsed_project

# What the reference computes; dbt builds what these are made of.
COMPARED = ("fct_work_items", "mart_flow_metrics", "mart_stage_days")


def build(folder: Path, as_of: datetime) -> Path:
    """Land the exports of a portfolio and build the compared tables; returns the warehouse file."""
    selection = ["--select", *(f"+{name}" for name in COMPARED), "--exclude-resource-type", "test"]
    built = folder / "built.duckdb"
    with refresh.open_build(PortfolioFolder(folder), "made", refresh.utc_now, as_of=as_of) as made:
        landed = refresh.land_exports(made)
        assert [report.n_quarantined for report in landed] == [0] * len(landed)
        refresh.write_portfolio(made)
        outcomes = refresh.build_models(made, selection, manifest=_parsed_project().deepcopy())
        assert dbt_build.failure_sentences(outcomes) == []
        shutil.copyfile(made.files.build, built)
    return built
