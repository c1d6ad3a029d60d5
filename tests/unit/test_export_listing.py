"""When does an export count as landed?"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from orchestration.export_listing import ExportListing, Watch, list_exports, look

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
OLD = ExportListing("old", NOON)
GROWING = ExportListing("growing", NOON + timedelta(minutes=1))
GROWN = ExportListing("grown", NOON + timedelta(minutes=2))


def decisions(listings: list[ExportListing], published_at: datetime | None) -> list[bool]:
    """Look at one listing after the other, the way ticks of the sensor do."""
    watch, decided = None, []
    for listing in listings:
        watch, has_landed = look(watch, listing, published_at)
        watch = Watch.from_text(watch.text())
        decided.append(has_landed)
    return decided


@pytest.mark.parametrize(
    ("listings", "published_at", "expected"),
    [
        pytest.param([OLD, OLD, OLD], NOON, [False, False, False], id="published already, nothing new"),
        pytest.param([OLD, OLD, OLD], None, [False, True, False], id="never published: refreshed once"),
        pytest.param([OLD, OLD], NOON - timedelta(hours=1), [False, True], id="landed while nobody watched"),
        pytest.param([OLD, GROWN, GROWN, GROWN], NOON, [False, False, True, False], id="a new file, standing still"),
        pytest.param(
            [OLD, GROWING, GROWN, GROWN], NOON, [False, False, False, True], id="a file that is still being copied"
        ),
        pytest.param([OLD, GROWING, OLD, OLD], NOON, [False, False, False, False], id="a file that came and went"),
        pytest.param([ExportListing("none", None)] * 3, None, [False, False, False], id="nothing there at all"),
    ],
)
def test_refresh_only_once_per_export_that_stands_still(listings, published_at, expected):
    assert decisions(listings, published_at) == expected


@pytest.mark.parametrize("text", [None, "", "not json", '{"other": 1}', "[]"])
def test_cursor_that_cannot_be_read_counts_as_the_first_look(text):
    assert Watch.from_text(text) is None


def source(exports, pull=None):
    return SimpleNamespace(exports=exports, pull=pull)


@pytest.fixture
def portfolio(tmp_path: Path):
    folder = tmp_path / "exports" / "jira"
    folder.mkdir(parents=True)
    (folder / "issues.json").write_text("[]", encoding="utf-8")
    sources = [source("exports/jira"), source("s3://bucket/elsewhere")]
    return SimpleNamespace(folder=tmp_path, sources=sources)


def test_listing_changes_with_name_size_and_time_of_a_file(portfolio):
    file = portfolio.folder / "exports" / "jira" / "issues.json"
    seen = {list_exports(portfolio).fingerprint}
    file.write_text("[ ]", encoding="utf-8")
    seen.add(list_exports(portfolio).fingerprint)
    os.utime(file, (1, 1))
    seen.add(list_exports(portfolio).fingerprint)
    file.rename(file.with_name("other.json"))
    seen.add(list_exports(portfolio).fingerprint)
    assert len(seen) == 4
    assert list_exports(portfolio).newest == datetime.fromtimestamp(1, UTC)


def test_listing_of_a_glob_sees_only_what_it_matches(portfolio):
    portfolio.sources = [source("exports/jira/*.json")]
    before = list_exports(portfolio)
    (portfolio.folder / "exports" / "jira" / "notes.txt").write_text("x", encoding="utf-8")
    assert list_exports(portfolio) == before
    portfolio.sources = [source("exports/nowhere")]
    assert list_exports(portfolio).newest is None


def test_what_a_refresh_has_pulled_itself_starts_no_other_refresh(portfolio):
    folder = portfolio.folder / "exports" / "jira"
    portfolio.sources = [source("exports/jira", pull=SimpleNamespace())]
    before = list_exports(portfolio)
    (folder / ".pull").mkdir()
    for name in ("20260105T020000Z.issues.ndjson.gz", "20260105T020000Z.manifest.json", ".pull/journal.ndjson"):
        (folder / name).write_text("x", encoding="utf-8")
    assert list_exports(portfolio) == before
    (folder / "dropped-by-hand.ndjson").write_text("x", encoding="utf-8")
    assert list_exports(portfolio) != before
