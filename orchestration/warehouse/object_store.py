"""Exports that lie in an object store: listed, and copied beside the warehouse once for each content.

Belongs here: what is different from a folder on a disk. Does not belong here: what a file is (``export_inventory``).

Credentials are the store's own affair: fsspec's implementations read them where the store's own tools do (environment
variables, configuration files, the machine's identity); none stand in a portfolio.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

# Protocol to the extra that brings its implementation.
_EXTRAS = {"s3": "s3", "s3a": "s3", "abfs": "azure", "abfss": "azure", "az": "azure", "gs": "gcs", "gcs": "gcs"}
_INDEX = "index.json"
# What the implementations call the moment and the mark of a content, in the order of preference.
_MOMENTS = ("LastModified", "last_modified", "updated", "mtime", "created")
_MARKS = ("ETag", "etag", "md5Hash", "generation", *_MOMENTS)


class ObjectStoreError(RuntimeError):
    """A store cannot be read; the text is one sentence and what to do next."""


@dataclass(frozen=True)
class StoredFile:
    """A file as it lies here, the address it came from, and when it was written there."""

    path: Path
    name: str
    written_at: datetime


def is_address(exports: str) -> bool:
    """Are these exports in an object store, not on a disk?"""
    return "://" in exports


def fetch_files(address: str, cache: Path, is_wanted: Callable[[str], bool]) -> list[StoredFile]:
    """Copy what is new under an address into ``cache`` and return all wanted files there, by address.

    Args:
        address: A folder, a file or a glob, such as ``s3://bucket/exports/jira``.
        cache: A folder of this source's own; copies of files that are gone from the store are removed.
        is_wanted: Tells from a file's name whether it is an export.

    Raises:
        ObjectStoreError: The store's package is missing, or the store cannot be read.
    """
    system, root = _opened(address)
    try:
        system.invalidate_cache()
        found = (
            system.glob(root, detail=True) if any(sign in root for sign in "*?[") else system.find(root, detail=True)
        )
        infos = {name: info for name, info in sorted(found.items()) if info["type"] == "file" and is_wanted(name)}
        return _copied(system, infos, cache)
    except Exception as error:  # noqa: BLE001 every implementation has errors of its own
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ObjectStoreError(
            f"{address} cannot be read ({reason}). Check the address and the store's access."
        ) from None


def _opened(address: str) -> tuple[Any, str]:
    import fsspec

    protocol = address.split("://", 1)[0]
    try:
        system, root = fsspec.url_to_fs(address)
    except ImportError:
        extra = _EXTRAS.get(protocol)
        advice = f"Install it: uv pip install 'weir[{extra}]'." if extra else "Install the fsspec package for it."
        raise ObjectStoreError(f"{address} needs a package that is not installed. {advice}") from None
    except ValueError as error:
        raise ObjectStoreError(f"{address} is of no store that can be read ({error}). Use s3, abfs or gs.") from None
    return system, root


def _copied(system: Any, infos: Mapping[str, Mapping[str, Any]], cache: Path) -> list[StoredFile]:
    cache.mkdir(parents=True, exist_ok=True)
    index = cache / _INDEX
    known: dict[str, str] = json.loads(index.read_text(encoding="utf-8")) if index.exists() else {}
    files, marks = [], {}
    for remote, info in infos.items():
        name = system.unstrip_protocol(remote)
        # By a hash of the address: a store's keys may hold what a disk's paths must not.
        path = cache / hashlib.sha256(name.encode()).hexdigest()[:20] / remote.rsplit("/", 1)[-1]
        mark = f"{info.get('size')} {next((info[key] for key in _MARKS if info.get(key)), '')}"
        if known.get(name) != mark or not path.exists():
            path.parent.mkdir(exist_ok=True)
            partial = path.with_name(f"{path.name}.partial")
            system.get_file(remote, str(partial))
            partial.replace(path)
        written_at = _moment(info)
        os.utime(path, (written_at.timestamp(), written_at.timestamp()))
        marks[name] = mark
        files.append(StoredFile(path, name, written_at))
    kept = {file.path for file in files}
    for copy in cache.glob("*/*"):
        if copy not in kept:
            copy.unlink()
    partial_index = index.with_suffix(".partial")
    partial_index.write_text(json.dumps(marks), encoding="utf-8")
    partial_index.replace(index)
    return files


def _moment(info: Mapping[str, Any]) -> datetime:
    """Return when a file was written; 1970 if the store does not tell, so that it never wins over one that does."""
    said = next((info[key] for key in _MOMENTS if info.get(key)), 0)
    if isinstance(said, int | float):
        return datetime.fromtimestamp(said, UTC)
    moment = said if isinstance(said, datetime) else datetime.fromisoformat(str(said))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
