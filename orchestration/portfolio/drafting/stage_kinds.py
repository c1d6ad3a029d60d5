"""What each status means: waiting, work, finished or given up; by the tool's category, else by its place.

Belongs here: kinds, the commitment stage, cancelled statuses and resolutions. Does not belong here: the order of the
statuses (stage_order.py), and writing them down (portfolio_text.py).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestration.portfolio.workflow import StageKind

# Of those that ever entered it, the share that stayed, from which a status without a category counts as the end.
_SINK_SHARE = 0.8
# One word of the tool's users; the item did not bring what it was meant to.
_GIVEN_UP = re.compile(
    r"won'?t|wont|not planned|will not|duplicat|reject|cancel|abandon|obsolete|declin|invalid|cannot reproduce"
    r"|can'?t reproduce|not a bug|no longer|discard|withdrawn|incomplete|abgebrochen|verworfen|abgelehnt|remov",
    re.IGNORECASE,
)
_WAITS = re.compile(
    r"\b(wait\w*|ready|to ?do|open|new|backlog|queue\w*|pending|awaiting|selected|approved|on hold|blocked|triage"
    r"|review queue|bereit|wartet|offen)\b",
    re.IGNORECASE,
)
_DONE = re.compile(r"^(done|closed|resolved|completed?|finished|released|deployed|fertig|erledigt)$", re.IGNORECASE)
_BLOCKED = re.compile(r"\b(on hold|blocked|impeded|suspended|awaiting|paused|angehalten|blockiert)\b", re.IGNORECASE)


@dataclass(frozen=True)
class DraftedStatus:
    """A status with its meaning. `says_tool`: the kind is the tool's own; else it follows from its place."""

    name: str
    kind: StageKind
    says_tool: bool
    is_cancelled: bool = False

    @property
    def sounds_waiting(self) -> bool:
        """Whether the name sounds like waiting although the kind is active."""
        return self.kind == "active" and bool(_WAITS.search(self.name))

    @property
    def sounds_done(self) -> bool:
        """Whether the name sounds like finished work although the kind is not done."""
        return self.kind != "done" and bool(_DONE.search(self.name))

    @property
    def sounds_blocked(self) -> bool:
        """Whether the name sounds as if work in it were blocked."""
        return self.kind != "done" and bool(_BLOCKED.search(self.name))


def known_kinds(
    kinds: Mapping[str, str | None], entered: Mapping[str, int], standing: Mapping[str, int]
) -> dict[str, str | None]:
    """Return the tool's kinds; where it tells no done status at all, those in which nearly all items stayed are done.

    Args:
        kinds: Status → the tool's category or None.
        entered: Status → items that were ever in it.
        standing: Status → items that are in it now.
    """
    told = dict(kinds)
    if "done" in told.values():
        return told
    without = [name for name, kind in told.items() if kind is None and entered.get(name)]
    sinks = [name for name in without if standing.get(name, 0) / entered[name] >= _SINK_SHARE]
    # If everything is a sink, nothing has moved and no end can be seen.
    if len(sinks) < len(told):
        told |= dict.fromkeys(sinks, "done")
    return told


def draft_statuses(order: Sequence[str], kinds: Mapping[str, str | None]) -> list[DraftedStatus]:
    """Return the statuses in order with their kinds.

    A status without a category is a queue if it comes first, or before what the tool calls active while the tool calls
    one after it a queue; it is done if it comes last and none is; else active. Of done statuses, those whose names say
    that work was given up are cancelled, as long as one other remains.
    """
    has_done = any(kinds.get(name) == "done" for name in order)
    told_active = [position for position, name in enumerate(order) if kinds.get(name) == "active"]
    before_work = order[: told_active[0]] if told_active else order
    last_queue = max((order.index(name) for name in before_work if kinds.get(name) == "queue"), default=0)
    drafted = []
    for position, name in enumerate(order):
        told = kinds.get(name)
        kind: StageKind
        if told in ("queue", "active", "done"):
            kind = told  # type: ignore[assignment]
        elif position == len(order) - 1 and not has_done and len(order) > 1:
            kind = "done"
        else:
            kind = "queue" if position <= last_queue else "active"
        drafted.append(DraftedStatus(name, kind, told is not None, is_cancelled=kind == "done" and is_given_up(name)))
    if all(status.is_cancelled for status in drafted if status.kind == "done"):
        drafted = [DraftedStatus(each.name, each.kind, each.says_tool) for each in drafted]
    return drafted


def is_given_up(name: str) -> bool:
    """Whether a status or resolution sounds as if work was given up rather than finished."""
    return bool(_GIVEN_UP.search(name))


def commitment(statuses: Sequence[DraftedStatus]) -> str | None:
    """Return the status where cycle time starts: the first active one, else the last before done; None without any."""
    before_done = [status for status in statuses if status.kind != "done"]
    active = [status.name for status in before_done if status.kind == "active"]
    return active[0] if active else before_done[-1].name if before_done else None
