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
from typing import Any, Literal

from orchestration import dbt_build, refresh
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
        environment = {**os.environ, **({"WEIR_MEMORY_LIMIT": memory_limit} if memory_limit else {})}
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        return cls(**json.loads(done.stdout.splitlines()[-1]))

    def total(self, *names: str) -> float:
        """Return the seconds of the named phases, of all without names."""
        return sum(seconds for name, seconds in self.seconds.items() if not names or name in names)


def measured_refresh(folder: Path, *, full: bool, has_reports: bool = True) -> Phases:
    """Refresh a portfolio and return what each phase took; raises if anything failed."""
    paths, phases = PortfolioFolder(folder), Phases()
    # Parsed before: that is done once for a version of Weir, not once for a refresh.
    target = paths.dbt_target
    dbt_build.load_manifest(DBT_PROJECT, target, folder / "warehouse.build.duckdb")
    manifest = dbt_build.parse(DBT_PROJECT, target, folder / "warehouse.build.duckdb")
    with refresh.open_build(paths, str(uuid.uuid4()), refresh.utc_now, full=full, pull=False) as build:
        with phases.measured("load"):
            refresh.land_exports(build)
            refresh.write_portfolio(build)
        with phases.measured("checks"):
            _passed(refresh.run_checks(build, "raw").messages("critical"))
        for layer, folders in LAYERS.items():
            with phases.measured(layer):
                _run_dbt(build, "run", manifest, target, folders)
        with phases.measured("checks"):
            _run_dbt(build, "test", manifest, target, [])
        with phases.measured("analysis"):
            refresh.rank_constraints(build)
            refresh.chart_interventions(build)
        with phases.measured("checks"):
            _passed(refresh.run_checks(build, "marts").messages("critical"))
        with phases.measured("publish"):
            refresh.publish(build)
    if has_reports:
        with phases.measured("reports"):
            build_report_site(paths)
    return phases


def _run_dbt(
    build: refresh.RefreshBuild, command: Literal["run", "test"], manifest: Any, target: Path, folders: list[str]
) -> None:
    """Run what the refresh would run, of one layer only."""
    plan = refresh.plan_models(build)
    named = plan.selection[1:-2] if plan.selection[2:] else []
    nodes = json.loads((target / "manifest.json").read_text(encoding="utf-8"))["nodes"].values()
    places = {node["name"]: node["original_file_path"] for node in nodes if node["resource_type"] in ("model", "test")}
    kinds = {node["name"]: node["resource_type"] for node in nodes if node["resource_type"] in ("model", "test")}
    names = named or list(places)
    chosen = [
        name
        for name in names
        if kinds[name] == ("model" if command == "run" else "test")
        and (not folders or any(places[name].startswith(folder) for folder in folders))
    ]
    if not chosen:
        return
    outcomes = dbt_build.build(
        DBT_PROJECT,
        target,
        build.files.build,
        command=command,
        selection=["--select", *chosen],
        full_refresh=not build.is_incremental or build.changed is None,
        manifest=manifest,
    )
    _passed(dbt_build.failure_sentences(outcomes))


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
