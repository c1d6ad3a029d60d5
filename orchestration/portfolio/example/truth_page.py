"""TRUTH.md: the planted truth for people, from the same data as ``truth.json``.

Belongs here: wording. Does not belong here: any figure that is not in the document handed in.
"""

from __future__ import annotations

from typing import Any

from orchestration.portfolio.example import scenario

_FACT_WORDS = {
    "changes_in_the_same_second_as_the_one_before": "status changes in the same second as the one before",
    "flagged_spells": "spells under the flag Impediment, each with a reason",
    "items_cancelled": "stories, features and epics cancelled, by status or by resolution",
    "items_flagged_at_the_end": "stories flagged at the end of the data",
    "items_moved_backward": "stories, features and epics that moved backward",
    "items_never_moved": "stories, features and epics that never left the status they were created in",
    "items_reopened": "stories, features and epics that left done again",
    "items_skipping_review": "stories tested without a review",
    "on_hold_spells": "spells in the status On Hold",
    "reviews_over_the_rename": "reviews that began as In Review and ended as Code Review (same status id)",
    "status_changes": "status changes in all changelogs",
}


def truth_page(truth: dict[str, Any]) -> str:
    """The page as Markdown."""
    issues = truth["issues"]
    lines = [
        "# What is true of this example",
        "",
        "Lindenhall Bank does not exist. Its value streams, teams and issues come from a seeded simulator, so what a"
        " flow analysis should find in them is known. This page and `truth.json` say it; nothing in Weir reads them.",
        "",
        f"Made with seed {truth['seed']} (example version {truth['version']}): {issues['total']:,} issues"
        f" ({issues['story']:,} stories, {issues['feature']:,} features, {issues['epic']:,} epics,"
        f" {issues['sub-task']:,} sub-tasks) from {truth['copies']} simulated"
        f" {'copy' if truth['copies'] == 1 else 'copies'} of the portfolio,"
        f" {truth['first_day']} to {truth['last_day']}.",
        "",
        "## Where the value streams are stuck",
        "",
        "Utilisation is hours worked over hours of the people there, as simulated; the first"
        f" {scenario.WARM_UP_WEEKS} weeks are left out.",
        "",
        "| value stream | from | to | constraint | Build | Review | Test |",
        "|---|---|---|---|---|---|---|",
    ]
    for stream in scenario.VALUE_STREAMS:
        for window in truth["value_streams"][stream.id]:
            load = window["utilisation"]
            lines.append(
                f"| {stream.name} | {window['from']} | {window['to']} | {window['constraint'] or 'none'} |"
                f" {load['delivery.build']:.2f} | {load['delivery.review']:.2f} | {load['delivery.test']:.2f} |"
            )
    lines += [
        "",
        "## Interventions",
        "",
        "Days are calendar days, medians of the weekly medians; the step is between their logarithms, in standard"
        " deviations of the baseline's 26 weeks; the two weeks after a launch are left out.",
        "",
        "| intervention | launched | what it changed | truth | metric | before | after | step |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, found in truth["interventions"].items():
        lines.append(
            f"| {name} | {found['launched_on']} | {_change(found)} | {found['verdict']} | {found['metric']} |"
            f" {_number(found['baseline_median_days'])} | {_number(found['after_median_days'])} |"
            f" {_number(found['step_in_baseline_sds'])} |"
        )
    lines += _delivery_lines(truth)
    lines += ["", "## Flaws of real exports, planted", "", "| flaw | issues | for example |", "|---|---|---|"]
    for flaw in truth["flaws"].values():
        lines.append(f"| {flaw['what']} | {flaw['n']} | {', '.join(flaw['keys'][:3])} |")
    files = truth["files"]
    lines += [
        f"| exported in two files, the later one with a newer `updated` | {len(files['exported_twice'])} |"
        f" {', '.join(files['exported_twice'][:3])} |",
        "",
        "Records that cannot be loaded:",
        "",
    ]
    for record in files["malformed"]:
        place = f"line {record['line']}" if "line" in record else f"issue {record['record']}"
        lines.append(f"- `exports/{record['source']}/{record['file']}`, {place}: {record['reason']}")
    lines += [
        "",
        f"`In Review` of jira-main was renamed `Code Review` on {scenario.STATUS_RENAMED_AT.date()}; histories written"
        " before keep the old name, the id stayed.",
        "",
        "## What the work itself brought about",
        "",
    ]
    lines += [f"- {truth['facts'][fact]:,} {words}" for fact, words in _FACT_WORDS.items()]
    return "\n".join(lines) + "\n"


def _delivery_lines(truth: dict[str, Any]) -> list[str]:
    lines = [
        "",
        "## Delivery and code quality",
        "",
        "Planted, and in brackets what came out. A failed deployment into production is rolled back and repeated until"
        " it succeeds; incidents open after deployments that had succeeded. Hours are elapsed hours, medians.",
        "",
        "| value stream | deployments that fail | hours to the next that succeeds | deployments an incident follows |"
        " hours to restore |",
        "|---|---|---|---|---|",
    ]
    for stream in scenario.VALUE_STREAMS:
        found = truth["delivery"][stream.id]
        planted, hours = found["planted"], found["median_hours"]
        n_good = found["production_deployments"] - found["failed_production_deployments"]
        lines.append(
            f"| {stream.name} |"
            f" {planted['failure_share']:.0%} ({found['failed_production_deployments']:,} of"
            f" {found['production_deployments']:,}) |"
            f" {planted['recovery_median_hours']:g} ({_number(hours['recovery'])}) |"
            f" {planted['incident_share']:.0%} ({found['incidents']:,} of {n_good:,} that succeeded) |"
            f" {planted['restore_median_hours']:g} ({_number(hours['restore'])}) |"
        )
    if truth["copies"] > 1:
        lines += [
            "",
            "The copies of a service are one service to Weir: after a failure another copy's deployment may come"
            " sooner, and an incident may follow another copy's deployment.",
        ]
    lines += [
        "",
        "| value stream | changes | of them in production | hours from first commit to production | open findings:"
        " bugs | vulnerabilities | debt |",
        "|---|---|---|---|---|---|---|",
    ]
    for stream in scenario.VALUE_STREAMS:
        found = truth["delivery"][stream.id]
        kinds = (found["findings"][kind] for kind in ("bug", "vulnerability", "debt"))
        lines.append(
            f"| {stream.name} | {found['changes']:,} | {found['changes_in_production']:,} |"
            f" {_number(found['median_hours']['change_lead_time'])} | "
            + " | ".join(f"{kind['n_open']:,} of {kind['n']:,}" for kind in kinds)
            + " |"
        )
    return lines


def _change(found: dict[str, Any]) -> str:
    stage = found["changed_stage"].removeprefix("delivery.")
    if found["added_people"]:
        return f"{found['added_people']} more people in {stage}"
    return f"{stage} takes {found['service_time_factor']:.0%} of the time it took"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"
