"""Which teams there are and what belongs to them: by the tool's own team where it has one, else by project.

Belongs here: choosing teams and their rules. Does not belong here: value streams and trains, which no export tells.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from orchestration.portfolio.drafting.observations import SourceObservation, text_id, unused

# From this share of items with a team on, teams are told by it; below, by project.
_COVERED = 0.5
_MOST_TEAMS = 40


@dataclass(frozen=True)
class DraftedRule:
    """Items of a source with a value of an attribute belong to a team; without an attribute, all that are left."""

    team_id: str
    source_id: str
    attribute: Literal["team", "project"] | None
    value: str
    n_items: int


@dataclass
class DraftedTeams:
    """Team ids with their names in the order of the file, the rules in the order in which they match, and doubts."""

    teams: dict[str, str] = field(default_factory=dict)
    rules: list[DraftedRule] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


def draft_teams(sources: Sequence[SourceObservation]) -> DraftedTeams:
    """Return the teams of all sources; a team of the same name in two sources is one team."""
    drafted = DraftedTeams()
    taken: set[str] = {"unassigned"}
    by_name: dict[str, str] = {}
    for source in sources:
        if source.n_items:
            _draft_source(drafted, source, taken, by_name)
    return drafted


def _draft_source(drafted: DraftedTeams, source: SourceObservation, taken: set[str], by_name: dict[str, str]) -> None:
    attribute, values = _attribute(source)
    in_order = sorted(values.items(), key=lambda pair: (-pair[1], pair[0]))
    kept, rest = in_order[:_MOST_TEAMS], in_order[_MOST_TEAMS:]
    for value, n_items in kept:
        name = _short_name(value)
        if name.casefold() not in by_name:
            by_name[name.casefold()] = unused(text_id(name, f"team-{len(drafted.teams) + 1}"), taken)
            drafted.teams[by_name[name.casefold()]] = name
        drafted.rules.append(DraftedRule(by_name[name.casefold()], source.source_id, attribute, value, n_items))
    # An item that changed its team counts in both, so what is left can only be told roughly.
    n_left = max(sum(number for _, number in rest), source.n_items - sum(number for _, number in in_order))
    if n_left > 0 or not kept:
        name = f"{source.source_id} (other)" if kept else source.source_id
        team_id = unused(text_id(name, f"team-{len(drafted.teams) + 1}"), taken)
        drafted.teams[team_id] = name
        drafted.rules.append(DraftedRule(team_id, source.source_id, None, "", n_left))
    what = "the tool's own team" if attribute == "team" else "projects"
    number = "1 team follows" if len(kept) == 1 else f"{len(kept)} teams follow"
    doubt = f"{source.source_id}: {number} from {what}; name, merge or split them as you are organised."
    if rest:
        doubt += f" {len(rest)} smaller ones stand together as '{source.source_id} (other)'."
    drafted.doubts.append(doubt)


def _attribute(source: SourceObservation) -> tuple[Literal["team", "project"], Mapping[str, int]]:
    teams = {value: number for value, number in source.teams.items() if value.strip()}
    projects = {value: number for value, number in source.projects.items() if value.strip()}
    is_told = sum(teams.values()) >= _COVERED * source.n_items and len(teams) > 1
    return ("team", teams) if is_told or (teams and not projects) else ("project", projects)


def _short_name(value: str) -> str:
    r"""The last part of a path (``Shop\Checkout``), or the value itself."""
    last = value.replace("/", "\\").rstrip("\\").rpartition("\\")[2].strip()
    return last or value.strip()
