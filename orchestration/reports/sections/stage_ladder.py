"""Stage ladder of one value stream: waiting against active time, stage by stage.

Belongs here: summing the mart's weeks over the window and the sentence about it. Does not belong here: which stage is a
constraint.
"""

import pandas as pd

from orchestration.reports.blocks import Block, Chart, LegendEntry, Notice
from orchestration.reports.figures import stage_ladder
from orchestration.reports.sections.levels import flagged
from orchestration.reports.wording import count, counted, day_range, level_plural, listed, percent

WEEKS_SUMMED = 13
_TIMES = ["wait_elapsed_days", "active_elapsed_days", "blocked_elapsed_days"]


def summed_stages(
    stage_metrics: pd.DataFrame, stages: pd.DataFrame, level: str, workflow_id: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sums per stage over the last complete weeks.

    Args:
        stage_metrics: `mart_stage_metrics` of one value stream.
        stages: `dim_stages`.

    Returns:
        (stages in order with the sums of time and of visits ended, the weeks summed). A week that is still running, or
        began before the first day with data, is not complete.
    """
    own = stages[
        (stages["workflow_id"] == workflow_id) & flagged(stages["is_counted"]) & (stages["stage_kind"] != "done")
    ]
    weekly = stage_metrics[
        (stage_metrics["level"] == level)
        & flagged(stage_metrics["is_complete"])
        & stage_metrics["stage_id"].isin(own["stage_id"])
    ]
    last_weeks = sorted(weekly["week_start"].unique())[-WEEKS_SUMMED:]
    window = weekly[weekly["week_start"].isin(last_weeks)]
    columns = [*_TIMES, "n_visits_ended", "n_breach_days"]
    sums = window.groupby("stage_id")[columns].sum(min_count=1)
    named = own[["stage_id", "stage_name", "position", "is_unmapped", "wip_limit"]].merge(
        sums, left_on="stage_id", right_index=True, how="left"
    )
    # Stand-ins for unmapped statuses are shown only where something sat in them.
    has_time = named[_TIMES].fillna(0).sum(axis=1) > 0
    shown = named[has_time | ~flagged(named["is_unmapped"])].sort_values(["position", "stage_id"], ignore_index=True)
    return shown, window


def chart(stage_metrics: pd.DataFrame, stages: pd.DataFrame, level: str, workflow_id: str) -> Block:
    """The ladder, or why there is none."""
    shown, window = summed_stages(stage_metrics, stages, level, workflow_id)
    total = float(shown[_TIMES].fillna(0).to_numpy().sum())
    if window.empty or total == 0:
        return Notice(
            f"No time in stages to show: no complete week in which {level_plural(level)} left one.", tone="muted"
        )
    title = _title(shown, window, total, level)
    return Chart(
        chart_id=f"stage-ladder-{workflow_id}",
        title=title,
        figure=stage_ladder.figure(shown),
        description=f"Bars of waiting, active and blocked time by stage. {title}",
        height=90 + 40 * max(len(shown), 3),
        legend=(LegendEntry("queue", "waiting"), LegendEntry("active", "active"), LegendEntry("blocked", "blocked")),
        notes=(
            "Time of the visits that ended in the window, elapsed (nights and weekends included), of items with a "
            "usable history. Blocked: in an active stage; a blocked item in a queue waits. Nothing is counted twice.",
            *_breach_notes(shown),
        ),
    )


def _title(stages: pd.DataFrame, window: pd.DataFrame, total: float, level: str) -> str:
    first, last = pd.Timestamp(window["week_start"].min()), pd.Timestamp(window["week_start"].max())
    n_weeks = window["week_start"].nunique()
    waited = stages["wait_elapsed_days"].fillna(0).sum() / total
    blocked = stages["blocked_elapsed_days"].fillna(0).sum() / total
    by_stage = stages[_TIMES].fillna(0).sum(axis=1)
    longest = stages[by_stage == by_stage.max()].iloc[0]
    parts = f"waiting {percent(waited)} of their time in stages"
    if blocked > 0:
        parts += f" and blocked {percent(blocked)}"
    return (
        f"{level_plural(level).capitalize()} spent {parts}; {longest['stage_name']} took most: "
        f"{percent(by_stage.max() / total)} of {count(total)} item-days "
        f"(n {counted(stages['n_visits_ended'].fillna(0).sum(), 'visit')} ended, {counted(n_weeks, 'complete week')}: "
        f"{day_range(first, last + pd.Timedelta(days=6))})"
    )


def _breach_notes(stages: pd.DataFrame) -> list[str]:
    """How often limits on work in progress were exceeded; nothing where no stage has one."""
    limited = stages[stages["wip_limit"].notna() & stages["n_breach_days"].notna()]
    if limited.empty:
        return []
    over = limited[limited["n_breach_days"] > 0]
    if over.empty:
        return [
            f"Limits on work in progress were kept on all days ({listed([str(n) for n in limited['stage_name']])})."
        ]
    texts = [
        f"{name} exceeded its limit of {count(limit)} on {counted(n_days, 'day')}"
        for name, limit, n_days in zip(over["stage_name"], over["wip_limit"], over["n_breach_days"], strict=True)
    ]
    return [f"{'; '.join(texts)} (all levels of work together)."]
