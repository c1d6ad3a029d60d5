"""Seeded facts of a made-up portfolio: dimensions, work items, stage visits.

Belongs here: drawing the facts at random. Does not belong here: what is derived from them (`synthetic_frames`).
"""

import numpy as np
import pandas as pd

FIRST_DAY = pd.Timestamp("2025-01-06")
AS_OF = pd.Timestamp("2026-06-24 06:00")
WEEKS = pd.date_range(FIRST_DAY, AS_OF, freq="7D")
HOSTILE_TITLE = "<script>alert('x')</script> </script><b>bold</b> & \"quoted\""

STREAMS = (("payments", "Payments"), ("lending", "Lending"), ("insight", "Insight & Data"))
TRAINS = (
    ("pay-cards", "Cards", "payments"),
    ("pay-accounts", "Accounts", "payments"),
    ("lend", "Lending", "lending"),
    ("data", "Data", "insight"),
)
TEAMS = (
    ("checkout", "pay-cards"), ("tokens", "pay-cards"), ("ledger", "pay-accounts"), ("fraud", "pay-accounts"),
    ("origination", "lend"), ("servicing", "lend"), ("scoring", "lend"),
    ("ingest", "data"), ("reporting", "data"), ("models", "data"),
)  # fmt: skip
STAGES = (
    ("delivery.ideas", "Ideas", "queue", False, False),
    ("delivery.ready", "Ready", "queue", False, True),
    ("delivery.build", "Build", "active", True, True),
    ("delivery.ready-for-test", "Ready for test", "queue", False, True),
    ("delivery.test", "Test", "active", False, True),
    ("delivery.ready-to-ship", "Ready to ship", "queue", False, True),
    ("delivery.done", "Done", "done", False, True),
    ("delivery.cancelled", "Cancelled", "done", False, True),
)
# Median days in each of the six stages before done, by value stream.
_MEDIAN_DAYS = {
    "payments": (9.0, 4.0, 3.5, 7.0, 2.0, 0.8),
    "lending": (12.0, 3.0, 3.0, 1.2, 1.6, 0.9),
    "insight": (7.0, 6.0, 5.0, 2.5, 1.5, 1.5),
}


def dimensions() -> dict[str, pd.DataFrame]:
    streams = [*STREAMS, ("unassigned", "Unassigned")]
    trains = [*TRAINS, ("unassigned", "Unassigned", "unassigned")]
    stream_of_train = {train: stream for train, _, stream in trains}
    teams = [*TEAMS, ("unassigned", "unassigned")]
    starts = pd.date_range(FIRST_DAY, periods=7, freq="84D")
    names = ["PI-25.1", "PI-25.2", "PI-25.3", "PI-25.4", "PI-26.1", "PI-26.2", "PI-26.3"]
    stages = pd.DataFrame(STAGES, columns=["stage_id", "stage_name", "stage_kind", "is_commitment", "is_counted"])
    return {
        "dim_value_streams": pd.DataFrame(
            {
                "value_stream_id": [stream for stream, _ in streams],
                "value_stream_name": [name for _, name in streams],
                "timezone": "Europe/Berlin",
                "position": range(1, len(streams) + 1),
            }
        ),
        "dim_trains": pd.DataFrame(trains, columns=["train_id", "train_name", "value_stream_id"]).assign(
            position=range(1, len(trains) + 1)
        ),
        "dim_teams": pd.DataFrame(
            {
                "team_id": [team for team, _ in teams],
                "team_name": [team.capitalize() for team, _ in teams],
                "train_id": [train for _, train in teams],
                "value_stream_id": [stream_of_train[train] for _, train in teams],
                "position": range(1, len(teams) + 1),
            }
        ),
        "dim_increments": pd.DataFrame(
            {
                "increment_id": names,
                "increment_name": names,
                "start_date": starts,
                "end_date": starts + pd.Timedelta(days=83),
                "position": range(1, 8),
            }
        ),
        "dim_stages": stages.assign(
            workflow_id="delivery",
            position=range(1, len(stages) + 1),
            is_cancelled=stages["stage_id"] == "delivery.cancelled",
            is_unmapped=False,
            wip_limit=np.where(stages["stage_id"] == "delivery.test", 12, np.nan),
        ),
    }


def items_and_visits(rng: np.random.Generator, n_stories: int, n_features: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    n_items = n_stories + n_features
    level = rng.permutation(np.where(np.arange(n_items) < n_stories, "story", "feature"))
    team_ids, train_ids = (np.array(column) for column in zip(*TEAMS, strict=True))
    stream_of_train = {train: stream for train, _, stream in TRAINS}
    chosen = rng.integers(0, len(TEAMS), n_items)
    streams = np.array([stream_of_train[train] for train in train_ids])[chosen]
    span = (AS_OF - FIRST_DAY).total_seconds() / 86_400
    created = FIRST_DAY + pd.to_timedelta(np.sort(rng.uniform(0, span, n_items)), unit="D")
    medians = np.array([_MEDIAN_DAYS[stream] for stream in streams])
    durations = medians * rng.lognormal(0, 0.75, medians.shape)
    durations[level == "feature"] *= 3.5
    # The constraint of Payments eases after an intervention in March 2026.
    eased = (streams == "payments") & (created > pd.Timestamp("2026-02-20"))
    durations[eased, 3] *= 0.45
    entered = created.to_numpy()[:, None] + (np.cumsum(durations, axis=1) * 86_400e9).astype("timedelta64[ns]")
    entered = np.concatenate([created.to_numpy()[:, None], entered], axis=1)
    is_cancelled = rng.random(n_items) < 0.05
    as_of = AS_OF.to_datetime64()
    left_at = entered[:, -1]
    is_over = left_at <= as_of
    is_finished = is_over & ~is_cancelled
    current = np.clip((entered <= as_of).sum(axis=1) - 1, 0, 6)
    current = np.where(is_over & is_cancelled, 7, current)
    kinds = np.array([kind for _, _, kind, _, _ in STAGES])
    stage_ids = np.array([stage for stage, *_ in STAGES])
    started = entered[:, 2]
    is_started = started <= as_of
    started_day, finished_day = (moments.astype("datetime64[D]") for moments in (started, left_at))
    keys = np.array([f"{stream[:3].upper()}-{order + 100}" for order, stream in enumerate(streams)])
    titles = np.array([f"{'Offer' if order % 3 else 'Move'} slice {order} of the {team} backlog" for order, team in
                       enumerate(team_ids[chosen])], dtype=object)  # fmt: skip
    titles[n_stories // 2 :: 97] = HOSTILE_TITLE
    blocked_share = np.where(rng.random(n_items) < 0.12, rng.uniform(0.05, 0.4, n_items), 0.0)
    active = durations[:, [2, 4]].sum(axis=1) * (1 - blocked_share)
    flow_started = entered[:, 1]
    flow_days = (left_at - flow_started) / np.timedelta64(1, "D")
    as_of_day = np.datetime64(AS_OF.date())
    items = pd.DataFrame(
        {
            "work_item_id": [f"jira-main:{order}" for order in range(n_items)],
            "item_key": keys,
            "title": titles,
            "level": level,
            "team_id": team_ids[chosen],
            "train_id": train_ids[chosen],
            "value_stream_id": streams,
            "workflow_id": "delivery",
            "current_stage_id": stage_ids[current],
            "created_date": created.normalize(),
            "started_date": pd.Series(started_day).where(is_started),
            "finished_date": pd.Series(finished_day).where(is_finished),
            "cancelled_date": pd.Series(finished_day).where(is_over & is_cancelled),
            "flow_started_date": flow_started.astype("datetime64[D]"),
            "is_counted": True,
            "is_finished": is_finished,
            "is_cancelled": is_over & is_cancelled,
            "is_in_progress": is_started & ~is_over,
            "is_blocked": (rng.random(n_items) < 0.15) & is_started & ~is_over,
            "cycle_time_calendar_days": _whole_days(started_day, finished_day, is_finished),
            "flow_time_calendar_days": _whole_days(flow_started.astype("datetime64[D]"), finished_day, is_finished),
            "age_calendar_days": _whole_days(started_day, np.full(n_items, as_of_day), is_started & ~is_over),
            "active_elapsed_days": np.where(is_finished, active, np.nan),
            "flow_elapsed_days": np.where(is_finished, flow_days, np.nan),
        }
    )
    return items, _visits(items, entered, durations, stage_ids, kinds, blocked_share, is_over)


def _whole_days(first: np.ndarray, last: np.ndarray, holds: np.ndarray) -> np.ndarray:
    return np.where(holds, (last - first).astype("timedelta64[D]").astype(float) + 1, np.nan)


def _visits(  # noqa: PLR0917 - arrays of one length that belong together
    items: pd.DataFrame,
    entered: np.ndarray,
    durations: np.ndarray,
    stage_ids: np.ndarray,
    kinds: np.ndarray,
    blocked_share: np.ndarray,
    is_over: np.ndarray,
) -> pd.DataFrame:
    parts = []
    as_of = AS_OF.to_datetime64()
    cancelled = items["is_cancelled"].to_numpy()
    for stage in range(8):
        at = entered[:, min(stage, 6)]
        # A cancelled item is cancelled on the day on which it would have been done.
        holds = at <= as_of if stage < 6 else is_over & (cancelled if stage == 7 else ~cancelled)
        exited = entered[:, stage + 1] if stage < 6 else np.full(len(items), np.datetime64("NaT", "ns"))
        exited = np.where(exited <= as_of, exited, np.datetime64("NaT", "ns"))
        visit = items.loc[holds, ["work_item_id", "value_stream_id", "train_id", "team_id", "level"]].assign(
            stage_id=stage_ids[stage],
            stage_kind=kinds[stage],
            stage_position=stage + 1,
            entered_at=at[holds],
            exited_at=exited[holds],
            elapsed_days=durations[holds, stage] if stage < 6 else 0.0,
            has_usable_history=True,
            blocked_elapsed_days=(durations[holds, stage] * blocked_share[holds]) if stage in (2, 4) else 0.0,
        )
        parts.append(visit)
    return pd.concat(parts, ignore_index=True)
