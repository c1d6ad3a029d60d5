"""What tests of several kinds share: the command `weir`, and one published refresh of the bundled example."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings

from orchestration.portfolio_folder import PortfolioFolder

# A busy machine is slow, not wrong.
settings.register_profile("weir", deadline=None, derandomize=True)
settings.load_profile("weir")

Weir = Callable[..., subprocess.CompletedProcess[str]]

# A refresh takes well under a minute on an idle machine; this only ends one that hangs.
TIMEOUT_SECONDS = 900


def weir_command(*arguments: str | Path) -> list[str]:
    """Return the command as a person types it: the script that the installation puts beside Python."""
    return [str(Path(sys.executable).with_name("weir")), *map(str, arguments)]


def weir_environment(portfolio: Path | None) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if name not in {"WEIR_PORTFOLIO", "DAGSTER_HOME"}}
    return environment if portfolio is None else {**environment, "WEIR_PORTFOLIO": str(portfolio)}


@pytest.fixture(scope="session")
def weir() -> Weir:
    """Run `weir` as a person does: in a process of its own."""

    def run(*arguments: str | Path, portfolio: Path | None = None, folder: Path | None = None):
        return subprocess.run(
            weir_command(*arguments),
            env=weir_environment(portfolio),
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def published_example(weir: Weir, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> PortfolioFolder:
    """The bundled example, refreshed once for the whole test session; tests only read it (see `example_copy`)."""
    shared = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        shared = shared.parent  # the workers of pytest-xdist share one refresh
    folder, done = shared / "published-example", shared / "published-example.done"
    with FileLock(shared / "published-example.lock"):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            made = weir("example", folder)
            assert made.returncode == 0, made.stderr
            refreshed = weir("refresh", portfolio=folder)
            assert refreshed.returncode == 0, refreshed.stderr
            done.write_text(refreshed.stdout, encoding="utf-8")
    return PortfolioFolder(folder)


@pytest.fixture
def example_copy(published_example: PortfolioFolder, tmp_path: Path) -> PortfolioFolder:
    """A copy of the published example that a test may change, run again and break."""
    return PortfolioFolder(Path(shutil.copytree(published_example.folder, tmp_path / "portfolio")))
