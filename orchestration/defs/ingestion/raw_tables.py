"""Raw tables as assets: `raw_<tool>/*` from the exports, `raw_portfolio/*` from the portfolio folder.

One step lands all of them. The portfolio's calendar and `as_of` follow from what has landed, and the raw checks need
both; were they two steps, the second would wait for the checks of the first, which wait for the second.
"""

from collections.abc import Iterator

import dagster as dg

from orchestration.defs.presentation import landing_results
from orchestration.defs.resources import RefreshResource
from orchestration.defs.served_portfolio import served_tools
from orchestration.defs.transformation.project import source_tables
from orchestration.refresh import land_exports, write_portfolio
from orchestration.sources import TOOLS


def _specs() -> Iterator[dg.AssetSpec]:
    for tool in (TOOLS[name] for name in TOOLS if name in served_tools()):
        for table in tool.tables:
            yield dg.AssetSpec(
                [f"raw_{tool.tool}", table.name], description=table.description, kinds={"duckdb", tool.tool}
            )
    for source, kind in (("raw_portfolio", "yaml"), ("quality", "duckdb")):
        for name, description in source_tables(source).items():
            yield dg.AssetSpec([source, name], description=description, kinds={"duckdb", kind})


@dg.multi_asset(name="land", specs=[spec.replace_attributes(group_name="raw") for spec in _specs()], pool="warehouse")
def raw_tables(context: dg.AssetExecutionContext, refresh: RefreshResource) -> Iterator[dg.MaterializeResult[None]]:
    """Load the export files that are new, with lineage, and write the portfolio's own tables."""
    reports = land_exports(refresh.build)
    for message in (message for report in reports for message in report.messages):
        context.log.warning(message)
    write_portfolio(refresh.build)
    yield from landing_results(refresh.build, reports, sorted(context.selected_asset_keys))
