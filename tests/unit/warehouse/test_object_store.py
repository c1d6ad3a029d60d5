import gzip
import os
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import fsspec
import pytest

from orchestration.sources import TOOLS
from orchestration.warehouse import object_store
from orchestration.warehouse.export_inventory import list_exports
from orchestration.warehouse.object_store import ObjectStoreError, fetch_files

ISSUE = b'{"id": "1", "key": "PAY-1", "fields": {"created": "2026-01-05T08:00:00.000+0000"}}\n'
NIGHT = datetime(2199, 1, 1, tzinfo=UTC)


@pytest.fixture
def store():
    """A bucket in this process's memory, empty again afterwards."""
    system = fsspec.filesystem("memory")
    system.pipe("/bucket/jira/issues.ndjson", ISSUE)
    system.pipe("/bucket/jira/more/issues.ndjson.gz", gzip.compress(ISSUE))
    system.pipe("/bucket/jira/notes.txt", b"no export")
    system.pipe("/bucket/jira/.pull/journal.ndjson", b"{}")
    yield system
    system.rm("/bucket", recursive=True)


def listed(folder: Path, exports: str = "memory://bucket/jira"):
    source = SimpleNamespace(id="jira-main", tool="jira", exports=exports)
    return list_exports(source, folder, TOOLS["jira"], NIGHT)


@pytest.mark.usefixtures("store")
def test_exports_in_a_store_are_listed_by_their_addresses(tmp_path):
    files, complete_to = listed(tmp_path)
    assert [(file.name, file.kind) for file in files] == [
        ("memory:///bucket/jira/issues.ndjson", "issues"),
        ("memory:///bucket/jira/more/issues.ndjson.gz", "issues"),
    ]
    assert files[0].path.read_bytes() == ISSUE
    assert files[0].path.is_relative_to(tmp_path / "warehouse" / "object-store" / "jira-main")
    assert complete_to is None


def test_only_what_has_changed_is_copied_again(store, tmp_path, monkeypatch):
    listed(tmp_path)
    copied = []
    original = type(store).get_file
    monkeypatch.setattr(type(store), "get_file", lambda self, *args: (copied.append(args[0]), original(self, *args))[1])
    listed(tmp_path)
    assert copied == []
    store.pipe("/bucket/jira/issues.ndjson", ISSUE * 2)
    files, _ = listed(tmp_path)
    assert copied == ["/bucket/jira/issues.ndjson"]
    assert files[0].path.read_bytes() == ISSUE * 2


def test_what_is_gone_from_the_store_is_gone_here(store, tmp_path):
    before, _ = listed(tmp_path)
    store.rm("/bucket/jira/issues.ndjson")
    files, _ = listed(tmp_path)
    assert [file.name for file in files] == ["memory:///bucket/jira/more/issues.ndjson.gz"]
    assert not before[0].path.exists()


def test_a_manifest_in_a_store_speaks_for_the_files_beside_it(store, tmp_path):
    store.pipe(
        "/bucket/jira/manifest.json",
        b'{"exported_at": "2026-02-01T02:00:00+00:00", "complete_to": "2026-02-01T01:00:00+00:00"}',
    )
    files, complete_to = listed(tmp_path)
    assert {file.exported_at for file in files} == {datetime(2026, 2, 1, 2, tzinfo=UTC)}
    assert complete_to == datetime(2026, 2, 1, 1, tzinfo=UTC)


@pytest.mark.usefixtures("store")
def test_a_glob_in_a_store(tmp_path):
    files, _ = listed(tmp_path, "memory://bucket/jira/*.ndjson")
    assert [file.name for file in files] == ["memory:///bucket/jira/issues.ndjson"]


def test_a_torn_copy_never_stands_for_the_file(store, tmp_path, monkeypatch):
    def torn(_self, _remote, local):
        Path(local).write_bytes(b"half")
        raise OSError("the line went dead")

    with monkeypatch.context() as patched:
        patched.setattr(type(store), "get_file", torn)
        with pytest.raises(ObjectStoreError, match=r"memory://bucket/jira cannot be read \(the line went dead\)"):
            listed(tmp_path)
    files, _ = listed(tmp_path)
    assert files[0].path.read_bytes() == ISSUE


@pytest.mark.parametrize(
    ("address", "extra"), [("s3://b/x", "weir[s3]"), ("abfs://c@a/x", "weir[azure]"), ("gs://b/x", "weir[gcs]")]
)
def test_a_missing_package_is_one_sentence_with_what_to_install(tmp_path, monkeypatch, address, extra):
    def missing(_address):
        raise ImportError("Install it")

    monkeypatch.setattr(fsspec, "url_to_fs", missing)
    with pytest.raises(ObjectStoreError) as error:
        fetch_files(address, tmp_path, lambda _: True)
    assert f"'{extra}'" in str(error.value)


def test_an_address_of_no_store(tmp_path):
    with pytest.raises(ObjectStoreError, match="of no store that can be read"):
        fetch_files("nowhere://bucket", tmp_path, lambda _: True)


@pytest.mark.parametrize(
    ("info", "moment"),
    [
        ({"LastModified": datetime(2026, 1, 5, tzinfo=UTC)}, datetime(2026, 1, 5, tzinfo=UTC)),
        ({"last_modified": datetime(2026, 1, 5)}, datetime(2026, 1, 5, tzinfo=UTC)),  # noqa: DTZ001 stores leave it out
        ({"updated": "2026-01-05T00:00:00.000Z"}, datetime(2026, 1, 5, tzinfo=UTC)),
        ({"mtime": 0.0, "created": 86_400.0}, datetime(1970, 1, 2, tzinfo=UTC)),
        ({}, datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_when_a_file_was_written_is_told_by_every_store_in_its_own_words(info, moment):
    assert object_store._moment(info) == moment


def test_files_of_a_pull_at_work_are_no_exports(tmp_path):
    folder = tmp_path / "exports" / "jira"
    (folder / ".pull").mkdir(parents=True)
    (folder / ".pull" / "journal.ndjson").write_bytes(ISSUE)
    (folder / "issues.ndjson").write_bytes(ISSUE)
    os.utime(folder / "issues.ndjson", (0, 0))
    files, _ = listed(tmp_path, "exports/jira")
    assert [file.name for file in files] == ["exports/jira/issues.ndjson"]
