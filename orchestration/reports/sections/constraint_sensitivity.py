"""The check of a named constraint by simulation: one sentence and a small chart.

Belongs here: what `analysis.constraint_sensitivity` says of one line. Does not belong here: the rest of the evidence
card (`constraint_card`).
"""

import pandas as pd

from orchestration.reports.blocks import Chart, LegendEntry
from orchestration.reports.figures import stage_sensitivity
from orchestration.reports.wording import count, counted, day_range, is_missing


def of_line(table: pd.DataFrame, value_stream_id: str, level: str, workflow_id: str) -> pd.DataFrame:
    """The rows of a value stream's line, in order of work."""
    is_own = (table["scope"] == "value_stream") & (table["scope_id"] == value_stream_id)
    own: pd.DataFrame = table[is_own & (table["level"] == level) & (table["workflow_id"] == workflow_id)]
    return own.sort_values("stage_position")


def fact(line: pd.DataFrame) -> list[tuple[str, str]]:
    """The entry of the evidence card; none where the line was not looked at."""
    if line.empty:
        return []
    name, first = "Checked by simulation", line.iloc[0]
    if is_missing(first["sentence"]):
        return [(name, f"Not told: {first['withheld_reason']}.")]
    flow = "" if first["is_flow_time_reproduced"] else " Flow times are not told, as the model does not give them."
    return [(name, f"{first['sentence']}{flow}")]


def chart(line: pd.DataFrame) -> Chart | None:
    """How many per cent more the line would finish with more capacity at each stage; None where that is withheld."""
    if line.empty or line["throughput_elasticity"].isna().any():
        return None
    first = line.iloc[0]
    added = 100 * float(first["added_capacity"])
    bars = pd.DataFrame(
        {
            "stage_name": line["stage_name"],
            "more": added * line["throughput_elasticity"],
            "more_lower": added * line["throughput_elasticity_lower"],
            "more_upper": added * line["throughput_elasticity_upper"],
            "is_named": line["status"].isin(["declared", "candidate"]),
        }
    )
    top = bars.iloc[int(bars["more"].argmax())]
    more = max(float(top["more"]), 0.0)
    basis = f"n {count(first['n_finished'])} items, {counted(first['n_replications'], 'replication')}"
    title = (
        f"With {added:.0f} % more capacity at {top['stage_name']} alone, {more:.1f} % more items would have been "
        f"finished ({basis}, {day_range(first['window_start'], first['window_end'])})"
    )
    ends = f"{first['finished_simulated_lower']:.0f} to {first['finished_simulated_upper']:.0f}"
    reproduced = f"As it is, the model finishes {ends} items in the window; {count(first['n_finished'])} were finished."
    return Chart(
        chart_id=f"sensitivity-{str(first['workflow_id']).replace('.', '-')}",
        title=title,
        figure=stage_sensitivity.figure(bars),
        description=title,
        height=56 + 34 * len(bars),
        legend=(
            LegendEntry("active", "the stage named"), LegendEntry("done", "other stages"),
            LegendEntry("interval", "95 % interval"),
        ),
        notes=(
            f"Per cent more items finished in the same weeks, each stage by itself, same arrivals and same work. "
            f"{reproduced} Stages are simulated as people who take work in order of arrival; limits on work in "
            "progress and blocked time are left out.",
        ),
    )  # fmt: skip
