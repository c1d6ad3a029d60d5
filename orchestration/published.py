"""The published warehouse as the commands and reports see it: is there one, and what did its refresh bring.

Belongs here: opening it for reading. Does not belong here: making it (`orchestration.refresh`).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration import warehouse
from orchestration.portfolio_folder import PortfolioFolder

if TYPE_CHECKING:
    import duckdb
    import pandas as pd


class NothingPublishedError(RuntimeError):
    """There is no published warehouse to read."""


def require_published(paths: PortfolioFolder) -> Path:
    """Return the published warehouse's file.

    Raises:
        NothingPublishedError: No refresh has been published yet.
    """
    published = warehouse.WarehouseFolder(paths.warehouse).published
    if not published.exists():
        raise NothingPublishedError(f"Nothing is published in {paths.warehouse} yet; run `weir refresh` first.")
    return published


def published_summary(paths: PortfolioFolder) -> dict[str, Any] | None:
    """Return what the newest published refresh brought (see `warehouse.summary`), None if nothing is published."""
    try:
        with _opened(paths) as connection:
            return warehouse.summary(connection)
    except NothingPublishedError:
        return None


def newest_published_refresh(paths: PortfolioFolder) -> dict[str, Any]:
    """Return the row of `quality.refreshes` that tells of the published generation.

    Raises:
        NothingPublishedError: No refresh has been published yet.
    """
    with _opened(paths) as connection:
        return warehouse.newest_refresh(connection) or {}


def published_frames(
    paths: PortfolioFolder,
    wanted: Mapping[str, Sequence[str] | None],
    rows: Mapping[str, Mapping[str, Sequence[str | bool]]] | None = None,
) -> "dict[str, pd.DataFrame]":
    """Read tables of the published warehouse; None as columns means all of them, `rows` as in `read_frames`.

    Raises:
        NothingPublishedError: No refresh has been published yet.
    """
    columns = {table: None if names is None else list(names) for table, names in wanted.items()}
    with _opened(paths) as connection:
        return warehouse.read_frames(connection, columns, rows)


@contextmanager
def _opened(paths: PortfolioFolder) -> "Iterator[duckdb.DuckDBPyConnection]":
    with closing(warehouse.connect_published(require_published(paths))) as connection:
        yield connection
