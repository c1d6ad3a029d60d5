"""The comparison itself: what it must not overlook."""

from tests.reference.comparison import compare
from tests.reference.flow_metrics import nearest_rank

COLUMNS = ["scope", "day", "n", "share"]
OURS = [("a", 1, 3, 0.5), ("a", 2, 0, None), ("b", 1, 7, 0.1)]
REFERENCE = [
    {"scope": "a", "day": 1, "n": 3, "share": 0.5},
    {"scope": "a", "day": 2, "n": 0, "share": None},
    {"scope": "b", "day": 1, "n": 7, "share": 0.1 + 1e-15},
]
KEY = ("scope", "day")


def test_equal_tables_are_equal_up_to_the_last_digits_of_a_fraction():
    comparison = compare(COLUMNS, OURS, REFERENCE, KEY)
    assert comparison.is_equal
    assert (comparison.n_rows, comparison.n_cells) == (3, 12)


def test_a_cell_that_differs_is_shown_with_both_values():
    comparison = compare(COLUMNS, [*OURS[:2], ("b", 1, 8, 0.1)], REFERENCE, KEY)
    assert comparison.differing == {"n": [(("b", 1), 8, 7)]}
    assert "('b', '1'): 8, 7" in comparison.text()


def test_null_is_neither_zero_nor_anything_else():
    ours = [("a", 1, 3, None), ("a", 2, 0, 0.0), ("b", 1, None, 0.1)]
    comparison = compare(COLUMNS, ours, REFERENCE, KEY)
    assert comparison.n_differing == {"share": 2, "n": 1}


def test_a_row_too_many_or_too_few_and_a_column_that_nobody_computes_are_differences():
    ours = [(*row, "x") for row in [*OURS[:2], ("c", 1, 1, 1.0)]]
    comparison = compare([*COLUMNS, "new"], ours, REFERENCE, KEY)
    assert comparison.only_ours == [("c", 1)]
    assert comparison.only_reference == [("b", 1)]
    assert comparison.unknown_columns == ["new"]
    assert not comparison.is_equal


def test_a_row_that_is_there_twice_is_a_difference_on_either_side():
    for ours, reference in (([*OURS, OURS[1]], REFERENCE), (OURS, [*REFERENCE, REFERENCE[1]])):
        comparison = compare(COLUMNS, ours, reference, KEY)
        assert comparison.repeated == [("a", 2)]
        assert not comparison.is_equal
        assert "1 rows are there again with the same key" in comparison.text()
    assert len(compare(COLUMNS, OURS * 2, REFERENCE, KEY).repeated) == 3


def test_a_column_that_the_mart_has_lost_is_a_difference():
    comparison = compare(COLUMNS[:3], [row[:3] for row in OURS], REFERENCE, KEY)
    assert comparison.lost_columns == ["share"]
    assert comparison.differing == {}
    assert not comparison.is_equal
    assert "that the mart does not have: share" in comparison.text()


def test_nearest_rank_is_a_value_that_occurred_and_none_below_five():
    assert nearest_rank([5, 1, 4, 2, 3], 50) == 3
    assert nearest_rank(range(1, 21), 85) == 17
    assert nearest_rank(range(1, 22), 85) == 18
    assert nearest_rank([1, 2, 3, 4], 50) is None
