"""The dbt project, parsed once for all portfolios that a process of tests refreshes.

Belongs here: the parsed project and where a refresh finds it. Does not belong here: the refresh.
"""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from orchestration import dbt_build
from orchestration.portfolio_folder import DBT_PROJECT, PortfolioFolder


@cache
def _parsed_project() -> tuple[Any, Path]:
    """Parse the dbt project once a process, the longest part of a refresh of small data; also where dbt left it."""
    target = Path(tempfile.mkdtemp(prefix="weir-"))
    atexit.register(shutil.rmtree, target, ignore_errors=True)
    database = target / "warehouse.build.duckdb"
    dbt_build.load_manifest(DBT_PROJECT, target, database)
    return dbt_build.parse(DBT_PROJECT, target, database), target


def parsed_for(paths: PortfolioFolder) -> Any:
    """Return dbt's manifest, and leave it where a refresh of the portfolio looks for it."""
    manifest, target = _parsed_project()
    leave_parsed_project(target, paths)
    # A build writes into what it is given.
    return manifest.deepcopy()


def leave_parsed_project(target: Path, paths: PortfolioFolder) -> None:
    """Copy what dbt left of the project in a target folder to where a portfolio's is looked for."""
    paths.dbt_target.mkdir(parents=True, exist_ok=True)
    for name in ("manifest.json", "project.sha256"):
        shutil.copy(target / name, paths.dbt_target)
