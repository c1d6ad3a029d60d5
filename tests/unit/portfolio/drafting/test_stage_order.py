"""The order of statuses follows from the moves between them, whatever order they are listed in."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.portfolio.drafting.stage_order import backward_share, order_statuses

CHAIN = ["Open", "Ready", "Build", "Review", "Test", "Done"]
KINDS = {"Open": "queue", "Ready": "queue", "Build": "active", "Review": "active", "Test": "active", "Done": "done"}


def chain(forward: int = 20, backward: int = 0) -> dict[tuple[str, str], int]:
    moves = dict.fromkeys(pairwise(CHAIN), forward)
    return moves | {(later, earlier): backward for earlier, later in pairwise(CHAIN) if backward}


def test_a_chain_is_found_without_any_category() -> None:
    assert order_statuses(CHAIN, chain(), {}) == CHAIN


def test_rework_and_skips_do_not_turn_the_order() -> None:
    moves = chain(20, 5) | {("Open", "Done"): 60, ("Test", "Build"): 12, ("Ready", "Test"): 9}

    assert order_statuses(CHAIN, moves, KINDS) == CHAIN


def test_reopening_does_not_pull_a_stage_behind_done() -> None:
    moves = chain() | {("Done", "Reopened"): 15, ("Reopened", "Build"): 15}

    order = order_statuses([*CHAIN, "Reopened"], moves, KINDS | {"Reopened": "queue"})

    assert order[-1] == "Done"
    assert order.index("Reopened") < order.index("Build")


def test_done_statuses_are_last_even_if_items_leave_them_for_work() -> None:
    moves = {("Done", "Build"): 30, ("Build", "Done"): 31}

    assert order_statuses(["Done", "Build"], moves, {"Done": "done", "Build": "active"}) == ["Build", "Done"]


def test_what_never_moved_goes_by_the_tools_category() -> None:
    kinds = {"Parked": "queue", "Doing": "active", "Over": "done"}

    assert order_statuses(kinds, {}, kinds) == ["Parked", "Doing", "Over"]


def test_a_status_that_items_are_born_in_comes_early() -> None:
    moves = chain() | {("Intake", "Done"): 3}

    assert order_statuses([*CHAIN, "Intake"], moves, KINDS)[0] != "Intake"
    assert order_statuses([*CHAIN, "Intake"], moves, KINDS, {"Intake": 50, "Open": 20}).index("Intake") <= 1


@pytest.mark.parametrize("seed", range(5))
def test_the_order_does_not_depend_on_the_order_of_the_counts(seed: int) -> None:
    moves = list((chain(7, 3) | {("Review", "Done"): 4}).items())
    shuffled = [*CHAIN]
    random.Random(seed).shuffle(moves)
    random.Random(seed).shuffle(shuffled)

    assert order_statuses(shuffled, dict(moves), KINDS) == CHAIN


@given(
    st.dictionaries(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), st.integers(1, 1000)),
    st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["queue", "active", "done", None])),
)
def test_every_status_is_ordered_once_and_no_swap_of_neighbours_is_better(
    moves: dict[tuple[str, str], int], kinds: dict[str, str | None]
) -> None:
    order = order_statuses("abcdef", moves, kinds)

    assert sorted(order) == list("abcdef")
    is_done = [kinds.get(status) == "done" for status in order]
    assert is_done == sorted(is_done)
    for first, second in pairwise(order):
        if kinds.get(first) != "done" and kinds.get(second) != "done":
            assert moves.get((second, first), 0) <= moves.get((first, second), 0)
    assert 0.0 <= backward_share(order, moves) <= 1.0


def test_backward_share_counts_moves_not_pairs() -> None:
    assert backward_share(["a", "b"], {("a", "b"): 3, ("b", "a"): 1, ("a", "elsewhere"): 9}) == 0.25
    assert backward_share(["a", "b"], {}) == 0.0
