"""What `weir check` tells: is the portfolio sound, can its sources be read, what of their exports is not mapped.

Belongs here: lines about findings, all at once. Does not belong here: the rules of a portfolio
(`orchestration.portfolio`), and building what is looked at (`trial_build`, or the published warehouse).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from orchestration import warehouse
from orchestration.portfolio import Portfolio, load_portfolio
from orchestration.portfolio_folder import PortfolioFolder
from orchestration.published import NothingPublishedError, published_frames, published_summary
from orchestration.refresh import land_exports, write_portfolio
from orchestration.sources import TOOLS
from orchestration.trial_build import build_relations, trial_build

if TYPE_CHECKING:
    import pandas as pd

# Values of one kind that are listed; the rest is in mart_unmapped_values.
_SHOWN_VALUES = 20
_SHOWN_FILES = 10
# Weir's own word where an export tells that an item was resolved and no status before: nothing to map.
_STATUS_UNKNOWN = "Unknown"
_LOOKED_AT: dict[str, list[str] | None] = {
    "mart_unmapped_values": None,
    "dim_stages": ["stage_id", "is_cancelled", "is_unmapped"],
    "fct_stage_visits": ["stage_id"],
}


@dataclass(frozen=True)
class PortfolioFindings:
    """What was found; `lines` are for reading, `problems` need doing before a refresh can publish."""

    lines: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass
class _Files:
    """Sources without any file, and lines about files that are not their tool's."""

    empty: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def check_portfolio(
    paths: PortfolioFolder,
    environment: Mapping[str, str],
    now: Callable[[], datetime],
    on_event: Callable[[str], None] = lambda _: None,
) -> PortfolioFindings:
    """Check the portfolio folder, and look at what its exports hold that is not mapped.

    Looked at is the published warehouse if there is one, else a build in a temporary place; nothing is published.

    Args:
        paths: The portfolio's folder.
        environment: The environment variables, where secrets are.
        now: The clock.
        on_event: Called with a line before what takes long.

    Raises:
        PortfolioError: The portfolio or its registers are not usable; the text has one line per problem.
    """
    portfolio = load_portfolio(paths.folder, environment)
    files = _files(portfolio)
    missing = [f"{source}: no export files; drop the tool's exports into its folder." for source in files.empty]
    has_data = len(files.empty) < len(portfolio.sources)
    lines = [_overview(portfolio), *(missing if has_data else []), *files.lines]
    lines += _missing_secrets(portfolio, environment)
    lines += [*_unused_locations(portfolio), *_roles_apart(portfolio)]
    if has_data or published_summary(paths) is not None:
        lines += _looked_at(paths, portfolio, now, on_event)
    problems = () if has_data else tuple(missing) or ("No source is named; add one to sources.",)
    return PortfolioFindings(tuple(lines), problems)


def _overview(portfolio: Portfolio) -> str:
    teams = sum(len(train.teams) for stream in portfolio.value_streams for train in stream.trains)
    kept: dict[str, Sequence[object]] = {
        "locations with a calendar of their own": portfolio.locations,
        "rows of capacity": portfolio.capacity,
        "objectives": portfolio.objectives,
        "weekly outcomes": portfolio.outcomes,
        "identities of people": portfolio.people,
    }
    further = "".join(f", {len(rows):,} {name}" for name, rows in kept.items() if rows)
    return (
        f"{portfolio.portfolio.name or portfolio.portfolio.id} is sound: {len(portfolio.value_streams)} value streams,"
        f" {teams} teams, {len(portfolio.sources)} sources, {len(portfolio.workflows)} workflows,"
        f" {len({row.intervention_id for row in portfolio.interventions})} interventions{further}."
    )


def _files(portfolio: Portfolio) -> _Files:
    found = _Files()
    for source in portfolio.sources:
        if "://" in source.exports:
            continue
        n_files, strangers = warehouse.unrecognised_exports(source, portfolio.folder, TOOLS[source.tool])
        if n_files == 0:
            found.empty.append(source.id)
        if strangers:
            shown = ", ".join(strangers[:_SHOWN_FILES])
            more = f" and {len(strangers) - _SHOWN_FILES} more" if len(strangers) > _SHOWN_FILES else ""
            found.lines.append(
                f"{source.id}: not files that {source.tool} exports: {shown}{more}; remove them, or correct 'tool'."
            )
    return found


def _missing_secrets(portfolio: Portfolio, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield environment variables that the portfolio names and nobody has set; values are never shown."""
    named = [
        (f"{source.id}: pull.{key}", variable)
        for source in portfolio.sources
        if source.pull is not None
        for key, variable in (("token_env", source.pull.token_env), ("user_env", source.pull.user_env))
    ]
    named.append(("notify.webhook_env", portfolio.notify.webhook_env))
    if portfolio.notify.email is not None:
        named.append(("notify.email.password_env", portfolio.notify.email.password_env))
    named.append(("privacy.key_env", portfolio.privacy.key_env))
    for place, variable in named:
        if variable and not environment.get(variable):
            yield f"{place}: the environment variable {variable} is not set; set it for whoever runs the refresh."


def _unused_locations(portfolio: Portfolio) -> Iterator[str]:
    trains = [train for stream in portfolio.value_streams for train in stream.trains]
    used = {scope.location_id for scope in portfolio.value_streams} | {train.location_id for train in trains}
    used |= {team.location_id for train in trains for team in train.teams}
    if unused := sorted({location.id for location in portfolio.locations}.difference(used)):
        yield f"Locations in which no team works: {', '.join(unused)}; name them under a value stream, train or team."


def _roles_apart(portfolio: Portfolio) -> Iterator[str]:
    """Yield roles that stages and the register of capacity do not share: their utilisation cannot be told."""
    if not portfolio.capacity:
        return
    asked = {role.casefold(): role for flow in portfolio.workflows for stage in flow.stages for role in stage.roles}
    there = {entry.role.casefold(): entry.role for entry in portfolio.capacity}
    if without := sorted(asked[role] for role in asked.keys() - there.keys()):
        yield f"Roles of stages without a row of capacity, so without utilisation: {', '.join(without)}."
    if idle := sorted(there[role] for role in there.keys() - asked.keys()):
        yield f"Roles of the capacity that no stage names, so without demand: {', '.join(idle)}."


def _looked_at(
    paths: PortfolioFolder, portfolio: Portfolio, now: Callable[[], datetime], on_event: Callable[[str], None]
) -> Iterator[str]:
    try:
        frames = published_frames(paths, {**_LOOKED_AT, "refreshes": ["generation", "portfolio_hash"]})
    except NothingPublishedError:
        on_event("Reading the exports into a temporary place …")
        frames, what = _tried(paths, portfolio, now), "exports"
        yield "Nothing is published yet, so the exports themselves were looked at; `weir refresh` publishes them."
    else:
        summary = published_summary(paths) or {}
        what = f"published exports (generation {summary['generation']}, as of {summary['as_of']:%Y-%m-%d})"
        if frames["refreshes"].sort_values("generation")["portfolio_hash"].iloc[-1] != portfolio.content_hash:
            yield "The portfolio was changed since it was published; run `weir refresh` for what the change brings."
    yield from _unmapped(frames["mart_unmapped_values"], what)
    yield from _unvisited(frames["dim_stages"], frames["fct_stage_visits"], what)


def _tried(paths: PortfolioFolder, portfolio: Portfolio, now: Callable[[], datetime]) -> "dict[str, pd.DataFrame]":
    with trial_build(paths, portfolio, now) as build:
        land_exports(build)
        write_portfolio(build)
        build_relations(build, list(_LOOKED_AT), paths.dbt_target)
        with build.connection() as connection:
            return warehouse.read_frames(connection, _LOOKED_AT)


def _unmapped(values: "pd.DataFrame", what: str) -> Iterator[str]:
    values = values[(values["value_kind"] != "status") | (values["value"] != _STATUS_UNKNOWN)]
    if values.empty:
        yield f"Every status, type and item of the {what} is mapped."
        return
    yield f"Not mapped in the {what}; add them to portfolio.yaml:"
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


def _unvisited(stages: "pd.DataFrame", visits: "pd.DataFrame", what: str) -> Iterator[str]:
    """Yield stages of the portfolio's own that no item was ever in: a status misspelt, or one that nobody uses."""
    own = stages[~stages["is_cancelled"].astype(bool) & ~stages["is_unmapped"].astype(bool)]
    never = own[~own["stage_id"].isin(set(visits["stage_id"]))]
    if not never.empty:
        named = ", ".join(sorted(never["stage_id"]))
        yield f"Stages that no item of the {what} was ever in: {named}; compare their statuses with the tool's."
