"""What more capacity at each stage would do: one bar per stage with its interval.

Belongs here: the bars. Does not belong here: the simulation behind them (`analysis.constraint_sensitivity`).
"""

import pandas as pd
import plotly.graph_objects as go

from orchestration.reports.figures import palette
from orchestration.reports.figures.chart_layout import new_figure, plain_text
from orchestration.reports.wording import clipped


def figure(stages: pd.DataFrame) -> go.Figure:
    """Bars in order of work; those of the stages named are filled.

    Args:
        stages: stage_name, more, more_lower, more_upper (per cent more items finished), is_named.
    """
    chart = new_figure()
    more = stages["more"].astype(float)
    chart.add_trace(
        go.Bar(
            x=more.round(3).to_list(),
            y=[plain_text(clipped(str(name), 22)) for name in stages["stage_name"]],
            orientation="h",
            name="more finished",
            marker={
                "color": [palette.ACTIVE if named else palette.DONE for named in stages["is_named"]],
            },
            error_x={
                "type": "data",
                "symmetric": False,
                "array": (stages["more_upper"].astype(float) - more).round(3).to_list(),
                "arrayminus": (more - stages["more_lower"].astype(float)).round(3).to_list(),
                "color": palette.INK,
                "thickness": 1.5,
                "width": 4,
            },
            hovertemplate="%{y}: %{x:.1f} % more finished<extra></extra>",
        )
    )
    chart.update_layout(bargap=0.35, margin={"t": 4, "b": 30})
    chart.update_yaxes(autorange="reversed", showgrid=False)
    chart.update_xaxes(rangemode="tozero", ticksuffix=" %", showgrid=True, gridcolor=palette.GRID)
    return chart
