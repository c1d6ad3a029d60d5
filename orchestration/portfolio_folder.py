"""Where things lie in a portfolio folder, and which folder is meant.

Belongs here: names of files and folders that more than one part of Weir uses. Does not belong here: what is in them
(`orchestration.portfolio` reads the portfolio, `orchestration.warehouse` the database).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PORTFOLIO_VARIABLE = "WEIR_PORTFOLIO"
# Set to anything, no refresh asks a tool for anything.
OFFLINE_VARIABLE = "WEIR_OFFLINE"
DBT_PROJECT = Path(__file__).resolve().parent.parent / "dbt_project"


@dataclass(frozen=True)
class PortfolioFolder:
    """One portfolio's folder; `is_example` if nobody named one and the bundled example stands in."""

    folder: Path
    is_example: bool = False

    @property
    def portfolio_file(self) -> Path:
        """What the adopter writes."""
        return self.folder / "portfolio.yaml"

    @property
    def warehouse(self) -> Path:
        """The published warehouse, its earlier generations and Parquet."""
        return self.folder / "warehouse"

    @property
    def data_docs(self) -> Path:
        """Great Expectations' Data Docs of the published generation; each report site gets a copy."""
        return self.warehouse / "data-docs"

    @property
    def failed_data_docs(self) -> Path:
        """Data Docs of the last refresh that published nothing, until one does."""
        return self.warehouse / "data-docs.failed"

    @property
    def reports(self) -> Path:
        """The report site."""
        return self.folder / "reports"

    @property
    def dagster_home(self) -> Path:
        """Dagster's run history, shared by `weir refresh` and `weir ui`."""
        return self.folder / ".dagster"

    @property
    def dbt_target(self) -> Path:
        """What dbt keeps between runs (manifest, partial parse); beside the data, so that the code may be read-only."""
        # The example's folder has to be empty when it is made, and Dagster reads the manifest before that.
        return (self.folder.parent if self.is_example else self.folder / ".weir") / "dbt"

    @property
    def dbt_docs(self) -> Path:
        """Dbt's own pages on the models (`weir docs`); beside the data too, as they tell what was built."""
        return self.dbt_target.with_name("dbt-docs")

    @property
    def check_results(self) -> Path:
        """Great Expectations' results of the refresh at work, kept from its first layer to its last."""
        return self.folder / ".weir" / "checks"

    @property
    def report_lock(self) -> Path:
        """Held while a report site is built and swapped in."""
        return self.folder / ".weir" / "report.lock"


def chosen_portfolio(named: Path | str | None, environment: Mapping[str, str], working_folder: Path) -> PortfolioFolder:
    """Return the folder meant: the one named, else `WEIR_PORTFOLIO`, else the example below the working folder.

    Paths come back absolute, because Dagster runs in another working folder than its caller. Nothing is created.
    """
    name = str(named) if named else environment.get(PORTFOLIO_VARIABLE, "").strip()
    if name:
        return PortfolioFolder((working_folder / Path(name).expanduser()).resolve())
    return PortfolioFolder((working_folder / ".weir" / "example").resolve(), is_example=True)
