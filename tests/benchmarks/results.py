"""The section of `RESULTS.md` on what a refresh costs, beside what is asked for."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from orchestration.portfolio.example import DEFAULT_SEED
from tests.benchmarks.phases import Phases
from tests.benchmarks.result_sections import RESULTS_FILE, measured_where, replace_section

SECTION = "cost of a refresh"
_PHASES = ("load", "staging", "facts", "marts", "checks", "analysis", "publish", "reports")
_LIBRARIES = ("duckdb", "dbt-core", "dbt-duckdb", "dagster", "great-expectations", "pandas", "pyarrow")
# What is asked of a refresh: times the floor, shares, seconds.
TO_FACTS, TO_MARTS, JUDGING, GROWTH, NIGHT, NOTHING_NEW, QUERY, QUICKER = 5, 8, 4, 12, 0.15, 25, 1, 10


@dataclass
class Measurements:
    """What has been measured so far; `sizes`: issues to (floor, full refresh, night, share changed)."""

    sizes: dict[int, tuple[float, Phases, Phases, float]] = field(default_factory=dict)
    comparison: tuple[int, float, float, int] | None = None
    has_jira_agile_metrics: bool = False
    spilled: tuple[int, Phases] | None = None
    commands: dict[str, float] = field(default_factory=dict)

    def keep(self, file: Path) -> None:
        """Write what has been measured, so that a later run can add to it."""
        sizes = {
            n: [floor, asdict(full), asdict(night), share] for n, (floor, full, night, share) in self.sizes.items()
        }
        spilled = [self.spilled[0], asdict(self.spilled[1])] if self.spilled else None
        told = {**asdict(self), "sizes": sizes, "spilled": spilled}
        file.write_text(json.dumps(told), encoding="utf-8")

    @classmethod
    def kept(cls, file: Path) -> "Measurements":
        """Read what an earlier run has kept; nothing if there was none."""
        if not file.exists():
            return cls()
        told = json.loads(file.read_text(encoding="utf-8"))
        told["sizes"] = {
            int(n): (floor, Phases(**full), Phases(**night), share)
            for n, (floor, full, night, share) in sorted(told["sizes"].items(), key=lambda each: int(each[0]))
        }
        told["spilled"] = (told["spilled"][0], Phases(**told["spilled"][1])) if told["spilled"] else None
        told["comparison"] = tuple(told["comparison"]) if told["comparison"] else None
        return cls(**told)


def write_results(found: Measurements) -> None:
    """Write what has been measured so far; the file's other sections stay."""
    parts = [_head(), _full(found), _nights(found), _limits(found), _comparison(found), _commands(found)]
    replace_section(RESULTS_FILE, SECTION, "\n\n".join(part for part in parts if part))


def _head() -> str:
    return f"""## What a refresh costs

Measured by `make benchmark` on the simulator's Jira exports (seed {DEFAULT_SEED}, about nine history
entries an issue). One run on one machine: ratios travel better than seconds.

{measured_where(_LIBRARIES)}
- DuckDB: 4 GiB, 2 threads. The floor is DuckDB merely scanning the same files once, with only the columns needed."""


def _full(found: Measurements) -> str:
    if not found.sizes:
        return ""
    heads = " | ".join(f"{n:,} issues" for n in found.sizes)
    lines = [f"### A full refresh, seconds by phase (peak memory of the process)\n\n| phase | {heads} |"]
    lines.append("|---|" + "---:|" * len(found.sizes))
    lines.append("| floor | " + " | ".join(f"{floor:.1f}" for floor, *_ in found.sizes.values()) + " |")
    for phase in _PHASES:
        cells = [
            f"{full.seconds.get(phase, 0):.1f} ({full.peak_mib.get(phase, 0):,.0f} MiB)"
            for _, full, *_ in found.sizes.values()
        ]
        lines.append(f"| {phase} | {' | '.join(cells)} |")
    lines.append("| all | " + " | ".join(f"{full.total():.1f}" for _, full, *_ in found.sizes.values()) + " |")
    return "\n".join(lines)


def _nights(found: Measurements) -> str:
    if not found.sizes:
        return ""
    lines = [
        "### A night after it: the last working day's changes\n",
        "| issues | changed | full refresh, s | night, s | share |",
        "|---:|---:|---:|---:|---:|",
    ]
    for n_issues, (_, full, night, changed) in found.sizes.items():
        share = night.total() / full.total()
        lines.append(f"| {n_issues:,} | {changed:.1%} | {full.total():.1f} | {night.total():.1f} | {share:.0%} |")
    lines.append("\nBy phase: " + "; ".join(_by_phase(n, night) for n, (_, _, night, _) in found.sizes.items()) + ".")
    return "\n".join(lines)


def _by_phase(n_issues: int, phases: Phases) -> str:
    listed = ", ".join(f"{name} {seconds:.1f}" for name, seconds in phases.seconds.items())
    return f"{n_issues:,} issues: {listed}"


def _limits(found: Measurements) -> str:
    rows = []
    for n_issues, (floor, full, night, _) in found.sizes.items():
        to_facts = full.total("load", "staging", "facts") / floor
        to_marts = full.total("load", "staging", "facts", "marts") / floor
        judging = full.total("checks", "analysis", "publish") / floor
        rows += [
            (f"exports to facts, {n_issues:,}", f"{to_facts:.1f} x the floor", to_facts <= TO_FACTS, f"≤ {TO_FACTS} x"),
            (f"exports to all marts, {n_issues:,}", f"{to_marts:.1f} x", to_marts <= TO_MARTS, f"≤ {TO_MARTS} x"),
            (f"checks, analysis, publish, {n_issues:,}", f"{judging:.1f} x", judging <= JUDGING, f"≤ {JUDGING} x"),
            (f"a night, {n_issues:,}", f"{night.total() / full.total():.0%}", night.total() <= NIGHT * full.total(),
             f"≤ {NIGHT:.0%} of a full refresh"),
        ]  # fmt: skip
    if {100_000, 1_000_000} <= found.sizes.keys():
        growth = found.sizes[1_000_000][1].total() / found.sizes[100_000][1].total()
        rows.append(("growth from 100,000 to 1,000,000", f"{growth:.1f} x", growth <= GROWTH, f"≤ {GROWTH} x"))
    if found.comparison:
        n_issues, pandas_seconds, weir_seconds, _ = found.comparison
        quicker = pandas_seconds / weir_seconds
        rows.append(
            (f"against pandas, {n_issues:,}", f"{quicker:.1f} x as quick", quicker >= QUICKER, f"≥ {QUICKER} x")
        )
    for name, limit in (("refresh with nothing new", NOTHING_NEW), ("weir sql", QUERY)):
        if name in found.commands:
            took = found.commands[name]
            rows.append((f"`{name}`, the example", f"{took:.1f} s", took <= limit, f"≤ {limit} s"))
    if not rows:
        return ""
    told = "\n".join(f"| {what} | {got} | {asked} | {'yes' if kept else '**no**'} |" for what, got, kept, asked in rows)
    return f"### What is asked for\n\n| what | measured | asked | kept |\n|---|---|---|---|\n{told}"


def _comparison(found: Measurements) -> str:
    if found.comparison is None:
        return ""
    n_issues, pandas_seconds, weir_seconds, differing = found.comparison
    other = "" if found.has_jira_agile_metrics else " jira-agile-metrics is not installed here, so it was not compared."
    why = (
        "longer histories that lie in files of their own, and statuses that nobody mapped, are left out by the pipeline"
    )
    same = "All numbers are the same." if not differing else f"{differing:,} cells differ: {why}."
    return (
        "### Against pandas\n\nWeekly throughput, weekly p50 and p85 of cycle time, items in each stage at each day's"
        f" end, from the exports of {n_issues:,} issues: `pandas_pipeline.py` {pandas_seconds:.1f} s,"
        f" Weir {weir_seconds:.1f} s (landing and the models up to `fct_work_items` and `fct_stage_days`)."
        f" {same}{other}"
    )


def _commands(found: Measurements) -> str:
    parts = []
    if found.spilled:
        n_issues, phases = found.spilled
        parts.append(
            f"With a limit of 2 GiB {n_issues:,} issues refresh too, spilling: {phases.total():.1f} s, at most"
            f" {max(phases.peak_mib.values()):,.0f} MiB in the process."
        )
    if found.commands:
        listed = "; ".join(f"{name} {seconds:.1f} s" for name, seconds in found.commands.items())
        parts.append(f"Whole commands on the bundled example, Dagster included: {listed}.")
    return "### Further\n\n" + "\n\n".join(parts) if parts else ""
