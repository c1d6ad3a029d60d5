"""What is an alert: a new constraint, an intervention that goes wrong, a choke point to come, a source that is silent.

Belongs here: which rows of the published tables are events, what is said of each, and how many to expect by chance.
Does not belong here: who is told and whether they were (`alert_outbox`), how a message travels (`notification`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd

from orchestration.analytics.false_alarms import expected_false_alarms

#: Tables that alerts come from, with the columns that are read; one that is not published yet brings no alert.
ALERT_TABLES: Mapping[str, tuple[str, ...]] = {
    "constraint_events": (
        "as_of", "scope", "scope_id", "level", "workflow_id", "window_weeks", "event", "stage_id", "p_constraint",
        "since", "sentence",
    ),
    "constraint_declarations": ("window_weeks",),
    "intervention_verdicts": ("intervention_id", "metric", "week_start", "verdict", "action", "reason"),
    "choke_point_forecasts": (
        "scope_type", "scope_id", "level", "stage_id", "horizon", "event", "probability", "queue_now", "queue_limit",
        "is_over_now", "target_date",
    ),
    "choke_point_backtest": ("scope_type", "horizon", "event", "n_warnings", "warnings_right_share"),
    "mart_data_coverage": ("source_id", "complete_to", "days_behind_as_of"),
    "mart_intervention_series": (
        "intervention_id", "intervention_name", "metric", "is_primary", "is_baseline", "is_complete",
    ),
    "dim_stages": ("stage_id", "stage_name"),
}  # fmt: skip

_BAD_VERDICTS = ("worsened", "regressed", "stagnating")
_NEW_EVENTS = ("appeared", "moved")
_CHOKE_POINT = {"scope_type": "value_stream", "event": "within", "horizon": "4_weeks"}


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """From when on something is an alert.

    ``recent_days``: events of constraints that are older are no news; ``warning``: probability of a choke point;
    ``min_queue_limit``: a queue that may hold fewer items is no choke point; ``min_warnings`` and
    ``min_warnings_right``: warnings of choke points go out only where past ones were mostly right;
    ``silent_after_days`` without data, a source is silent.
    """

    recent_days: int = 7
    warning: float = 0.5
    min_queue_limit: float = 5.0
    min_warnings: int = 12
    min_warnings_right: float = 0.5
    silent_after_days: float = 3.0


@dataclass(frozen=True, slots=True)
class Alert:
    """One event.

    ``kind``: constraint, intervention, choke_point or silent_source. ``scope`` is what it is about, ``since`` the day
    it began, None where only the outbox can tell (it stands now, and nobody keeps since when).
    """

    kind: str
    scope: str
    since: date | None
    sentence: str


def alerts_of(
    frames: Mapping[str, pd.DataFrame],
    as_of: datetime,
    settings: AlertSettings | None = None,
    *,
    now: datetime | None = None,
) -> list[Alert]:
    """Return what stands at `as_of`, whether or not somebody was told before.

    Args:
        frames: Those tables of `ALERT_TABLES` that are published.
        as_of: The refresh's one "now".
        settings: Thresholds.
        now: The clock, where it counts for sources too: if all are silent, `as_of` stands still as well.
    """
    rules = settings or AlertSettings()
    return [
        *_constraints(frames, as_of, rules),
        *_interventions(frames),
        *_choke_points(frames, rules),
        *_silent_sources(frames, rules, now),
    ]


def false_alarms_sentence(frames: Mapping[str, pd.DataFrame]) -> str:
    """Say how many of the alerts to expect by chance alone."""
    said = []
    if (series := frames.get("mart_intervention_series")) is not None and len(series):
        chart = series["intervention_id"] + "/" + series["metric"]
        baselines = series["is_baseline"].astype(bool).groupby(chart).sum()
        n_charts, shortest = len(baselines), int(baselines.min())
        found = expected_false_alarms(n_charts, 1, policy="alert", n_baseline=shortest)
        charts = f"{n_charts} {'chart' if n_charts == 1 else 'charts'} of interventions"
        if pd.isna(found.expected):
            said.append(f"{charts}: unknown, a baseline of {shortest} weeks is too short to tell")
        else:
            said.append(f"{charts}: at most about {found.expected:.2f} a week")
    scored = _scored_choke_points(frames)
    if scored is not None and scored["n_warnings"]:
        wrong = 1 - float(scored["warnings_right_share"])
        said.append(f"choke points: {wrong:.0%} of {int(scored['n_warnings'])} past warnings did not come true")
    return f"Expected by chance alone: {'; '.join(said)}." if said else ""


def _constraints(frames: Mapping[str, pd.DataFrame], as_of: datetime, rules: AlertSettings) -> Iterator[Alert]:
    events = frames.get("constraint_events")
    if events is None:
        return
    today = pd.Timestamp(as_of).tz_convert("UTC").tz_localize(None)
    age = today - pd.to_datetime(events["as_of"])
    is_news = (
        events["event"].isin(_NEW_EVENTS) & (age >= pd.Timedelta(0)) & (age <= pd.Timedelta(days=rules.recent_days))
    )
    line = ["scope", "scope_id", "level", "workflow_id"]
    # Lines are judged over several windows, the shortest of which tells first; once they may have been others.
    shortest = frames.get("constraint_declarations", events)["window_weeks"].min()
    for row in events[is_news & (events["window_weeks"] == shortest)].sort_values([*line, "as_of"]).to_dict("records"):
        where = f"{row['scope'].replace('_', ' ')} {row['scope_id']} ({row['level']})"
        scope = "/".join(str(row[name]) for name in (*line, "stage_id", "event"))
        yield Alert(
            "constraint",
            scope,
            pd.Timestamp(row["since"]).date(),
            f"New constraint in {where}: {row['sentence']} (probability {row['p_constraint']:.0%})",
        )


def _interventions(frames: Mapping[str, pd.DataFrame]) -> Iterator[Alert]:
    verdicts = frames.get("intervention_verdicts")
    if verdicts is None:
        return
    names, further = {}, set()
    if (series := frames.get("mart_intervention_series")) is not None:
        names = dict(zip(series["intervention_id"], series["intervention_name"], strict=True))
        others = series[~series["is_primary"].astype(bool)]
        further = set(zip(others["intervention_id"], others["metric"], strict=True))
    for (identity, metric), weeks in verdicts.sort_values("week_start").groupby(["intervention_id", "metric"]):
        last = weeks.iloc[-1]
        if last["verdict"] not in _BAD_VERDICTS:
            continue
        others = weeks.loc[weeks["verdict"] != last["verdict"], "week_start"]
        run = weeks if others.empty else weeks[weeks["week_start"] > others.max()]
        since = pd.Timestamp(run["week_start"].iloc[0]).date()
        beside = f" (further metric {str(metric).replace('_', ' ')})" if (identity, metric) in further else ""
        yield Alert(
            "intervention",
            f"{identity}/{metric}/{last['verdict']}",
            since,
            f"Intervention {names.get(identity, identity)}{beside}: {last['verdict']} since the week of {since}. "
            f"{last['reason']} {last['action']}",
        )


def _scored_choke_points(frames: Mapping[str, pd.DataFrame]) -> Mapping[str, float] | None:
    backtest = frames.get("choke_point_backtest")
    if backtest is None:
        return None
    chosen = backtest[(backtest[list(_CHOKE_POINT)] == pd.Series(_CHOKE_POINT)).all(axis=1)]
    return None if chosen.empty else dict(chosen[["n_warnings", "warnings_right_share"]].iloc[0])


def _choke_points(frames: Mapping[str, pd.DataFrame], rules: AlertSettings) -> Iterator[Alert]:
    scored = _scored_choke_points(frames)
    if scored is None or scored["n_warnings"] < rules.min_warnings:
        return
    if not scored["warnings_right_share"] >= rules.min_warnings_right:
        return
    forecasts = frames.get("choke_point_forecasts", pd.DataFrame(columns=list(ALERT_TABLES["choke_point_forecasts"])))
    of_kind = forecasts[(forecasts[list(_CHOKE_POINT)] == pd.Series(_CHOKE_POINT)).all(axis=1)]
    is_over = of_kind["is_over_now"].astype("boolean").fillna(value=True).astype(bool)
    likely = of_kind[
        ~is_over & (of_kind["probability"] >= rules.warning) & (of_kind["queue_limit"] >= rules.min_queue_limit)
    ]
    stages = frames.get("dim_stages")
    names = {} if stages is None else dict(zip(stages["stage_id"], stages["stage_name"], strict=True))
    for row in likely.sort_values(["scope_id", "level", "stage_id"]).to_dict("records"):
        yield Alert(
            "choke_point",
            "/".join(str(row[name]) for name in ("scope_type", "scope_id", "level", "stage_id")),
            None,
            f"Choke point ahead in {row['scope_id']} ({row['level']}): {names.get(row['stage_id'], row['stage_id'])} "
            f"holds {row['queue_now']:.0f} items and goes over its limit of {row['queue_limit']:.0f} within 4 weeks "
            f"with a chance of {row['probability']:.0%}; {scored['warnings_right_share']:.0%} of past warnings came "
            "true.",
        )


def _silent_sources(frames: Mapping[str, pd.DataFrame], rules: AlertSettings, now: datetime | None) -> Iterator[Alert]:
    coverage = frames.get("mart_data_coverage")
    if coverage is None:
        return
    for row in coverage.dropna(subset=["complete_to"]).sort_values("source_id").to_dict("records"):
        complete_to = pd.Timestamp(row["complete_to"])
        behind = float(row["days_behind_as_of"])
        if now is not None:
            behind = max(behind, (pd.Timestamp(now) - complete_to) / pd.Timedelta(days=1))
        if behind >= rules.silent_after_days:
            yield Alert(
                "silent_source",
                str(row["source_id"]),
                complete_to.date(),
                f"Source {row['source_id']} is silent: its data end on {complete_to:%Y-%m-%d}, {behind:.0f} days ago.",
            )
