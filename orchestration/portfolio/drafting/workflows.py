"""One source's workflows: which levels share stages, and the stages of each in order.

Belongs here: putting order, kinds and levels together. Does not belong here: each of them (stage_order.py,
stage_kinds.py, work_levels.py), and the text of the file (portfolio_text.py).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestration.portfolio.drafting.observations import SourceObservation, items, text_id, unused
from orchestration.portfolio.drafting.stage_kinds import (
    DraftedStatus,
    commitment,
    draft_statuses,
    is_given_up,
    known_kinds,
)
from orchestration.portfolio.drafting.stage_order import backward_share, order_statuses
from orchestration.portfolio.drafting.work_levels import DraftedType
from orchestration.portfolio.workflow import Level, StageKind

_LEVELS: tuple[Level, ...] = ("story", "feature", "capability", "epic")
# A level of which so many of its visits are in statuses of another level's workflow uses that workflow.
_SHARED = 0.9
_MUCH_BACKWARD = 0.2
_RESERVED = frozenset({"cancelled", "unmapped-queue", "unmapped-active", "unmapped-done"})


@dataclass(frozen=True)
class DraftedStage:
    """A stage with its statuses under all their names; `hint` goes behind it as a comment."""

    stage_id: str
    name: str
    kind: StageKind
    statuses: tuple[str, ...]
    is_commitment: bool
    hint: str


@dataclass(frozen=True)
class DraftedWorkflow:
    """A workflow of one source and some levels; `basis` says what its order rests on, `doubts` what to check."""

    wanted_id: str
    source_id: str
    levels: tuple[Level, ...]
    stages: tuple[DraftedStage, ...]
    cancelled_statuses: tuple[str, ...]
    cancelled_resolutions: tuple[str, ...]
    finished_resolutions: tuple[str, ...]
    blocked_statuses: tuple[str, ...]
    basis: str
    doubts: tuple[str, ...]


def draft_workflows(source: SourceObservation, types: Sequence[DraftedType]) -> list[DraftedWorkflow]:
    """Return the workflows of a source: stories first, each further level with its own unless it shares one."""
    groups: list[list[Level]] = []
    for level in _LEVELS:
        entered = _entered(source, _types_of(types, [level]))
        if not entered:
            continue
        home = next((group for group in groups if _shares(entered, _entered(source, _types_of(types, group)))), None)
        if home is None:
            groups.append([level])
        else:
            home.append(level)
    return [
        _workflow(source, _types_of(types, group), tuple(group), is_one_of_several=len(groups) > 1) for group in groups
    ]


def _types_of(types: Iterable[DraftedType], levels: Sequence[Level]) -> set[str]:
    return {each.name for each in types if each.level in levels}


def _entered(source: SourceObservation, types: set[str]) -> Counter[str]:
    return _by_status(source.entries, types)


def _by_status(counts: object, types: set[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for (item_type, status), number in counts.items():  # type: ignore[attr-defined]
        if item_type in types:
            found[status] += number
    return found


def _n_items(source: SourceObservation, types: set[str]) -> int:
    return sum(each.n_items for each in source.types if each.name in types)


def _shares(entered: Counter[str], others: Counter[str]) -> bool:
    shared = sum(number for status, number in entered.items() if status in others)
    return shared >= _SHARED * sum(entered.values())


def _workflow(
    source: SourceObservation, types: set[str], levels: tuple[Level, ...], *, is_one_of_several: bool
) -> DraftedWorkflow:
    entered, standing = _entered(source, types), _by_status(source.standing, types)
    moves: Counter[tuple[str, str]] = Counter()
    for (item_type, left, entered_status), number in source.transitions.items():
        if item_type in types:
            moves[left, entered_status] += number
    kinds = known_kinds({status: source.kinds.get(status) for status in entered}, entered, standing)
    order = order_statuses(entered, moves, kinds, _by_status(source.births, types))
    statuses = draft_statuses(order, kinds)
    doubts = list(_doubts(source, statuses, order, moves))
    cancelled = [status.name for status in statuses if status.is_cancelled]
    return DraftedWorkflow(
        wanted_id=f"{text_id(source.source_id, 'workflow')}{f'-{levels[0]}' if is_one_of_several else ''}",
        source_id=source.source_id,
        levels=levels,
        stages=tuple(_stages(source, [status for status in statuses if not status.is_cancelled], entered)),
        cancelled_statuses=tuple(name for status in cancelled for name in _all_names(source, status)),
        cancelled_resolutions=tuple(sorted(name for name in source.resolutions if is_given_up(name))),
        finished_resolutions=tuple(sorted(name for name in source.resolutions if not is_given_up(name))),
        blocked_statuses=tuple(status.name for status in statuses if status.sounds_blocked),
        basis=f"Order from {sum(moves.values()):,} moves of {items(_n_items(source, types))};"
        f" {backward_share(order, moves):.0%} of the moves go backward in it.",
        doubts=tuple(doubts),
    )


def _doubts(
    source: SourceObservation,
    statuses: list[DraftedStatus],
    order: list[str],
    moves: Counter[tuple[str, str]],
) -> Iterable[str]:
    named = f"{source.source_id}:"
    first = commitment([status for status in statuses if not status.is_cancelled])
    if not moves:
        yield f"{named} no moves between statuses were exported, so the stages' order is only that of their kinds."
    elif backward_share(order, moves) > _MUCH_BACKWARD:
        yield (
            f"{named} {backward_share(order, moves):.0%} of all moves go backward in the order below; several workflows"
            " may be mixed. Split them with applies_to, or correct the order."
        )
    guessed = [status.name for status in statuses if not status.says_tool]
    if guessed:
        yield f"{named} not the tool but their place in the order says what these statuses mean: {_list(guessed)}."
    waiting = [status.name for status in statuses if status.sounds_waiting]
    if waiting:
        yield f"{named} these count as active but sound like waiting: {_list(waiting)}; if so, make them queues."
    finished = [status.name for status in statuses if status.sounds_done]
    if finished:
        yield f"{named} these count as unfinished but sound like done: {_list(finished)}; if so, make them done."
    if first is not None:
        yield f"{named} cycle time starts with '{first}'; move 'commitment' if work starts elsewhere."
    cancelled = [status.name for status in statuses if status.is_cancelled]
    resolutions = sorted(name for name in source.resolutions if is_given_up(name))
    if cancelled or resolutions:
        yield f"{named} counted as given up, not finished, by their names: {_list([*cancelled, *resolutions])}."
    blocked = [status.name for status in statuses if status.sounds_blocked]
    if blocked:
        yield f"{named} work in these statuses sounds blocked: {_list(blocked)}; if so, uncomment 'blocked' below."


def _list(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _stages(source: SourceObservation, statuses: list[DraftedStatus], entered: Counter[str]) -> Iterable[DraftedStage]:
    """Yield a stage for each status in order; a workflow needs one before done, and one that is done."""
    taken = set(_RESERVED)
    first = commitment(statuses)
    if first is None:
        first = _unseen(("To Do", "Open", "Not started"), entered)
        statuses = [DraftedStatus(first, "queue", says_tool=False), *statuses]
    if not any(status.kind == "done" for status in statuses):
        statuses = [*statuses, DraftedStatus(_unseen(("Done", "Closed", "Finished"), entered), "done", says_tool=False)]
    for position, status in enumerate(statuses, start=1):
        n_items = entered.get(status.name, 0)
        hints = [items(n_items) if n_items else "seen in no export: correct or replace it"]
        if status.sounds_waiting:
            hints.append("sounds like waiting: queue?")
        if status.sounds_done:
            hints.append("sounds like done?")
        yield DraftedStage(
            stage_id=unused(text_id(status.name, f"stage-{position}"), taken),
            name=status.name,
            kind=status.kind,
            statuses=_all_names(source, status.name),
            is_commitment=status.name == first,
            hint="; ".join(hints),
        )


def _unseen(names: Sequence[str], entered: Counter[str]) -> str:
    seen = {status.casefold() for status in entered}
    return next((name for name in names if name.casefold() not in seen), f"Not {names[0]}")


def _all_names(source: SourceObservation, status: str) -> tuple[str, ...]:
    return (status, *source.other_names.get(status, ()))
