"""Random streams: the same name gives the same numbers, another name gives others."""

from __future__ import annotations

import pytest

from orchestration.analytics.random_streams import generator_for


def test_the_same_computation_draws_the_same_numbers() -> None:
    first, second = (generator_for("snapshot-1", "payments/story", "evidence-1").random(5) for _ in range(2))
    assert first.tolist() == second.tolist()


def test_the_numbers_are_the_same_on_every_machine_and_release() -> None:
    assert generator_for("snapshot-1", "payments/story", "evidence-1").integers(0, 10**6, 3).tolist() == [
        599219,
        415798,
        448649,
    ]


def test_any_other_name_draws_other_numbers() -> None:
    names = [("a", "bc", "m"), ("ab", "c", "m"), ("a", "bc", "n"), ("a", "b", "cm")]
    draws = {generator_for(*name).integers(0, 2**62) for name in names}
    assert len(draws) == len(names)


def test_an_empty_name_is_refused() -> None:
    with pytest.raises(ValueError, match="non-empty scope and method"):
        generator_for("snapshot-1", "", "")
