"""A portfolio folder is found, read whole, and quickly; where it cannot be read the error says what to do."""

import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from orchestration.portfolio import PortfolioError, load_portfolio
from orchestration.portfolio.loader import _content_hash

Write = Callable[..., Path]
Change = Callable[..., str]

SMALLEST = """\
portfolio: {id: p, timezone: UTC}
value_streams: [{id: stream}]
sources: [{id: jira, tool: jira, exports: exports/jira}]
workflows: [{id: w, stages: [{id: doing, kind: active, commitment: true, statuses: [Doing]},
                             {id: done, kind: done, statuses: [Done]}]}]
"""


def told(folder: Path) -> str:
    with pytest.raises(PortfolioError) as caught:
        load_portfolio(folder)
    return str(caught.value)


def test_everything_in_the_file_is_in_the_portfolio(write_portfolio: Write) -> None:
    folder = write_portfolio()
    portfolio = load_portfolio(folder)

    assert portfolio.folder == folder
    assert portfolio.portfolio.model_dump() == {
        "id": "northwind",
        "name": "Northwind",
        "timezone": "Europe/Berlin",
        "currency": "EUR",
    }
    assert portfolio.calendar.hours == ["09:00", "17:00"]
    assert [(c.first_day, c.last_day, c.reason) for c in portfolio.calendar.closed] == [
        (date(2026, 5, 15), date(2026, 5, 15), None),
        (date(2026, 12, 28), date(2026, 12, 30), "Year end"),
    ]
    assert [(i.id, i.name, i.start, i.end) for i in portfolio.increments] == [
        ("PI-26.1", "PI-26.1", date(2026, 1, 5), date(2026, 3, 29)),
        ("PI-26.2", "PI-26.2", date(2026, 3, 30), date(2026, 6, 21)),
    ]
    source = portfolio.sources[0]
    assert source.pull is not None
    assert (source.exports, source.pull.token_env) == ("exports/jira-main", "JIRA_TOKEN")
    build = portfolio.workflows[0].stages[2]
    assert (build.name, build.kind, build.commitment, build.counted, build.wip_limit) == (
        "build",
        "active",
        True,
        True,
        12,
    )
    assert [(s.status, s.valid_from, s.valid_to) for s in build.statuses] == [
        ("In Progress", None, None),
        ("Coding", None, date(2026, 4, 30)),
    ]
    assert portfolio.membership[0].when.project == ["PAY", "PAX"]
    assert portfolio.membership[0].when.source == ["jira-main"]
    assert portfolio.fields["jira-main"].model_dump(exclude_none=True) == {
        "estimate": "customfield_10016",
        "team": "customfield_10001",
        "flagged": "customfield_10021",
    }
    assert (portfolio.gate.max_quarantined_share, portfolio.keep_generations) == (0.02, 3)
    assert portfolio.notify.webhook_env == "WEIR_WEBHOOK"


def test_what_may_be_left_out_has_its_default(write_portfolio: Write) -> None:
    portfolio = load_portfolio(write_portfolio(SMALLEST, interventions=None))

    assert portfolio.portfolio.name == "p"
    assert portfolio.portfolio.currency is None
    assert portfolio.calendar.country is None
    assert portfolio.calendar.working_days == ["mon", "tue", "wed", "thu", "fri"]
    assert portfolio.calendar.hours == ["09:00", "17:00"]
    assert (portfolio.gate.max_quarantined_share, portfolio.keep_generations) == (0.01, 5)
    assert portfolio.notify.webhook_env is None
    assert portfolio.interventions == portfolio.membership == portfolio.increments == []


def test_a_span_may_be_one_day(write_portfolio: Write, change: Change) -> None:
    text = change("{from: 2026-12-28, to: 2026-12-30,", "{from: 2026-12-28, to: 2026-12-28,")
    text = change("start: 2026-03-30, end: 2026-06-21", "start: 2026-03-30, end: 2026-03-30", text)
    text = change(
        "{status: Coding, valid_to: 2026-04-30}", "{status: Coding, valid_from: 2026-04-30, valid_to: 2026-04-30}", text
    )

    portfolio = load_portfolio(write_portfolio(text))

    assert portfolio.calendar.closed[1].last_day == date(2026, 12, 28)
    assert portfolio.increments[1].end == date(2026, 3, 30)
    assert portfolio.workflows[0].stages[2].statuses[1].valid_to == date(2026, 4, 30)


def test_norway_is_a_country(write_portfolio: Write) -> None:
    portfolio = load_portfolio(write_portfolio(SMALLEST + "calendar: {country: NO}\n", interventions=None))

    assert portfolio.calendar.country == "NO"


def test_the_portfolio_cannot_be_changed(write_portfolio: Write) -> None:
    portfolio = load_portfolio(write_portfolio())

    with pytest.raises(ValueError, match="frozen"):
        portfolio.keep_generations = 9  # type: ignore[misc]


def test_the_hash_follows_every_byte_that_was_read(write_portfolio: Write, change: Change) -> None:
    first = load_portfolio(write_portfolio()).content_hash
    again = load_portfolio(write_portfolio()).content_hash
    other_comment = load_portfolio(
        write_portfolio(change("keep_generations: 3", "keep_generations: 3 # three"))
    ).content_hash
    folder = write_portfolio()
    register = folder / "registers" / "interventions.csv"
    register.write_bytes(register.read_bytes() + b"\n")
    other_register = load_portfolio(folder).content_hash
    register.unlink()
    no_register = load_portfolio(folder).content_hash

    assert first == again
    assert len({first, other_comment, other_register, no_register}) == 4
    assert all(len(digest) == 64 for digest in (first, other_comment, other_register, no_register))


def test_the_hash_tells_which_file_a_byte_stands_in() -> None:
    assert _content_hash({"a": b"xy", "b": b"z"}) != _content_hash({"a": b"x", "b": b"yz"})
    assert _content_hash({"a": b"x"}) != _content_hash({"a": b"x", "b": b""})


def test_files_that_are_no_part_of_the_portfolio_leave_the_hash_alone(write_portfolio: Write) -> None:
    folder = write_portfolio()
    before = load_portfolio(folder).content_hash
    (folder / "registers" / "notes.txt").write_text("to do")

    assert load_portfolio(folder).content_hash == before


def test_folder_without_the_file(tmp_path: Path) -> None:
    message = told(tmp_path)

    assert message.startswith("portfolio.yaml: was not found in ")
    assert "weir example DIR" in message
    assert "--portfolio" in message


def test_folder_that_does_not_exist(tmp_path: Path) -> None:
    assert "because there is no folder" in told(tmp_path / "nowhere")


def test_file_with_the_other_ending(tmp_path: Path) -> None:
    (tmp_path / "portfolio.yml").write_text(SMALLEST)

    assert "Rename it to portfolio.yaml." in told(tmp_path)


def test_the_file_named_in_place_of_its_folder(write_portfolio: Write) -> None:
    assert "Name the folder it lies in" in told(write_portfolio() / "portfolio.yaml")


def test_a_relative_folder_becomes_absolute(write_portfolio: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_portfolio()
    monkeypatch.chdir(folder.parent)

    assert load_portfolio(Path(folder.name)).folder == folder


def test_loading_imports_nothing_slow(write_portfolio: Write) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom orchestration.portfolio import load_portfolio\n"
        "load_portfolio(Path(sys.argv[1]))\n"
        "print(sorted({'pandas', 'numpy', 'holidays', 'simpy', 'duckdb', 'dagster'} & set(sys.modules)))"
    )
    folder = str(write_portfolio())

    ran = subprocess.run([sys.executable, "-c", program, folder], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "[]"
