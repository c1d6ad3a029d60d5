"""The walk of a queue into its future."""

from __future__ import annotations

import numpy as np
import pytest

from orchestration.analytics.queue_walks import roll_queues, shrink_drift


def test_shrinking_worked_by_hand() -> None:
    mean, shrunk = shrink_drift(np.array([[1.0, 3.0], [2.0, 2.0], [0.0, 0.0], [-1.0, 1.0]]))
    assert mean.tolist() == [2, 2, 0, 0]
    # Mean 2, standard error 1: z2 = 4, so 4 / 6 of it remains. Without scatter all of it does.
    assert shrunk.tolist() == pytest.approx([2 * 4 / 6, 2, 0, 0])


def test_a_queue_rolled_by_hand() -> None:
    # Two paths, of the first and of the second point: one up to 5, 7, 9, the other emptied.
    at, within, last = roll_queues(
        np.array([3.0]), np.array([[2.0, -2.0]]), np.array([0.0]), np.array([6.0]), np.array([[0, 0, 0], [1, 1, 1]])
    )
    assert last.tolist() == [[9, 0]]
    assert at.tolist() == [[0, 0.5, 0.5]]
    assert within.tolist() == [[0, 0.5, 0.5]]
    # Over it in between and back under it at the end.
    at, within, _ = roll_queues(
        np.array([6.0]), np.array([[2.0, -2.0]]), np.array([0.0]), np.array([6.0]), np.array([[0, 1, 1]])
    )
    assert (at[0].tolist(), within[0].tolist()) == ([1, 0, 0], [1, 1, 1])
