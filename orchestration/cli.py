"""The command `weir`.

Belongs here: options, what each command says, exit codes. Does not belong here: what the commands do; that is imported
only when a command runs, so that `weir sql` answers at once.
"""

import os
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import click

from orchestration.portfolio_folder import OFFLINE_VARIABLE, PORTFOLIO_VARIABLE, PortfolioFolder, chosen_portfolio

Parameters = ParamSpec("Parameters")

_REPOSITORY = Path(__file__).resolve().parent.parent

#: What numpy and scipy are told before a command loads them: on several threads a sum's last digits depend on how many
#: there are, and matrices as small as ours take longer.
LINEAR_ALGEBRA = {"OPENBLAS_NUM_THREADS": "1"}


class MomentParameter(click.ParamType[datetime]):
    """A moment as ISO 8601; without an offset it is UTC."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read the moment."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"'{value}' is no moment; write it like 2026-03-31 or 2026-03-31T18:00:00+02:00.", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _command(*, has_portfolio: bool = True) -> Callable[[Callable[Parameters, None]], Callable[Parameters, None]]:
    """Give a command the options and the surroundings all share, and turn errors into one sentence with exit code 1."""

    def decorate(function: Callable[Parameters, None]) -> Callable[Parameters, None]:
        @wraps(function)
        def command(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
            os.environ.update(LINEAR_ALGEBRA)
            try:
                function(*args, **kwargs)
            except (click.ClickException, click.Abort):
                raise
            except BrokenPipeError:
                # Who reads has seen enough (`| head`); Python must not try to write the rest when it exits.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            except KeyboardInterrupt:
                _fail("Interrupted; the published warehouse is as it was.", code=130)
            except Exception as error:
                if kwargs.get("debug"):
                    raise
                _fail(_sentence(error))

        command = click.option("--debug", is_flag=True, help="Show tracebacks and Dagster's own log.")(command)
        return _portfolio_option(command) if has_portfolio else command

    return decorate


_portfolio_option = click.option(
    "--portfolio",
    type=click.Path(path_type=Path, file_okay=False),
    help=f"The portfolio folder; by default ${PORTFOLIO_VARIABLE}, else the bundled example.",
)


def _sentence(error: Exception) -> str:
    """Return what a reader is told: our own errors are written for one, others get their name and a way to more."""
    is_ours = type(error).__module__.startswith(("orchestration", "checks"))
    if is_ours or isinstance(error, ValueError | OSError):
        return str(error)
    return f"{type(error).__name__}: {error}\nRun it again with --debug to see where."


def _fail(message: str, code: int = 1) -> None:
    click.secho(message, err=True, fg="red" if sys.stderr.isatty() else None)
    raise SystemExit(code)


def _own_name() -> str:
    """Return what the reader types to start Weir: by name where the shell finds it, else by its path."""
    if shutil.which("weir"):
        return "weir"
    started = Path(sys.argv[0])
    return os.path.relpath(started) if started.name == "weir" else "weir"


def _chosen(portfolio: Path | None, *, is_prepared: bool = True) -> PortfolioFolder:
    """Return the folder meant; the bundled example is written there first unless it is only looked at."""
    paths = chosen_portfolio(portfolio, os.environ, Path.cwd())
    if paths.is_example and is_prepared:
        from orchestration.portfolio import prepare_example

        if not paths.portfolio_file.exists():
            click.echo(f"No portfolio is named, so the bundled example is written to {paths.folder} …", err=True)
        prepare_example(paths.folder)
    return paths


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="weir")
def main() -> None:
    """Weir: tool exports in, a flow warehouse and reports on constraints and interventions out."""


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--exports",
    "exports",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path, exists=True),
    help="A folder or file of exports, of any tool; may be given several times.",
)
@click.option("--timezone", default="UTC", show_default=True, help="Time zone to cut days in, such as Europe/Berlin.")
@click.option("--date-format", help="How dates are written in tables of text, as '%d.%m.%Y %H:%M'; else found out.")
@click.option("--missing", multiple=True, help="A mark that stands for 'no value' in tables of text; else found out.")
@_command(has_portfolio=False)
def init(
    folder: Path,
    exports: tuple[Path, ...],
    timezone: str,
    date_format: str | None,
    missing: tuple[str, ...],
    *,
    debug: bool,  # noqa: ARG001 the option is handled above
) -> None:
    """Draft portfolio.yaml in FOLDER from exports: sources, stages in order, teams, levels and fields."""
    from orchestration.portfolio_draft import DraftOptions, draft_portfolio
    from orchestration.refresh import utc_now

    options = DraftOptions(timezone, date_format, missing)
    drafted = draft_portfolio(folder, exports, utc_now, options, lambda line: click.echo(line, err=True))
    click.echo("\n".join(drafted.lines))
    click.echo(f"Portfolio   {drafted.file}\nTo check, each also marked in the file:")
    for number, text in enumerate(drafted.checks, start=1):
        click.echo(f"  {number}. {text}")
    click.echo(f"Next        {_own_name()} check --portfolio {folder}, then {_own_name()} refresh --portfolio {folder}")


@main.command()
@_command()
def check(portfolio: Path | None, *, debug: bool) -> None:  # noqa: ARG001 the option is handled above
    """Check the portfolio folder, its sources and secrets, and show what of the exports is not mapped."""
    from orchestration.portfolio_check import check_portfolio
    from orchestration.refresh import utc_now

    findings = check_portfolio(_chosen(portfolio), os.environ, utc_now, lambda line: click.echo(line, err=True))
    for line in findings.lines:
        click.echo(line)
    if findings.problems:
        _fail("\n".join(findings.problems))


@main.command()
@click.option("--as-of", type=MomentParameter(), help="Refresh up to this moment; by default up to the newest export.")
@click.option("--full", is_flag=True, help="Build from all exports instead of continuing from the published warehouse.")
@click.option("--no-pull", is_flag=True, help=f"Use the exports that lie there; ask no tool. (${OFFLINE_VARIABLE})")
@_command()
def refresh(portfolio: Path | None, as_of: datetime | None, *, full: bool, no_pull: bool, debug: bool) -> None:
    """Pull and land what is new, build, check, analyse, publish and report: the nightly job, in this process."""
    from orchestration import warehouse
    from orchestration.portfolio import load_portfolio
    from orchestration.published import published_summary
    from orchestration.run_display import RunDisplay, published_lines

    paths = _chosen(portfolio)
    load_portfolio(paths.folder)  # a broken portfolio is told at once, before Dagster takes seconds to load
    files = warehouse.WarehouseFolder(paths.warehouse)
    with files.lock():
        pass  # so is another refresh at work; the run itself takes the lock again
    with RunDisplay() as display:
        from orchestration.runs import run_job

        outcome = run_job(
            "nightly_refresh",
            paths,
            as_of=as_of,
            full=full,
            pull=not no_pull and not os.environ.get(OFFLINE_VARIABLE, "").strip(),
            on_event=display.show,
            is_debugging=debug,
        )
    published = published_summary(paths)
    is_published = published is not None and published["refresh_id"] == outcome.run_id
    if published is not None and is_published:
        click.echo("\n".join(published_lines(paths, published, _own_name())))
    if not outcome.is_success:
        standing = "The warehouse is published, but not all is done" if is_published else "Nothing was published"
        kept = [file for file in (files.failed, paths.failed_data_docs) if file.exists() and not is_published]
        look = [f"What failed is kept for a look: {', '.join(map(str, kept))}"] if kept else []
        _fail("\n".join([f"{standing}:", *outcome.failures, *look]))


@main.command()
@_command()
def report(portfolio: Path | None, *, debug: bool) -> None:  # noqa: ARG001 the option is handled above
    """Build the reports anew from the published warehouse."""
    from orchestration.report_site import build_report_site

    site = build_report_site(_chosen(portfolio, is_prepared=False))
    click.echo(f"Report      {site.index} ({site.n_pages} pages, generation {site.generation})")


@main.command()
@_command()
def docs(portfolio: Path | None, *, debug: bool) -> None:  # noqa: ARG001 the option is handled above
    """Build dbt's pages on the models: columns, tests, SQL and lineage, to be read without a network."""
    from orchestration import warehouse
    from orchestration.dbt_build import write_docs
    from orchestration.portfolio_folder import DBT_PROJECT

    paths = _chosen(portfolio, is_prepared=False)
    if not paths.is_example and not paths.folder.is_dir():
        raise click.ClickException(f"There is no folder {paths.folder}; name the portfolio's.")
    published = warehouse.WarehouseFolder(paths.warehouse).published
    page = write_docs(DBT_PROJECT, published if published.exists() else None, paths.dbt_docs)
    rest = "with the published tables" if published.exists() else "nothing is published yet, so as the project declares"
    click.echo(f"Docs        {page} ({rest})")


@main.command()
@click.argument("query", required=False)
@click.option("--examples", is_flag=True, help="List questions that Weir brings, each with its SQL.")
@click.option("--example", metavar="NUMBER|NAME", help="Answer one of these questions.")
@click.option("--csv", "style", flag_value="csv", help="Comma-separated values, all rows.")
@click.option("--json", "style", flag_value="json", help="A list of objects, all rows.")
@_command()
def sql(
    portfolio: Path | None,
    query: str | None,
    example: str | None,
    style: str | None,
    *,
    examples: bool,
    debug: bool,  # noqa: ARG001 the option is handled above
) -> None:
    """Run QUERY on the published warehouse; tables are found without a schema prefix."""
    from orchestration.query_output import print_query, print_question, print_questions
    from orchestration.questions import find_question

    if (query is not None) + (example is not None) + examples != 1:
        raise click.UsageError("Give one of: a query, --examples, --example NUMBER|NAME.")
    paths = _chosen(portfolio, is_prepared=False)
    if example is not None:
        print_question(paths, find_question(example), style)
    elif query is not None:
        print_query(paths, query, style)
    else:
        print_questions()
        click.echo(f"Answer one with: {_own_name()} sql --example 1", err=True)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=3000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@_command()
def ui(portfolio: Path | None, host: str, port: int, *, debug: bool) -> None:
    """Open Dagster's web UI on the portfolio, with its schedules and sensors on."""
    from orchestration.runs import end_dead_runs, prepare_home

    paths = _chosen(portfolio)
    os.environ["DAGSTER_HOME"] = str(prepare_home(paths))
    os.environ[PORTFOLIO_VARIABLE] = str(paths.folder)
    end_dead_runs(paths)
    click.echo(f"Portfolio {paths.folder}\nOpen http://{host}:{port} (stop with Ctrl-C)")
    sys.stdout.flush()
    # workspace.yaml's working directory is relative to the code, so Dagster starts there.
    os.chdir(_REPOSITORY)
    level = "debug" if debug else "warning"
    arguments = ["dev", "-w", "workspace.yaml", "--host", host, "--port", str(port), "--log-level", level]
    # The only warning at start is Dagster's own advice to its developers.
    python = [sys.executable, "-W", "ignore:Function `dev_command` is superseded"]
    os.execv(sys.executable, [*python, "-m", "dagster", *arguments])  # noqa: S606 no shell, our own arguments


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--items", type=click.IntRange(1), help="How many work items; by default as many as the bundled example.")
@click.option("--seed", type=click.IntRange(0), help="Seed of the simulator; the same seed gives the same bytes.")
@_command(has_portfolio=False)
def example(folder: Path, items: int | None, seed: int | None, *, debug: bool) -> None:  # noqa: ARG001
    """Write a simulated portfolio of any size into FOLDER, with the truth it was made from beside it."""
    from orchestration.portfolio.example import DEFAULT_SEED, prepare_example

    written = prepare_example(folder.absolute(), items, DEFAULT_SEED if seed is None else seed)
    click.echo(f"Portfolio   {written}\nNext        weir refresh --portfolio {written}")


if __name__ == "__main__":
    main()
