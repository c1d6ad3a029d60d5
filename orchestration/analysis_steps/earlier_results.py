"""What earlier refreshes found: the tables of `analysis` that are kept from one refresh to the next.

Belongs here: reading them back, also where the build starts from nothing. Does not belong here: what is made of them.
"""

from contextlib import closing

import pandas as pd

from orchestration import warehouse
from orchestration.refresh import RefreshBuild


def earlier_results(build: RefreshBuild, table: str) -> pd.DataFrame | None:
    """Return the rows of `analysis.<table>` as last published; None if it was never published.

    A full build starts from nothing, but what was found and foretold on an earlier day stays found and foretold.
    Rows of an `as_of` later than this refresh's are in it too: who judges by them would look ahead.
    """
    file = build.files.build if build.is_incremental else build.files.published
    if not file.exists():
        return None
    with closing(warehouse.connect(file, read_only=not build.is_incremental)) as connection:
        wanted: dict[str, list[str] | None] = {table: None}
        try:
            return warehouse.read_frames(connection, wanted)[table]
        except warehouse.MissingTableError:
            return None
