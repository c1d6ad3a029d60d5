"""The portfolio folder: reading and checking it, and handing it on as models and as tables.

Belongs here: what an adopter writes (portfolio.yaml, registers/) and the bundled example. Does not belong here: exports
and how tools write them (orchestration.sources), the warehouse, Dagster.

Everything that is slow to import (pandas, the holiday calendars, the simulator of the example) is imported only by the
call that needs it, so that commands that only read the portfolio start at once.
"""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.portfolio.loader import PORTFOLIO_FILE, load_portfolio
from orchestration.portfolio.models import Portfolio
from orchestration.portfolio.problems import PortfolioError, Problem

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "PORTFOLIO_FILE",
    "Portfolio",
    "PortfolioError",
    "Problem",
    "load_portfolio",
    "portfolio_tables",
    "prepare_example",
]


def portfolio_tables(portfolio: Portfolio, first_day: date, last_day: date) -> "dict[str, pd.DataFrame]":
    """Return the portfolio as the tables of the schema raw_portfolio; see `orchestration.portfolio.tables`.

    Args:
        portfolio: A loaded portfolio.
        first_day: First day of the calendar table.
        last_day: Last day of the calendar table, inclusive.

    Raises:
        ValueError: `last_day` lies before `first_day`.
    """
    from orchestration.portfolio.tables import portfolio_tables as build

    return build(portfolio, first_day, last_day)


def prepare_example(folder: Path) -> Path:
    """Write the bundled example portfolio into a folder and return it; see `orchestration.portfolio.example`."""
    from orchestration.portfolio.example import prepare_example as prepare

    return prepare(folder)
