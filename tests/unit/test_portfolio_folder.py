"""Which portfolio is meant."""

from pathlib import Path

import pytest

from orchestration.portfolio_folder import chosen_portfolio


@pytest.mark.parametrize(
    ("named", "environment", "expected"),
    [
        pytest.param("mine", {"WEIR_PORTFOLIO": "/theirs"}, "/here/mine", id="the option wins, relative to the caller"),
        pytest.param(None, {"WEIR_PORTFOLIO": "/theirs"}, "/theirs", id="then the environment"),
        pytest.param(None, {"WEIR_PORTFOLIO": " "}, "/here/.weir/example", id="an empty variable names nothing"),
        pytest.param(None, {}, "/here/.weir/example", id="then the example"),
    ],
)
def test_chosen_folder(named, environment, expected):
    chosen = chosen_portfolio(named, environment, Path("/here"))
    assert chosen.folder == Path(expected)
    assert chosen.is_example == expected.endswith("example")


def test_manifest_of_the_example_lies_outside_of_it_because_it_is_made_into_an_empty_folder():
    example = chosen_portfolio(None, {}, Path("/here"))
    assert example.folder not in example.dbt_target.parents
    named = chosen_portfolio("mine", {}, Path("/here"))
    assert named.folder in named.dbt_target.parents
