"""dbt's data tests, compiled once for a version of the project and run without dbt.

No night's data change the statement of a test, and dbt takes far longer to prepare it than DuckDB to run it: with some
700 tests that was most of a small refresh. So dbt compiles them, and every refresh runs what was compiled. Belongs
here: the compiled tests and the outcome of each. Does not belong here: what is tested (dbt_project/), dbt itself
(`orchestration.dbt_build`).
"""

import json
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from orchestration import dbt_build
from orchestration.dbt_build import NodeOutcome

_COMPILED = "data_tests.json"
# A process that refreshes several portfolios compiles for the first of them.
_compiled_here: dict[str, list["DataTest"]] = {}


@dataclass(frozen=True)
class DataTest:
    """One data test: its statement selects the rows that should not be there.

    Attributes:
        unique_id: dbt's id of the test.
        query: The statement, as dbt compiled it.
        tested: Name of the model it belongs to, None if it belongs to several.
        is_critical: False only for severity warn.
        parents: Ids of the models it reads.
    """

    unique_id: str
    name: str
    query: str
    tested: str | None
    is_critical: bool
    description: str
    parents: tuple[str, ...]


def compiled_tests(project: Path, target: Path, database: Path, manifest: Any = None) -> list[DataTest]:
    """Return all data tests of the project, compiled again only if a file of it has changed.

    Args:
        project: The dbt project; read only.
        target: Where dbt keeps its parsed manifest, and this its compiled tests.
        database: The build file, which nobody else may have open.
        manifest: What `dbt_build.parse` returned for the same project, to save parsing it again.

    Raises:
        DbtError: dbt cannot compile the project.
    """
    fingerprint = dbt_build.project_fingerprint(project)
    if fingerprint not in _compiled_here:
        file = target / _COMPILED
        tests = _read(file, fingerprint)
        if tests is None:
            tests = _compile(project, target, database, manifest)
            kept = {"project": fingerprint, "tests": [asdict(test) for test in tests]}
            unfinished = file.with_suffix(".build.json")
            unfinished.write_text(json.dumps(kept), encoding="utf-8")
            unfinished.replace(file)
        _compiled_here[fingerprint] = tests
    return _compiled_here[fingerprint]


def run_tests(
    tests: Iterable[DataTest],
    count_rows: Callable[[str], int],
    not_built: Collection[str],
    on_event: Callable[[str], None] = lambda _: None,
) -> list[NodeOutcome]:
    """Run tests one after another; a test that fails, or cannot run, is an outcome and no exception.

    Args:
        tests: What to run.
        count_rows: Counts the rows that a statement selects.
        not_built: Ids of models that failed or were skipped; a test that reads one of them is skipped.
        on_event: Called with a line for each test that found something.
    """
    return [_outcome(test, count_rows, not_built, on_event) for test in tests]


def _outcome(
    test: DataTest, count_rows: Callable[[str], int], not_built: Collection[str], on_event: Callable[[str], None]
) -> NodeOutcome:
    began = time.perf_counter()
    failures, message = None, ""
    status: dbt_build.NodeStatus = "passed"
    if not_built and not set(test.parents).isdisjoint(not_built):
        status = "skipped"
    else:
        try:
            failures = count_rows(test.query)
        except Exception as error:  # noqa: BLE001 a test that cannot run has failed, whatever the reason
            status, message = "failed", " ".join(str(error).split())
        if failures:
            status = "failed" if test.is_critical else "warned"
            message = f"found {failures} {'row' if failures == 1 else 'rows'}"
            on_event(f"{test.name} {message}")
    return NodeOutcome(
        unique_id=test.unique_id,
        resource_type="test",
        name=test.name,
        status=status,
        message=message,
        failures=failures,
        seconds=time.perf_counter() - began,
        tested=test.tested,
        is_critical=test.is_critical,
        description=test.description,
        query=test.query,
    )


def _compile(project: Path, target: Path, database: Path, manifest: Any) -> list[DataTest]:
    selection = ["--select", "resource_type:test", "--no-introspect", "--no-populate-cache"]
    return [
        DataTest(
            unique_id=node.unique_id,
            name=node.name,
            query=node.query,
            tested=node.tested,
            is_critical=node.is_critical,
            description=node.description,
            parents=node.parents,
        )
        for node in dbt_build.build(
            project, target, database, command="compile", selection=selection, manifest=manifest
        )
    ]


def _read(file: Path, fingerprint: str) -> list[DataTest] | None:
    # A killed refresh of an older version may have left anything here; then the tests are compiled again.
    with suppress(OSError, ValueError, TypeError, KeyError):
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["project"] == fingerprint:
            return [DataTest(**{**test, "parents": tuple(test["parents"])}) for test in kept["tests"]]
    return None
