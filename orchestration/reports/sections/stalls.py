"""The story of a stall: weeks in which neighbouring stages were unusual and held the same items.

Belongs here: the timeline of one line of a value stream and the sentence on the newest stall; why there is none. Does
not belong here: finding them (`analysis.stall_cascades`).
"""

from collections.abc import Hashable, Mapping
from typing import Any, Final

import pandas as pd

from orchestration.reports.blocks import Block, Chart, LegendEntry, Notice, Words
from orchestration.reports.figures import stall_timeline
from orchestration.reports.sections.levels import flagged
from orchestration.reports.wording import (
    count,
    counted,
    day_range,
    level_plural,
    listed,
    sentence_start,
    short_day,
)

#: What the analysis looks at, and how many weeks it needs to tell what is unusual (a test holds the two together).
WINDOW_WEEKS: Final = 52
FEWEST_WEEKS: Final = 26
_FEWEST_STAGES: Final = 3
_MEASURES: Final = {"queue": "a long queue", "arrivals": "many arrivals", "delay": "long delays"}


def blocks(
    cascades: pd.DataFrame,
    links: pd.DataFrame,
    stages: pd.DataFrame,
    verdicts: pd.DataFrame,
    weeks: pd.DataFrame,
    level: str,
) -> tuple[Block, ...]:
    """The timeline of one line and the newest story, or why there is none.

    Args:
        cascades: `analysis.stall_cascades` of the value stream and level.
        links: `analysis.stall_links` of the same.
        stages: `dim_stages` of the workflow.
        verdicts: The verdicts on the line; where there is too little for one, stalls are not looked for.
        weeks: `mart_stage_metrics` of the line.
        level: Level of work.
    """
    own = stages[(stages["stage_kind"] == "active") & ~flagged(stages["is_unmapped"])].sort_values("position")
    events = cascades[cascades["stage_id"].isin(stages["stage_id"])]
    if events.empty:
        return (Notice(_none_because(verdicts, weeks, own), tone="muted"),)
    shown = [(str(row["stage_id"]), str(row["stage_name"])) for row in own.to_dict("records")]
    shown += [(one, one) for one in sorted(set(events["stage_id"]) - {identity for identity, _ in shown})]
    names = dict(shown)
    ordered = events.sort_values(["cascade_end", "cascade_start", "cascade_id", "week_start", "stage_id"])
    newest = str(ordered["cascade_id"].iloc[-1])
    n_cascades = ordered["cascade_id"].nunique()
    first, last = ordered["window_start"].iloc[0], ordered["window_end"].iloc[0]
    of_newest = ordered[ordered["cascade_id"] == newest]
    is_waiting = flagged(ordered["is_queue_high"]) | flagged(ordered["is_delay_high"])
    drawn = ordered.assign(
        is_newest=ordered["cascade_id"] == newest,
        is_waiting=is_waiting,
        hint=[
            f"{names[str(row['stage_id'])]}, week of {short_day(row['week_start'])}: {_unusual(row)}, "
            f"{counted(row['n_items'], level, level_plural(level))} there"
            for row in ordered.to_dict("records")
        ],
    )
    own_links = links[links["cascade_id"].isin(list(ordered["cascade_id"].unique()))]
    own_links = own_links.sort_values(["week_start", "linked_week_start", "stage_id", "linked_stage_id"])
    title = (
        f"{sentence_start(counted(n_cascades, 'stall'))} ran over {_FEWEST_STAGES} stages or more in "
        f"{WINDOW_WEEKS} weeks ({day_range(first, last)}, n {count(of_newest['n_weeks'].max())} weeks measured)"
    )
    return (
        Chart(
            chart_id=f"stalls-{stages['workflow_id'].iloc[0]!s}",
            title=title,
            figure=stall_timeline.figure(
                drawn, own_links.assign(is_newest=own_links["cascade_id"] == newest), shown, (first, last)
            ),
            description=f"A timeline of weeks and stages. {title}. {_story(of_newest, names)}",
            height=stall_timeline.height(len(shown)),
            legend=(
                LegendEntry("queue", "a long queue or long delays in that week"),
                LegendEntry("hollow", "only many arrivals"),
                LegendEntry("line", "linked: at least half of the items are the same; the newest is dark"),
            ),
            notes=(
                "Unusual is what lies above the stage's own 85th percentile. A stall is a busy spell that moved "
                "through the line; a stable simulated line of five stages has about five a year, so one alone is no "
                "sign of a change.",
            ),
        ),
        Words((_story(of_newest, names),)),
    )


def other_level_words(cascades: pd.DataFrame, level: str, stages: pd.DataFrame) -> Words | None:
    """The newest stall of each other level, in a sentence; None where there is none."""
    names = dict(zip(stages["stage_id"].astype(str), stages["stage_name"].astype(str), strict=True))
    told = []
    for other, of_level in cascades[cascades["level"] != level].groupby("level", sort=True):
        ordered = of_level.sort_values(["cascade_end", "cascade_start", "cascade_id", "week_start", "stage_id"])
        newest = ordered[ordered["cascade_id"] == ordered["cascade_id"].iloc[-1]]
        n_cascades = counted(ordered["cascade_id"].nunique(), "stall")
        told.append(f"At the level of {level_plural(str(other))}: {n_cascades}. {_story(newest, names)}")
    return Words(tuple(told)) if told else None


def _none_because(verdicts: pd.DataFrame, weeks: pd.DataFrame, stages: pd.DataFrame) -> str:
    if len(stages) < _FEWEST_STAGES:
        n_active = counted(len(stages), "active stage")
        return f"Stalls that run from stage to stage: not looked for, as the workflow has {n_active}."
    if verdicts.empty or (verdicts["verdict"] == "insufficient_data").all():
        return "Stalls that run from stage to stage: not looked for, as there is too little data for a verdict."
    n_weeks = weeks.loc[flagged(weeks["is_complete"]), "week_start"].nunique()
    if n_weeks < FEWEST_WEEKS:
        return (
            f"Stalls that run from stage to stage: not looked for, {counted(n_weeks, 'complete week')}, at least "
            f"{FEWEST_WEEKS} needed to tell what is unusual."
        )
    n_looked_at = min(n_weeks, WINDOW_WEEKS)
    return (
        f"No stall ran over {_FEWEST_STAGES} stages or more in the last {n_looked_at} weeks: unusual weeks of "
        "neighbouring stages did not concern the same items."
    )


def _unusual(row: Mapping[Hashable, Any]) -> str:
    return listed([words for measure, words in _MEASURES.items() if row[f"is_{measure}_high"]])


def _story(events: pd.DataFrame, names: Mapping[str, str]) -> str:
    """One cascade in words, week by week: "week of 8 Jun: a long queue at Build, many arrivals at Test"."""
    order = {identity: place for place, identity in enumerate(names)}
    clauses = []
    for week, of_week in events.groupby("week_start", sort=True):
        rows = sorted(of_week.to_dict("records"), key=lambda row: order.get(str(row["stage_id"]), len(order)))
        places: dict[str, list[str]] = {}
        for row in rows:
            places.setdefault(_unusual(row), []).append(names.get(str(row["stage_id"]), str(row["stage_id"])))
        parts = [f"{what} at {listed(where)}" for what, where in places.items()]
        clauses.append(f"week of {short_day(week)}: {', '.join(parts)}")
    n_items = counted(events["n_items"].max(), "item")
    return f"The newest, {'; '.join(clauses)} (up to {n_items} at a stage)."
