"""Portfolios to measure on: the simulator's two Jiras alone, as one export and as an export with one night after it.

Belongs here: making the folders. Does not belong here: what is measured on them.
"""

import gzip
import json
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from orchestration.portfolio.example import prepare_example, scenario

Json = dict[str, Any]

SOURCES = ("jira-main", "jira-lending")
# Nothing happens on the last two days, a weekend; the night measured is the one after the Friday before.
NIGHT_BEGINS = datetime.combine(scenario.LAST_DAY - timedelta(days=2), datetime.min.time(), tzinfo=scenario.TIMEZONE)


def make_portfolio(folder: Path, n_issues: int) -> Path:
    """Make the example's portfolio with `n_issues` issues in its two Jiras, and nothing but Jiras."""
    prepare_example(folder, items=n_issues)
    file = folder / "portfolio.yaml"
    told = yaml.safe_load(file.read_text(encoding="utf-8"))
    told["sources"] = [source for source in told["sources"] if source["id"] in SOURCES]
    told["membership"] = [rule for rule in told["membership"] if _is_of_a_jira(rule)]
    told["keep_generations"] = 1
    file.write_text(yaml.safe_dump(told, sort_keys=False, allow_unicode=True), encoding="utf-8")
    for other in (folder / "exports").iterdir():
        if other.name not in SOURCES:
            shutil.rmtree(other)
    return folder


def _is_of_a_jira(rule: Json) -> bool:
    named = (rule.get("when") or {}).get("source")
    named = [named] if isinstance(named, str) else named
    return named is None or any(source in SOURCES for source in named)


def before_and_after(portfolio: Path, folder: Path) -> tuple[Path, Path, int, int]:
    """Cut a portfolio's exports in two: as they were before the last working day, and what that day brought.

    Returns the portfolio as it was, a folder `exports/…` to lay over it, the number of issues that changed or came on
    that day, and the number of all issues.
    """
    before, night = folder / "before", folder / "night"
    shutil.copytree(portfolio, before, ignore=shutil.ignore_patterns("exports", "warehouse", "reports", ".*"))
    n_changed = n_all = 0
    for source in SOURCES:
        for place in (before, night):
            (place / "exports" / source).mkdir(parents=True)
        _write_manifest(before / "exports" / source, NIGHT_BEGINS)
        _write_manifest(night / "exports" / source, scenario.COMPLETE_TO)
        categories: dict[str, Json] = {}
        with (
            gzip.open(before / "exports" / source / "issues.ndjson.gz", "wt", 3, encoding="utf-8") as standing,
            gzip.open(night / "exports" / source / "night.ndjson.gz", "wt", 3, encoding="utf-8") as changed,
        ):
            for issue in _issues(portfolio / "exports" / source):
                n_all += 1
                status = issue["fields"]["status"]
                categories[status["id"]] = status
                before_night: Json | None = issue
                if _instant(issue["fields"]["updated"]) >= NIGHT_BEGINS:
                    n_changed += 1
                    changed.write(json.dumps(issue) + "\n")
                    before_night = _as_it_stood(issue, categories)
                if before_night is not None:
                    standing.write(json.dumps(before_night) + "\n")
        for file in (portfolio / "exports" / source).iterdir():
            if not file.name.startswith(("issues", "search", "manifest")):
                shutil.copy(file, before / "exports" / source / file.name)
    return before, night, n_changed, n_all


def _issues(folder: Path) -> Iterator[Json]:
    for file in sorted(folder.glob("issues-*.ndjson.gz")):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                try:
                    issue = json.loads(line)
                except ValueError:
                    continue  # a torn line is planted in each example
                if issue.get("fields", {}).get("created"):
                    yield issue
    for file in sorted(folder.glob("search-*.json.gz")):
        with gzip.open(file, "rt", encoding="utf-8") as page:
            yield from (each for each in json.load(page)["issues"] if each["fields"]["created"][:10] != "2026-02-30")


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _as_it_stood(issue: Json, statuses: dict[str, Json]) -> Json | None:
    """Return an issue as it was when the night began; None if it was not there yet."""
    if _instant(issue["fields"]["created"]) >= NIGHT_BEGINS:
        return None
    entries = issue["changelog"]["histories"]
    kept = [entry for entry in entries if _instant(entry["created"]) < NIGHT_BEGINS]
    fields = dict(issue["fields"])
    undone = sorted((entry for entry in entries if entry not in kept), key=lambda entry: entry["created"], reverse=True)
    for change in (change for entry in undone for change in entry["items"]):
        if change["field"] == "status":
            known = statuses.get(change["from"], {})
            fields["status"] = {**known, "id": change["from"], "name": change["fromString"]}
        elif change["field"] == "resolution":
            fields["resolution"] = {"name": change["fromString"]} if change["fromString"] else None
            fields["resolutiondate"] = None
    fields["updated"] = max((entry["created"] for entry in kept), default=fields["created"])
    changelog = {"startAt": 0, "maxResults": len(kept), "total": len(kept), "histories": kept}
    return {**issue, "fields": fields, "changelog": changelog}


def _write_manifest(folder: Path, complete_to: datetime) -> None:
    said = {"exported_at": (complete_to + timedelta(minutes=90)).isoformat(), "complete_to": complete_to.isoformat()}
    (folder / "manifest.json").write_text(json.dumps(said), encoding="utf-8")


def lay_over(night: Path, portfolio: Path) -> None:
    """Put what the night brought beside what was there."""
    shutil.copytree(night / "exports", portfolio / "exports", dirs_exist_ok=True)
