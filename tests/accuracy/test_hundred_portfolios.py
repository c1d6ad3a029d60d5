"""How often findings are right, on a hundred simulated portfolios whose truth is known.

With the environment variable `WEIR_WRITE_RESULTS=1` (`make accuracy`) the figures go to `tests/benchmarks/RESULTS.md`,
else to a file of the test run: who only asks whether the limits hold changes no file of the project.

Belongs here: the run over all seeds and the limits asserted. Does not belong here: the truth, the analyses, the scores
and the words of the results, which are the modules beside this one.

Limits are held by the shares as measured; their intervals stand in the results.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from pathlib import Path
from typing import Final

import pandas as pd
import pytest

from orchestration.portfolio.example.working_clock import WorkingClock
from tests.accuracy import accuracy_report as report
from tests.accuracy import scores
from tests.accuracy.analysed_portfolios import findings_of
from tests.accuracy.outcomes import Outcomes
from tests.accuracy.planted_portfolios import plant
from tests.accuracy.portfolio_exports import simulate, write_portfolio_folder
from tests.benchmarks.result_sections import RESULTS_FILE

#: Methods were worked out on seeds below 100; on these none was, and none may be.
SEEDS: Final = range(100, 200)
#: Portfolios that are built together; see `analysed_portfolios`.
PER_WAREHOUSE: Final = 20

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def accuracy(tmp_path_factory: pytest.TempPathFactory) -> report.Accuracy:
    """Simulate, build, analyse and score every portfolio, and write what was measured where it was asked for."""
    began, clock = time.perf_counter(), WorkingClock()
    rows: defaultdict[str, list[pd.DataFrame]] = defaultdict(list)
    for start in range(SEEDS.start, SEEDS.stop, PER_WAREHOUSE):
        planted = [plant(seed) for seed in SEEDS if start <= seed < start + PER_WAREHOUSE]
        lives = {portfolio.seed: simulate(portfolio, clock) for portfolio in planted}
        folder = tmp_path_factory.mktemp(f"from-{start}") / "portfolio"
        write_portfolio_folder(folder, [(portfolio, lives[portfolio.seed]) for portfolio in planted])
        for portfolio, found in findings_of(folder, planted):
            outcomes = Outcomes.of(lives.pop(portfolio.seed))
            rows["declarations"].append(scores.score_declarations(portfolio, found))
            rows["interventions"].append(scores.score_interventions(portfolio, found))
            rows["choke_points"].append(scores.score_choke_points(portfolio, found, outcomes))
            rows["throughput"].append(scores.score_throughput(portfolio, found, outcomes))
            rows["deliveries"].append(scores.score_deliveries(portfolio, found, outcomes))
        _remove(folder)
    frames = {name: pd.concat(tables, ignore_index=True) for name, tables in rows.items()}
    measured = report.Accuracy(seeds=SEEDS, minutes=(time.perf_counter() - began) / 60, **frames)
    report.write_accuracy(measured, _results_file(tmp_path_factory))
    return measured


def _results_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if os.environ.get("WEIR_WRITE_RESULTS") == "1":
        return RESULTS_FILE
    return tmp_path_factory.mktemp("results") / RESULTS_FILE.name


def _remove(folder: Path) -> None:
    """Remove what a warehouse and its exports take before the next are made."""
    for file in [*folder.rglob("*.duckdb"), *folder.rglob("*.gz")]:
        file.unlink()


@pytest.mark.parametrize("weeks", report.MIN_DECLARED)
def test_what_is_declared_the_constraint_is_it(accuracy: report.Accuracy, weeks: int) -> None:
    assert accuracy.right_when_declared(weeks).value >= report.MIN_RIGHT_WHEN_DECLARED
    assert accuracy.declared(weeks).value >= report.MIN_DECLARED[weeks]


@pytest.mark.parametrize("weeks", report.MIN_DECLARED)
def test_balanced_streams_are_hardly_ever_declared(accuracy: report.Accuracy, weeks: int) -> None:
    assert accuracy.false_declared(weeks).value <= report.MAX_FALSE_DECLARED


def test_what_changed_nothing_is_hardly_ever_called_improved(accuracy: report.Accuracy) -> None:
    assert accuracy.false_improved().value <= report.MAX_FALSE_IMPROVED
    # A verdict that is never given, or given at random, would be right too.
    assert accuracy.improved().lower > accuracy.false_improved().upper


@pytest.mark.parametrize("promises", ["throughput", "deliveries"])
def test_promises_are_kept_as_often_as_they_say(accuracy: report.Accuracy, promises: str) -> None:
    rows = getattr(accuracy, promises)
    assert report.KEPT_85[0] <= accuracy.kept(rows, 85).value <= report.KEPT_85[1]
    assert report.KEPT_50[0] <= accuracy.kept(rows, 50).value <= report.KEPT_50[1]


@pytest.mark.parametrize("event", ["at", "within"])
def test_queues_grow_over_their_limits_as_often_as_forecast(accuracy: report.Accuracy, event: str) -> None:
    scored = accuracy.chances(event)
    assert scored.published.brier < scored.brier_base_rate
    assert scored.published.brier <= report.MAX_BRIER_OVER_NO_TREND * scored.brier_no_trend
    assert scored.published.reliability <= report.MAX_RELIABILITY
    assert abs(scored.mean_said - scored.base_rate) <= report.MAX_BIAS


def test_a_portfolio_among_others_is_found_as_it_is_alone(tmp_path: Path) -> None:
    clock, planted = WorkingClock(), [plant(seed) for seed in (SEEDS[0], SEEDS[1])]
    written = [(portfolio, simulate(portfolio, clock)) for portfolio in planted]
    write_portfolio_folder(tmp_path / "both", written)
    write_portfolio_folder(tmp_path / "alone", written[1:])
    _, (_, among_others) = findings_of(tmp_path / "both", planted)
    ((_, alone),) = findings_of(tmp_path / "alone", planted[1:])
    assert among_others.keys() == alone.keys()
    for table, found in alone.items():
        pd.testing.assert_frame_equal(among_others[table], found, obj=table)
