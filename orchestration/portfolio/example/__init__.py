"""The bundled example: a fictional bank's portfolio folder, the exports of its tools made by a seeded simulator.

Belongs here: making the folder. Does not belong here: how its content is simulated (``scenario`` holds the planted
truth, ``simulator`` the network of stages, ``imperfections`` the flaws, ``delivery`` and ``code_quality`` the code) or
written (``jira_export``, ``export_files``, ``code_exports``, ``kept_registers``).

``portfolio.yaml`` and ``registers/`` beside this module are what an adopter copies from.
"""

from __future__ import annotations

import json
import math
import re
import shutil
import tempfile
from pathlib import Path

from orchestration.portfolio.example.scenario import COPY_ITEMS, DEFAULT_SEED, EXAMPLE_VERSION

__all__ = ["DEFAULT_SEED", "EXAMPLE_VERSION", "prepare_example"]

MINIMUM_ITEMS = 100
LARGE_EXAMPLE = 50_000
TRUTH_FILE = "truth.json"
KNOWN_VERSIONS = tuple(str(number) for number in range(1, int(EXAMPLE_VERSION) + 1))
_PACKAGE = Path(__file__).parent


def prepare_example(folder: Path, items: int | None = None, seed: int = DEFAULT_SEED) -> Path:
    """Write the example portfolio into a folder that is missing or empty, whole or not at all.

    The same ``items`` and ``seed`` give the same bytes. If the folder already holds just this example, nothing is done;
    one that an earlier Weir made of the same ``items`` and ``seed`` stays as it is, but for registers that it lacks.

    Args:
        folder: The portfolio folder to make.
        items: Exactly this many issues; None for one whole copy of the simulated portfolio (about 7,100). Fewer than a
            copy holds are chosen from it at random. More come from several copies with fresh seeds whose teams
            carry the same names: every team, its people and the WIP limits in portfolio.yaml are that many times as
            large, waiting times and utilisations stay. Memory is bounded by one copy.
        seed: Any whole number from 0 on.

    Returns:
        The folder.

    Raises:
        FileExistsError: If the folder holds something else.
        ValueError: If fewer than 100 items are asked for, or the seed is negative.
    """
    if items is not None and items < MINIMUM_ITEMS:
        raise ValueError(f"An example needs at least {MINIMUM_ITEMS} items, not {items}. Ask for more.")
    if seed < 0:
        raise ValueError(f"The seed is {seed}, below zero. Choose a whole number from 0 on.")
    copies = 1 if items is None else math.ceil(items / COPY_ITEMS)
    identity = {"version": EXAMPLE_VERSION, "seed": seed, "items": items, "copies": copies}
    if _holds(folder, identity):
        _complete_registers(folder / "registers", copies)
        return folder
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(f"{folder} is not empty. Choose another folder, or remove this one first.")

    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        _write(made, identity, seed, items)
        made.chmod(0o755)
        if folder.exists():
            folder.rmdir()
        made.rename(folder)
    except OSError:
        # Somebody else may have finished the same example in the meantime.
        if not _holds(folder, identity):
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return folder


def _holds(folder: Path, identity: dict[str, object]) -> bool:
    try:
        truth = json.loads((folder / TRUTH_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    if not isinstance(truth, dict) or truth.get("version") not in KNOWN_VERSIONS:
        return False
    return all(truth.get(key) == value for key, value in identity.items() if key != "version")


def _complete_registers(folder: Path, copies: int) -> None:
    """Write the registers that are not kept there in any form: an example made by an earlier Weir lacks some."""
    from orchestration.portfolio.example.kept_registers import REGISTERS, write_registers

    missing = [name for name in REGISTERS if not any(folder.glob(f"{name}.*"))]
    if missing:
        write_registers(folder, copies, missing)


def _write(folder: Path, identity: dict[str, object], seed: int, items: int | None) -> None:
    # Imported here so that asking whether an example is there stays quick.
    from orchestration.portfolio.example.code_exports import CodeExports
    from orchestration.portfolio.example.code_quality import find_defects
    from orchestration.portfolio.example.delivery import simulate_delivery
    from orchestration.portfolio.example.delivery_truth import DeliveryTruth
    from orchestration.portfolio.example.export_files import ExportFiles, write_json
    from orchestration.portfolio.example.portfolio_copy import make_copy
    from orchestration.portfolio.example.truth import TruthBook
    from orchestration.portfolio.example.truth_page import truth_page
    from orchestration.portfolio.example.working_clock import WorkingClock

    clock = WorkingClock()
    files = ExportFiles(folder, large=items is not None and items > LARGE_EXAMPLE)
    code_files = CodeExports(folder)
    book, delivery_book = TruthBook(clock), DeliveryTruth()
    copies = 1 if items is None else math.ceil(items / COPY_ITEMS)
    for number in range(copies):
        keep = None if items is None else min(COPY_ITEMS, items - number * COPY_ITEMS)
        copy = make_copy(seed, number, keep, clock)
        files.add(copy)
        book.add(copy)
        delivered = simulate_delivery(copy, seed, clock)
        for stream, findings in find_defects(copy, seed).items():
            delivered[stream].findings = findings
        code_files.add(delivered)
        delivery_book.add(delivered)
    files.close()
    code_files.close()
    truth = book.document(
        identity,
        {"issues": files.n_issues, "exported_twice": files.exported_twice, "malformed": files.malformed},
    )
    truth["delivery"] = delivery_book.document()
    _write_portfolio_file(folder / "portfolio.yaml", copies)
    shutil.copytree(_PACKAGE / "registers", folder / "registers")
    _complete_registers(folder / "registers", copies)
    (folder / "TRUTH.md").write_text(truth_page(truth), encoding="utf-8")
    write_json(folder / TRUTH_FILE, truth)


def _write_portfolio_file(target: Path, copies: int) -> None:
    text = (_PACKAGE / "portfolio.yaml").read_text(encoding="utf-8")
    limited = re.sub(r"wip_limit: (\d+)", lambda found: f"wip_limit: {int(found[1]) * copies}", text)
    target.write_text(limited, encoding="utf-8")
