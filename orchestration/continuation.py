"""May a refresh continue from the one before, or does something make an incremental answer wrong?

Belongs here: the fingerprints that tell, and the reasons in words. Does not belong here: what is built anew
(`orchestration.warehouse.touched_items`, `orchestration.dbt_build`).
"""

import hashlib
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from orchestration.portfolio import Portfolio
from orchestration.portfolio_folder import DBT_PROJECT, PortfolioFolder
from orchestration.published import NothingPublishedError, newest_published_refresh
from orchestration.warehouse import Refresh

# What changes no item: registers (only tables that are made of them change) and how a refresh runs.
_CHANGES_NO_ITEM = frozenset(
    {
        "interventions", "practice_events", "capacity", "objectives", "outcomes", "people", "content_hash", "folder",
        "analysis", "gate", "notify", "keep_generations", "privacy",
    }
)  # fmt: skip


def reason_for_full_build(paths: PortfolioFolder, code_hash: str) -> str | None:
    """Say why the published warehouse cannot be continued; None if it can, or if there is none."""
    try:
        published = newest_published_refresh(paths)
    except NothingPublishedError:
        return None
    return None if published.get("code_hash") == code_hash else "Weir itself has changed since the last refresh"


def reason_to_rebuild(
    refresh: Refresh, before: Mapping[str, Any], *, is_other_calendar: bool, has_boundary: bool
) -> str | None:
    """Say why models cannot be continued from the refresh before, although its exports can; None if they can."""
    if before["mapping_hash"] != refresh.mapping_hash:
        return "portfolio.yaml has changed since the last refresh"
    if refresh.as_of < before["as_of"]:
        return "as_of lies before that of the last refresh"
    if has_boundary:
        return "a mapping of portfolio.yaml has begun or ceased to hold since then"
    if is_other_calendar:
        return "the exports reach further back than before"
    return None


def mapping_hash(portfolio: Portfolio) -> str:
    """Hash what decides how an item is counted: portfolio.yaml, and the library that knows its holidays."""
    told = portfolio.model_dump_json(exclude=set(_CHANGES_NO_ITEM))
    return hashlib.sha256(f"{told} holidays {version('holidays')}".encode()).hexdigest()


def code_fingerprint() -> str:
    """Hash the code, the models and their tests, which decide what a refresh makes of the same exports."""
    digest = hashlib.sha256()
    folders = [(DBT_PROJECT / name, "*") for name in ("models", "macros", "tests")]
    for root, pattern in [(Path(__file__).parent, "*.py"), *folders]:
        for file in sorted(file for file in root.rglob(pattern) if file.is_file()):
            digest.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def git_version() -> str:
    """Return what git calls this code, empty outside of a clone."""
    command = ["git", "-C", str(DBT_PROJECT.parent), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ""
