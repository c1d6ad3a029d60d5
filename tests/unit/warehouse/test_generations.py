"""Publishing is one rename: a reader sees the old warehouse or the new one, and the last generations stay."""

import errno
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.warehouse import RefreshRunning, WarehouseFolder, connect


@pytest.fixture
def folder(tmp_path: Path) -> WarehouseFolder:
    return WarehouseFolder(tmp_path / "warehouse")


def build(folder: WarehouseFolder, value: int) -> None:
    """Write a build that holds one number."""
    with connect(folder.build) as connection:
        connection.execute("create or replace table number as select ? as value", [value])


def value_of(path: Path) -> int:
    """Return the number that a warehouse holds."""
    with duckdb.connect(str(path), read_only=True) as connection:
        row = connection.execute("select value from number").fetchone()
        assert row is not None
        return int(row[0])


def test_publishing_replaces_the_file_and_keeps_the_last_generations(folder: WarehouseFolder) -> None:
    for generation in range(1, 6):
        folder.start_build(full=True)
        build(folder, generation)
        folder.publish(generation, keep=2)
    assert value_of(folder.published) == 5
    assert [value_of(file) for file in sorted(folder.generations.iterdir())] == [3, 4]
    assert not folder.build.exists()


def no_hard_links(self: Path, target: Path) -> None:
    """Stand in for `Path.hardlink_to` on a file system that has none."""
    raise OSError(errno.ENOTSUP, "Operation not supported", str(self), None, str(target))


def test_without_hard_links_the_file_replaced_is_copied(
    folder: WarehouseFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "hardlink_to", no_hard_links)
    for generation in range(1, 5):
        folder.start_build(full=True)
        build(folder, generation)
        folder.publish(generation, keep=2)
    assert value_of(folder.published) == 4
    assert [value_of(file) for file in sorted(folder.generations.iterdir())] == [2, 3]


def test_without_hard_links_a_copy_that_breaks_off_leaves_the_published_file_and_no_half_generation(
    folder: WarehouseFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.start_build(full=True)
    build(folder, 1)
    folder.publish(1, keep=2)
    folder.start_build(full=True)
    build(folder, 2)

    def break_off(source: Path, target: Path) -> None:
        Path(target).write_bytes(Path(source).read_bytes()[:100])
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "hardlink_to", no_hard_links)
        patched.setattr(shutil, "copyfile", break_off)
        with pytest.raises(OSError, match="No space left"):
            folder.publish(2, keep=2)
    assert value_of(folder.published) == 1
    assert list(folder.generations.glob("warehouse-*.duckdb")) == []
    # Once there is room again the same build goes through.
    with monkeypatch.context() as patched:
        patched.setattr(Path, "hardlink_to", no_hard_links)
        folder.publish(2, keep=2)
    assert value_of(folder.published) == 2
    assert [value_of(file) for file in folder.generations.iterdir()] == [1]


def test_a_build_continues_from_the_published_file(folder: WarehouseFolder) -> None:
    assert not folder.start_build(full=False)
    build(folder, 1)
    folder.publish(1, keep=1)
    assert folder.start_build(full=False)
    assert value_of(folder.build) == 1


def test_a_full_build_starts_empty(folder: WarehouseFolder) -> None:
    folder.start_build(full=False)
    build(folder, 1)
    folder.publish(1, keep=1)
    assert not folder.start_build(full=True)
    assert not folder.build.exists()


def test_a_reader_keeps_what_it_has_open(folder: WarehouseFolder) -> None:
    folder.start_build(full=True)
    build(folder, 1)
    folder.publish(1, keep=1)
    with duckdb.connect(str(folder.published), read_only=True) as reader:
        folder.start_build(full=False)
        build(folder, 2)
        folder.publish(2, keep=1)
        assert reader.execute("select value from number").fetchone() == (1,)
    assert value_of(folder.published) == 2


def test_an_unclosed_build_is_not_published(folder: WarehouseFolder) -> None:
    folder.start_build(full=True)
    build(folder, 1)
    folder.build.with_name(folder.build.name + ".wal").write_bytes(b"left over")
    with pytest.raises(RuntimeError, match="write-ahead log"):
        folder.publish(1, keep=1)
    assert not folder.published.exists()


def test_a_failed_build_is_put_aside_and_the_published_file_stands(folder: WarehouseFolder) -> None:
    folder.start_build(full=True)
    build(folder, 1)
    folder.publish(1, keep=1)
    folder.start_build(full=False)
    build(folder, 2)
    assert folder.keep_failed() == folder.failed
    assert (value_of(folder.published), value_of(folder.failed)) == (1, 2)


HOLD = """
import sys, time
from pathlib import Path
from orchestration.warehouse import WarehouseFolder
with WarehouseFolder(Path(sys.argv[1])).lock():
    print("held", flush=True)
    time.sleep(60)
"""


def test_one_refresh_at_a_time(folder: WarehouseFolder) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(folder.folder)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(RefreshRunning, match=rf"is running \(process {other.pid}\)"), folder.lock():
            pass
        other.kill()
        other.wait()
        # A killed refresh does not block the next night.
        with folder.lock():
            pass


def test_a_folder_is_swapped_and_recovered(tmp_path: Path, folder: WarehouseFolder) -> None:
    target, new = tmp_path / "reports", tmp_path / "reports.build"
    for number in (1, 2):
        new.mkdir()
        (new / "index.html").write_text(str(number), encoding="utf-8")
        folder.swap_folder(new, target)
    assert (target / "index.html").read_text(encoding="utf-8") == "2"
    assert [path.name for path in tmp_path.iterdir()] == ["reports"]
    # Killed between the two renames: the old folder is aside, the new one not yet in place.
    target.rename(tmp_path / ".reports.previous")
    folder.recover_folder(target)
    assert (target / "index.html").read_text(encoding="utf-8") == "2"
