"""YAML is read as written, with the line of everything, and what is wrong with it as YAML is told."""

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.portfolio import PortfolioError, load_portfolio
from orchestration.portfolio.written_yaml import read_written

Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("scalar", "text"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("09:00", "09:00"),
        ("26.10", "26.10"),
        ("0017", "0017"),
        ("2026-02-30", "2026-02-30"),
        ("1e3", "1e3"),
        ("'null'", "null"),
        ("Außer Betrieb", "Außer Betrieb"),
    ],
)
def test_scalars_stay_the_text_that_was_written(scalar: str, text: str) -> None:
    written = read_written(f"a: {scalar}\nb: [{scalar}]".encode())

    assert written.tree == {"a": text, "b": [text]}
    assert written.faults == []


@pytest.mark.parametrize("nothing", ["", "~", "null"])
def test_an_empty_value_is_none(nothing: str) -> None:
    assert read_written(f"a: {nothing}\nb: 1".encode()).tree == {"a": None, "b": "1"}


def test_lines_are_those_of_the_keys_and_of_the_list_items() -> None:
    written = read_written(
        b"\xef\xbb\xbf# comment\na:\n  b: >\n    long\n    text\n  c:\n    - 1\n\n    - {d: 2,\n       e: 3}\n"
    )

    assert written.lines == {
        (): 2,
        ("a",): 2,
        ("a", "b"): 3,
        ("a", "c"): 6,
        ("a", "c", 0): 7,
        ("a", "c", 1): 9,
        ("a", "c", 1, "d"): 9,
        ("a", "c", 1, "e"): 10,
    }
    assert written.line_of(("a", "c", 1, "missing")) == 9
    assert written.line_of(("a", "c", 5, "x", "y")) == 6


def test_anchors_are_read_where_they_are_used() -> None:
    written = read_written(b"a: &days [mon, tue]\nb: *days\n")

    assert written.tree == {"a": ["mon", "tue"], "b": ["mon", "tue"]}


SYNTAX = {
    "tab": (b"a: 1\nb:\n\tc: 2\n", 3, "is not valid YAML"),
    "open bracket": (b"a: [1, 2\nb: 3\n", 2, "is not valid YAML"),
    "open quote": (b"a: 'text\nb: 3\n", 3, "is not valid YAML"),
    "indentation": (b"a:\n  b: 1\n c: 2\n", 3, "is not valid YAML"),
    "two documents": (b"a: 1\n---\nb: 2\n", 2, "is not valid YAML"),
    "unknown anchor": (b"a: 1\nb: *nowhere\n", 2, "is not valid YAML"),
    "not UTF-8": ("a: 1\nb: Straße\n".encode("latin-1"), 2, "is not UTF-8 text. Save the file in the encoding UTF-8."),
    "control character": (b"a: 1\nb: \x07\n", None, "is not valid YAML"),
    "empty file": (b"", 1, "holds no keys"),
    "comments only": (b"# nothing\n", 1, "holds no keys"),
    "a list": (b"- a\n- b\n", 1, "holds no keys"),
    "a key twice": (b"a: 1\nb: 2\na: 3\n", 3, "is given twice, first on line 1"),
    "a key that is a list": (b"a: 1\n? [b]\n: 2\n", 2, "has a key that is not a text"),
    "merge key": (b"a: &x {b: 1}\nc:\n  <<: *x\n", 3, "uses the merge key"),
    "a tag": (b"a: 1\nb: !!python/name:os.system x\n", 2, "has the tag"),
    "a cycle": (b"a: &x\n  b:\n    - *x\n", 1, "is an alias (*) of something around itself"),
}


@pytest.mark.parametrize("name", SYNTAX)
def test_fault_of_the_yaml_is_told_with_its_line(name: str, tmp_path: Path) -> None:
    content, line, said = SYNTAX[name]
    (tmp_path / "portfolio.yaml").write_bytes(content)

    with pytest.raises(PortfolioError) as caught:
        load_portfolio(tmp_path)

    first = next(problem for problem in caught.value.problems if said in problem.message)
    assert (first.file, first.line) == ("portfolio.yaml", line)
    assert len(str(first).splitlines()) == 1


def test_aliases_that_multiply_without_bound_are_stopped() -> None:
    levels = "\n".join(f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 10)}]" for n in range(8))

    written = read_written(f"a: &a [x, x, x, x, x, x, x, x, x, x]\n{levels}\n".encode())

    assert any("Write out the aliases" in message for _, _, message in written.faults)
