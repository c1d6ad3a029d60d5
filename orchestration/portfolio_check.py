"""What `weir check` tells: is the portfolio sound, do its sources have data, what could the last refresh not map.

Belongs here: lines about findings. Does not belong here: the rules of a portfolio (`orchestration.portfolio`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from orchestration.portfolio import Portfolio, load_portfolio
from orchestration.portfolio_folder import PortfolioFolder
from orchestration.published import NothingPublishedError, published_frames, published_summary

# Values of one kind that are listed; the rest is in mart_unmapped_values.
_SHOWN_VALUES = 20
# Weir's own word where an export tells that an item was resolved and no status before: nothing to map.
_STATUS_UNKNOWN = "Unknown"


@dataclass(frozen=True)
class PortfolioFindings:
    """What was found; `lines` are for reading, `problems` need doing before a refresh can publish."""

    lines: tuple[str, ...]
    problems: tuple[str, ...]


def check_portfolio(paths: PortfolioFolder) -> PortfolioFindings:
    """Check the portfolio folder and read from the published warehouse, if there is one, what is not mapped.

    Raises:
        PortfolioError: The portfolio is not usable; the text has one line per problem.
    """
    portfolio = load_portfolio(paths.folder)
    empty = [source.id for source in portfolio.sources if not _has_files(portfolio, source.exports)]
    missing = tuple(f"{source}: no export files; drop the tool's exports into its folder." for source in empty)
    has_data = len(empty) < len(portfolio.sources)
    lines = [_overview(portfolio), *(() if not has_data else missing), *_unmapped(paths)]
    return PortfolioFindings(tuple(lines), () if has_data else missing or ("No source is named; add one to sources.",))


def _overview(portfolio: Portfolio) -> str:
    teams = sum(len(train.teams) for stream in portfolio.value_streams for train in stream.trains)
    return (
        f"{portfolio.portfolio.name or portfolio.portfolio.id} is sound: {len(portfolio.value_streams)} value streams,"
        f" {teams} teams, {len(portfolio.sources)} sources, {len(portfolio.workflows)} workflows,"
        f" {len(portfolio.interventions)} interventions."
    )


def _has_files(portfolio: Portfolio, exports: str) -> bool:
    if "://" in exports:
        return True
    place = portfolio.folder / exports
    found = place.rglob("*") if place.is_dir() else portfolio.folder.glob(exports)
    return any(file.is_file() for file in found)


def _unmapped(paths: PortfolioFolder) -> Iterator[str]:
    try:
        values = published_frames(paths, {"mart_unmapped_values": None})["mart_unmapped_values"]
    except NothingPublishedError:
        yield "Nothing is published yet, so what the exports hold is not known; run `weir refresh`."
        return
    values = values[(values["value_kind"] != "status") | (values["value"] != _STATUS_UNKNOWN)]
    summary = published_summary(paths) or {}
    when = f"generation {summary['generation']}, as of {summary['as_of']:%Y-%m-%d}"
    if values.empty:
        yield f"Every status, type and item of the published exports is mapped ({when})."
        return
    yield f"Not mapped in the published exports ({when}); add them to portfolio.yaml:"
    ordered = values.sort_values(["value_kind", "n_items", "value"], ascending=[True, False, True])
    for kind, group in ordered.groupby("value_kind", sort=True):
        shown = group.head(_SHOWN_VALUES)
        for record in shown.to_dict("records"):
            items = "1 item" if record["n_items"] == 1 else f"{record['n_items']:,} items"
            yield (
                f"  {kind} '{record['value']}' of {record['source_id']}: {items}, such as {record['example_item_key']};"
                f" counted as {record['fallback']}."
            )
        if len(group) > len(shown):
            yield f"  and {len(group) - len(shown)} more, in mart_unmapped_values"
