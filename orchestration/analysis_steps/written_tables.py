"""Writing what an area's analyses found, or leaving it where nothing changed.

Belongs here: the one way from frames to tables of the schema `analysis`. Does not belong here: what is found.
"""

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from orchestration import warehouse
from orchestration.analysis_steps.earlier_results import earlier_results
from orchestration.refresh import RefreshBuild


def written_tables(
    build: RefreshBuild, names: Sequence[str], make: Callable[[], Mapping[str, pd.DataFrame]]
) -> dict[str, pd.DataFrame]:
    """Make the tables of these names, write them and return them by name.

    Where nothing changed since the last refresh, neither data nor portfolio nor `as_of`, its tables stand: the same
    seeds would give the same rows.
    """
    if build.is_unchanged:
        standing = earlier_results(build, names)
        if standing.keys() == set(names):
            return standing
    made = make()
    with build.connection() as connection:
        for name in names:
            warehouse.write_analysis(connection, name, made[name])
    return {name: made[name] for name in names}
