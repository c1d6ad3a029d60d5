"""What must hold between the parts of portfolio.yaml: ids unique, references known, workflows and dates coherent.

Belongs here: rules that need more than one mapping of the file. Does not belong here: rules on one value or mapping
alone (models.py, workflow.py) and rules on registers (the package registers).

Each rule yields findings, (location, sentence); none stops at the first.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from orchestration.portfolio.models import PortfolioFile, Team, Train, ValueStream
from orchestration.portfolio.problems import Location, quoted, suggestion
from orchestration.portfolio.value_types import DEFAULT_LOCATION
from orchestration.portfolio.workflow import AppliesTo, Stage, StatusMapping, Workflow
from orchestration.portfolio.written_yaml import WrittenFile, WrittenMapping

Finding = tuple[Location, str]

_TEAMS: Location = ("value_streams", "*", "trains", "*", "teams", "*", "id")
_TRAINS: Location = ("value_streams", "*", "trains", "*", "id")
_ID_PATTERNS: tuple[tuple[str, Location], ...] = (
    ("location", ("locations", "*", "id")),
    ("increment", ("increments", "*", "id")),
    ("value stream", ("value_streams", "*", "id")),
    ("train", _TRAINS),
    ("team", _TEAMS),
    ("source", ("sources", "*", "id")),
    ("workflow", ("workflows", "*", "id")),
)
_FIRST_DAY, _LAST_DAY = date.min, date.max
_TEAM_ONLY_IN_A_FIELD = frozenset({"jira"})
# An id, a field of Jira's own, or the header that Jira's CSV export gives a custom field.
_JIRA_FIELD = re.compile(r"customfield_\d+|[a-z][A-Za-z]*|Custom field \(.+\)")


@dataclass(frozen=True)
class WrittenIds:
    """Every id written in the file, also of parts that are wrong in another way.

    So a team whose name is missing does not make each rule that names the team wrong as well.
    """

    value_streams: frozenset[str]
    trains: frozenset[str]
    teams: frozenset[str]
    sources: frozenset[str]
    stages: frozenset[str]
    increments: frozenset[str] = frozenset()
    locations: frozenset[str] = frozenset()


def written_ids(tree: WrittenMapping) -> WrittenIds:
    """Collect the ids of a read file."""

    def ids(*pattern: str) -> frozenset[str]:
        return frozenset(text for _, text in _texts_at(tree, pattern))

    stages = (
        f"{workflow_id}.{stage_id}"
        for location, workflow_id in _texts_at(tree, ("workflows", "*", "id"))
        for _, stage_id in _texts_at(tree, (*location[:-1], "stages", "*", "id"))
    )
    return WrittenIds(
        value_streams=ids("value_streams", "*", "id"),
        trains=ids(*(str(part) for part in _TRAINS)),
        teams=ids(*(str(part) for part in _TEAMS)),
        sources=ids("sources", "*", "id"),
        stages=frozenset(stages),
        increments=ids("increments", "*", "id"),
        locations=ids("locations", "*", "id"),
    )


def _texts_at(value: object, pattern: Location, location: Location = ()) -> Iterator[tuple[Location, str]]:
    """Yield each text whose location fits the pattern ('*' is any list position), with its location."""
    if not pattern:
        if isinstance(value, str):
            yield location, value.strip()
    elif pattern[0] == "*":
        for index, item in enumerate(value if isinstance(value, list) else []):
            # `teams: [checkout]` is wrong, but it says which team is meant.
            rest = () if isinstance(item, str) and pattern[1:] == ("id",) else pattern[1:]
            yield from _texts_at(item, rest, (*location, index))
    elif isinstance(pattern[0], int):
        if isinstance(value, list):
            yield from _texts_at(value[pattern[0]], pattern[1:], (*location, pattern[0]))
    elif isinstance(value, dict):
        yield from _texts_at(value.get(pattern[0]), pattern[1:], (*location, pattern[0]))


def find_incoherences(written: WrittenFile, model: PortfolioFile, faulty: Iterable[Location]) -> list[Finding]:
    """Return everything that does not fit together.

    Args:
        written: The file as read, with lines.
        model: The part of it that is valid value by value.
        faulty: Where values are already known to be wrong; rules on what is missing keep silent around these.
    """
    tree = written.tree
    if tree is None:
        return []
    ids = written_ids(tree)
    broken = list(faulty)
    findings = [*_absent_parts(tree), *_repeated_ids(written, tree), *_overlapping_increments(model)]
    findings += _unknown_references(model, ids)
    if ids.sources.issuperset(model.fields) and not any(location[:1] == ("fields",) for location in broken):
        findings += _unmapped_team_fields(model)
    findings += _jira_field_names(model)
    for position, workflow in enumerate(model.workflows):
        findings += _statuses_mapped_twice(workflow, broken)
        if not any(location[:2] == workflow.location for location in broken):
            findings += _stage_order(workflow)
            findings += _never_reached(workflow, model.workflows[:position])
    return findings


def _absent_parts(tree: WrittenMapping) -> Iterator[Finding]:
    for key, example in (
        ("value_streams", "id, name and trains of each"),
        ("sources", "id, tool and exports of each"),
        ("workflows", "id and stages of each"),
    ):
        if tree.get(key) in (None, []):
            yield (key,), f"lists nothing. Add at least one: {example}."


def _repeated_ids(written: WrittenFile, tree: WrittenMapping) -> Iterator[Finding]:
    workflows = tree.get("workflows")
    n_workflows = len(workflows) if isinstance(workflows, list) else 0
    per_workflow = tuple(("stage", ("workflows", index, "stages", "*", "id")) for index in range(n_workflows))
    for thing, pattern in _ID_PATTERNS + per_workflow:
        first: dict[str, Location] = {}
        for location, text in _texts_at(tree, pattern):
            # Ids become names of report pages, which some file systems do not tell apart by case.
            earlier = first.setdefault(text.casefold(), location)
            if earlier != location:
                line = written.line_of(earlier)
                yield (
                    location,
                    f"{quoted(text)} is already the id of another {thing} (line {line}). Give each its own id.",
                )


def _overlapping_increments(model: PortfolioFile) -> Iterator[Finding]:
    in_order = sorted(model.increments, key=lambda increment: (increment.start, increment.end))
    for before, after in combinations(in_order, 2):
        if after.start <= before.end:
            message = f"{after.start} lies within {quoted(before.id)}, whose last day is {before.end}"
            yield (*after.location, "start"), f"{message}. Let each increment start after the one before has ended."


def _unknown_references(model: PortfolioFile, ids: WrittenIds) -> Iterator[Finding]:
    for rule in model.membership:
        yield from _unknown(rule.location, "team", [rule.team], ids.teams, "a team")
        yield from _unknown(rule.when.location, "source", rule.when.source, ids.sources, "a source")
    for mapping in model.work_types:
        yield from _unknown(mapping.when.location, "source", mapping.when.source, ids.sources, "a source")
    for defects in (model.quality.escaped_defects, model.quality.safety_defects):
        if defects is not None:
            yield from _unknown(defects.when.location, "source", defects.when.source, ids.sources, "a source")
    for workflow in model.workflows:
        scope = workflow.applies_to
        yield from _unknown(scope.location, "value_streams", scope.value_streams, ids.value_streams, "a value stream")
        yield from _unknown(scope.location, "sources", scope.sources, ids.sources, "a source")
    yield from (
        (("fields", source_id), f"{quoted(source_id)} is not a source. {suggestion(source_id, ids.sources)}")
        for source_id in model.fields
        if source_id not in ids.sources
    )
    yield from _unknown_places(model, ids)


def _unknown_places(model: PortfolioFile, ids: WrittenIds) -> Iterator[Finding]:
    trains = [train for stream in model.value_streams for train in stream.trains]
    teams = [team for train in trains for team in train.teams]
    scopes: list[ValueStream | Train | Team] = [*model.value_streams, *trains, *teams]
    for scope in scopes:
        named = scope.location_id
        if named is not None and named not in (DEFAULT_LOCATION, *ids.locations):
            advice = suggestion(named, ids.locations) if ids.locations else "Add it, with its id, under 'locations'."
            yield (*scope.location, "location"), f"{quoted(named)} is not a location. {advice}"


def _unknown(
    location: Location, key: str, named: list[str] | None, known: frozenset[str], thing: str
) -> Iterator[Finding]:
    for index, name in enumerate(named or []):
        if name not in known:
            yield (*location, key, index), f"{quoted(name)} is not {thing}. {suggestion(name, known)}"


def _unmapped_team_fields(model: PortfolioFile) -> Iterator[Finding]:
    with_team = {source_id for source_id, fields in model.fields.items() if fields.team is not None}
    # Other tools have a team of their own (an assignment group, an area path), or a column for it.
    with_team |= {source.id for source in model.sources if source.tool not in _TEAM_ONLY_IN_A_FIELD}
    for rule in model.membership:
        sources = rule.when.source or [source.id for source in model.sources]
        if rule.when.team is not None and sources and not with_team.intersection(sources):
            message = f"can match nothing, since no team field is mapped for {', '.join(sources)}"
            yield (*rule.when.location, "team"), f"{message}. Add 'team: customfield_NNNNN' for it under 'fields'."


def _jira_field_names(model: PortfolioFile) -> Iterator[Finding]:
    """Jira's custom fields bear an id that nobody sees in Jira; the name people know would match nothing."""
    for source in model.sources:
        if source.tool != "jira" or source.id not in model.fields:
            continue
        fields = model.fields[source.id]
        for role, field_id in fields.model_dump(exclude_none=True).items():
            if not _JIRA_FIELD.fullmatch(field_id):
                message = f"{quoted(field_id)} is not the id of a Jira field"
                yield (*fields.location, role), f"{message}. Write it as customfield_NNNNN (see /field)."


def _statuses_mapped_twice(workflow: Workflow, broken: list[Location]) -> Iterator[Finding]:
    mapped: list[tuple[str, StatusMapping]] = [
        (f"stage {quoted(stage.id)}", status) for stage in workflow.stages for status in stage.statuses
    ]
    mapped += [("'cancelled'", status) for status in workflow.cancelled.statuses]
    by_status: dict[str, list[tuple[str, StatusMapping]]] = {}
    for place, status in mapped:
        # With a day of its validity unreadable, a mapping says nothing about when it holds.
        if any(location[: len(status.location)] == status.location for location in broken):
            continue
        # A status is found whatever its case and the spaces around it.
        by_status.setdefault(status.status.strip().lower(), []).append((place, status))
    for places in by_status.values():
        for (earlier_place, earlier), (_, later) in combinations(places, 2):
            first = max(earlier.valid_from or _FIRST_DAY, later.valid_from or _FIRST_DAY)
            last = min(earlier.valid_to or _LAST_DAY, later.valid_to or _LAST_DAY)
            if first <= last:
                message = f"status {quoted(later.status)} already means {earlier_place}{_span(first, last)}"
                advice = "Map it once, or to days (valid_from, valid_to, both inclusive) that do not overlap."
                yield later.location, f"{message}. {advice}"


def _span(first: date, last: date) -> str:
    start = "" if first == _FIRST_DAY else f" from {first}"
    end = "" if last == _LAST_DAY else f" to {last}"
    return f" on {first}" if first == last else start + end


def _stage_order(workflow: Workflow) -> Iterator[Finding]:
    stages = workflow.stages
    commitments = [stage for stage in stages if stage.commitment]
    if not commitments:
        message = "no stage is marked as the commitment, where cycle time starts"
        yield (*workflow.location, "stages"), f"{message}. Set 'commitment: true' on one, usually the first active one."
    for stage in commitments[1:]:
        message = f"{quoted(commitments[0].id)} is marked as the commitment already"
        yield (*stage.location, "commitment"), f"{message}. Keep 'commitment: true' on one stage."
    if not any(stage.kind == "done" for stage in stages):
        yield (*workflow.location, "stages"), "no stage is of kind done. Add one with the statuses of finished work."
    yield from _misplaced(stages)


def _misplaced(stages: list[Stage]) -> Iterator[Finding]:
    done_before = counted_before = None
    for stage in stages:
        if stage.kind == "done":
            done_before = done_before or stage
            if stage.commitment:
                yield (*stage.location, "commitment"), "a done stage cannot be the commitment. Mark an earlier stage."
        elif done_before is not None:
            message = f"{quoted(stage.id)} comes after the done stage {quoted(done_before.id)}"
            yield stage.location, f"{message}. Put done stages last, or correct its kind."
        if stage.counted:
            counted_before = counted_before or stage
            continue
        if stage.commitment:
            yield (*stage.location, "counted"), "the commitment stage must count. Take 'counted: false' out."
        elif stage.kind == "done" or counted_before is not None:
            message = "only stages before the first counted one can be left out of flow time"
            yield (*stage.location, "counted"), f"{message}. Take 'counted: false' out or move the stage."


def _never_reached(workflow: Workflow, before: list[Workflow]) -> Iterator[Finding]:
    for earlier in before:
        if _covers(earlier.applies_to, workflow.applies_to):
            message = f"is never used, since {quoted(earlier.id)} above applies to all its items"
            yield workflow.location, f"{message}. Move it up, or narrow 'applies_to' of {quoted(earlier.id)}."
            return


def _covers(wide: AppliesTo, narrow: AppliesTo) -> bool:
    pairs: list[tuple[Iterable[str] | None, Iterable[str] | None]] = [
        (wide.levels, narrow.levels),
        (wide.value_streams, narrow.value_streams),
        (wide.sources, narrow.sources),
    ]
    return all(outer is None or (inner is not None and set(inner) <= set(outer)) for outer, inner in pairs)
