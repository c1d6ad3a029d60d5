"""Whether interventions work: frames in, tables out."""

import pandas as pd

from orchestration import warehouse
from orchestration.analytics import process_behaviour
from orchestration.refresh import RefreshBuild


def chart_interventions(build: RefreshBuild) -> pd.DataFrame:
    """Chart every intervention's series and write `analysis.process_behaviour_points`; returns it."""
    with build.connection() as connection:
        wanted: dict[str, list[str] | None] = {"mart_intervention_series": list(process_behaviour.SERIES_COLUMNS)}
        series = warehouse.read_frames(connection, wanted)["mart_intervention_series"]
        points = process_behaviour.chart_interventions(series)
        warehouse.write_analysis(connection, "process_behaviour_points", points)
    return points
