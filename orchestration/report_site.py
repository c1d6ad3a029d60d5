"""The report site of the published warehouse, built beside the old one and swapped in.

Belongs here: which generation is reported on, and the folder's moves. Does not belong here: pages
(`orchestration.reports`), figures, SQL.
"""

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock

from orchestration import reports, warehouse
from orchestration.portfolio import load_portfolio
from orchestration.portfolio_folder import PortfolioFolder
from orchestration.published import published_frames

# A weekly report may have to wait for the nightly one's pages, which take seconds; more than this means it hangs.
_LOCK_SECONDS = 600


@dataclass(frozen=True)
class ReportSite:
    """A report site that stands in its place: its start page, its pages, and the generation it shows."""

    index: Path
    n_pages: int
    generation: int
    as_of: datetime


def build_report_site(paths: PortfolioFolder) -> ReportSite:
    """Build the site of the published generation and put it in the place of the old one.

    Raises:
        NothingPublishedError: No refresh has been published yet.
        PortfolioError: The portfolio is not usable.
    """
    from orchestration.reports.page import build_site  # with it comes Plotly, which takes a second to import

    wanted = {**reports.REQUIRED_FRAMES, "check_results": None, "refreshes": None}
    frames = published_frames(paths, wanted, reports.REQUIRED_ROWS)
    refresh = frames.pop("refreshes").sort_values("generation").iloc[-1]
    portfolio = load_portfolio(paths.folder)
    # The table keeps the results of earlier refreshes; the report is about this one.
    results = frames["check_results"]
    frames["check_results"] = results[results["refresh_id"] == refresh["refresh_id"]]
    context = reports.ReportContext(
        portfolio_name=portfolio.portfolio.name or portfolio.portfolio.id,
        as_of=refresh["as_of"].to_pydatetime(),
        generation=int(refresh["generation"]),
        refresh_id=refresh["refresh_id"],
        weir_version=refresh["weir_version"],
        timezone=portfolio.portfolio.timezone,
        data_docs_path="data-docs/index.html" if paths.data_docs.exists() else None,
    )
    files = warehouse.WarehouseFolder(paths.warehouse)
    paths.report_lock.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(paths.report_lock, timeout=_LOCK_SECONDS):
        files.recover_folder(paths.reports)
        new = paths.reports.with_name("reports.build")
        shutil.rmtree(new, ignore_errors=True)
        written = build_site(frames, context, new)
        if paths.data_docs.exists():
            shutil.copytree(paths.data_docs, new / "data-docs")
        files.swap_folder(new, paths.reports)
    n_pages = sum(file.suffix == ".html" for file in written)
    return ReportSite(paths.reports / "index.html", n_pages, context.generation, context.as_of)
