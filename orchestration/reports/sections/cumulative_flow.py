"""Cumulative flow of one value stream, in words and bands.

Belongs here: the window, the stages drawn, the sentence. Does not belong here: the counting (`mart_stage_days`).
"""

from datetime import date, timedelta

import pandas as pd

from orchestration.reports.blocks import Block, Chart, LegendEntry, Notice
from orchestration.reports.figures import cumulative_flow
from orchestration.reports.sections.levels import counted_at, flagged
from orchestration.reports.wording import count, counted_items, day_range, level_plural, listed

DAYS_SHOWN = 182


def drawn_stages(stages: pd.DataFrame, workflow_id: str) -> pd.DataFrame:
    """The counted stages of a workflow in order, without those that stand in for unmapped statuses."""
    own = stages[
        (stages["workflow_id"] == workflow_id) & flagged(stages["is_counted"]) & ~flagged(stages["is_unmapped"])
    ]
    return own.sort_values(["position", "stage_id"], ignore_index=True)


def cancellations(items: pd.DataFrame, visits: pd.DataFrame, drawn: pd.DataFrame) -> pd.DataFrame:
    """Cancelled items as passing, on the day they were cancelled, every stage that they had not reached.

    `n_first_reached` leaves a cancelled item where it was; without this it would seem to lie there for ever. An item
    cancelled before the first stage drawn had never arrived and is left out.

    Args:
        items: `fct_work_items` of the value stream and level.
        visits: `fct_stage_visits`.
        drawn: The stages drawn.

    Returns:
        stage_id, calendar_date, n_first_reached: rows to add to `mart_stage_days`.
    """
    cancelled = items[flagged(items["is_cancelled"]) & items["cancelled_date"].notna()]
    lasting = drawn[~flagged(drawn["is_cancelled"])]
    own = visits[visits["work_item_id"].isin(cancelled["work_item_id"])]
    own = own[~own["stage_id"].isin(drawn.loc[flagged(drawn["is_cancelled"]), "stage_id"])]
    furthest = own.groupby("work_item_id")["stage_position"].max().rename("furthest")
    moves = cancelled[["work_item_id", "cancelled_date"]].merge(furthest, left_on="work_item_id", right_index=True)
    moves = moves[moves["furthest"] >= lasting["position"].min()].merge(
        drawn[["stage_id", "position", "is_cancelled"]], how="cross"
    )
    passed = moves[(moves["position"] > moves["furthest"]) | flagged(moves["is_cancelled"])]
    rows: pd.DataFrame = passed[["stage_id", "cancelled_date"]].rename(columns={"cancelled_date": "calendar_date"})
    return rows.assign(n_first_reached=1)


def chart(
    *,
    stage_days: pd.DataFrame,
    items: pd.DataFrame,
    visits: pd.DataFrame,
    stages: pd.DataFrame,
    level: str,
    workflow_id: str,
    as_of: date,
) -> Block:
    """Cumulative flow of the last 26 weeks up to as-of.

    Args:
        stage_days: `mart_stage_days` of one value stream.
        items: `fct_work_items` of the value stream.
        visits: `fct_stage_visits`.
        stages: `dim_stages`.
        level: The level of work.
        workflow_id: The workflow that the level's items follow.
        as_of: Last day of the window.
    """
    at_level = stage_days[stage_days["level"] == level]
    drawn = drawn_stages(stages, workflow_id)
    if at_level.empty or drawn.empty:
        return Notice(f"No cumulative flow: no {level_plural(level)} have entered a counted stage.", tone="muted")
    of_workflow = items[items["workflow_id"] == workflow_id]
    at_level = pd.concat(
        [
            at_level[["stage_id", "calendar_date", "n_first_reached"]],
            cancellations(counted_at(of_workflow, level), visits, drawn),
        ]
    )
    first_day = max(as_of - timedelta(days=DAYS_SHOWN - 1), pd.Timestamp(str(at_level["calendar_date"].min())).date())
    reached = cumulative_flow.cumulated_arrivals(at_level, drawn, first_day, as_of)
    has_cancelled = bool(reached.loc[:, flagged(drawn["is_cancelled"]).to_numpy()].to_numpy().any())
    if not has_cancelled:
        drawn = drawn[~flagged(drawn["is_cancelled"])].reset_index(drop=True)
        reached = reached[list(drawn["stage_id"])]
    if not reached.to_numpy().any():
        return Notice(
            f"No {level} moved between {day_range(first_day, as_of)}: no cumulative flow to show.", tone="muted"
        )
    title = _title(reached, drawn, level, day_range(first_day, as_of))
    order = f"Bands from the bottom: {listed([str(name) for name in drawn['stage_name'].iloc[::-1]], limit=12)}."
    legend = [LegendEntry("queue", "queue"), LegendEntry("active", "active"), LegendEntry("done", "done")]
    if has_cancelled:
        legend.append(LegendEntry("cancelled", "cancelled"))
    return Chart(
        chart_id=f"cumulative-flow-{workflow_id}",
        title=title,
        figure=cumulative_flow.figure(reached, drawn),
        description=f"Cumulative flow. {title} {order}",
        height=380,
        legend=tuple(legend),
        notes=(
            f"{order} An item counts from the day it first reached a stage or a later one, so it does not return to a "
            f"band when it goes back; a cancelled item leaves them all. What had been "
            f"done before {day_range(first_day, first_day)} is left out.",
        ),
    )


def _title(reached: pd.DataFrame, stages: pd.DataFrame, level: str, window: str) -> str:
    first_stage = stages.iloc[0]
    arrived = reached[first_stage["stage_id"]]
    done = stages[(stages["stage_kind"] == "done") & ~flagged(stages["is_cancelled"])]
    n_arrived = arrived.iloc[-1] - arrived.iloc[0]
    sentence = f"{counted_items(n_arrived, level).capitalize()} first reached {first_stage['stage_name']}"
    if done.empty:
        return f"{sentence} in {window}"
    left = reached[done.iloc[0]["stage_id"]]
    n_left = left.iloc[-1] - left.iloc[0]
    cancelled = stages.loc[flagged(stages["is_cancelled"]), "stage_id"]
    n_cancelled = sum(int(reached[stage].iloc[-1] - reached[stage].iloc[0]) for stage in cancelled)
    between_then, between_now = arrived.iloc[0] - left.iloc[0], arrived.iloc[-1] - left.iloc[-1]
    sentence += f" and {count(n_left - n_cancelled)} first reached {done.iloc[0]['stage_name']}"
    if n_cancelled:
        sentence += f" ({count(n_cancelled)} cancelled)"
    return (
        f"{sentence} in {window}; between the two lay {count(between_then)} at the start and {count(between_now)} at "
        "the end"
    )
