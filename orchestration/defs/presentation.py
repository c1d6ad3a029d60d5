"""What an asset shows of itself in Dagster: rows, files, durations, a small preview.

Belongs here: results of Weir's steps in Dagster's words. Does not belong here: computing them.
"""

from collections.abc import Iterator, Mapping, Sequence

import dagster as dg
import pandas as pd

from orchestration.refresh import RefreshBuild, table_sizes
from orchestration.warehouse import LandingReport

_PREVIEW_ROWS = 5
_PREVIEW_COLUMNS = 8


def frame_result(key: dg.AssetKey, frame: pd.DataFrame) -> dg.MaterializeResult[None]:
    """Show a frame that was written: its rows and the first few of them."""
    return dg.MaterializeResult(asset_key=key, metadata={"dagster/row_count": len(frame), "preview": preview(frame)})


def preview(frame: pd.DataFrame) -> dg.MarkdownMetadataValue:
    """Show the first rows as a table; cells are cut to one short line and escaped, for they may come from a tool."""
    head = frame.iloc[:_PREVIEW_ROWS, :_PREVIEW_COLUMNS].map(_cell)
    lines = [list(head.columns), ["---"] * head.shape[1], *head.to_numpy().tolist()]
    return dg.MetadataValue.md("\n".join(f"| {' | '.join(line)} |" for line in lines))


def _cell(value: object) -> str:
    short = " ".join(str(value).split())[:40]
    return "".join(f"\\{character}" if character in r"\`*_[]<>|#" else character for character in short)


def landing_results(
    build: RefreshBuild, reports: Sequence[LandingReport], keys: Sequence[dg.AssetKey]
) -> Iterator[dg.MaterializeResult[None]]:
    """Show how many rows each raw table has, and what this refresh brought."""
    sizes = table_sizes(build)
    brought = {
        "files loaded now": sum(report.n_files_loaded for report in reports),
        "files known": sum(report.n_files_known for report in reports),
        "records quarantined now": sum(report.n_quarantined for report in reports),
    }
    for key in keys:
        schema, table = key.path
        loaded = sum(report.rows.get(table, 0) for report in reports)
        facts = {} if schema == "raw_portfolio" else {"rows loaded now": loaded, **brought}
        yield dg.MaterializeResult(asset_key=key, metadata={"dagster/row_count": sizes[f"{schema}.{table}"], **facts})


def text_metadata(values: Mapping[str, object]) -> dict[str, str]:
    """Show plain facts, whatever their type, as text."""
    return {name: str(value) for name, value in values.items()}
