"""The drafted portfolio.yaml: its text with comments, and what a person should check, numbered.

Belongs here: putting what was inferred into the file's words. Does not belong here: the inference (the modules beside),
and reading exports.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from orchestration.portfolio.drafting.observations import SourceObservation, items, text_id, unused
from orchestration.portfolio.drafting.stage_kinds import is_given_up
from orchestration.portfolio.drafting.team_rules import DraftedTeams, draft_teams
from orchestration.portfolio.drafting.work_levels import DraftedType, draft_types
from orchestration.portfolio.drafting.workflows import DraftedWorkflow, draft_workflows

_MOST_INCREMENTS = 12
_LINE = 118


@dataclass(frozen=True)
class Draft:
    """The text of portfolio.yaml and, in the order of the file, what a person should check."""

    text: str
    checks: tuple[str, ...]


@dataclass
class _Writer:
    """Lines of the file, and checks as they come up; a check stands in the file as a comment too."""

    lines: list[str] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)

    def add(self, *lines: str) -> None:
        self.lines += lines

    def comment(self, text: str, indent: int = 0) -> None:
        self.lines += [f"{' ' * indent}# {line}" for line in _wrapped(text, _LINE - indent - 2)]

    def check(self, text: str, indent: int = 0) -> None:
        self.checks.append(text)
        self.comment(f"CHECK {len(self.checks)}: {text}", indent)


def draft_text(
    portfolio_id: str, timezone: str, sources: Sequence[SourceObservation], notes: Iterable[str] = ()
) -> Draft:
    """Return the drafted file for what the sources show.

    Args:
        portfolio_id: Id and name of the portfolio.
        timezone: The time zone to cut days in.
        sources: What each source shows; `exports` and ids are as they will be written.
        notes: Further things to check, found on the way to the observations.
    """
    writer = _Writer()
    writer.comment(
        "Drafted by `weir init` from the exports themselves: what the tools say is taken over, the rest is inferred"
        " from how items moved. Go through what is marked CHECK, then run `weir check` and `weir refresh`."
    )
    _identity(writer, portfolio_id, timezone)
    for note in notes:
        writer.check(note)
    _increments(writer, sources)
    teams = draft_teams(sources)
    _value_streams(writer, portfolio_id, sources, teams)
    _sources(writer, sources)
    types = {source.source_id: draft_types(source.types) for source in sources}
    _workflows(writer, sources, types)
    _membership(writer, teams)
    _work_types(writer, sources, types)
    _fields(writer, sources)
    return Draft("\n".join(writer.lines) + "\n", tuple(writer.checks))


def _identity(writer: _Writer, portfolio_id: str, timezone: str) -> None:
    writer.add(
        "", "portfolio:", f"  id: {portfolio_id}", f"  name: {quoted_text(portfolio_id)}", f"  timezone: {timezone}"
    )
    writer.check(
        f"days, weeks and increments are cut in the time zone {timezone}; name the one your people live in, such as"
        " Europe/Berlin.",
        2,
    )
    writer.comment("currency: EUR", 2)
    writer.add("", "calendar:", "  working_days: [mon, tue, wed, thu, fri]", '  hours: ["09:00", "17:00"]')
    writer.check("without a country there are no public holidays; add country and subdivision, such as DE and BE.", 2)
    writer.comment("country: DE", 2)
    writer.comment("subdivision: BE", 2)


def _increments(writer: _Writer, sources: Sequence[SourceObservation]) -> None:
    quarters = list(quarters_covering(sources))
    if not quarters:
        return
    shown = quarters[-_MOST_INCREMENTS:]
    writer.add("")
    writer.check("quarters stand in for your increments (PIs); replace them by yours.")
    writer.add("increments:")
    for first, last in shown:
        number = (first.month - 1) // 3 + 1
        writer.add(f"  - {{id: {first.year}-Q{number}, start: {first}, end: {last}}}")


def quarters_covering(sources: Sequence[SourceObservation]) -> Iterable[tuple[date, date]]:
    """Yield first and last day of each calendar quarter from the first to the last day on which anything happened."""
    first_days = [source.first_day for source in sources if source.first_day]
    last_days = [source.last_day for source in sources if source.last_day]
    if not first_days or not last_days:
        return
    start = min(first_days)
    start = start.replace(month=start.month - (start.month - 1) % 3, day=1)
    while start <= max(last_days):
        following = (start + timedelta(days=100)).replace(day=1)
        following = following.replace(month=following.month - (following.month - 1) % 3)
        yield start, following - timedelta(days=1)
        start = following


def _value_streams(
    writer: _Writer, portfolio_id: str, sources: Sequence[SourceObservation], teams: DraftedTeams
) -> None:
    name = sources[0].source_id if len(sources) == 1 else portfolio_id
    stream = "stream-1" if name.casefold() == "unassigned" else name
    writer.add("")
    writer.check(
        f"all teams stand in one value stream and one train, '{stream}'; split them as your organisation does."
    )
    writer.add("value_streams:", f"  - id: {stream}", f"    name: {quoted_text(name)}", "    trains:")
    writer.add(f"      - id: {stream}", f"        name: {quoted_text(name)}", "        teams:")
    for team_id, team_name in teams.teams.items():
        writer.add(f"          - {{id: {team_id}, name: {quoted_text(team_name)}}}")
    if not teams.teams:
        writer.lines[-1] = "        teams: []"


def _sources(writer: _Writer, sources: Sequence[SourceObservation]) -> None:
    writer.add("", "sources:")
    for source in sources:
        writer.add(
            f"  - id: {source.source_id}", f"    tool: {source.tool}", f"    exports: {quoted_text(source.exports)}"
        )
        writer.add(*(f"    {line}" for line in source.format_lines))
        if source.label_pattern:
            pattern = quoted_text(source.label_pattern)
            writer.check(
                f"{source.source_id}: labels such as {source.label_pattern} look like statuses; to use them, uncomment"
                " the line below and map them in the workflow's stages.",
                4,
            )
            writer.comment(f"statuses: {{from: labels, labels: [{pattern}]}}", 4)


def _workflows(writer: _Writer, sources: Sequence[SourceObservation], types: dict[str, list[DraftedType]]) -> None:
    writer.add(
        "", "# Stages in the order in which items pass them. Kinds: queue (work waits), active, done.", "workflows:"
    )
    drafted = [workflow for source in sources for workflow in draft_workflows(source, types[source.source_id])]
    taken: set[str] = set()
    for workflow in drafted:
        _workflow(writer, workflow, unused(workflow.wanted_id, taken))
    if not drafted:
        writer.check("no items were found in any export, so this workflow is made up; replace its stages by yours.", 2)
        writer.add("  - id: delivery", "    stages:", '      - {id: to-do, kind: queue, statuses: ["To Do"]}')
        writer.add('      - {id: in-progress, kind: active, commitment: true, statuses: ["In Progress"]}')
        writer.add("      - {id: done, kind: done, statuses: [Done]}")


def _workflow(writer: _Writer, workflow: DraftedWorkflow, workflow_id: str) -> None:
    levels = ", ".join(workflow.levels)
    writer.add(f"  - id: {workflow_id}", f"    applies_to: {{sources: [{workflow.source_id}], levels: [{levels}]}}")
    writer.comment(workflow.basis, 4)
    for doubt in workflow.doubts:
        writer.check(doubt, 4)
    writer.add("    stages:")
    for stage in workflow.stages:
        statuses = ", ".join(quoted_text(status) for status in stage.statuses)
        marked = ", commitment: true" if stage.is_commitment else ""
        hint = f" # {stage.hint}" if stage.hint else ""
        writer.add(
            f"      - {{id: {stage.stage_id}, name: {quoted_text(stage.name)}, kind: {stage.kind}{marked},"
            f" statuses: [{statuses}]}}{hint}"
        )
    if workflow.cancelled_statuses or workflow.cancelled_resolutions:
        statuses = ", ".join(map(quoted_text, workflow.cancelled_statuses))
        resolutions = ", ".join(map(quoted_text, workflow.cancelled_resolutions))
        writer.add(f"    cancelled: {{statuses: [{statuses}], resolutions: [{resolutions}]}}")
    other = [name for name in workflow.finished_resolutions if not is_given_up(name)]
    if other:
        writer.comment(f"Resolutions that count as finished: {', '.join(other)}.", 4)
    if workflow.blocked_statuses:
        writer.comment(f"blocked: {{statuses: [{', '.join(map(quoted_text, workflow.blocked_statuses))}]}}", 4)


def _membership(writer: _Writer, teams: DraftedTeams) -> None:
    writer.add("", "# Which team an item belongs to; the first rule that fits wins.")
    for doubt in teams.doubts:
        writer.check(doubt)
    if not teams.rules:
        writer.add("membership: []")
        return
    writer.add("membership:")
    for rule in teams.rules:
        conditions = [f"source: {rule.source_id}"]
        if rule.attribute is not None:
            conditions.append(f"{rule.attribute}: {quoted_text(rule.value)}")
        writer.add(f"  - {{team: {rule.team_id}, when: {{{', '.join(conditions)}}}}} # {items(rule.n_items)}")


def _work_types(writer: _Writer, sources: Sequence[SourceObservation], types: dict[str, list[DraftedType]]) -> None:
    writer.add("", "# From the tool's types to a level and a kind of work. Sub-tasks are mapped to no level.")
    unknown = [each.name for drafted in types.values() for each in drafted if not each.is_known]
    if unknown:
        named = ", ".join(f"'{name}'" for name in unknown)
        writer.check(f"the names of these types say nothing, so they are taken as stories: {named}.")
    skipped = sorted({each.name for source in sources for each in source.types if each.is_subtask})
    if skipped:
        writer.comment(f"Sub-tasks, left out: {', '.join(skipped)}.")
    if not any(types.values()):
        writer.add("work_types: []")
        return
    writer.check("levels and kinds of work follow from the types' names; correct what you see otherwise.")
    writer.add("work_types:")
    for source_id, drafted in types.items():
        for each in drafted:
            # Items of a tool without types have none to ask for.
            asked = f", type: {quoted_text(each.name)}" if each.name else ""
            told = items(each.n_items) if each.n_items else "no item today, but some were of it earlier"
            when = f"{{source: {source_id}{asked}}}"
            writer.add(f"  - {{level: {each.level}, work_type: {each.work_type}, when: {when}}} # {told}")


def _fields(writer: _Writer, sources: Sequence[SourceObservation]) -> None:
    mapped = [source for source in sources if source.fields]
    if not mapped:
        return
    writer.add("", "# Where the tool keeps what its standard fields do not hold.")
    for source in mapped:
        for reason in source.field_reasons:
            writer.check(f"{source.source_id}: {reason}")
    writer.add("fields:")
    for source in mapped:
        writer.add(f"  {source.source_id}:")
        writer.add(*(f"    {role}: {quoted_text(field_id)}" for role, field_id in source.fields.items()))


def quoted_text(value: str) -> str:
    """A text as YAML: bare where nothing can be misread, else in double quotes with everything unprintable escaped."""
    if text_id(value, "") == value and not value[0].isdigit() and value not in _WORDS_OF_YAML:
        return value
    escaped = "".join(_escaped(character) for character in value)
    return f'"{escaped}"'


_WORDS_OF_YAML = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
_TWO_BYTES = 0xFFFF


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= _TWO_BYTES else f"\\U{code:08x}"


def _wrapped(text: str, width: int) -> list[str]:
    # Text that came from a tool may hold line breaks; in a comment each would start a line of YAML.
    words = "".join(character if character.isprintable() else " " for character in text).split()
    lines = [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return lines
