"""One refresh, step by step, without Dagster: land, describe the portfolio, build, check, publish.

Belongs here: the order of calls within each step, and the sentences a failed step ends with. Does not belong here: SQL
(`orchestration.warehouse`, dbt), the analyses between check and publish (`orchestration.analysis_steps`), what is
checked (`checks`), when a step runs and what it reports to Dagster (`orchestration.defs`).

Every step opens the build file anew and closes it: dbt needs it to itself, and a killed step leaves nothing half open.
"""

import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

import checks
from checks.measures.marts import TABLE_KEYS, TABLES_THAT_MAY_BE_EMPTY
from checks.measures.raw import RAW_PORTFOLIO_TABLES
from orchestration import continuation, data_tests, dbt_build, warehouse
from orchestration.column_dictionary import column_dictionary
from orchestration.portfolio import Portfolio, load_portfolio, portfolio_tables, prepare_example
from orchestration.portfolio.models import Source
from orchestration.portfolio_folder import DBT_PROJECT, PortfolioFolder
from orchestration.published import published_summary
from orchestration.pulling import pull_source
from orchestration.source_settings import source_settings
from orchestration.sources import TOOLS
from orchestration.sources.pull_plans import KnownItem

if TYPE_CHECKING:
    import duckdb

# Rows of a failed dbt test that its check result shows; enough to recognise what they have in common.
_SHOWN_ROWS = 5


class RefreshError(RuntimeError):
    """The refresh cannot go on; the text is one sentence and what to do next."""


class GateError(RefreshError):
    """Checks failed, so nothing is published; `failures` has one sentence for each."""

    def __init__(self, failures: Sequence[str]) -> None:
        self.failures = list(failures)
        super().__init__("\n".join(self.failures))


@dataclass
class RefreshBuild:
    """A refresh at work on the build file. Made by `open_build`.

    Attributes:
        paths: The portfolio's folder.
        portfolio: The portfolio as it stood when the refresh began.
        files: The warehouse folder, held by this refresh alone.
        refresh: Identity of the refresh; `as_of` is final once the portfolio's tables are written.
        is_incremental: Whether the build continues from the published file.
        now: The clock, for the moments at which files were loaded and checks were run.
        is_pulling: Whether sources that can be pulled are pulled before their exports are landed.
        before: Fingerprints of what dbt reads, of the published warehouse that the build continues from.
        changed: What of it changed in this refresh, as `warehouse.fingerprints` names it; None if all models are to be
            built anew.
        is_unchanged: Whether nothing changed at all, the portfolio's own files included.
    """

    paths: PortfolioFolder
    portfolio: Portfolio
    files: warehouse.WarehouseFolder
    refresh: warehouse.Refresh
    is_incremental: bool
    now: Callable[[], datetime]
    requested_as_of: datetime | None = None
    is_pulling: bool = True
    is_published: bool = False
    landed: list[warehouse.LandingReport] = field(default_factory=list)
    before: dict[str, str] = field(default_factory=dict)
    changed: set[str] | None = None
    is_unchanged: bool = False

    @contextmanager
    def connection(self) -> Iterator["duckdb.DuckDBPyConnection"]:
        """Open the build file for one step."""
        with closing(warehouse.connect(self.files.build)) as connection:
            yield connection

    @property
    def data_docs(self) -> Path:
        """Where this refresh renders its checks; takes the place of the published ones with the warehouse."""
        return self.paths.warehouse / "data-docs.build"


@contextmanager
def open_build(
    paths: PortfolioFolder,
    refresh_id: str,
    now: Callable[[], datetime],
    *,
    as_of: datetime | None = None,
    full: bool = False,
    pull: bool = True,
) -> Iterator[RefreshBuild]:
    """Hold the warehouse for one refresh and prepare its build file; what is not published by the end is put aside.

    Raises:
        PortfolioError: The portfolio is not usable; every problem is named.
        RefreshRunning: Another refresh is at work.
    """
    if paths.is_example:
        prepare_example(paths.folder)
    portfolio = load_portfolio(paths.folder)
    files = warehouse.WarehouseFolder(paths.warehouse)
    with files.lock():
        for folder in (files.parquet, paths.data_docs):
            files.recover_folder(folder)
        code_hash = continuation.code_fingerprint()
        full_because = None if full else continuation.reason_for_full_build(paths, code_hash)
        is_incremental = files.start_build(full=full or full_because is not None)
        started_at = now()
        refresh = warehouse.Refresh(
            refresh_id=refresh_id,
            as_of=as_of or started_at,
            started_at=started_at,
            mode="incremental" if is_incremental else "full",
            weir_version=version("weir"),
            git_version=continuation.git_version(),
            portfolio_hash=portfolio.content_hash,
            mapping_hash=continuation.mapping_hash(portfolio),
            code_hash=code_hash,
            full_because=full_because,
        )
        build = RefreshBuild(
            paths, portfolio, files, refresh, is_incremental, now, requested_as_of=as_of, is_pulling=pull
        )
        shutil.rmtree(build.data_docs, ignore_errors=True)
        try:
            yield build
        finally:
            if not build.is_published:
                files.keep_failed()
                if build.data_docs.exists():
                    files.swap_folder(build.data_docs, paths.failed_data_docs)


def land_exports(build: RefreshBuild) -> list[warehouse.LandingReport]:
    """Load what is new in the exports of every source; a source that cannot be read stops no other.

    Returns one report a source, with what went wrong in its messages.
    """
    with build.connection() as connection:
        warehouse.create_raw_tables(connection, TOOLS)
        warehouse.create_quality_tables(connection)
        warehouse.start_touching(connection)
        build.before = warehouse.fingerprints(connection) if build.is_incremental else {}
    build.landed = []
    for source in build.portfolio.sources:
        told = _pull_source(build, source)
        report = _land_source(build, source)
        report.messages[:0] = told
        build.landed.append(report)
    return build.landed


def _pull_source(build: RefreshBuild, source: Source) -> list[str]:
    """Pull a source that is to be pulled; returns what there is to tell. Whatever fails, its last exports are used."""
    if source.pull is None or not build.is_pulling:
        return []

    def known() -> list[KnownItem]:
        with build.connection() as connection:
            return warehouse.known_items(connection, source.id)

    exports = build.paths.folder / source.exports
    exports.mkdir(parents=True, exist_ok=True)
    fields = source_settings(build.portfolio, source).fields.values()
    return pull_source(source, source.pull, exports, build.now, fields=fields, known=known).messages


def _land_source(build: RefreshBuild, source: Any) -> warehouse.LandingReport:
    settings = source_settings(build.portfolio, source)
    try:
        with build.connection() as connection:
            return warehouse.land_source(
                connection, source, settings, build.paths.folder, build.refresh.refresh_id, build.now()
            )
    except Exception as error:
        reason = " ".join(str(error).split())
        if not build.is_incremental:
            raise RefreshError(
                f"{source.id}: its exports cannot be read ({reason}), and a full build has no earlier export to use; "
                "export them again."
            ) from error
        message = f"{source.id}: its exports cannot be read ({reason}); its last good export is used. Export it again."
        with build.connection() as connection:
            warehouse.note_unreadable_source(
                connection, source, f"exports cannot be read: {reason}", build.refresh.refresh_id, build.now()
            )
        return warehouse.LandingReport(source.id, messages=[message])


def write_portfolio(build: RefreshBuild) -> None:
    """Settle `as_of` and write the portfolio's own tables.

    Raises:
        RefreshError: No source has ever brought any data.
    """
    with build.connection() as connection:
        as_of = build.requested_as_of or warehouse.newest_complete_moment(connection)
        if as_of is None:
            messages = [message for report in build.landed for message in report.messages]
            raise RefreshError(
                "\n".join(["No source has brought any data, so there is nothing to publish.", *messages])
            )
        build.refresh = replace(build.refresh, as_of=as_of)
        first_day, last_day = warehouse.data_days(connection, as_of)
        is_given = build.requested_as_of is not None
        before = warehouse.newest_refresh(connection) if build.is_incremental else None
        calendar_before = warehouse.first_calendar_day(connection)
        tables = portfolio_tables(build.portfolio, first_day, last_day)
        warehouse.write_portfolio(connection, tables, build.refresh, is_as_of_given=is_given)
        if before is None:
            return
        reason = continuation.reason_to_rebuild(
            build.refresh,
            before,
            is_other_calendar=calendar_before != first_day,
            has_boundary=warehouse.has_mapping_boundary(connection, before["as_of"], as_of),
        )
        if reason is not None:
            build.refresh = replace(build.refresh, mode="rebuilt", full_because=reason)
            return
        warehouse.touch_between(connection, before["as_of"])
        after = warehouse.fingerprints(connection)
        build.changed = {
            table for table in build.before.keys() | after.keys() if build.before.get(table) != after.get(table)
        }
        build.is_unchanged = not build.changed and before["portfolio_hash"] == build.refresh.portfolio_hash


def build_models(
    build: RefreshBuild,
    selection: Sequence[str] = (),
    on_event: Callable[[str], None] = lambda _: None,
    manifest: Any = None,
    *,
    with_tests: bool = True,
) -> list[dbt_build.NodeOutcome]:
    """Run dbt on the build file and record its tests among the check results; failures are outcomes, not raised.

    Only what is made of something that changed runs, and the results of the other tests stand; what a person selected
    (`selection`, in dbt's terms) runs as dbt runs it. dbt's unit tests stay out: they try the SQL on made-up rows,
    which no night's data can change (`make test`).
    """
    if selection and "fqn:*" not in selection:
        outcomes = run_dbt(build, "build", [*selection, "--exclude-resource-type", "unit_test"], on_event, manifest)
        plan = dbt_build.Plan([], frozenset())
    else:
        plan = plan_models(build)
        outcomes = run_dbt(build, "run", plan.selection, on_event, manifest) if plan.selection else []
        if with_tests:
            not_built = {outcome.unique_id for outcome in outcomes if outcome.status in ("failed", "skipped")}
            outcomes += run_data_tests(build, plan.tests, not_built, on_event, manifest)
    with build.connection() as connection:
        outcomes = [_with_examples(connection, outcome) for outcome in outcomes]
        ran = [o for o in outcomes if o.resource_type == "test" and o.status != "skipped"]
        warehouse.write_check_results(connection, pd.DataFrame([_check_result(build, outcome) for outcome in ran]))
        kept_tests = [node.name for node in plan.unchanged if node.resource_type == "test"]
        carried = warehouse.carry_check_results(connection, "dbt", build.refresh.refresh_id, kept_tests)
    found_before = {row["check_name"]: row for row in carried if row["status"] == "failed"}
    idle = [*(_as_before(node, found_before.get(node.name)) for node in plan.unchanged), *plan.left_out]
    return dbt_build.in_order(_manifest(build), [*outcomes, *idle]) if idle else outcomes


def run_dbt(
    build: RefreshBuild,
    command: Literal["build", "run"],
    selection: Sequence[str],
    on_event: Callable[[str], None] = lambda _: None,
    manifest: Any = None,
) -> list[dbt_build.NodeOutcome]:
    """Run dbt on the build file with what is selected, in dbt's terms; failures are outcomes, not raised."""
    return dbt_build.build(
        *_dbt_places(build),
        command=command,
        selection=selection,
        full_refresh=not build.is_incremental or build.changed is None,
        tools=_tools(build),
        on_event=on_event,
        manifest=manifest,
    )


def run_data_tests(
    build: RefreshBuild,
    wanted: Collection[str],
    not_built: Collection[str] = (),
    on_event: Callable[[str], None] = lambda _: None,
    manifest: Any = None,
) -> list[dbt_build.NodeOutcome]:
    """Run the data tests with these ids on the build file, but for those that read a model that was not built."""
    if not wanted:
        return []
    tests = data_tests.compiled_tests(*_dbt_places(build), manifest)
    with build.connection() as connection:
        chosen = (test for test in tests if test.unique_id in wanted)
        return data_tests.run_tests(chosen, partial(warehouse.count_rows, connection), not_built, on_event)


def _dbt_places(build: RefreshBuild) -> tuple[Path, Path, Path]:
    """Return dbt's project, its target folder and the database it builds."""
    return DBT_PROJECT, build.paths.dbt_target, build.files.build


def _tools(build: RefreshBuild) -> set[str]:
    return {source.tool for source in build.portfolio.sources}


def _manifest(build: RefreshBuild) -> dict[str, Any]:
    return dbt_build.load_manifest(*_dbt_places(build))


def plan_models(build: RefreshBuild) -> dbt_build.Plan:
    """Plan what a refresh builds and tests: everything of its tools, or only what is made of what changed."""
    return dbt_build.plan(_manifest(build), TOOLS.keys() - _tools(build), build.changed)


def _as_before(outcome: dbt_build.NodeOutcome, found: Mapping[str, Any] | None) -> dbt_build.NodeOutcome:
    """Tell of a test that did not run again what it had found; only warnings ever got published."""
    if found is None:
        return outcome
    return replace(
        outcome, status="warned", is_critical=False, failures=found["n_unexpected"], examples=found["examples"]
    )


def _with_examples(connection: "duckdb.DuckDBPyConnection", outcome: dbt_build.NodeOutcome) -> dbt_build.NodeOutcome:
    if outcome.resource_type != "test" or not outcome.failures:
        return outcome
    # The query is dbt's own, compiled from the project; the relation only limits it.
    found = connection.sql(outcome.query).limit(_SHOWN_ROWS)
    rows = [", ".join(map(_shown, zip(found.columns, row, strict=True))) for row in found.fetchall()]
    return replace(outcome, examples="; ".join(rows))


def _shown(cell: tuple[str, object]) -> str:
    column, value = cell
    return f"{column}={value}"


def _check_result(build: RefreshBuild, outcome: dbt_build.NodeOutcome) -> dict[str, object]:
    return {
        "refresh_id": build.refresh.refresh_id,
        "layer": "dbt",
        "suite": "data tests",
        "table_name": outcome.tested,
        "check_name": outcome.name,
        "description": outcome.description,
        "severity": "critical" if outcome.is_critical else "warning",
        "status": "passed" if outcome.status == "passed" else "failed",
        "n_observed": None,
        "n_unexpected": outcome.failures,
        "examples": outcome.examples or outcome.message,
        "checked_at": build.now(),
    }


def table_sizes(build: RefreshBuild) -> dict[str, int]:
    """Return rows of each table of the build, by its schema-qualified name; views have none."""
    with build.connection() as connection:
        return warehouse.table_sizes(connection)


def run_checks(build: RefreshBuild, layer: checks.Layer) -> checks.CheckReport:
    """Run one layer's suites on the build and record their results; failures are in the report, not raised.

    Where nothing changed since the last refresh, its results stand, and so do the Data Docs that show them.
    """
    if build.is_unchanged:
        with build.connection() as connection:
            carried = warehouse.carry_check_results(connection, layer, build.refresh.refresh_id)
        return checks.CheckReport.of_rows(carried)
    parameters = checks.CheckParameters(max_quarantined_share=build.portfolio.gate.max_quarantined_share)
    with build.connection() as connection:
        frames = warehouse.check_frames(
            connection,
            layer,
            tables=warehouse.TableKeys(TABLE_KEYS, TABLES_THAT_MAY_BE_EMPTY),
            portfolio_tables=RAW_PORTFOLIO_TABLES,
        )
    data_docs = checks.DataDocs(
        site_folder=build.data_docs,
        working_folder=build.paths.check_results,
        refresh_id=build.refresh.refresh_id,
        as_of=build.refresh.as_of,
    )
    report = checks.run_layer(layer, frames, parameters, data_docs)
    results = report.frame().assign(refresh_id=build.refresh.refresh_id, checked_at=build.now())
    with build.connection() as connection:
        warehouse.write_check_results(connection, results)
    return report


def publish(build: RefreshBuild) -> dict[str, Any]:
    """Put the build in the place of the published warehouse and return its summary.

    The warehouse comes first, in one rename; Parquet and Data Docs follow from it. A refresh killed between them
    leaves them one generation behind until the next one.
    """
    said = column_dictionary(_manifest(build))
    with build.connection() as connection:
        warehouse.write_column_dictionary(connection, said)
        # A full build starts without the record of earlier refreshes, but generations go on counting.
        published = published_summary(build.paths)
        generation = max(warehouse.next_generation(connection), published["generation"] + 1 if published else 1)
        warehouse.end_touching(connection)
        warehouse.record_refresh(connection, build.refresh, generation)
        summary = warehouse.summary(connection)
        parquet = build.files.parquet.with_name("parquet.build")
        shutil.rmtree(parquet, ignore_errors=True)
        # Of a warehouse in which nothing changed, the files stand as well.
        if not build.is_unchanged or not build.files.parquet.exists():
            warehouse.export_parquet(connection, parquet)
    build.files.publish(generation, build.portfolio.keep_generations)
    build.is_published = True
    shutil.rmtree(build.paths.failed_data_docs, ignore_errors=True)
    if parquet.exists():
        build.files.swap_folder(parquet, build.files.parquet)
    if build.data_docs.exists():
        build.files.swap_folder(build.data_docs, build.paths.data_docs)
    return summary


def utc_now() -> datetime:
    """The clock of a real refresh; everything below takes its moments as arguments."""
    return datetime.now(UTC)
