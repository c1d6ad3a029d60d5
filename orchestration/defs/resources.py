"""Resources: the portfolio's folder, the refresh that a run carries, and how runs execute.

Belongs here: what Dagster injects into assets. Does not belong here: what is done with it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import dagster as dg
from pydantic import PrivateAttr

from orchestration.portfolio_folder import OFFLINE_VARIABLE, PortfolioFolder, chosen_portfolio
from orchestration.refresh import RefreshBuild, open_build, utc_now
from orchestration.run_locks import at_work


class PortfolioResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The portfolio folder that this code location works on."""

    folder: str
    is_example: bool = False

    @property
    def paths(self) -> PortfolioFolder:
        """The folder's layout."""
        return PortfolioFolder(Path(self.folder), self.is_example)


class RefreshResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """One refresh for the whole run: holds the warehouse's lock from the first step to the last.

    `as_of` (ISO 8601, with offset), `full` and `pull` may be set at launch.
    """

    portfolio: PortfolioResource
    as_of: str | None = None
    full: bool = False
    pull: bool = True
    _build: RefreshBuild = PrivateAttr()

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["RefreshResource"]:
        """Open the build for one run; what is not published is put aside at its end."""
        as_of = datetime.fromisoformat(self.as_of) if self.as_of else None
        refresh_id = context.run.run_id if context.run else "outside-of-a-run"
        opened = open_build(self.portfolio.paths, refresh_id, utc_now, as_of=as_of, full=self.full, pull=self.pull)
        with at_work(self.portfolio.paths, refresh_id), opened as build:
            self._build = build
            yield self

    @property
    def build(self) -> RefreshBuild:
        """The refresh at work."""
        return self._build


@dg.definitions
def resources() -> dg.Definitions:
    """Bind the resources to the portfolio that the environment names."""
    chosen = chosen_portfolio(None, os.environ, Path.cwd())
    is_offline = bool(os.environ.get(OFFLINE_VARIABLE, "").strip())
    portfolio = PortfolioResource(folder=str(chosen.folder), is_example=chosen.is_example)
    return dg.Definitions(
        resources={"portfolio": portfolio, "refresh": RefreshResource(portfolio=portfolio, pull=not is_offline)},
        # The steps share one lock and one file: they run one after another in one process.
        executor=dg.in_process_executor,
    )
