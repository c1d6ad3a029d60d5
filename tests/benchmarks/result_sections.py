"""Sections of a results file, each kept when another is written anew.

Belongs here: where a section begins and ends in the file, and its date, commit and machine. Does not belong here: what
any section says.

A section stands between two comments that name it. What measured it writes it; everything else in the file stays.
"""

import os
import platform
import re
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

RESULTS_FILE = Path(__file__).with_name("RESULTS.md")
_HEAD = """# Results

Each section is written by what measured it and has its own date; do not edit."""


def replace_section(file: Path, name: str, text: str) -> None:
    """Put `text` in the place of the section of that name, or at the end of the file if it has none.

    Raises:
        ValueError: The name or the text would be taken for the end of a section, or the file's section has no end.
    """
    begin, end = f"<!-- section: {name} -->", f"<!-- end of section: {name} -->"
    if not re.fullmatch(r"[a-z][a-z0-9 -]*", name) or "<!--" in text:
        raise ValueError(f"The section '{name}' needs a name of small letters and a text without comments.")
    whole = file.read_text(encoding="utf-8") if file.exists() else _HEAD + "\n"
    section = f"{begin}\n{text.strip()}\n{end}\n"
    if begin not in whole:
        file.write_text(f"{whole.rstrip()}\n\n{section}", encoding="utf-8")
        return
    before, _, rest = whole.partition(begin)
    _, found, after = rest.partition(f"{end}\n")
    if not found:
        raise ValueError(f"{file.name}: the section '{name}' has no end; put the line '{end}' behind it.")
    file.write_text(before + section + after, encoding="utf-8")


def measured_where(libraries: Iterable[str]) -> str:
    """Return lines of a list: the day, the code, the machine and the versions of the libraries that are installed."""
    versions = ", ".join(f"{name} {found}" for name in libraries if (found := _version(name)))
    return (
        f"- {datetime.now(UTC):%Y-%m-%d}, code {_git()}\n"
        f"- {_processor()}, {_cores()}, Python {platform.python_version()}, {platform.system()}\n"
        f"- {versions}"
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _git() -> str:
    """Return what git calls this code; results that a measurement has just written do not make it another."""
    name = _told_by_git("describe", "--always")
    changed = _told_by_git(
        "status", "--porcelain", "--untracked-files=no", "--", ":/", f":(exclude){RESULTS_FILE.name}"
    )
    return f"{name}-dirty" if name and changed else name or "unknown"


def _told_by_git(*arguments: str) -> str:
    found = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False, cwd=RESULTS_FILE.parent)
    return found.stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown processor"
    )


def _cores() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB"
