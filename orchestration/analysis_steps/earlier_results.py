"""What earlier refreshes found: the tables of `analysis` that are kept from one refresh to the next.

Belongs here: reading them back, also where the build starts from nothing. Does not belong here: what is made of them.
"""

from collections.abc import Iterable
from contextlib import closing, suppress

import pandas as pd

from orchestration import warehouse
from orchestration.refresh import RefreshBuild


def earlier_results(build: RefreshBuild, tables: Iterable[str]) -> dict[str, pd.DataFrame]:
    """Return the rows of these tables of `analysis` as last published, without those that never were.

    A full build starts from nothing, but what was found and foretold on an earlier day stays found and foretold.
    Rows of an `as_of` later than this refresh's are in it too: who judges by them would look ahead.
    """
    file = build.files.build if build.is_incremental else build.files.published
    if not file.exists():
        return {}
    found: dict[str, pd.DataFrame] = {}
    with closing(warehouse.connect(file, read_only=not build.is_incremental)) as connection:
        for table in tables:
            with suppress(warehouse.MissingTableError):
                found |= warehouse.read_frames(connection, {table: None})
    return found
