"""The order of a workflow's statuses, from how items moved between them.

Belongs here: ranking by net flow. Does not belong here: which status is a queue, active or done (stage_kinds.py).

Each pair of statuses votes with its moves: s_j - s_i = (n_ij - n_ji) / (n_ij + n_ji), weighted by n_ij + n_ji. The
scores that fit all votes best in the sense of least squares are HodgeRank's (Jiang, Lim, Yao, Ye: Statistical ranking
and combinatorial Hodge theory, Mathematical Programming 127, 2011). A weak vote of the tool's categories (queue before
active before done) places what nothing moved between. The statuses that items are created in are votes too, of moves
from a beginning before all statuses; else a status that items leave at once would seem late. From there, single
statuses are moved elsewhere while that lowers the number of moves that go backward.
"""

from collections.abc import Iterable, Mapping

import numpy as np

# What a category says against one observed move: enough to decide where moves say nothing.
_CATEGORY_WEIGHT = 0.05
# Before all statuses; no tool lets a status be called so.
_BEGINNING = ""
_CATEGORY_SCORE = {"queue": -1.0, "active": 0.0, "done": 1.0}


def order_statuses(
    statuses: Iterable[str],
    moves: Mapping[tuple[str, str], int],
    kinds: Mapping[str, str | None],
    births: Mapping[str, int] | None = None,
) -> list[str]:
    """Return the statuses in the order in which items pass them; ties go by name, so the same counts give one order.

    Args:
        statuses: All statuses to be ordered.
        moves: (status left, status entered) → number of moves. Moves out of done statuses are reopenings, which go
            backward by nature, and are not heard; nor are moves from or to statuses that are not to be ordered.
        kinds: Status → queue, active, done or None. Done statuses come last in any case.
        births: Status → items created in it.
    """
    names = sorted(set(statuses))
    heard = {
        (left, entered): number
        for (left, entered), number in moves.items()
        if left != entered and left in names and entered in names and _is_heard(left, entered, kinds)
    }
    beginning = {
        (_BEGINNING, name): n for name, n in (births or {}).items() if name in names and kinds.get(name) != "done"
    }
    scores = _scores([_BEGINNING, *names], heard | beginning, kinds)
    order = sorted(names, key=lambda name: (kinds.get(name) == "done", round(scores[name], 9), name))
    return _with_fewest_backward(order, heard, kinds)


def backward_share(order: list[str], moves: Mapping[tuple[str, str], int]) -> float:
    """Return the share of moves that go backward in the order, 0 to 1; 0 without moves."""
    place = {name: position for position, name in enumerate(order)}
    known = {pair: n for pair, n in moves.items() if pair[0] in place and pair[1] in place and pair[0] != pair[1]}
    total = sum(known.values())
    return sum(n for (left, entered), n in known.items() if place[entered] < place[left]) / total if total else 0.0


def _is_heard(left: str, entered: str, kinds: Mapping[str, str | None]) -> bool:
    return kinds.get(left) != "done" or kinds.get(entered) == "done"


def _scores(
    names: list[str], moves: Mapping[tuple[str, str], int], kinds: Mapping[str, str | None]
) -> dict[str, float]:
    place = {name: position for position, name in enumerate(names)}
    pairs = sorted({(min(pair), max(pair)) for pair in moves})
    n_rows = len(pairs) + len(names)
    votes, wanted = np.zeros((n_rows, len(names))), np.zeros(n_rows)
    for row, (first, second) in enumerate(pairs):
        forth, back = moves.get((first, second), 0), moves.get((second, first), 0)
        weight = np.sqrt(forth + back)
        votes[row, place[first]], votes[row, place[second]] = -weight, weight
        wanted[row] = weight * (forth - back) / (forth + back)
    for row, name in enumerate(names, start=len(pairs)):
        votes[row, place[name]] = _CATEGORY_WEIGHT
        wanted[row] = _CATEGORY_WEIGHT * _CATEGORY_SCORE.get(kinds.get(name) or "", 0.0)
    solution = np.linalg.lstsq(votes, wanted, rcond=None)[0]
    return {name: float(solution[place[name]]) for name in names}


def _with_fewest_backward(
    order: list[str], moves: Mapping[tuple[str, str], int], kinds: Mapping[str, str | None]
) -> list[str]:
    """Move single statuses elsewhere while fewer moves go backward for it; done statuses stay behind the others."""
    n_before_done = sum(kinds.get(name) != "done" for name in order)
    return [
        *_improved(order[:n_before_done], moves),
        *_improved(order[n_before_done:], moves),
    ]


def _improved(order: list[str], moves: Mapping[tuple[str, str], int]) -> list[str]:
    """Take the one move of a status that saves most, again and again; each saves some, so it ends."""
    while True:
        saving, best = 0, order
        for start, name in enumerate(order):
            for step in (-1, 1):
                saved, end = 0, start + step
                while 0 <= end < len(order):
                    # Passing a status turns the moves between the two round.
                    passed = order[end]
                    earlier, later = (passed, name) if step < 0 else (name, passed)
                    saved += moves.get((later, earlier), 0) - moves.get((earlier, later), 0)
                    if saved > saving:
                        rest = [*order[:start], *order[start + 1 :]]
                        saving, best = saved, [*rest[:end], name, *rest[end:]]
                    end += step
        if not saving:
            return order
        order = best
