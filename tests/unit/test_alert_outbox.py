"""Each event is told once, and told at last."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from orchestration.alert_outbox import Entry, deliver, note_alerts, read_outbox, write_outbox
from orchestration.alerts import Alert
from orchestration.notification import NotificationError

MONDAY = date(2026, 6, 29)
NEW = Alert("intervention", "wip/cycle_time/worsened", date(2026, 6, 22), "It worsened.")
STANDING = Alert("choke_point", "payments/ready", None, "Ready fills up.")


def clock() -> datetime:
    return datetime(2026, 6, 29, 2, tzinfo=UTC)


def refused(_: Sequence[str]) -> None:
    raise NotificationError("The webhook did not take the message (503).")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "warehouse" / "alerts.json"


def night(file: Path, alerts: Sequence[Alert], day: date, **senders: Callable[[Sequence[str]], None]) -> list[str]:
    return deliver(file, note_alerts(read_outbox(file), alerts, day, list(senders)), senders, clock)


def test_an_event_is_told_once(file: Path) -> None:
    told: list[list[str]] = []
    assert night(file, [NEW], MONDAY, webhook=lambda sentences: told.append(list(sentences))) == []
    assert night(file, [NEW], MONDAY, webhook=lambda sentences: told.append(list(sentences))) == []
    assert told == [["It worsened."]]
    (entry,) = read_outbox(file)
    assert dict(entry.delivered) == {"webhook": "2026-06-29T02:00:00+00:00"}


def test_what_was_not_taken_is_told_the_next_night_on_that_channel_only_and_even_if_it_is_over(file: Path) -> None:
    told: list[str] = []
    failures = night(file, [NEW], MONDAY, webhook=refused, email=told.extend)
    assert failures == ["webhook: The webhook did not take the message (503)."]
    assert told == ["It worsened."]
    late: list[str] = []
    assert night(file, [], MONDAY, webhook=late.extend, email=told.extend) == []
    assert (late, told) == (["It worsened."], ["It worsened."])


def test_all_that_is_new_comes_in_one_message(file: Path) -> None:
    told: list[list[str]] = []
    night(file, [NEW, STANDING], MONDAY, webhook=lambda sentences: told.append(list(sentences)))
    assert told == [["It worsened.", "Ready fills up."]]


def test_what_stands_without_a_beginning_is_one_event_until_it_was_away_for_four_weeks() -> None:
    first = note_alerts([], [STANDING], date(2026, 6, 1), ["webhook"])
    later = note_alerts(first, [STANDING], date(2026, 6, 29), ["webhook"])
    assert [(entry.since, entry.last_seen) for entry in later] == [("2026-06-01", "2026-06-29")]
    again = note_alerts(later, [STANDING], date(2026, 7, 28), ["webhook"])
    assert [entry.since for entry in again] == ["2026-06-01", "2026-07-28"]
    assert note_alerts(later, [STANDING], date(2026, 7, 27), ["webhook"])[0].last_seen == "2026-07-27"


def test_the_first_channel_is_told_all_that_stands_and_a_further_one_only_what_is_new(file: Path) -> None:
    night(file, [NEW], MONDAY)
    told: list[str] = []
    night(file, [NEW], MONDAY, webhook=told.extend)
    assert told == ["It worsened."]
    mailed: list[str] = []
    night(file, [NEW, STANDING], MONDAY, webhook=told.extend, email=mailed.extend)
    assert (told, mailed) == (["It worsened.", "Ready fills up."], ["Ready fills up."])


def test_a_run_killed_while_telling_has_lost_nothing(file: Path) -> None:
    def killed(_: Sequence[str]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        night(file, [NEW], MONDAY, webhook=killed)
    told: list[str] = []
    night(file, [NEW], MONDAY, webhook=told.extend)
    assert told == ["It worsened."]


def test_the_file_holds_what_was_written(file: Path) -> None:
    entries = [Entry("choke_point", "a/b", "2026-06-01", "Ünïcode <b>", "2026-06-02", ("email",), {"webhook": "x"})]
    write_outbox(file, entries)
    assert read_outbox(file) == entries
    assert [path.name for path in file.parent.iterdir()] == ["alerts.json"]
