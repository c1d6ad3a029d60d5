"""Running dbt in this process and reading what came of it.

In process, because starting dbt's command line anew costs more than building the models. Belongs here: parsing,
building, documenting, and the outcome of each node as plain data. Does not belong here: models (dbt_project/), running
data tests (`orchestration.data_tests`), Dagster events (defs/transformation), any SQL.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from filelock import FileLock

DATABASE_VARIABLE = "WEIR_BUILD_DATABASE"
#: Tools of the portfolio, by commas; the macros leave out what no source of it tells. Empty: all tools.
TOOLS_VARIABLE = "WEIR_TOOLS"

# What dbt writes itself; a change there is no change of the project.
_OUTPUT_FOLDERS = frozenset({"target", "logs", "dbt_packages", "__pycache__"})
# Folders of models that have a folder a tool within them: models/staging/jira/stg_jira__issues.sql.
_LAYERS_BY_TOOL = ("staging", "intermediate")
_DEPTH_IN_FOLDER = 4
_FAILED = frozenset({"error", "fail", "runtime error", "partial success"})

NodeStatus = Literal["passed", "warned", "failed", "skipped"]


class DbtError(RuntimeError):
    """dbt could not start or could not read its project."""


@dataclass(frozen=True)
class NodeOutcome:
    """What came of one dbt node.

    Attributes:
        unique_id: dbt's id, such as `model.weir.fct_work_items`.
        resource_type: `model`, `test`, `unit_test`, `seed`, …
        status: `passed`, `warned` (a test of severity warn), `failed`, or `skipped` (something before it failed).
        message: dbt's own message, one line; empty if all went well.
        failures: Rows that a test found, None if the node is no data test or could not run.
        seconds: Time the node took.
        tested: Name of the model or source a test belongs to, None for what is no test or belongs to several.
        is_critical: False only for a test of severity warn.
        description: The project's own words for the node; may be empty.
        query: The statement dbt ran; of a data test it selects the rows that should not be there.
        examples: The first of those rows, once somebody has looked them up.
        parents: Ids of the nodes it reads.
    """

    unique_id: str
    resource_type: str
    name: str
    status: NodeStatus
    message: str
    failures: int | None
    seconds: float
    tested: str | None
    is_critical: bool
    description: str = ""
    query: str = ""
    examples: str = ""
    parents: tuple[str, ...] = ()


def load_manifest(project: Path, target: Path, database: Path) -> dict[str, Any]:
    """Return an up-to-date manifest of the project, parsing it only if a file of it has changed.

    Args:
        project: The dbt project; read only.
        target: Where dbt keeps its manifest and partial parse.
        database: The file the profile points to; it need not exist for parsing.

    Raises:
        DbtError: dbt cannot parse the project.
    """
    target.mkdir(parents=True, exist_ok=True)
    stamp = target / "project.sha256"
    fingerprint = project_fingerprint(project)
    # Dagster's code server and a run of its own may load at the same time; one of them parses.
    with FileLock(target / "parse.lock"):
        if stamp.exists() and stamp.read_text(encoding="utf-8") == fingerprint:
            # A killed build may have left the file cut off; then it is parsed again.
            with suppress(OSError, ValueError):
                return _read_manifest(target)
        _invoke(["parse"], project, target, database)
        stamp.write_text(fingerprint, encoding="utf-8")
        return _read_manifest(target)


def project_fingerprint(project: Path) -> str:
    """Hash every file of the project that dbt reads."""
    files = (
        file
        for file in sorted(project.rglob("*"))
        if file.is_file() and not _OUTPUT_FOLDERS.intersection(file.relative_to(project).parts)
    )
    listing = [(str(file.relative_to(project)), hashlib.sha256(file.read_bytes()).hexdigest()) for file in files]
    return hashlib.sha256(json.dumps(listing).encode()).hexdigest()


def parse(project: Path, target: Path, database: Path) -> Any:
    """Parse the project and return dbt's own manifest, which `build` takes in place of parsing it again."""
    return _invoke(["parse"], project, target, database)


def _read_manifest(target: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    return manifest


def build(
    project: Path,
    target: Path,
    database: Path,
    *,
    command: Literal["build", "run", "compile"] = "build",
    selection: Sequence[str] = (),
    full_refresh: bool = False,
    tools: Collection[str] = (),
    on_event: Callable[[str], None] = lambda _: None,
    manifest: Any = None,
) -> list[NodeOutcome]:
    """Run `dbt build` on the database file and return the outcome of every node, in the order they ended.

    A failed model or test is an outcome, not an exception. When this returns, dbt holds the file no longer.

    Args:
        project: The dbt project; read only.
        target: Where dbt keeps its manifest and partial parse.
        database: The DuckDB file to build in; nobody else may have it open.
        command: What dbt does: models and tests in their order, only models, or only compile.
        selection: dbt's own selection arguments (`--select …`); empty means everything.
        full_refresh: Rebuild incremental models from nothing.
        tools: Tools whose models are there to be read; empty means all.
        on_event: Called with dbt's line for each finished node.
        manifest: What `parse` returned for the same project; without one dbt parses, or reads what it parsed last.

    Raises:
        DbtError: dbt could not run at all (project, profile or database unreadable).
    """
    # Its manifest and its results in files would take longer to write than many a model to build; nobody reads them.
    arguments = [
        command,
        "--no-write-json",
        *selection,
        *(["--full-refresh"] if full_refresh and command != "compile" else []),
    ]
    result = _invoke(arguments, project, target, database, on_event=on_event, manifest=manifest, tools=tools)
    return [_outcome(node_result) for node_result in result.results]


@dataclass(frozen=True)
class Plan:
    """What of the project has to run.

    Attributes:
        selection: dbt's selection arguments for the models that have to be built; empty if none has to.
        tests: Ids of the data tests that have to run.
        unchanged: Models and tests that would come out as they are, as passed outcomes that took no time.
        left_out: Models and tests of tools that the portfolio does not have, told in the same way.
    """

    selection: list[str]
    tests: frozenset[str]
    unchanged: list[NodeOutcome] = field(default_factory=list)
    left_out: list[NodeOutcome] = field(default_factory=list)


def plan(manifest: Mapping[str, Any], absent_tools: Collection[str], changed: Collection[str] | None) -> Plan:
    """Tell what has to run: the tables that are made of what changed, and the tests that read any of it.

    A view is never built anew: it shows what it reads as that is, and its own text changes with the project only.

    Args:
        manifest: The project's manifest.
        absent_tools: Tools that no source of the portfolio is of; the folders of models named after them are left out.
        changed: Source tables that changed, as `schema.table`, or `schema.*` for all of a schema; None if everything
            is to be built.
    """
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "test")]
    absent = {node["unique_id"] for node in nodes if _model_folder(node) in absent_tools}
    absent |= {
        node["unique_id"] for node in nodes if absent.intersection(node["depends_on"]["nodes"]) and _is_test(node)
    }
    reached = None if changed is None else _reached(manifest, changed)
    runs = [node for node in nodes if node["unique_id"] not in absent and _runs(node, reached)]
    if reached is None:
        folders = folders_of(absent_tools)
        selection = ["--select", "fqn:*", *(["--exclude", *folders] if folders else [])]
    else:
        names = [node["name"] for node in runs if not _is_test(node)]
        selection = ["--select", *names] if names else []
    ran = {node["unique_id"] for node in runs}
    return Plan(
        selection=selection,
        tests=frozenset(node["unique_id"] for node in runs if _is_test(node)),
        unchanged=[_idle(node, "unchanged") for node in nodes if node["unique_id"] not in ran | absent],
        left_out=[_idle(node, "no source of this tool") for node in nodes if node["unique_id"] in absent],
    )


def folders_of(tools: Collection[str]) -> list[str]:
    """Return dbt's selectors of the models of these tools."""
    return [f"fqn:{layer}.{tool}" for tool in sorted(tools) for layer in _LAYERS_BY_TOOL]


def _is_test(node: Mapping[str, Any]) -> bool:
    return bool(node["resource_type"] == "test")


def _model_folder(node: Mapping[str, Any]) -> str | None:
    """Return the folder within its layer that a model lies in, such as `jira`."""
    parts = Path(node["original_file_path"]).parts
    is_in_folder = not _is_test(node) and parts[1] in _LAYERS_BY_TOOL and len(parts) == _DEPTH_IN_FOLDER
    return parts[2] if is_in_folder else None


def _runs(node: Mapping[str, Any], reached: Collection[str] | None) -> bool:
    return reached is None or (node["unique_id"] in reached and node["config"]["materialized"] != "view")


def _reached(manifest: Mapping[str, Any], changed: Collection[str]) -> set[str]:
    waiting = [key for key, node in manifest["sources"].items() if _is_among(node, changed)]
    reached = set(waiting)
    while waiting:
        for child in manifest["child_map"].get(waiting.pop(), []):
            if child not in reached:
                reached.add(child)
                waiting.append(child)
    return reached


def in_order(manifest: Mapping[str, Any], outcomes: Iterable[NodeOutcome]) -> list[NodeOutcome]:
    """Return outcomes with each node after those that it is made of."""
    order = {key: place for place, key in enumerate(TopologicalSorter(manifest["parent_map"]).static_order())}
    return sorted(outcomes, key=lambda outcome: order.get(outcome.unique_id, len(order)))


def _idle(node: Mapping[str, Any], message: str) -> NodeOutcome:
    return NodeOutcome(
        unique_id=node["unique_id"],
        resource_type=node["resource_type"],
        name=node["name"],
        status="passed",
        message=message,
        failures=None,
        seconds=0.0,
        tested=None,
        is_critical=True,
    )


def _is_among(source: Mapping[str, Any], changed: Collection[str]) -> bool:
    return f"{source['schema']}.{source['name']}" in changed or f"{source['schema']}.*" in changed


def write_docs(project: Path, database: Path | None, folder: Path) -> Path:
    """Write dbt's documentation of the project as one page that needs neither server nor network; returns its path.

    Args:
        project: The dbt project; read only.
        database: A published warehouse, opened for reading only: its tables' true columns go into the pages, and every
            model's compiled SQL. None if there is none; then columns are those that the project declares.
        folder: Where `index.html` goes; created if missing.

    Raises:
        DbtError: dbt cannot parse the project or read the database.
    """
    # A target folder of its own: in the shared one, dbt would have to parse everything again for the next refresh.
    with TemporaryDirectory() as temporary:
        target = Path(temporary)
        options = ["--static", "--target", "published"]
        if database is None:
            _invoke(["parse", "--target", "published"], project, target, target / "none.duckdb")
            options += ["--no-compile", "--empty-catalog"]
        _invoke(["docs", "generate", *options], project, target, database or target / "none.duckdb")
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / "index.build.html"
        shutil.copyfile(target / "static_index.html", unfinished)
        return unfinished.replace(folder / "index.html")


def failure_sentences(outcomes: Sequence[NodeOutcome]) -> list[str]:
    """Return one sentence for each failed node, models first: a test may fail only because of its model."""
    failed = sorted((o for o in outcomes if o.status == "failed"), key=lambda o: o.resource_type != "model")
    return [_sentence(outcome) for outcome in failed]


def _sentence(outcome: NodeOutcome) -> str:
    if outcome.resource_type == "test" and outcome.failures is not None:
        rows = "1 row" if outcome.failures == 1 else f"{outcome.failures} rows"
        shown = f": {outcome.examples}" if outcome.examples else ""
        return f"dbt test {outcome.name} found {rows} that should not be there{shown}."
    kind = outcome.resource_type.replace("_", " ")
    return f"dbt {kind} {outcome.name} failed: {outcome.message}"


def _outcome(node_result: Any) -> NodeOutcome:
    node = node_result.node
    status = str(node_result.status.value if hasattr(node_result.status, "value") else node_result.status)
    return NodeOutcome(
        unique_id=node.unique_id,
        resource_type=str(getattr(node.resource_type, "value", node.resource_type)),
        name=node.name,
        status=_node_status(status),
        message="" if status in {"success", "pass"} else " ".join(str(node_result.message or "").split()),
        failures=node_result.failures,
        seconds=float(node_result.execution_time or 0),
        tested=_tested(node),
        is_critical=str(getattr(node.config, "severity", "error")).lower() != "warn",
        description=" ".join(str(getattr(node, "description", None) or "").split()),
        query=str(getattr(node, "compiled_code", None) or ""),
        parents=tuple(node.depends_on.nodes),
    )


def _tested(node: Any) -> str | None:
    named = getattr(node, "attached_node", None) or getattr(node, "tested_node_unique_id", None)
    if named is None and node.unique_id.startswith("test."):
        parents = node.depends_on.nodes
        named = parents[0] if len(parents) == 1 else None
    return named.split(".")[-1] if named else None


def _node_status(status: str) -> NodeStatus:
    if status in _FAILED:
        return "failed"
    if status == "warn":
        return "warned"
    return "skipped" if status in {"skipped", "no-op"} else "passed"


def _invoke(
    arguments: Sequence[str],
    project: Path,
    target: Path,
    database: Path,
    *,
    on_event: Callable[[str], None] = lambda _: None,
    manifest: Any = None,
    tools: Collection[str] = (),
) -> Any:
    # Imported here: dbt takes seconds to import, and most commands do without it.
    from dbt.cli.main import dbtRunner

    folders = {"project-dir": project, "profiles-dir": project, "target-path": target, "log-path": target / "logs"}
    options = [text for name, folder in folders.items() for text in (f"--{name}", str(folder))]
    quiet = ["--quiet", "--log-level", "none", "--log-level-file", "warn", "--no-use-colors", "--no-version-check"]
    variables = {DATABASE_VARIABLE: str(database), TOOLS_VARIABLE: ",".join(sorted(tools))}
    with _environment(variables), _closed_afterwards():
        runner = dbtRunner(manifest=manifest, callbacks=[_node_reporter(on_event)])
        result = runner.invoke([*arguments, *options, *quiet])
    if result.exception is not None:
        raise DbtError(f"dbt {arguments[0]} stopped: {' '.join(str(result.exception).split())}") from result.exception
    return result.result


def _node_reporter(on_event: Callable[[str], None]) -> Callable[[Any], None]:
    def report(event: Any) -> None:
        if event.info.name in {"LogModelResult", "LogTestResult", "LogUnitTestResult", "LogSeedResult"}:
            on_event(event.info.msg)

    return report


@contextmanager
def _closed_afterwards() -> Iterator[None]:
    """Close the DuckDB instance that dbt's adapter keeps for the life of the process.

    Without this nobody else in this process could open the file with other settings, and the file could not be
    swapped. `close_all_connections` alone only forgets the instance; it stays open while anything refers to it.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import reset_adapters

    try:
        yield
    finally:
        environment = DuckDBConnectionManager._ENV  # noqa: SLF001 no public way to the open instance
        reset_adapters()  # type: ignore[no-untyped-call]
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
        if environment is not None:
            environment.close()


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
