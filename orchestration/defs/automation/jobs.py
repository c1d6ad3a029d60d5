"""The two jobs."""

import dagster as dg

nightly_refresh = dg.define_asset_job(
    name="nightly_refresh",
    selection=dg.AssetSelection.all(),
    description="Land what is new, build, check, analyse, publish, report. `weir refresh` runs this job.",
)

portfolio_report = dg.define_asset_job(
    name="portfolio_report",
    selection=dg.AssetSelection.assets(["reports", "site"]),
    description="Build the reports anew from the published warehouse. `weir report` does the same.",
)
