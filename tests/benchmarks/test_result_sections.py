"""A section of the results is replaced without touching the others."""

from pathlib import Path

import pytest

from tests.accuracy import accuracy_report
from tests.benchmarks.result_sections import RESULTS_FILE, measured_where, replace_section
from tests.benchmarks.results import SECTION


def test_sections_are_replaced_one_by_one(tmp_path: Path) -> None:
    file = tmp_path / "RESULTS.md"
    replace_section(file, "cost", "## Cost\n\n1 s")
    replace_section(file, "accuracy", "## Accuracy\n\n95 %")
    replace_section(file, "cost", "## Cost\n\n2 s\n")
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# Results\n")
    assert "1 s" not in text
    assert text.index("2 s") < text.index("95 %")
    replace_section(file, "accuracy", "## Accuracy\n\n95 %")
    assert file.read_text(encoding="utf-8") == text


def test_what_would_lose_a_section_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "RESULTS.md"
    file.write_text("<!-- section: cost -->\n1 s\n", encoding="utf-8")
    with pytest.raises(ValueError, match="has no end"):
        replace_section(file, "cost", "2 s")
    with pytest.raises(ValueError, match="without comments"):
        replace_section(file, "accuracy", "<!-- end of section: accuracy -->")
    with pytest.raises(ValueError, match="small letters"):
        replace_section(file, "-->", "2 s")
    assert file.read_text(encoding="utf-8") == "<!-- section: cost -->\n1 s\n"


def test_the_results_have_the_sections_that_are_written() -> None:
    text = RESULTS_FILE.read_text(encoding="utf-8")
    for name in (SECTION, accuracy_report.SECTION):
        assert text.count(f"<!-- section: {name} -->") == 1
        assert text.count(f"<!-- end of section: {name} -->") == 1


def test_it_is_said_where_and_with_what() -> None:
    told = measured_where(["duckdb", "no-such-library"])
    assert "duckdb " in told
    assert "no-such-library" not in told
