"""A build that nobody will publish: exports landed and models built in a temporary place, only to be looked at.

Belongs here: landing and building for a draft (`weir init`) and for a check before the first refresh. Does not belong
here: what is looked for, and refreshes that publish (`orchestration.refresh`).
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from orchestration import dbt_build, warehouse
from orchestration.portfolio import Portfolio
from orchestration.portfolio_folder import DBT_PROJECT, PortfolioFolder
from orchestration.refresh import RefreshBuild, RefreshError


@contextmanager
def trial_build(paths: PortfolioFolder, portfolio: Portfolio, now: Callable[[], datetime]) -> Iterator[RefreshBuild]:
    """Prepare an empty build for the portfolio's exports in a temporary place, which is gone afterwards.

    Nothing is pulled, and nothing in the portfolio's folder is touched but what dbt keeps between runs.
    """
    with tempfile.TemporaryDirectory(prefix="weir-") as place:
        files = warehouse.WarehouseFolder(Path(place) / "warehouse")
        with files.lock():
            files.start_build(full=True)
            started_at = now()
            refresh = warehouse.Refresh(
                refresh_id="trial",
                as_of=started_at,
                started_at=started_at,
                mode="full",
                weir_version=version("weir"),
                git_version="",
                portfolio_hash=portfolio.content_hash,
            )
            yield RefreshBuild(paths, portfolio, files, refresh, is_incremental=False, now=now, is_pulling=False)


def build_relations(build: RefreshBuild, names: Sequence[str], target: Path) -> None:
    """Build the named models and everything they are made of; tests are left out. dbt keeps its parse in `target`.

    Raises:
        RefreshError: A model failed; each one that did is named.
    """
    selection = ["--select", *(f"+{name}" for name in names)]
    left_out = ["--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"]
    outcomes = dbt_build.build(
        DBT_PROJECT, target, build.files.build, selection=[*selection, *left_out], full_refresh=True
    )
    if failures := dbt_build.failure_sentences(outcomes):
        raise RefreshError("\n".join(failures))
