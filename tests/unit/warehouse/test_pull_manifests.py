import json
import os
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from orchestration.sources import TOOLS
from orchestration.sources.pull_manifest import PulledFile, PullManifest, is_pulled
from orchestration.warehouse.export_inventory import list_exports, list_pulls

SOURCE = SimpleNamespace(id="jira-main", tool="jira", exports="exports/jira-main")
ISSUE = b'{"id": "1", "key": "PAY-1", "fields": {"created": "2026-01-05T08:00:00.000+0000"}}\n'
NIGHT = datetime(2199, 1, 1, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def exports(tmp_path):
    folder = tmp_path / "exports" / "jira-main"
    folder.mkdir(parents=True)
    return folder


def write(folder, name):
    (folder / name).write_bytes(ISSUE)
    os.utime(folder / name, (LONG_AGO.timestamp(),) * 2)


def write_manifest(folder, stamp, day, **files):
    manifest = PullManifest(
        source="jira-main",
        tool="jira",
        asked={"projects": ["PAY"]},
        since=None,
        complete_to=datetime(2026, 2, day, 2, tzinfo=UTC),
        exported_at=datetime(2026, 2, day, 3, tzinfo=UTC),
        files=tuple(PulledFile(name, **counted) for name, counted in files.items()),
    )
    (folder / f"{stamp}.manifest.json").write_text(json.dumps(manifest.as_json()), encoding="utf-8")
    return manifest


def test_a_pulls_manifest_speaks_for_the_files_it_names_and_for_no_other(exports, tmp_path):
    write(exports, "20260201T020000Z.issues.ndjson")
    write(exports, "20260202T020000Z.issues.ndjson")
    write(exports, "dropped.ndjson")
    write_manifest(
        exports, "20260201T020000Z", 1, issues={"name": "20260201T020000Z.issues.ndjson", "received": 1, "announced": 1}
    )
    files, complete_to = list_exports(SOURCE, tmp_path, TOOLS["jira"], NIGHT)
    assert {file.name.rsplit("/", 1)[-1]: file.exported_at for file in files} == {
        "20260201T020000Z.issues.ndjson": datetime(2026, 2, 1, 3, tzinfo=UTC),
        "20260202T020000Z.issues.ndjson": LONG_AGO,
        "dropped.ndjson": LONG_AGO,
    }
    assert complete_to == datetime(2026, 2, 1, 2, tzinfo=UTC)


def test_a_manifest_by_hand_does_not_speak_for_what_was_pulled(exports, tmp_path):
    write(exports, "20260201T020000Z.issues.ndjson")
    write(exports, "dropped.ndjson")
    (exports / "manifest.json").write_text('{"exported_at": "2026-03-01T00:00:00+00:00"}', encoding="utf-8")
    files, _ = list_exports(SOURCE, tmp_path, TOOLS["jira"], NIGHT)
    assert [file.exported_at for file in files] == [LONG_AGO, datetime(2026, 3, 1, tzinfo=UTC)]


def test_pulls_are_listed_oldest_first_with_what_did_not_come(exports, tmp_path):
    write_manifest(exports, "20260202T020000Z", 2, issues={"name": None, "received": 0, "announced": 0})
    short = {"name": "x", "received": 12, "announced": 12, "distinct": 9}
    first = write_manifest(exports, "20260201T020000Z", 1, issues=short, fields={"name": "y", "received": 4})
    pulls = list_pulls(SOURCE, tmp_path)
    assert pulls[0] == first
    assert [pull.n_missing for pull in pulls] == [3, 0]


@pytest.mark.parametrize("text", ["", "[]", '{"pull": 1}', '{"exported_at": "yesterday"}'])
def test_a_broken_manifest_is_named(exports, tmp_path, text):
    (exports / "20260201T020000Z.manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"20260201T020000Z\.manifest\.json is broken .*; correct or remove it"):
        list_exports(SOURCE, tmp_path, TOOLS["jira"], NIGHT)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("20260201T020000Z.issues.ndjson.gz", True),
        ("20260201T020000Z.manifest.json", True),
        ("issues.ndjson", False),
        ("20260201.issues.ndjson", False),
        ("99999999T999999Z.issues.ndjson", False),
    ],
)
def test_what_a_pull_has_written_is_told_by_its_name(exports, name, expected):
    assert is_pulled(exports / name) is expected
