"""The register of people: only pseudonyms leave it, the same for the same key, and no message quotes a name."""

import stat
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from orchestration.portfolio import Portfolio, PortfolioError, load_portfolio, portfolio_tables
from orchestration.portfolio.pseudonyms import KEY_FILE, identity_hash, person_id

Write = Callable[..., Path]

PEOPLE = """\
person,source,identity,team,role,valid_from,valid_to
Robin Sample,jira-main,robin@sample.example,checkout,developer,,2026-03-31
Robin Sample,jira-main,Robin@Sample.example,refunds,developer,2026-04-01,
Kim Specimen,jira-main,kim,scoring,,,
"""
KEY = {"WEIR_PEOPLE_KEY": "a long and random secret"}


@pytest.fixture
def folder(write_portfolio: Write) -> Path:
    written = write_portfolio()
    (written / "registers" / "people.csv").write_text(PEOPLE)
    return written


def name_key(folder: Path) -> None:
    with (folder / "portfolio.yaml").open("a") as text:
        text.write("privacy: {key_env: WEIR_PEOPLE_KEY}\n")


def everything(portfolio: Portfolio) -> str:
    frames = portfolio_tables(portfolio, date(2026, 1, 1), date(2026, 1, 2))
    return portfolio.model_dump_json() + "".join(frame.to_csv() for frame in frames.values())


def test_no_name_is_in_the_portfolio_or_its_tables(folder: Path) -> None:
    told = everything(load_portfolio(folder)).casefold()

    assert not any(name in told for name in ("robin", "sample", "kim", "specimen"))


def test_one_person_has_one_pseudonym_and_one_identity_one_hash(folder: Path) -> None:
    people = load_portfolio(folder).people

    assert [(person.team, person.role, person.valid_to) for person in people] == [
        ("checkout", "developer", date(2026, 3, 31)),
        ("refunds", "developer", None),
        ("scoring", None, None),
    ]
    assert people[0].person_id == people[1].person_id != people[2].person_id
    assert people[0].identity_hash == people[1].identity_hash != people[2].identity_hash


def test_the_key_file_is_made_once_for_its_owner(folder: Path) -> None:
    first = load_portfolio(folder).people
    made = folder / KEY_FILE

    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert load_portfolio(folder).people == first

    made.unlink()

    assert load_portfolio(folder).people[0].person_id != first[0].person_id


def test_without_the_register_no_key_is_made(write_portfolio: Write) -> None:
    written = write_portfolio()
    load_portfolio(written)

    assert not (written / KEY_FILE).exists()


def test_the_key_may_come_from_a_variable(folder: Path) -> None:
    name_key(folder)

    people = load_portfolio(folder, KEY).people

    assert people[2].person_id == person_id("kim specimen ", b"a long and random secret")
    assert people[2].identity_hash == identity_hash("jira-main", "KIM", b"a long and random secret")
    assert not (folder / KEY_FILE).exists()


@pytest.mark.parametrize(("value", "said"), [("", "is not set"), ("hunter2", "is too short")])
def test_a_variable_without_a_usable_key(value: str, said: str, folder: Path) -> None:
    name_key(folder)

    with pytest.raises(PortfolioError, match=said) as caught:
        load_portfolio(folder, {"WEIR_PEOPLE_KEY": value})

    assert caught.value.problems[0].key == "privacy.key_env"
    assert not value or value not in str(caught.value)


def test_a_key_file_without_a_key(folder: Path) -> None:
    (folder / ".weir").mkdir()
    (folder / KEY_FILE).write_text("")

    with pytest.raises(PortfolioError, match=r"people\.key: holds no key\. Remove the file"):
        load_portfolio(folder)


def test_no_message_quotes_a_person(folder: Path) -> None:
    rows = "Robin Sample,jira-main,kim,checkout,,,\nKim Specimen,,kim,checkout,,,\n,jira,kim,checkin,,,\n"
    (folder / "registers" / "people.csv").write_text(PEOPLE + rows)

    with pytest.raises(PortfolioError) as caught:
        load_portfolio(folder)

    told = [(problem.line, problem.key) for problem in caught.value.problems]
    assert told == [(5, "identity"), (6, "source"), (7, "person"), (7, "source"), (7, "team")]
    assert not any(name in str(caught.value) for name in ("Robin", "Kim", "kim"))


def test_one_identity_of_the_same_person_in_two_sources_is_not_recognised_by_its_hash() -> None:
    key = b"a long and random secret"

    assert identity_hash("jira-main", "kim", key) != identity_hash("github-web", "kim", key)
    assert identity_hash("jira-main", "kim", key) != identity_hash("jira-main", "kim", b"another long random one")
