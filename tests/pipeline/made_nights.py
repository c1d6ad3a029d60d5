"""Exports cut into nights, as a tool gives them out: what changed, again what did not, late, corrected, gone.

Belongs here: which files lie where after which night. Does not belong here: the histories
(`tests.reference.made_histories`), refreshing and comparing (`test_incremental_equals_full.py`).

The nights need not tell one consistent truth: whatever lies there, a warehouse continued from night to night has to be
the one that is built from all of it at once.
"""

import json
import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.reference import made_histories
from tests.reference import made_portfolio as made

Json = dict[str, Any]

SOURCES = ("main", "other")
_MARGIN = timedelta(hours=2)
# Sprints of two weeks, the first of which begins with the histories.
_SPRINT = timedelta(days=14)
_N_SPRINTS = 6


@dataclass
class Nights:
    """Writes the exports of one night after the other into a portfolio folder.

    Attributes:
        folder: The portfolio's folder.
        issues: All issues as they will be in the end, with their source.
        chance: What decides.
    """

    folder: Path
    issues: list[tuple[str, Json]]
    chance: random.Random

    @classmethod
    def begin(cls, folder: Path, n_histories: int, seed: int) -> "Nights":
        """Make the histories and the portfolio; nothing is exported yet."""
        lives = made_histories.make(n_histories)
        issues = [(SOURCES[number % 2], made_histories.issue(life, number, lives)) for number, life in enumerate(lives)]
        nights = cls(folder, issues, random.Random(seed))
        for number, (_, issue) in enumerate(issues):
            nights._plan(issue, number)
        nights._write(Path("portfolio.yaml"), made.PORTFOLIO)
        statuses = [
            {"id": number, "name": name, "statusCategory": {"key": category}}
            for name, (number, category) in made.STATUSES.items()
        ]
        for source in SOURCES:
            nights._write(Path("exports") / source / "statuses.json", json.dumps(statuses[:-1]), made_histories.FIRST)
        return nights

    def first(self, at: datetime) -> None:
        """Export everything that there was, and one file that is written anew each night."""
        self.list_sprints(at)
        self._export("night-0", at, [each for each in self.issues if _created(each[1]) < at])
        self._rewrite(at)

    def later(self, number: int, at: datetime, previous: datetime) -> None:
        """Export what a night may bring."""
        changed = [each for each in self.issues if previous <= _updated(each[1], at) < at]
        again = self.chance.sample(self.issues, len(self.issues) // 20)
        self._export(f"night-{number}", at, [*changed, *again])
        late = [each for each in self.chance.sample(self.issues, 8) if _created(each[1]) < at]
        # Entries that an earlier night ought to have brought, and entries that say something else than before.
        self._export(f"night-{number}-late", at, [(source, _corrected(issue, self.chance)) for source, issue in late])
        self._rewrite(at)
        self._census(number, at)
        self.list_sprints(at)

    def list_sprints(self, at: datetime, renamed: Mapping[int, str] | None = None) -> None:
        """List the sprints that are known by then, two weeks before they begin, under new names where given."""
        known = [_sprint(number, at) for number in range(_N_SPRINTS) if _begins(number) - _SPRINT <= at]
        for sprint in known:
            sprint["name"] = (renamed or {}).get(sprint["id"], sprint["name"])
        for source in SOURCES:
            text = json.dumps({"maxResults": 50, "startAt": 0, "isLast": True, "values": known})
            self._write(Path("exports") / source / "sprints.json", text, at)

    def twice(self, number: int) -> None:
        """Bring a night's files once more, under other names."""
        for source in SOURCES:
            file = self.folder / "exports" / source / f"night-{number}" / "issues.ndjson"
            text = file.read_text(encoding="utf-8")
            moment = datetime.fromtimestamp(file.stat().st_mtime).astimezone()
            self._write(file.relative_to(self.folder).with_name("issues-again.ndjson"), text, moment)

    def rename(self, number: int) -> None:
        """Give a night's file another name, as a rotation does."""
        for source in SOURCES:
            file = self.folder / "exports" / source / f"night-{number}" / "issues.ndjson"
            file.rename(file.with_name("rotated.ndjson"))

    def edit_register(self, headcount: float) -> None:
        """Write down who works in a team."""
        rows = f"team,role,valid_from,headcount,hours_per_week\nred,developer,2026-02-02,{headcount},40\n"
        self._write(Path("registers") / "capacity.csv", rows)

    def rename_a_status(self, at: datetime) -> None:
        """List the statuses with another name and category for one of them."""
        statuses = [
            {"id": number, "name": "Paired" if name == "Pairing" else name, "statusCategory": {"key": category}}
            for name, (number, category) in made.STATUSES.items()
        ]
        for source in SOURCES:
            self._write(Path("exports") / source / "statuses.json", json.dumps(statuses), at)

    def _plan(self, issue: Json, number: int) -> None:
        """Put an issue into sprints and out again; of some the newest export does not tell what the history says."""
        if "changelog" not in issue or self.chance.random() < 0.3:
            return
        held: list[int] = []
        at = _created(issue)
        for place in range(self.chance.randrange(1, 4)):
            at += timedelta(hours=self.chance.randrange(0, 400))
            before = list(held)
            sprint = self.chance.randrange(_N_SPRINTS)
            held = [each for each in held if each != sprint] if sprint in held else [*held, sprint]
            item = {"field": "Sprint", "fromString": _named(before), "toString": _named(held)}
            if number % 4:
                item |= {"from": _listed(before), "to": _listed(held)}
            entry = {"id": f"{number}9{place}" if number % 7 else f"sprint-{number}-{place}"}
            entry |= {"created": made_histories._stamp(at), "items": [item]}
            histories = issue["changelog"]["histories"]
            histories.insert(0 if number % 3 == 0 else len(histories), entry)
            issue["changelog"]["total"] += 1
        if number % 11:
            issue["fields"]["sprint"] = [_sprint(each, at) for each in held]

    def _export(self, name: str, at: datetime, issues: Sequence[tuple[str, Json]]) -> None:
        for source in SOURCES:
            own = [_as_it_stood(issue, at) for its, issue in issues if its == source]
            place = Path("exports") / source / name
            self._write(place / "issues.ndjson", "".join(json.dumps(issue) + "\n" for issue in own), at)
            said = {"exported_at": (at + _MARGIN).isoformat(), "complete_to": at.isoformat()}
            self._write(place / "manifest.json", json.dumps(said), at)

    def _rewrite(self, at: datetime) -> None:
        """Write the same file anew with other issues: what it had brought before counts no more."""
        for source in SOURCES:
            own = [issue for its, issue in self.issues if its == source and _created(issue) < at]
            chosen = [_as_it_stood(issue, at) for issue in self.chance.sample(own, min(len(own), 12))]
            text = "".join(json.dumps(issue) + "\n" for issue in chosen)
            self._write(Path("exports") / source / "watched" / "watched.ndjson", text, at)

    def _census(self, number: int, at: datetime) -> None:
        for source in SOURCES:
            own = [issue["id"] for its, issue in self.issues if its == source]
            found = [
                {"native_id": native_id, "state": state, "evidence": "made", "checked_at": at.isoformat()}
                for state, n in (("deleted", 3), ("not_visible", 2), ("present", 6))
                for native_id in self.chance.sample(own, n)
            ]
            unique = {each["native_id"]: each for each in found}
            text = "".join(json.dumps(each) + "\n" for each in unique.values())
            self._write(Path("exports") / source / f"night-{number}.census.ndjson", text, at)

    def _write(self, name: Path, text: str, at: datetime | None = None) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        if at is not None:
            moment = (at + _MARGIN).timestamp()
            os.utime(file, (moment, moment))


def _begins(sprint: int) -> datetime:
    return made_histories.FIRST + sprint * _SPRINT


def _sprint(number: int, at: datetime) -> Json:
    """A sprint as a board lists it on a day."""
    begins, ends = _begins(number), _begins(number + 1)
    state = "future" if at < begins else "active" if at < ends else "closed"
    dates = {"startDate": made_histories._stamp(begins), "endDate": made_histories._stamp(ends)}
    if state == "closed":
        dates["completeDate"] = made_histories._stamp(ends)
    return {"id": number, "name": f"Sprint {number}", "state": state, "originBoardId": 1, **dates}


def _named(sprints: Sequence[int]) -> str:
    return ", ".join(f"Sprint {each}" for each in sprints)


def _listed(sprints: Sequence[int]) -> str:
    return ", ".join(str(each) for each in sprints)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _created(issue: Json) -> datetime:
    return _instant(issue["fields"]["created"])


def _entries(issue: Json) -> list[Json]:
    return list(issue.get("changelog", {}).get("histories", []))


def _updated(issue: Json, at: datetime) -> datetime:
    return max(
        [_created(issue), *(_instant(each["created"]) for each in _entries(issue) if _instant(each["created"]) < at)]
    )


def _as_it_stood(issue: Json, at: datetime) -> Json:
    """The issue as far as its history goes: later entries are not in it yet, nor is what they led to."""
    entries = _entries(issue)
    kept = [each for each in entries if _instant(each["created"]) < at]
    fields = dict(issue["fields"])
    later = sorted((each for each in entries if each not in kept), key=lambda each: each["created"], reverse=True)
    for change in (change for each in later for change in each["items"]):
        if change["field"] == "status":
            known = made.STATUSES.get(change["fromString"])
            category = {"key": known[1]} if known else None
            fields["status"] = {"id": change["from"], "name": change["fromString"], "statusCategory": category}
        elif change["field"] == "resolution":
            fields["resolution"] = {"name": change["fromString"]} if change["fromString"] else None
            fields["resolutiondate"] = None
        elif change["field"] == "Sprint" and "sprint" in fields:
            named = [name for name in change["fromString"].split(", ") if name]
            fields["sprint"] = [_sprint(int(name.removeprefix("Sprint ")), at) for name in named]
    fields["updated"] = made_histories._stamp(_updated(issue, at))
    if "changelog" not in issue:
        return {**issue, "fields": fields}
    n_announced = issue["changelog"]["total"] - (len(entries) - len(kept))
    changelog = {"startAt": 0, "maxResults": len(kept), "total": n_announced, "histories": kept}
    return {**issue, "fields": fields, "changelog": changelog}


def _corrected(issue: Json, chance: random.Random) -> Json:
    """An entry has another moment or other words than it had before, and the title was mended."""
    entries = [{**each, "items": [dict(item) for item in each["items"]]} for each in _entries(issue)]
    for entry in chance.sample(entries, min(len(entries), 2)):
        entry["created"] = made_histories._stamp(_instant(entry["created"]) - timedelta(hours=chance.randrange(1, 50)))
        for item in entry["items"]:
            if item["field"] == "status" and chance.random() < 0.5:
                name = chance.choice(list(made.STATUSES))
                item["to"], item["toString"] = made.STATUSES[name][0], name
    fields = {**issue["fields"], "summary": f"{issue['fields']['summary']}, mended"}
    if "changelog" not in issue:
        return {**issue, "fields": fields}
    return {**issue, "fields": fields, "changelog": {**issue["changelog"], "histories": entries}}
