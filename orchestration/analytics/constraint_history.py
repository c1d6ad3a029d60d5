"""How the verdict on a line follows the one before: a constraint appeared, persisted, moved, was eliminated.

Belongs here: the events that a refresh adds to what earlier refreshes said. Does not belong here: the verdict itself
(:mod:`.constraint_declaration`), and changing what was said: an event is made once, from the verdicts up to its own
day, so later data never rewrite it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

METHOD_VERSION = "constraint_history-1"

#: A line over time; verdicts are kept per line, day and stage.
LINE_COLUMNS = ("scope", "scope_id", "level", "workflow_id", "window_weeks")
VERDICT_COLUMNS = ("as_of", *LINE_COLUMNS, "stage_id", "stage_name", "p_constraint", "status")

EVENTS = ("appeared", "persisted", "moved", "eliminated")

_TYPES = {
    "as_of": "datetime64[us]",
    "scope": "str",
    "scope_id": "str",
    "level": "str",
    "workflow_id": "str",
    "window_weeks": "int64",
    "event": "str",
    "stage_id": "str",
    "stage_name": "str",
    "from_stage_id": "str",
    "from_stage_name": "str",
    "p_constraint": "float64",
    "since": "datetime64[us]",
    "n_weeks_since": "int64",
    "n_refreshes": "int64",
    "sentence": "str",
    "method_version": "str",
}
COLUMNS = tuple(_TYPES)


@dataclass(frozen=True, slots=True)
class HistorySettings:
    """A declared stage is eliminated once its probability has stayed below ``max_probability`` for ``weeks``."""

    max_probability: float = 0.2
    weeks: int = 8


@dataclass(slots=True)
class _Declared:
    """A stage that was declared and not eliminated since: its name, the first day, and since when it has been low."""

    name: str
    since: pd.Timestamp
    n_refreshes: int = 0
    low_since: pd.Timestamp | None = None
    n_low: int = 0


@dataclass(slots=True)
class _LineState:
    """What a line has behind it: the stages still counted as constraints, and the one declared last."""

    declared: dict[str, _Declared] = field(default_factory=dict)
    standing: str | None = None


def constraint_events(
    earlier: pd.DataFrame, today: pd.DataFrame, settings: HistorySettings | None = None
) -> pd.DataFrame:
    """Return the events that today's verdicts add, at most one per line and stage, with ``COLUMNS``.

    ``earlier`` holds the verdict rows of earlier refreshes, ``today`` those of this one, both with ``VERDICT_COLUMNS``
    (one row per day, line and stage; ``as_of`` without a zone, the same in all of ``today``). Rows of ``earlier`` that
    are not before that day are not read, so repeating an earlier refresh gives its events again.

    ``appeared``: declared, and no constraint stood. ``persisted``: declared, as when the line last had one declared.
    ``moved``: declared, and another one stood, ``from_stage_id``; weeks without a declaration may lie between.
    ``eliminated``: a stage that was declared has been under the probability of the settings in every refresh for that
    many weeks. A refresh in which it could not be compared starts those weeks anew. ``since`` is the day on which the
    stage was first declared without having been eliminated, ``n_weeks_since`` the whole weeks since then and
    ``n_refreshes`` the number of verdicts that the event rests on: those that declared it, or that found it low.

    Raises ``ValueError`` for missing columns, more than one day in ``today``, or two rows for one line, day and stage.
    """
    settings = settings or HistorySettings()
    for frame in (earlier, today):
        missing = [column for column in VERDICT_COLUMNS if column not in frame.columns]
        if missing:
            raise ValueError(f"The verdicts lack {', '.join(missing)}; pass the columns of VERDICT_COLUMNS.")
    empty = pd.DataFrame(columns=list(COLUMNS)).astype(_TYPES)
    if today.empty:
        return empty
    as_of = today["as_of"].iloc[0]
    if (today["as_of"] != as_of).any():
        raise ValueError("Today's verdicts are of more than one day; pass those of one refresh.")
    verdicts = pd.concat(
        [earlier.loc[earlier["as_of"] < as_of, list(VERDICT_COLUMNS)], today[list(VERDICT_COLUMNS)]], ignore_index=True
    )
    if verdicts.duplicated(["as_of", *LINE_COLUMNS, "stage_id"]).any():
        raise ValueError("A line has two verdicts on one stage and day; pass one row for each.")
    # A line that was never declared has no events, and most lines never are.
    line = verdicts.groupby(list(LINE_COLUMNS), sort=True, dropna=False).ngroup()
    verdicts = verdicts.loc[line.isin(line[verdicts["status"] == "declared"])]
    rows = verdicts.sort_values([*LINE_COLUMNS, "as_of", "stage_id"]).to_dict("records")
    events = [
        event
        for key, of_line in groupby(rows, key=itemgetter(*LINE_COLUMNS))
        for event in _line_events(dict(zip(LINE_COLUMNS, key, strict=True)), of_line, as_of, settings)
    ]
    if not events:
        return empty
    return pd.DataFrame(events).assign(method_version=METHOD_VERSION)[list(COLUMNS)].astype(_TYPES)


def _line_events(
    key: Mapping[str, Any], rows: Iterable[Mapping[Hashable, Any]], as_of: pd.Timestamp, settings: HistorySettings
) -> list[dict[str, Any]]:
    """Return the events of the day ``as_of`` after walking through all refreshes of one line, oldest first."""
    state = _LineState()
    events: list[dict[str, Any]] = []
    day = None
    for day, of_day in groupby(rows, key=itemgetter("as_of")):
        events = _step(state, day, list(of_day), settings)
    # A line without a verdict today has no events today.
    if day != as_of:
        return []
    return [{**key, "as_of": as_of, **event, "sentence": _sentence(event, settings)} for event in events]


def _step(
    state: _LineState, day: pd.Timestamp, rows: Sequence[Mapping[Hashable, Any]], settings: HistorySettings
) -> list[dict[str, Any]]:
    """Take one refresh into the state and return its events."""
    events = []
    declared = next((row for row in rows if row["status"] == "declared"), None)
    if declared is not None:
        events.append(_declare(state, day, declared))
    probability = {row["stage_id"]: row["p_constraint"] for row in rows}
    for stage_id, stage in list(state.declared.items()):
        p_constraint = probability.get(stage_id, float("nan"))
        if not p_constraint < settings.max_probability:
            stage.low_since, stage.n_low = None, 0
            continue
        stage.low_since = stage.low_since or day
        stage.n_low += 1
        if day - stage.low_since >= pd.Timedelta(weeks=settings.weeks):
            events.append(_event("eliminated", day, stage_id, stage, p_constraint, stage.n_low))
            del state.declared[stage_id]
            if state.standing == stage_id:
                state.standing = None
    return events


def _declare(state: _LineState, day: pd.Timestamp, row: Mapping[Hashable, Any]) -> dict[str, Any]:
    stage_id, before = str(row["stage_id"]), state.standing
    stage = state.declared.setdefault(stage_id, _Declared(str(row["stage_name"]), day))
    stage.n_refreshes += 1
    state.standing = stage_id
    if before == stage_id:
        return _event("persisted", day, stage_id, stage, row["p_constraint"], stage.n_refreshes)
    if before is None:
        return _event("appeared", day, stage_id, stage, row["p_constraint"], stage.n_refreshes)
    return _event("moved", day, stage_id, stage, row["p_constraint"], stage.n_refreshes) | {
        "from_stage_id": before,
        "from_stage_name": state.declared[before].name,
    }


def _event(
    event: str, day: pd.Timestamp, stage_id: str, stage: _Declared, p_constraint: float, n_refreshes: int
) -> dict[str, Any]:
    return {
        "event": event,
        "stage_id": stage_id,
        "stage_name": stage.name,
        "from_stage_id": None,
        "from_stage_name": None,
        "p_constraint": p_constraint,
        "since": stage.since,
        "n_weeks_since": (day - stage.since) // pd.Timedelta(weeks=1),
        "n_refreshes": n_refreshes,
    }


def _sentence(event: Mapping[str, Any], settings: HistorySettings) -> str:
    name, since = event["stage_name"], f"{event['since']:%Y-%m-%d}"
    if event["event"] == "appeared":
        return f"{name} is a constraint that was not there before."
    if event["event"] == "persisted":
        return f"{name} is still the constraint, first declared on {since}."
    if event["event"] == "moved":
        return f"The constraint moved from {event['from_stage_name']} to {name}."
    return (
        f"{name}, first declared the constraint on {since}, is eliminated: for {settings.weeks} weeks and more its "
        f"probability has been under {100 * settings.max_probability:.0f} %."
    )
