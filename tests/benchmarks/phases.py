"""A refresh phase by phase, with the time and the memory of each.

The steps are those of `orchestration.refresh`, which the nightly job runs too; only dbt is called once a layer, so that
each layer has a time of its own. Dagster is left out: what it adds is measured apart, by running the command.
"""

import argparse
import json
import os
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from orchestration import data_tests, dbt_build, refresh
from orchestration.analysis_steps.every_step import analyse
from orchestration.cli import LINEAR_ALGEBRA
from orchestration.portfolio_folder import DBT_PROJECT, PortfolioFolder
from orchestration.report_site import build_report_site

LAYERS = {
    "staging": ["models/staging", "models/intermediate"],
    "facts": ["models/flow"],
    "marts": ["models/marts"],
}
_SAMPLE_SECONDS = 0.05
_PAGE = 4096


@dataclass
class Phases:
    """Seconds and peak memory (MiB, of this process) by phase, in order."""

    seconds: dict[str, float] = field(default_factory=dict)
    peak_mib: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measured(self, name: str) -> Iterator[None]:
        """Measure what happens inside under this name."""
        peak = [0.0]
        done = threading.Event()

        def watch() -> None:
            while not done.wait(_SAMPLE_SECONDS):
                pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
                peak[0] = max(peak[0], pages * _PAGE / 2**20)

        watcher = threading.Thread(target=watch)
        watcher.start()
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began
            done.set()
            watcher.join()
            self.peak_mib[name] = max(self.peak_mib.get(name, 0.0), peak[0])

    @classmethod
    def of_process(cls, command: list[str], memory_limit: str = "") -> "Phases":
        """Run `main` below in a process of its own and return what it measured."""
        environment = {**os.environ, **LINEAR_ALGEBRA, **({"WEIR_MEMORY_LIMIT": memory_limit} if memory_limit else {})}
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        return cls(**json.loads(done.stdout.splitlines()[-1]))

    def total(self, *names: str) -> float:
        """Return the seconds of the named phases, of all without names."""
        return sum(seconds for name, seconds in self.seconds.items() if not names or name in names)


def measured_refresh(folder: Path, *, full: bool, has_reports: bool = True) -> Phases:
    """Refresh a portfolio and return what each phase took; raises if anything failed."""
    paths, phases = PortfolioFolder(folder), Phases()
    # Parsed and compiled before: that is done once for a version of Weir, not once for a refresh.
    target = paths.dbt_target
    dbt_build.load_manifest(DBT_PROJECT, target, folder / "warehouse.build.duckdb")
    manifest = dbt_build.parse(DBT_PROJECT, target, folder / "warehouse.build.duckdb")
    data_tests.compiled_tests(DBT_PROJECT, target, folder / "warehouse.build.duckdb", manifest)
    with refresh.open_build(paths, str(uuid.uuid4()), refresh.utc_now, full=full, pull=False) as build:
        with phases.measured("load"):
            refresh.land_exports(build)
            refresh.write_portfolio(build)
        with phases.measured("checks"):
            _passed(refresh.run_checks(build, "raw").messages("critical"))
        plan = refresh.plan_models(build)
        for layer, folders in LAYERS.items():
            with phases.measured(layer):
                _build_layer(build, manifest, plan, folders)
        with phases.measured("checks"):
            _run_tests(build, manifest, plan)
        with phases.measured("analysis"):
            analyse(build)
        with phases.measured("checks"):
            _passed(refresh.run_checks(build, "marts").messages("critical"))
        with phases.measured("publish"):
            refresh.publish(build)
    if has_reports:
        with phases.measured("reports"):
            build_report_site(paths)
    return phases


def _build_layer(build: refresh.RefreshBuild, manifest: Any, plan: dbt_build.Plan, folders: list[str]) -> None:
    """Build what the refresh would build, of one layer only."""
    idle = {outcome.unique_id for outcome in [*plan.unchanged, *plan.left_out]}
    names = [
        node.name
        for node in manifest.nodes.values()
        if node.resource_type == "model"
        and node.unique_id not in idle
        and any(node.original_file_path.startswith(folder) for folder in folders)
    ]
    if names:
        _passed(dbt_build.failure_sentences(refresh.run_dbt(build, "run", ["--select", *names], manifest=manifest)))


def _run_tests(build: refresh.RefreshBuild, manifest: Any, plan: dbt_build.Plan) -> None:
    _passed(dbt_build.failure_sentences(refresh.run_data_tests(build, plan.tests, manifest=manifest)))


def _passed(failures: list[str]) -> None:
    if failures:
        raise RuntimeError("\n".join(failures))


def main() -> None:
    """Refresh one portfolio and print what was measured, as one line of JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("portfolio", type=Path)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--without-reports", action="store_true")
    chosen = parser.parse_args()
    phases = measured_refresh(chosen.portfolio, full=chosen.full, has_reports=not chosen.without_reports)
    print(json.dumps(asdict(phases)))  # noqa: T201 read by whoever started this


if __name__ == "__main__":
    main()
