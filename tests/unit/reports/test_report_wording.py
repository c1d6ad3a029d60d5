"""Numbers, days and names in words."""

from datetime import UTC, date, datetime

import pytest

from orchestration.reports import wording


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1, "1 day"), (9.0, "9 days"), (9.26, "9.3 days"), (0.96, "1 day"), (1234.0, "1,234 days"), (0, "0 days")],
)
def test_days(value: float, expected: str) -> None:
    assert wording.days(value) == expected


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0, "0 %"), (0.001, "under 1 %"), (0.314, "31 %"), (0.999, "over 99 %"), (1, "100 %")],
)
def test_percent_never_rounds_something_to_nothing_or_to_all(share: float, expected: str) -> None:
    assert wording.percent(share) == expected


def test_windows_name_the_year_once() -> None:
    assert wording.day_range(date(2026, 3, 30), date(2026, 6, 22)) == "30 Mar – 22 Jun 2026"
    assert wording.day_range(date(2025, 12, 8), date(2026, 3, 1)) == "8 Dec 2025 – 1 Mar 2026"
    assert wording.day_range(date(2026, 3, 1), date(2026, 3, 1)) == "1 Mar 2026"


def test_counts_agree_with_their_noun() -> None:
    assert wording.counted_items(1, "story") == "1 story"
    assert wording.counted_items(1240, "story") == "1,240 stories"
    assert wording.counted(0, "week") == "0 weeks"


def test_listed_counts_what_it_leaves_out() -> None:
    assert wording.listed(["a"]) == "a"
    assert wording.listed(["a", "b", "c"]) == "a, b and c"
    assert wording.listed(["a", "b", "c", "d", "e", "f"]) == "a, b, c and 3 more"


def test_clipped_keeps_short_text_and_marks_a_cut() -> None:
    assert wording.clipped("short") == "short"
    assert wording.clipped("x" * 80, 10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (datetime(2026, 6, 29, 0, 0, tzinfo=UTC), "Data up to the end of 28 Jun 2026."),
        (datetime(2026, 6, 29, 13, 5, tzinfo=UTC), "Data up to 29 Jun 2026, 13:05."),
    ],
)
def test_midnight_is_the_end_of_the_day_before(moment: datetime, said: str) -> None:
    assert wording.data_up_to(moment) == said
