"""When features and epics in progress will be done, from the pace at which children are finished.

Belongs here: the pace of a parent, the growth of its scope, its dates, and their back-test. Does not belong here: the
drawing of futures and what they say at a confidence (:mod:`.delivery_forecast`).

How capacity is shared among parents is not assumed but observed. A parent with 8 or more weeks of work on its children
goes on at its own pace: what was finished of it each week already is its share. A younger one is held against the
weeks of all parents of its scope and level in the last half year, its own among them: what one parent in progress got
done in a week there while the others were in progress too. Both rest on the mix of parents staying as it was; that
parents which end set capacity free is left out, which errs on the careful side.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from orchestration.analytics.delivery_forecast import (
    CONFIDENCES,
    DeliverySettings,
    PathsDone,
    blocks_for,
    paths_done_by_week,
)
from orchestration.analytics.forecast_scoring import pinball_loss, wilson_interval
from orchestration.analytics.input_frames import require_columns, require_unique
from orchestration.analytics.parent_progress import (
    CHILD_COLUMNS,
    PARENT_COLUMNS,
    SCOPE_COLUMNS,
    Progress,
    growth_ratios,
    progress_by_week,
    shared_weeks,
)
from orchestration.analytics.week_blocks import draw_block_uniforms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestration.analytics.array_types import Floats, Ints

METHOD_VERSION = "parent_delivery_forecast-1"

#: Scopes whose throughput of children must not be drawn from, as :func:`.delivery_forecast.refusal` says.
REFUSAL_COLUMNS = ("scope_type", "scope_id", "level", "withheld_reason")

_FORECAST_TYPES = {
    "work_item_id": "str",
    "scope_type": "str",
    "scope_id": "str",
    "level": "str",
    "n_children_left": "int64",
    "n_children_finished": "int64",
    "weeks_50": "Int64",
    "weeks_70": "Int64",
    "weeks_85": "Int64",
    "weeks_95": "Int64",
    "date_50": "datetime64[us]",
    "date_70": "datetime64[us]",
    "date_85": "datetime64[us]",
    "date_95": "datetime64[us]",
    "pace_source": "str",
    "pace_per_week": "float64",
    "n_pace_weeks": "int64",
    "n_pace_parents": "int64",
    "growth_median": "float64",
    "n_growth": "int64",
    "block_weeks": "Int64",
    "hit_rate_85": "float64",
    "hit_rate_85_lower": "float64",
    "hit_rate_85_upper": "float64",
    "n_cases": "Int64",
    "window_start": "datetime64[us]",
    "window_end": "datetime64[us]",
    "withheld_reason": "str",
    "method_version": "str",
}
FORECAST_COLUMNS = tuple(_FORECAST_TYPES)
_BACKTEST_TYPES = {
    "scope_type": "str",
    "level": "str",
    "n_cases": "int64",
    "n_parents": "int64",
    "n_unresolved": "int64",
    "hit_rate_50": "float64",
    "hit_rate_70": "float64",
    "hit_rate_85": "float64",
    "hit_rate_85_lower": "float64",
    "hit_rate_85_upper": "float64",
    "hit_rate_95": "float64",
    "pit_mean": "float64",
    "pinball_85_weeks": "float64",
    "window_start": "datetime64[us]",
    "window_end": "datetime64[us]",
    "method_version": "str",
}
BACKTEST_COLUMNS = tuple(_BACKTEST_TYPES)


@dataclass(frozen=True, slots=True)
class ParentSettings:
    """Thresholds of the parents' forecasts.

    ``min_own_weeks``: weeks of work after which a parent's own pace counts; ``min_shared_weeks`` and
    ``min_shared_parents``: parent-weeks and parents that the pace of a younger one needs; ``min_growth``: finished
    parents before scope growth is drawn; ``origin_step_weeks``: weeks between the looks ahead of the back-test;
    ``max_cases``: looks ahead that are judged of a scope type and level, spread evenly where there are more: 1,000 tell
    a hit rate to within 3 points, and each costs a simulation.
    """

    min_own_weeks: int = 8
    min_shared_weeks: int = 26
    min_shared_parents: int = 3
    min_growth: int = 8
    origin_step_weeks: int = 4
    max_origins: int = 13
    max_cases: int = 1_000
    delivery: DeliverySettings = field(default_factory=DeliverySettings)


DEFAULT_SETTINGS = ParentSettings()


@dataclass(frozen=True, slots=True)
class ParentForecasts:
    """The forecasts and what they are worth.

    ``forecasts``: one row per open parent with work begun, ``FORECAST_COLUMNS``; ``backtest``: one row per scope type
    and level, ``BACKTEST_COLUMNS``.
    """

    forecasts: pd.DataFrame
    backtest: pd.DataFrame


@dataclass(frozen=True, slots=True)
class _Draws:
    """Random numbers from [0, 1) per path: of the weeks drawn, shape (paths, weeks), and of the growth, (paths,).

    ``known``: what came of it by scope, origin and children left. All parents of a scope that go at its pace meet the
    same futures; only what is left of them differs. Draws serve one use, in which the origin says how far is looked.
    """

    weeks: Floats
    growth: Floats
    known: dict[tuple[int, int, float], PathsDone] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Pace:
    """Children finished a week to draw from, and where they come from."""

    samples: Floats
    source: str
    n_parents: int
    per_week: float


def forecast_parents(
    parents: pd.DataFrame,
    children: pd.DataFrame,
    last_week: pd.Timestamp,
    refusals: pd.DataFrame | None = None,
    *,
    generator: np.random.Generator,
    settings: ParentSettings = DEFAULT_SETTINGS,
) -> ParentForecasts:
    """Forecast when the children that are left of each feature and epic in progress will be done.

    Parameters
    ----------
    parents: one row per feature or epic with ``PARENT_COLUMNS``; finished ones too, from which pace, growth and the
        back-test come. ``is_open``: neither finished, cancelled nor removed.
    children: one row per counted child with ``CHILD_COLUMNS``: the days it came to its parent, was started, finished
        and cancelled (NaT if not).
    last_week: Monday of the last complete week, the origin. What happened after its Sunday is not read.
    refusals: scopes and levels (of the parents) whose throughput of children holds an unexplained change; with
        ``REFUSAL_COLUMNS``. A reason that is missing refuses nothing.
    generator: random numbers of the paths, shared by all parents.

    Scope growth: on each path the children left are multiplied by a ratio drawn from finished parents of the scope and
    level: children finished after the first week that ended with one finished, over those left then. Returns weeks and
    dates (Sundays) at 50, 70, 85 and 95 %, each the first by which at least that share of paths is done. A hit of the
    back-test is a date by which the last child was closed. Raises ``ValueError`` for a missing column or a repeated id.
    """
    require_columns(parents, PARENT_COLUMNS, "parents")
    require_columns(children, CHILD_COLUMNS, "children")
    require_unique(parents, ["work_item_id"], "parents")
    require_unique(children, ["work_item_id"], "children")
    if refusals is not None:
        require_columns(refusals, REFUSAL_COLUMNS, "refusals")
    progress, first_week = progress_by_week(parents, children, pd.Timestamp(last_week))
    draws = _Draws(
        np.asfortranarray(draw_block_uniforms(generator, settings.delivery.n_paths, settings.delivery.limit_weeks)),
        generator.random(settings.delivery.n_paths),
    )
    backtest = _backtest(progress, first_week, draws, settings)
    now = progress.left.shape[1] - 1
    reasons = {} if refusals is None else _reasons(refusals)
    rows = []
    is_open = progress.parents["is_open"].to_numpy(dtype=bool)
    keys = {key: progress.parents[key].to_numpy(dtype=object) for key in ("work_item_id", *SCOPE_COLUMNS)}
    n_finished = progress.finished[:, : now + 1].sum(axis=1)
    window = {
        "window_start": pd.Timestamp(last_week) - pd.Timedelta(weeks=min(now + 1, settings.delivery.max_weeks) - 1),
        "window_end": pd.Timestamp(last_week) + pd.Timedelta(days=6),
    }
    for parent in np.flatnonzero(is_open & progress.is_begun[:, now] & (progress.left[:, now] > 0)).tolist():
        row = {key: values[parent] for key, values in keys.items()} | window
        counts = {
            "n_children_left": int(progress.left[parent, now]),
            "n_children_finished": int(n_finished[parent]),
        }
        refused = reasons.get(tuple(row[key] for key in SCOPE_COLUMNS))
        rows.append(row | counts | _forecast_one(progress, parent, now, draws, refused, settings))
    told = [name for name in FORECAST_COLUMNS if not name.startswith(("hit_", "n_cases"))]
    forecasts = pd.DataFrame(rows, columns=told)
    for name in CONFIDENCES:
        weeks = pd.to_timedelta(forecasts[f"weeks_{name}"].astype("float64") * 7 + 6, unit="D")
        forecasts[f"date_{name}"] = pd.Timestamp(last_week) + weeks
    scores = ["hit_rate_85", "hit_rate_85_lower", "hit_rate_85_upper", "n_cases"]
    forecasts = forecasts.assign(method_version=METHOD_VERSION).merge(
        backtest[["scope_type", "level", *scores]], on=["scope_type", "level"], how="left"
    )
    forecasts = forecasts.sort_values([*SCOPE_COLUMNS, "work_item_id"], ignore_index=True)[list(FORECAST_COLUMNS)]
    return ParentForecasts(forecasts.astype(_FORECAST_TYPES), backtest)


def _reasons(refusals: pd.DataFrame) -> dict[tuple[object, ...], str]:
    known = refusals.loc[refusals["withheld_reason"].notna()]
    return {tuple(keys): reason for *keys, reason in zip(*(known[name] for name in REFUSAL_COLUMNS), strict=True)}


def _pace(progress: Progress, parent: int, origin: int, settings: ParentSettings) -> _Pace | str:
    """Return the weeks to draw from at the end of week ``origin``, or why there are none."""
    first = max(0, origin - settings.delivery.max_weeks + 1)
    recent = slice(first, origin + 1)
    own = progress.finished[parent, recent][progress.is_worked[parent, recent]].astype(np.float64)
    if own.size >= settings.min_own_weeks:
        if not own.any():
            return f"none of its children was finished in {own.size} weeks of work"
        return _Pace(own, "own", 1, float(own.mean()))
    shared = shared_weeks(progress, int(progress.scope[parent]), first, origin)
    if shared.finished.size < settings.min_shared_weeks or shared.n_parents < settings.min_shared_parents:
        return (
            f"{own.size} weeks of work on its children (at least {settings.min_own_weeks} needed), and others like it "
            f"give {shared.finished.size} weeks of {shared.n_parents} parents (at least {settings.min_shared_weeks} of "
            f"{settings.min_shared_parents} needed)"
        )
    if not shared.per_week:
        return "no child of any parent like it was finished"
    return _Pace(shared.finished, "scope", shared.n_parents, shared.per_week)


def _paths_done(
    progress: Progress,
    parent: int,
    origin: int,
    pace: _Pace,
    draws: _Draws,
    settings: ParentSettings,
    *,
    n_weeks: int,
    followed: float = 1.0,
) -> tuple[PathsDone, int]:
    """Return how many paths of a parent are done by week, up to ``n_weeks`` ahead, and the block length."""
    scope, left = int(progress.scope[parent]), float(progress.left[parent, origin])
    is_shared = pace.source == "scope"
    block = 1 if is_shared else blocks_for(pace.samples, settings.delivery)
    if is_shared and (known := draws.known.get((scope, origin, left))) is not None:
        return known, block
    ratios = growth_ratios(progress, scope, origin).ratios
    backlog = np.full(draws.growth.size, left)
    if ratios.size >= settings.min_growth:
        drawn = ratios[(draws.growth * ratios.size).astype(np.int64)]
        backlog = np.maximum(1.0, np.ceil(left * drawn - 1e-9))
    done = paths_done_by_week(pace.samples, backlog, draws.weeks[:, :n_weeks], block, followed=followed)
    if is_shared:
        draws.known[scope, origin, left] = done
    return done, block


def _forecast_one(
    progress: Progress, parent: int, now: int, draws: _Draws, refused: str | None, settings: ParentSettings
) -> dict[str, object]:
    """Return weeks at each confidence, or why there are none."""
    pace = _pace(progress, parent, now, settings)
    if refused is not None or isinstance(pace, str):
        return {"withheld_reason": refused or pace, "n_pace_weeks": 0, "n_pace_parents": 0, "n_growth": 0}
    limit = settings.delivery.limit_weeks
    done, block = _paths_done(
        progress, parent, now, pace, draws, settings, n_weeks=limit, followed=max(CONFIDENCES.values())
    )
    at = {name: done.week_at(level) for name, level in CONFIDENCES.items()}
    growth = growth_ratios(progress, int(progress.scope[parent]), now)
    beyond = [name for name, week in at.items() if np.isinf(week)]
    return {f"weeks_{name}": np.nan if np.isinf(week) else week for name, week in at.items()} | {
        "pace_source": pace.source,
        "pace_per_week": pace.per_week,
        "n_pace_weeks": pace.samples.size,
        "n_pace_parents": pace.n_parents,
        "growth_median": growth.median if growth.ratios.size >= settings.min_growth else np.nan,
        "n_growth": growth.ratios.size,
        "block_weeks": block,
        "withheld_reason": f"at {' and '.join(f'{name} %' for name in beyond)} more than {limit} weeks"
        if beyond
        else None,
    }


def _backtest(progress: Progress, first_week: pd.Timestamp, draws: _Draws, settings: ParentSettings) -> pd.DataFrame:
    """Look ahead from past weeks with what was known then; a case counts once its date at 85 % has passed.

    Whether a case counts thus depends on what was said alone, and not on whether it came true: counting parents as soon
    as they are done would count the quick ones first.
    """
    last = progress.left.shape[1] - 1
    n_paths = settings.delivery.n_backtest_paths
    drawn = _Draws(np.asfortranarray(draws.weeks[:n_paths]), draws.growth[:n_paths])
    # One that was closed or cancelled with children left never gets to the end that was forecast.
    is_still_open = (progress.done_week < 0) & progress.parents["is_open"].to_numpy(dtype=bool)
    origins = np.arange(last - 1, 0, -settings.origin_step_weeks)[: settings.max_origins]
    in_progress = (
        progress.is_begun[:, origins]
        & (progress.left[:, origins] > 0)
        & (is_still_open[:, None] | (progress.done_week[:, None] > origins))
    )
    cases: list[dict[str, object]] = []
    about = progress.parents
    kinds = np.asarray(about.groupby(["scope_type", "level"]).ngroup())
    for parent, place in _spread(np.argwhere(in_progress), kinds, settings.max_cases):
        origin = int(origins[place])
        pace = _pace(progress, parent, origin, settings)
        if isinstance(pace, str):
            continue
        # Weeks that have not passed judge nothing.
        done, _ = _paths_done(progress, parent, origin, pace, drawn, settings, n_weeks=last - origin)
        came = int(progress.done_week[parent]) - origin if progress.done_week[parent] >= 0 else None
        cases.append(_case(done, came, last - origin) | {"parent": parent, "origin": origin})
    table = pd.DataFrame(cases, columns=["parent", "origin", *_CASE_COLUMNS])
    table = table.join(about[["scope_type", "level"]], on="parent")
    rows = [
        {"scope_type": kind, "level": level} | _score(of_kind, first_week)
        for (kind, level), of_kind in table.groupby(["scope_type", "level"], sort=True)
    ]
    frame = pd.DataFrame(rows, columns=list(BACKTEST_COLUMNS)).assign(method_version=METHOD_VERSION)
    return frame.astype(_BACKTEST_TYPES)


def _spread(cases: Ints, kinds: Ints, most: int) -> Iterator[tuple[int, int]]:
    """Yield (parent, place of the origin) of all cases of a kind, or of ``most`` at equal distances."""
    for kind in np.unique(kinds):
        chosen = cases[kinds[cases[:, 0]] == kind]
        taken = np.unique(np.linspace(0, len(chosen) - 1, min(most, len(chosen))).round().astype(np.int64))
        yield from ((int(parent), int(place)) for parent, place in chosen[taken])


_CASE_COLUMNS = ("is_resolved", "pit", "pinball", *(f"hit_{name}" for name in CONFIDENCES))


def _case(done: PathsDone, came: int | None, n_known: int) -> dict[str, object]:
    """Judge one look ahead: ``came`` weeks it took (None: not yet done), of ``n_known`` weeks that have passed."""
    at = {name: done.week_at(level) for name, level in CONFIDENCES.items()}
    is_resolved = at["85"] <= n_known
    seen = float(n_known if came is None else came)
    return {
        "is_resolved": is_resolved,
        "pit": float("nan") if came is None else done.rank_of(came),
        "pinball": float(pinball_loss(at["85"], seen, 0.85)) if is_resolved else float("nan"),
        # A date that has not passed yet is neither kept nor missed.
        **{
            f"hit_{name}": float(came is not None and came <= week) if week <= n_known else float("nan")
            for name, week in at.items()
        },
    }


def _score(cases: pd.DataFrame, first_week: pd.Timestamp) -> dict[str, object]:
    """Pool the cases of a scope type and level."""
    resolved = cases.loc[cases["is_resolved"].astype(bool)]
    n_parents, hit_rate = resolved["parent"].nunique(), resolved["hit_85"].mean()
    # Looks ahead at one parent are much alike: the interval counts parents.
    lower, upper = wilson_interval(hit_rate * n_parents, n_parents) if n_parents else (np.nan, np.nan)
    return {
        "n_cases": len(resolved),
        "n_parents": n_parents,
        "n_unresolved": len(cases) - len(resolved),
        **{f"hit_rate_{name}": cases[f"hit_{name}"].mean() for name in CONFIDENCES},
        "hit_rate_85_lower": lower,
        "hit_rate_85_upper": upper,
        "pit_mean": resolved["pit"].mean(),
        "pinball_85_weeks": resolved["pinball"].mean(),
        "window_start": first_week + pd.Timedelta(weeks=int(cases["origin"].min())),
        "window_end": first_week + pd.Timedelta(weeks=int(cases["origin"].max()), days=6),
    }
