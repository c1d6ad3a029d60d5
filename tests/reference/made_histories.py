"""Histories that nobody would write by hand, made by hypothesis, as a Jira would export them.

A history is made as a Jira makes it: each entry changes what is true now, so that `from` is what was true before.
Then the record of it is damaged in the ways that exports are: entries left out, changed without a change, truncated,
dated before creation.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.reference import made_portfolio as made

Json = dict[str, Any]

FIRST = datetime(2026, 2, 10, tzinfo=UTC)
# Half past midnight of Monday, 13 April, in Berlin; still Sunday in New York, already morning in Tokyo.
AS_OF = datetime(2026, 4, 12, 22, 30, tzinfo=UTC)
LAST = datetime(2026, 4, 20, tzinfo=UTC)

# Around these nights local days differ from UTC's, last 23 hours, or a rule begins to hold.
NIGHTS = [
    datetime(2026, 3, 8, 6, 30, tzinfo=UTC),  # New York goes over to summer time
    datetime(2026, 3, 15, 23, 0, tzinfo=UTC),  # a membership rule begins to hold
    datetime(2026, 3, 20, 23, 0, tzinfo=UTC),  # a status goes over to another stage
    datetime(2026, 3, 28, 22, 59, 59, tzinfo=UTC),
    datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC),  # Berlin goes over to summer time
    AS_OF,
]

DAMAGES = (None,) * 10 + (
    "not expanded", "first entries missing", "a status change missing", "moved without a change", "no history",
    "change before creation",
)  # fmt: skip


@dataclass
class MadeHistory:
    """One item's life as it was; `entries` hold (when, changes), each change (field, from, to)."""

    project: str
    item_type: str
    created: datetime
    status: str
    labels: frozenset[str]
    team: str | None
    component: str | None
    estimate: float | None
    flagged: bool
    entries: list[tuple[datetime, list[tuple[str, Any, Any]]]] = field(default_factory=list)
    damage: str | None = None
    is_archived: bool = False
    links: list[tuple[str, int]] = field(default_factory=list)  # those that stand: (relation, which other item)
    missed_by_census: list[tuple[str, datetime]] = field(default_factory=list)  # (what each census found, when)
    parents: list[int] = field(default_factory=list)


_GAPS = st.one_of(
    st.sampled_from([timedelta(0), timedelta(0), timedelta(milliseconds=1), timedelta(seconds=1)]),
    st.integers(1, 5000).map(lambda minutes: timedelta(minutes=minutes)),
    st.integers(1, 10).map(lambda days: timedelta(days=days)),
)
_MOMENTS = st.one_of(
    st.integers(0, int((LAST - FIRST).total_seconds())).map(lambda seconds: FIRST + timedelta(seconds=seconds)),
    st.sampled_from(NIGHTS),
)


@st.composite
def histories(draw: "Draw") -> MadeHistory:
    """A life of up to a dozen entries."""
    life = MadeHistory(
        project=draw(st.sampled_from(made.PROJECTS)),
        item_type=draw(st.sampled_from(made.TYPES)),
        created=draw(_MOMENTS),
        status=draw(st.sampled_from(["To Do"] * 6 + ["Ready", "In Progress", "Test", "Done", "Triage"])),
        labels=frozenset(draw(st.lists(st.sampled_from(made.LABELS), max_size=1))),
        team=draw(st.sampled_from([None, None, *made.TEAM_VALUES])),
        component=draw(st.sampled_from([None, *made.COMPONENTS])),
        estimate=draw(st.sampled_from([None, 1.0, 2.0, 5.0, 0.5])),
        flagged=draw(st.sampled_from([False] * 9 + [True])),
        damage=draw(st.sampled_from(DAMAGES)),
        is_archived=draw(st.sampled_from([False] * 15 + [True])),
    )
    at = life.created
    for _ in range(draw(st.integers(0, 12))):
        at = (
            draw(st.sampled_from([night for night in NIGHTS if night >= at] or [at]))
            if draw(st.integers(0, 11)) == 0
            else at + draw(_GAPS)
        )
        kinds = draw(st.lists(st.sampled_from(_KINDS), min_size=1, max_size=2, unique=True))
        changes = [change for kind in kinds for change in _change(draw, life, kind)]
        if changes:
            life.entries.append((at, changes))
    for relation in RELATIONS:  # links that no history tells of
        if draw(st.integers(0, 14)) == 0:
            life.links.append((relation, draw(st.integers(0, 999))))
    if draw(st.integers(0, 9)) == 0:
        for _ in range(draw(st.integers(1, 3))):
            found = draw(st.sampled_from(["present", "deleted", "deleted", "not_visible"]))
            life.missed_by_census.append((found, draw(_MOMENTS)))
    return life


RELATIONS = ("blocks", "duplicates")

Change = tuple[str, Any, Any]  # field, from, to
Draw = Callable[[Any], Any]


def _change(draw: Draw, life: MadeHistory, kind: str) -> list[Change]:
    """Change something about the item; returns what the history says of it."""
    return _CHANGES[kind](draw, life)


def _relabel(draw: Draw, life: MadeHistory) -> list[Change]:
    before = life.labels
    life.labels = before ^ {draw(st.sampled_from(made.LABELS))}
    return [("labels", " ".join(sorted(before)), " ".join(sorted(life.labels)))]


def _give_to_team(draw: Draw, life: MadeHistory) -> list[Change]:
    before, life.team = life.team, draw(st.sampled_from([None, *made.TEAM_VALUES]))
    return [("team", before, life.team)]


def _retype(draw: Draw, life: MadeHistory) -> list[Change]:
    before, life.item_type = life.item_type, draw(st.sampled_from(made.TYPES))
    return [("issuetype", before, life.item_type)]


def _move_to_project(draw: Draw, life: MadeHistory) -> list[Change]:
    before, life.project = life.project, draw(st.sampled_from(made.PROJECTS))
    return [("Key", before, life.project)] if before != life.project else []


def _flag(_: Draw, life: MadeHistory) -> list[Change]:
    life.flagged = not life.flagged
    return [("Flagged", None if life.flagged else "Impediment", "Impediment" if life.flagged else None)]


def _give_to_parent(draw: Draw, life: MadeHistory) -> list[Change]:
    before = life.parents[-1] if life.parents else None
    life.parents.append(draw(st.integers(0, 999)))
    return [("IssueParentAssociation", before, life.parents[-1])]


def _link_or_unlink(draw: Draw, life: MadeHistory) -> list[Change]:
    if life.links and draw(st.booleans()):
        return [("Link", life.links.pop(), None)]
    life.links.append((draw(st.sampled_from(RELATIONS)), draw(st.integers(0, 999))))
    return [("Link", None, life.links[-1])]


def _change_component(draw: Draw, life: MadeHistory) -> list[Change]:
    before, life.component = life.component, draw(st.sampled_from([None, *made.COMPONENTS]))
    changes: list[Change] = [("Component", before, None)] if before else []
    return changes + ([("Component", None, life.component)] if life.component else [])


def _rank(_: Draw, __: MadeHistory) -> list[Change]:
    return [("Rank", None, "Ranked higher")]  # followed by nobody, but an entry of the history


def _move(draw: Draw, life: MadeHistory) -> list[Change]:
    before = life.status
    if before in made.ON_THE_WAY[:-1] and draw(st.sampled_from(["onward"] * 5 + ["anywhere"] * 2)) == "onward":
        life.status = made.ON_THE_WAY[made.ON_THE_WAY.index(before) + 1]
    else:
        life.status = draw(st.sampled_from(list(made.STATUSES)))
    changes: list[Change] = [("status", before, life.status)]
    was_done, is_done = (made.STATUSES[name][1] == "done" for name in (before, life.status))
    if was_done != is_done and draw(st.integers(0, 3)) > 0:
        resolution = draw(st.sampled_from(["Fixed", "Fixed", "Won't Do"]))
        changes.append(("resolution", None, resolution) if is_done else ("resolution", "?", None))
    return changes


_CHANGES: dict[str, Callable[[Draw, MadeHistory], list[Change]]] = {
    "status": _move,
    "labels": _relabel,
    "team": _give_to_team,
    "type": _retype,
    "key": _move_to_project,
    "flagged": _flag,
    "parent": _give_to_parent,
    "link": _link_or_unlink,
    "component": _change_component,
    "rank": _rank,
}
_KINDS = ("status",) * 14 + ("labels", "flagged", *(kind for kind in _CHANGES if kind != "status"))


def make(n: int) -> list[MadeHistory]:
    """Have hypothesis make n histories: the same ones in every run."""
    found: list[MadeHistory] = []

    @settings(
        max_examples=n, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck), deadline=None,
    )  # fmt: skip
    @given(histories())
    def collect(life: MadeHistory) -> None:
        found.append(life)

    collect()
    return found


def write_exports(folder: Path, lives: Sequence[MadeHistory]) -> None:
    """Write the lives as a portfolio whose two Jiras exported them."""
    (folder / "portfolio.yaml").write_text(made.PORTFOLIO, encoding="utf-8")
    issues = [issue(life, number, lives) for number, life in enumerate(lives)]
    for source, own in (("main", issues[0::2]), ("other", issues[1::2])):
        exports = folder / "exports" / source
        exports.mkdir(parents=True)
        text = "".join(json.dumps(document) + "\n" for document in own)
        (exports / "issues.ndjson").write_text(text, encoding="utf-8")
        statuses = [
            {"id": number, "name": name, "statusCategory": {"key": category}}
            for name, (number, category) in made.STATUSES.items()
            if name != "Pairing"  # what no list names is known from the items that are in it
        ]
        (exports / "statuses.json").write_text(json.dumps(statuses), encoding="utf-8")


def issue(life: MadeHistory, number: int, lives: Sequence[MadeHistory]) -> Json:
    """The issue as a search with ``expand=changelog`` answers it, damaged if it is to be."""
    recorded = [
        (at, items)
        for at, changes in life.entries
        if (items := [_changelog_item(change, number, lives) for change in changes])
    ]
    n_announced = len(recorded)
    resolutions = _fill_resolutions(recorded)
    if life.damage == "first entries missing":
        recorded = recorded[2:]
    if life.damage == "a status change missing":
        places = [place for place, (_, items) in enumerate(recorded) if items[0]["field"] == "status"]
        if places:
            del recorded[places[len(places) // 2]]
            n_announced -= 1
    if life.damage == "change before creation" and recorded:
        recorded[0] = (life.created - timedelta(days=3, hours=2), recorded[0][1])
    if life.damage == "no history":
        recorded, n_announced = [], 0
    shown = "Shelved" if life.damage == "moved without a change" else life.status
    last_at = max([life.created, *(at for at, _ in life.entries)])
    is_done = made.STATUSES[shown][1] == "done"
    # Some exports number their entries in no way, so that only the place tells two of one moment apart.
    histories = [
        {
            "id": str(number * 1000 + place) if number % 7 else f"entry-{number}-{place}",
            "created": _stamp(at),
            "items": items,
        }
        for place, (at, items) in enumerate(recorded)
    ]
    if number % 3 == 0:
        histories.reverse()
    fields: Json = {
        "summary": f"Item {number}",
        "status": _status(shown),
        "issuetype": {"name": life.item_type, "subtask": life.item_type in made.SUBTASK_TYPES},
        "project": {"key": life.project},
        "created": _stamp(life.created),
        "updated": _stamp(last_at),
        "resolution": {"name": resolutions} if resolutions else None,
        "resolutiondate": _stamp(last_at) if is_done and number % 5 else None,
        "labels": sorted(life.labels),
        "components": [{"name": life.component}] if life.component else [],
        made.FIELDS["team"]: {"value": life.team} if life.team else None,
        made.FIELDS["estimate"]: life.estimate,
        made.FIELDS["flagged"]: [{"value": "Impediment"}] if life.flagged else None,
        "issuelinks": [_link(link, number, lives) for link in life.links],
    }
    if life.parents:
        parent = _other(number, life.parents[-1], lives)
        fields["parent"] = {"id": _id(parent), "key": _key(parent, lives[parent].project)}
    if life.is_archived:
        fields["archivedDate"] = _stamp(last_at + timedelta(hours=number % 40))
    made_issue: Json = {"id": _id(number), "key": _key(number, life.project), "fields": fields}
    if life.damage != "not expanded":
        made_issue["changelog"] = {
            "startAt": 0, "maxResults": len(histories), "total": n_announced, "histories": histories
        }  # fmt: skip
    return made_issue


def censuses(lives: Sequence[MadeHistory]) -> list[tuple[str, str, str, datetime]]:
    """What censuses found: source, native id, state, when."""
    return [
        ("other" if number % 2 else "main", _id(number), state, at)
        for number, life in enumerate(lives)
        for state, at in life.missed_by_census
    ]


def _fill_resolutions(recorded: list[tuple[datetime, list[Json]]]) -> str | None:
    """Say from what a resolution was taken back; returns the one that stands."""
    now: str | None = None
    for _, items in recorded:
        for item in items:
            if item["field"] == "resolution":
                item["fromString"] = now
                now = item["toString"]
    return now


def _changelog_item(change: tuple[str, Any, Any], number: int, lives: Sequence[MadeHistory]) -> Json:
    name, before, after = change
    from_id = to_id = None
    if name == "status":
        from_id, to_id = made.STATUSES[before][0], made.STATUSES[after][0]
        # Half of the items were changed while the status still bore its old name.
        if number % 2:
            before, after = made.OLD_NAMES.get(before, before), made.OLD_NAMES.get(after, after)
    elif name == "Key":
        before, after = _key(number, before), _key(number, after)
    elif name == "IssueParentAssociation":
        others = [None if other is None else _other(number, other, lives) for other in (before, after)]
        from_id, to_id = (None if other is None else _id(other) for other in others)
        before, after = (None if other is None else _key(other, lives[other].project) for other in others)
    elif name == "Link":
        sides = [None if side is None else _linked(side, number, lives) for side in (before, after)]
        from_id, to_id = (None if side is None else side[1]["key"] for side in sides)
        before, after = (None if side is None else f"This issue {side[0]} {side[1]['key']}" for side in sides)
    elif name == "team":
        name = "Team"
    item = {"field": name, "from": from_id, "fromString": before, "to": to_id, "toString": after}
    return {**item, "fieldId": made.FIELDS["team"]} if name == "Team" else item


def _link(link: tuple[str, int], number: int, lives: Sequence[MadeHistory]) -> Json:
    types = {
        "blocks": {"name": "Blocks", "inward": "is blocked by", "outward": "blocks"},
        "duplicates": {"name": "Duplicate", "inward": "is duplicated by", "outward": "duplicates"},
    }
    words, linked = _linked(link, number, lives)
    return {"id": f"{number}{linked['id']}", "type": types[words], "outwardIssue": linked}


def _linked(link: tuple[str, int], number: int, lives: Sequence[MadeHistory]) -> tuple[str, Json]:
    relation, other = link
    # A duplicate counts only in another source, to which every second item belongs.
    place = other % len(lives) if relation == "duplicates" else _other(number, other, lives)
    return relation, {"id": _id(place), "key": _key(place, lives[place].project)}


def _other(number: int, wanted: int, lives: Sequence[MadeHistory]) -> int:
    """An item of the same source."""
    place = wanted % len(lives)
    place -= (place - number) % 2
    return place if place >= 0 else number


def _id(number: int) -> str:
    return str(10000 + number)


def _key(number: int, project: str) -> str:
    return f"{project}-{number + 1}"


def _status(name: str) -> Json:
    number, category = made.STATUSES[name]
    return {"id": number, "name": name, "statusCategory": {"key": category}}


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
