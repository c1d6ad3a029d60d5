"""Measure what a refresh costs and write it into `RESULTS.md` beside this file: `make benchmark`.

Belongs here: which measurements are made, in which order. Does not belong here: how each is made.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from tests.benchmarks import made_exports, pandas_pipeline
from tests.benchmarks.comparison import numbers_of_weir, weir_seconds_for_the_same_numbers
from tests.benchmarks.floor import scan_seconds
from tests.benchmarks.phases import Phases
from tests.benchmarks.results import Measurements, write_results

SIZES = (10_000, 100_000, 1_000_000)
COMPARED = 50_000


def main() -> None:
    """Make the portfolios, measure, write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where the portfolios lie; those that are there are used again")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="numbers of issues")
    parser.add_argument("--compared", type=int, default=COMPARED, help="issues in the comparison with pandas; 0: none")
    parser.add_argument("--spill", type=int, help="size to refresh with a limit of 2 GiB as well")
    parser.add_argument("--without-commands", action="store_true", help="leave out the whole commands")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="weir-benchmark-") as temporary:
        folder = chosen.folder or Path(temporary)
        kept = folder / "measurements.json"
        found = Measurements.kept(kept)
        for n_issues in chosen.sizes:
            _measure_size(folder, n_issues, found)
            found.keep(kept)
            write_results(found)
        if chosen.compared:
            _compare(folder, chosen.compared, found)
        if chosen.spill:
            _spill(folder, chosen.spill, found)
        if not chosen.without_commands:
            _measure_command(folder, found)
        found.keep(kept)
        write_results(found)


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)  # noqa: T201 a person waits for minutes


def _portfolio(folder: Path, n_issues: int) -> Path:
    place = folder / f"issues-{n_issues}"
    if not place.exists():
        _say(f"make {n_issues:,} issues …")
        made_exports.make_portfolio(place, n_issues)
    return place


def _measure_size(folder: Path, n_issues: int, found: Measurements) -> None:
    portfolio = _portfolio(folder, n_issues)
    halves = folder / f"halves-{n_issues}"
    shutil.rmtree(halves, ignore_errors=True)
    _say(f"{n_issues:,}: the floor …")
    floor = min(scan_seconds(portfolio / "exports") for _ in range(2))
    _say(f"{n_issues:,}: a full refresh …")
    full = _refresh(portfolio, full=True)
    _say(f"{n_issues:,}: cut off the last day …")
    before, night, n_changed, n_all = made_exports.before_and_after(portfolio, halves)
    _say(f"{n_issues:,}: the refresh before that day …")
    _refresh(before, full=True, has_reports=False)
    made_exports.lay_over(night, before)
    _say(f"{n_issues:,}: the night after it, {n_changed:,} of {n_all:,} issues …")
    incremental = _refresh(before, full=False)
    found.sizes[n_issues] = (floor, full, incremental, n_changed / n_all)
    shutil.rmtree(halves)


def _refresh(portfolio: Path, *, full: bool, has_reports: bool = True, memory_limit: str = "") -> Phases:
    """Refresh in a process of its own: memory of one does not count for the next."""
    arguments = [str(portfolio), *(["--full"] if full else []), *([] if has_reports else ["--without-reports"])]
    return Phases.of_process([sys.executable, "-m", "tests.benchmarks.phases", *arguments], memory_limit)


def _compare(folder: Path, n_issues: int, found: Measurements) -> None:
    portfolio = _portfolio(folder, n_issues)
    _say(f"{n_issues:,}: pandas …")
    began = time.perf_counter()
    numbers = pandas_pipeline.compute(portfolio)
    pandas_seconds = time.perf_counter() - began
    _say(f"{n_issues:,}: Weir for the same numbers …")
    weir_seconds, database = weir_seconds_for_the_same_numbers(portfolio)
    agreed = numbers_of_weir(database).differences(numbers)
    found.comparison = (n_issues, pandas_seconds, weir_seconds, agreed)
    found.has_jira_agile_metrics = find_spec("jira_agile_metrics") is not None


def _spill(folder: Path, n_issues: int, found: Measurements) -> None:
    _say(f"{n_issues:,}: with 2 GiB …")
    phases = _refresh(_portfolio(folder, n_issues), full=True, has_reports=False, memory_limit="2GiB")
    found.spilled = (n_issues, phases)


def _measure_command(folder: Path, found: Measurements) -> None:
    """The whole command with Dagster, on the bundled example: a first night, one with nothing new, one question."""
    example = folder / "example"
    shutil.rmtree(example, ignore_errors=True)
    weir = [sys.executable, "-m", "orchestration.cli"]
    for name, arguments in {
        "": ["example", str(example)],
        "first refresh": ["refresh", "--portfolio", str(example)],
        "refresh with nothing new": ["refresh", "--portfolio", str(example)],
        "weir sql": ["sql", "--portfolio", str(example), "select count(*) from fct_work_items"],
    }.items():
        _say(name or "make the example …")
        began = time.perf_counter()
        subprocess.run([*weir, *arguments], check=True, capture_output=True)
        if name:
            found.commands[name] = time.perf_counter() - began


if __name__ == "__main__":
    main()
