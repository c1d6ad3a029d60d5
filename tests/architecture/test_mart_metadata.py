"""Every number of a mart says what it is counted in, which way is better, and what NULL and 0 mean in it.

`tests/pipeline/test_column_dictionary.py` holds the same words against the rows of the published example.
"""

import re
from typing import Any

import pytest

NUMBERS = ("integer", "bigint", "smallint", "hugeint", "double", "float", "decimal")
# Nothing finished, nothing to divide by, too few for a percentile: these cannot always be measured.
MAY_BE_MISSING = re.compile(r"p\d\d_|(?!n_).*(_share|_efficiency|_residual|_rate)$")
KNOWN = {"unit", "direction", "when_null", "when_zero"}

Said = dict[str, str]


def said_of(column: dict[str, Any]) -> Said:
    return column.get("config", {}).get("meta") or column.get("meta") or {}


@pytest.fixture(scope="module")
def marts(models: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found = {name: model for name, model in models.items() if name.startswith("mart_")}
    assert len(found) >= 6
    return found


@pytest.fixture(scope="module")
def never_null(manifest: dict[str, Any]) -> set[tuple[str, str]]:
    """Columns that a test holds free of NULL."""
    return {
        (node["attached_node"].split(".")[-1], node["column_name"])
        for node in manifest["nodes"].values()
        if (node.get("test_metadata") or {}).get("name") == "not_null" and node.get("attached_node")
    }


def offenders(marts, is_wrong) -> list[str]:
    return sorted(
        f"{name}.{column['name']}"
        for name, mart in marts.items()
        for column in mart["columns"].values()
        if is_wrong(name, column, said_of(column))
    )


def is_number(column: dict[str, Any]) -> bool:
    return (column["data_type"] or "").lower().startswith(NUMBERS)


def test_every_mart_tells_its_grain_and_the_question_it_answers(marts):
    def is_silent(mart: dict[str, Any]) -> bool:
        meta = mart["config"].get("meta", {})
        return not str(meta.get("grain", "")).startswith("One row per ") or not str(meta.get("question", "")).endswith(
            "?"
        )

    assert sorted(name for name, mart in marts.items() if is_silent(mart)) == []


def test_every_number_has_a_unit(marts):
    assert offenders(marts, lambda _, column, said: is_number(column) and not said.get("unit")) == []


def test_every_number_says_which_way_is_better(marts):
    """But a place in an order, which only sorts."""
    ways = {"up", "down", "neutral"}

    def is_wrong(_: str, column: dict[str, Any], said: Said) -> bool:
        is_place = column["name"].endswith("position")
        return is_number(column) and not is_place and said.get("direction") not in ways

    assert offenders(marts, is_wrong) == []


def test_what_may_be_missing_says_what_null_means(marts, never_null):
    def is_wrong(mart: str, column: dict[str, Any], said: Said) -> bool:
        may_be = MAY_BE_MISSING.match(column["name"]) or "NULL" in column["description"]
        is_held = (mart, column["name"]) in never_null
        return bool(is_number(column) and may_be and not is_held and not said.get("when_null"))

    assert offenders(marts, is_wrong) == []


def test_every_count_says_what_0_means(marts):
    def is_wrong(_: str, column: dict[str, Any], said: Said) -> bool:
        return is_number(column) and column["name"].startswith("n_") and not said.get("when_zero")

    assert offenders(marts, is_wrong) == []


def test_nothing_else_is_said(marts):
    """A misspelt key would be lost without a word."""
    assert offenders(marts, lambda _, __, said: bool(said.keys() - KNOWN)) == []
