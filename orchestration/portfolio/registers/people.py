"""The register of people: one person's identities across tools, and the team and role they worked in.

Belongs here: what must hold between its rows, and turning them into pseudonyms before anything else sees them. Does not
belong here: the hash and its key (pseudonyms.py), its columns (register_rows.py), how it is read (table_rows.py).

No message quotes a person or an identity: logs are kept longer, and read by more, than this register.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import combinations
from pathlib import Path

from orchestration.portfolio.models import PortfolioFile
from orchestration.portfolio.problems import Problem
from orchestration.portfolio.pseudonyms import KeyMissing, identity_hash, person_id, privacy_key
from orchestration.portfolio.references import WrittenIds
from orchestration.portfolio.register_rows import Person, PersonRow
from orchestration.portfolio.registers.table_cells import TableRow
from orchestration.portfolio.registers.table_rows import ReadRows, read_rows, unknown

_REGISTER = "people"


def read_people(
    folder: Path, model: PortfolioFile | None, ids: WrittenIds | None, environment: Mapping[str, str]
) -> tuple[list[Person], ReadRows[PersonRow]]:
    """Read and check the register; returns its rows as pseudonyms, and what was read with its problems."""
    read = read_rows(folder, _REGISTER, PersonRow, is_private=True)
    if ids is not None:
        for row in read.rows:
            read.problems += unknown(row, "source", ids.sources, "a source")
            read.problems += unknown(row, "team", ids.teams, "a team")
    read.problems += _in_two_places(read.entries)
    # With problems nothing is loaded, so no key need be asked for, let alone made.
    if model is None or not read.entries or read.problems:
        return [], read
    try:
        key = privacy_key(folder, model.privacy.key_env, environment)
    except KeyMissing as error:
        read.problems.append(Problem(error.place, None, error.key, str(error)))
        return [], read
    return [_pseudonymised(person, key) for person in read.models], read


def _pseudonymised(row: PersonRow, key: bytes) -> Person:
    return Person(
        person_id=person_id(row.person, key),
        source=row.source,
        identity_hash=identity_hash(row.source, row.identity, key),
        team=row.team,
        role=row.role,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


def _in_two_places(entries: list[tuple[TableRow, PersonRow]]) -> Iterator[Problem]:
    by_identity: dict[tuple[str, str], list[tuple[TableRow, PersonRow]]] = {}
    for entry in entries:
        by_identity.setdefault((entry[1].source, entry[1].identity.casefold()), []).append(entry)
    for rows in by_identity.values():
        for (earlier_row, earlier), (row, later) in combinations(rows, 2):
            first = max(earlier.valid_from or date.min, later.valid_from or date.min)
            last = min(earlier.valid_to or date.max, later.valid_to or date.max)
            if first <= last:
                message = f"is on line {earlier_row.line} already, for days that overlap"
                yield row.problem("identity", f"{message}. Keep one row a day: set valid_from and valid_to.")
