"""Cycle-time scatter of one value stream, in words and dots.

Belongs here: which percentiles are drawn and the sentence that states them. Does not belong here: the definition of
cycle time and of the percentiles per period (`mart_flow_metrics` holds them).
"""

import numpy as np
import pandas as pd

from orchestration.reports.blocks import Block, Chart, LegendEntry, Notice
from orchestration.reports.figures import cycle_time_scatter
from orchestration.reports.sections.levels import counted_at, flagged
from orchestration.reports.wording import (
    MIN_ITEMS_FOR_PERCENTILE,
    count,
    counted,
    counted_items,
    day_range,
    days,
    is_missing,
    level_plural,
    number,
)

PERCENTILES = (50, 85, 95)


def percentile_lines(periods: pd.DataFrame, finished: pd.DataFrame) -> pd.DataFrame:
    """The lines to draw: the mart's percentiles per complete period; without one, nearest rank over the items shown.

    Args:
        periods: `complete_periods` of one scope and level.
        finished: Its finished items, with and without a cycle time.

    Returns:
        percentile, first_day, last_day, days, period_name, n (with a cycle time), n_finished; empty if no period has
        enough items.
    """
    parts = []
    for percentile in PERCENTILES:
        measured = periods[periods[f"p{percentile}_cycle_time_calendar_days"].notna()]
        parts.append(
            pd.DataFrame(
                {
                    "percentile": percentile,
                    "first_day": pd.to_datetime(measured["period_start"]),
                    "last_day": pd.to_datetime(measured["period_end"]),
                    "days": measured[f"p{percentile}_cycle_time_calendar_days"].astype(float),
                    "period_name": measured["period_name"],
                    "n": measured["n_cycle_time"],
                    "n_finished": measured["n_finished"],
                }
            )
        )
    lines = pd.concat(parts, ignore_index=True)
    durations = finished["cycle_time_calendar_days"].dropna().astype(float).to_numpy()
    if len(lines) or len(durations) < MIN_ITEMS_FOR_PERCENTILE:
        return lines
    finish_days = pd.to_datetime(finished["finished_date"])
    return pd.DataFrame(
        {
            "percentile": PERCENTILES,
            "first_day": finish_days.min(),
            "last_day": finish_days.max(),
            # Nearest rank, the rule of the marts: a value that occurred.
            "days": [float(np.quantile(durations, p / 100, method="inverted_cdf")) for p in PERCENTILES],
            "period_name": "all items shown",
            "n": len(durations),
            "n_finished": len(finished),
        }
    )


def chart(items: pd.DataFrame, periods: pd.DataFrame, level: str) -> Block:
    """The scatter of all finished items of a level, with percentile lines per period.

    Args:
        items: `fct_work_items` of one value stream.
        periods: `complete_periods` of the same scope and level.
    """
    counted_in = counted_at(items, level)
    finished = counted_in[flagged(counted_in["is_finished"])]
    shown = finished[finished["cycle_time_calendar_days"].notna()].sort_values(["finished_date", "item_key"])
    if shown.empty:
        reason = "none has a cycle time" if len(finished) else f"no {level} has been finished yet"
        return Notice(f"No cycle times to show: {reason}.", tone="muted")
    lines = percentile_lines(periods, finished)
    title = _title(shown, lines, level)
    edge = cycle_time_scatter.top_edge(shown["cycle_time_calendar_days"])
    notes = [
        "Cycle time: from the first entry into the stage where work is committed to the last finish, first and last "
        "day counted."
    ]
    every = cycle_time_scatter.drawn_every(len(shown))
    if every > 1:
        notes.append(
            f"Only one in {every} has a dot, {count(-(-len(shown) // every))} of {count(len(shown))}; "
            "the lines count all."
        )
    if edge is not None:
        beyond = shown[shown["cycle_time_calendar_days"] > edge]
        verb = "lies" if len(beyond) == 1 else "lie"
        notes.append(
            f"{counted_items(len(beyond), level).capitalize()} with more than {number(edge, 0)} days {verb} above the "
            f"top edge, on which dots are triangles (longest: {days(beyond['cycle_time_calendar_days'].max())})."
        )
    n_undefined = len(finished) - len(shown)
    if n_undefined:
        verb = "has" if n_undefined == 1 else "have"
        notes.append(
            f"{counted(n_undefined, 'finished item')} {verb} no cycle time (never started, or no usable history) and "
            "no dot."
        )
    legend = [LegendEntry("done", f"one finished {level}")]
    if len(lines):
        legend.append(LegendEntry("line", "half took this or less"))
        legend.append(LegendEntry("percentile", "85 % and (dotted) 95 % took this or less"))
    return Chart(
        chart_id="cycle-time-scatter",
        title=title,
        figure=cycle_time_scatter.figure(shown, lines),
        description=f"Scatter of cycle times by finish day. {title}",
        height=380,
        legend=tuple(legend),
        notes=tuple(notes),
    )


def _title(shown: pd.DataFrame, lines: pd.DataFrame, level: str) -> str:
    window = day_range(shown["finished_date"].min(), shown["finished_date"].max())
    if lines.empty:
        return (
            f"{counted_items(len(shown), level).capitalize()} with a cycle time ({window}); no percentile, as "
            f"no period has {MIN_ITEMS_FOR_PERCENTILE} or more"
        )
    last_day = lines["last_day"].max()
    last = lines[lines["last_day"] == last_day].set_index("percentile")
    half, most = last["days"].get(50), last["days"].get(85)
    period = last.iloc[0]
    n_items, n_finished = count(period["n"]), count(period["n_finished"])
    span = day_range(period["first_day"], last_day)
    where = "" if period["period_name"] == "all items shown" else f"in {period['period_name']} "
    measured = f"finished {where}({span})"
    if n_items != n_finished:
        of_finished = f"of {n_finished} finished) {where}({span})" if where else f"of {n_finished} finished, {span})"
        measured = f"with a cycle time ({of_finished}"
    sentence = f"Half of the {n_items} {level_plural(level)} {measured} took {days(float(half or 0))} or less"
    if is_missing(most) or most == half:
        return sentence
    return f"{sentence}; 85 % took {days(float(most or 0))} or less"
