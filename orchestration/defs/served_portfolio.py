"""The portfolio that this code location serves, as far as what it declares depends on it: its time zone, its tools.

A run reads the portfolio anew (`orchestration.refresh`); what is declared changes when the code location is loaded
again.
"""

import os
from functools import cache
from pathlib import Path

from orchestration.portfolio import Portfolio, PortfolioError, load_portfolio
from orchestration.portfolio_folder import chosen_portfolio
from orchestration.sources import TOOLS


@cache
def served_portfolio() -> Portfolio | None:
    """Return the portfolio; None while it is broken or not there yet, so that everything still loads."""
    try:
        return load_portfolio(chosen_portfolio(None, os.environ, Path.cwd()).folder)
    except PortfolioError:
        return None


def served_tools() -> frozenset[str]:
    """Return the tools that the portfolio has sources of; all tools while nobody can tell."""
    portfolio = served_portfolio()
    return frozenset(source.tool for source in portfolio.sources) if portfolio else frozenset(TOOLS)
