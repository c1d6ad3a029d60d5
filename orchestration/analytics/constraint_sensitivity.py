"""What a tenth more capacity would do, stage by stage: the check of a constraint that was named.

Belongs here: calibrating the simulation of a line on its window, capacity added to each stage in turn, elasticities,
and whether they agree with the stage that was named. Does not belong here: the recursion (:mod:`.tandem_simulation`),
what the window held (:mod:`.line_records`) and naming a stage (:mod:`.constraint_declaration`).

Source: the constraint is the stage to which throughput is most sensitive: E. M. Goldratt, J. Cox, *The Goal* (1984);
measured on a model by adding capacity to each stage in turn: L. Li, Q. Chang, J. Ni, "Data driven bottleneck detection
of manufacturing systems", International Journal of Production Research 47 (2009). Common random numbers and paired
intervals: A. M. Law, *Simulation Modeling and Analysis*, chapters 10 and 11.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import t as student_t

from orchestration.analytics.sensitivity_wording import describe_sensitivity
from orchestration.analytics.stage_indicators import BOOTSTRAP_BLOCK_WEEKS, draw_weeks
from orchestration.analytics.tandem_simulation import through_lines

if TYPE_CHECKING:
    from orchestration.analytics.array_types import Flags, Floats
    from orchestration.analytics.line_measures import MeasuredLine
    from orchestration.analytics.line_records import LineRecords

METHOD_VERSION = "constraint_sensitivity-1"

#: Cells (replications x scenarios x items) that are held in memory at once.
_MAX_CELLS = 4_000_000
_P85 = 0.85

#: Columns with their types.
TYPES = {
    "scope": "str",
    "scope_id": "str",
    "value_stream_id": "str",
    "level": "str",
    "workflow_id": "str",
    "window_weeks": "int64",
    "window_start": "datetime64[us]",
    "window_end": "datetime64[us]",
    "n_weeks": "int64",
    "stage_id": "str",
    "stage_name": "str",
    "stage_position": "int64",
    "status": "str",
    "n_arrivals": "int64",
    "n_finished": "int64",
    "n_services": "int64",
    "n_replications": "int64",
    "added_capacity": "float64",
    "servers": "Int64",
    "throughput_elasticity": "float64",
    "throughput_elasticity_lower": "float64",
    "throughput_elasticity_upper": "float64",
    "flow_time_elasticity": "float64",
    "flow_time_elasticity_lower": "float64",
    "flow_time_elasticity_upper": "float64",
    "finished_simulated_lower": "float64",
    "finished_simulated_upper": "float64",
    "flow_hours_measured": "float64",
    "flow_hours_simulated_lower": "float64",
    "flow_hours_simulated_upper": "float64",
    "is_throughput_reproduced": "boolean",
    "is_flow_time_reproduced": "boolean",
    "is_top": "boolean",
    "finding": "str",
    "sentence": "str",
    "withheld_reason": "str",
    "method_version": "str",
}
COLUMNS = tuple(TYPES)

FINDINGS = ("confirmed", "disagrees", "no_stage_limits")


@dataclass(frozen=True, slots=True)
class SensitivitySettings:
    """How a line is simulated and when it is withheld.

    ``n_replications`` pairs; ``added_capacity`` as a share. ``resample_from`` service times are resampled as they are,
    from ``min_services`` a lognormal distribution is fitted to them, under that nothing is said. ``min_weeks`` of the
    window. Under ``min_elasticity`` at every stage no stage limits throughput. Over ``max_items`` that left the line it
    is not simulated: items follow one another, so time grows with them.
    """

    n_replications: int = 200
    added_capacity: float = 0.10
    confidence: float = 0.95
    resample_from: int = 30
    min_services: int = 10
    min_weeks: int = 6
    min_elasticity: float = 0.05
    max_items: int = 5_000


DEFAULT_SETTINGS = SensitivitySettings()


@dataclass(frozen=True, slots=True)
class SimulatedLine:
    """Outcomes per scenario (as it is first, then a stage each) and replication, and as it is for the check.

    ``finished``: items that left the line within the window; ``p85_hours``: 85th percentile of the flow time of the
    items that arrived in it; ``median_hours``: median of those that also left in it, as it is only.
    """

    finished: Floats
    p85_hours: Floats
    median_hours: Floats


@dataclass(frozen=True, slots=True)
class _Sample:
    """Items of some replications: arrivals, and per stage service hours and whether it is visited."""

    arrivals: Floats
    services: list[Floats]
    visits: list[Flags]
    is_new: Flags


def simulate_line(
    records: LineRecords,
    capacities: Floats,
    generator: np.random.Generator,
    settings: SensitivitySettings = DEFAULT_SETTINGS,
) -> SimulatedLine:
    """Simulate a line over its window, as it is and with more capacity at each stage in turn, on the same draws.

    Each replication begins with the items that stood in the line at the window's start. Weekly arrivals are resampled
    in blocks of 3 weeks, service times per stage from the window's, stretched to the hours that an item took on the
    whole. A stage works on as many items as it did behind a long queue, at most on its capacity; what is no whole
    number is rounded to servers whose speed makes up for it. More capacity is the same servers, faster. An item's flow
    time is what it waits and the work that it takes as measured: more capacity shortens waits, not the work itself.
    """
    n_weeks = records.arrivals_per_week.size
    n_blocks = -(-n_weeks // BOOTSTRAP_BLOCK_WEEKS)
    counts = records.arrivals_per_week[draw_weeks(generator.random((settings.n_replications, n_blocks)), n_weeks)]
    n_standing = int(records.waiting_at_start.sum() + records.in_work_at_start.sum())
    n_items = n_standing + int(counts.sum(axis=1).max(initial=0))
    n_scenarios = len(records.services) + 1
    per_run = max(10, min(settings.n_replications, _MAX_CELLS // max(n_items * n_scenarios, 1)))
    parts = [
        _run(records, counts[first : first + per_run], capacities, generator, settings)
        for first in range(0, settings.n_replications, per_run)
    ]
    return SimulatedLine(
        *(np.concatenate([getattr(part, name) for part in parts], axis=-1) for name in SimulatedLine.__slots__)
    )


def _run(
    records: LineRecords,
    counts: np.ndarray,
    capacities: Floats,
    generator: np.random.Generator,
    settings: SensitivitySettings,
) -> SimulatedLine:
    sample = _draw_items(records, counts, generator, settings)
    servers = _servers(capacities)
    at_work = np.fmin(capacities, records.in_work_while_waiting)
    services = [lasts * (servers[place] / at_work[place]) for place, lasts in enumerate(sample.services)]
    leaves, waited = through_lines(sample.arrivals, services, sample.visits, servers, settings.added_capacity)
    work = sum((np.where(needs, lasts, 0.0) for lasts, needs in zip(sample.services, sample.visits, strict=True)))
    is_new = np.isfinite(sample.arrivals) & sample.is_new
    is_done = leaves <= records.hours
    return SimulatedLine(
        finished=is_done.sum(axis=-1).astype(float),
        p85_hours=_percentile(waited + work, is_new, _P85),
        median_hours=_percentile(waited[0] + work, is_new & is_done[0], 0.5),
    )


def _servers(capacities: Floats) -> list[int]:
    return [max(1, round(float(capacity))) for capacity in capacities]


def _draw_items(
    records: LineRecords, counts: np.ndarray, generator: np.random.Generator, settings: SensitivitySettings
) -> _Sample:
    """Draw the items of some replications: first those that stand in the line already, then those that arrive."""
    n_rows, n_stages = counts.shape[0], len(records.services)
    # Whoever is in work is served before whoever waits at the same stage.
    standing_at = np.concatenate([np.repeat(np.arange(n_stages), part) for part in (
        records.in_work_at_start, records.waiting_at_start)])  # fmt: skip
    n_in_work = int(records.in_work_at_start.sum())
    n_new = int(counts.sum(axis=1).max(initial=0))
    n_standing = standing_at.size
    ends = np.cumsum(counts, axis=1)
    item = np.arange(n_new)
    week = (item[None, :, None] >= ends[:, None, :]).sum(axis=2)
    comes = week < counts.shape[1]
    starts = np.concatenate([[0.0], np.cumsum(records.week_hours)])
    inside = np.minimum(week, counts.shape[1] - 1)
    times = starts[inside] + generator.random((n_rows, n_new)) * records.week_hours[inside]
    arrivals = np.concatenate([np.zeros((n_rows, n_standing)), np.where(comes, times, np.inf)], axis=1)
    begins_at = np.concatenate([standing_at, np.full(n_new, -1)])
    services, visits = [], []
    for place in range(n_stages):
        lasts = _draw_services(records.services[place], (n_rows, n_standing + n_new), generator, settings)
        lasts *= _calibration(records, place)
        # Of what is in work at the start, part is done: how much is as likely as any other share.
        left = generator.random((n_rows, n_in_work))
        lasts[:, :n_in_work] *= np.where(standing_at[:n_in_work] == place, left, 1.0)
        needs = generator.random((n_rows, n_standing + n_new)) < records.visit_share[place]
        needs = np.where(begins_at == place, True, needs & (begins_at < place))  # noqa: FBT003 - where it stands, it is
        services.append(lasts)
        visits.append(needs)
    is_new = np.tile(np.arange(n_standing + n_new) >= n_standing, (n_rows, 1))
    return _Sample(arrivals, services, visits, is_new)


def _calibration(records: LineRecords, place: int) -> float:
    """Return by what service times are stretched so that a stage is as busy with so many items as it was.

    Those that came and left within the window are the shorter ones.
    """
    measured = records.services[place]
    mean = float(measured.mean()) if measured.size else 0.0
    wanted = float(records.hours_per_item[place])
    return wanted / mean if mean > 0 and np.isfinite(wanted) else 1.0


def _draw_services(
    measured: Floats, shape: tuple[int, int], generator: np.random.Generator, settings: SensitivitySettings
) -> Floats:
    if not measured.size:
        return np.zeros(shape)
    if measured.size >= settings.resample_from:
        return measured[generator.integers(measured.size, size=shape)]
    positive = measured[measured > 0]
    if positive.size < settings.min_services:
        return measured[generator.integers(measured.size, size=shape)]
    logs = np.log(positive)
    return np.asarray(np.exp(generator.normal(logs.mean(), logs.std(ddof=1), shape)))


def _percentile(values: Floats, chosen: Flags, share: float) -> Floats:
    """Return the nearest-rank percentile of the chosen values over the last axis; NaN where there are none.

    ``chosen`` has the shape of ``values`` or of its last axes.
    """
    ordered = np.sort(np.where(chosen, values, np.inf), axis=-1)
    n_chosen = np.broadcast_to(chosen.sum(axis=-1), values.shape[:-1])
    rank = np.maximum(np.ceil(share * n_chosen).astype(np.int64) - 1, 0)
    found = np.take_along_axis(ordered, rank[..., None], axis=-1)[..., 0]
    return np.where(n_chosen > 0, found, np.nan)


def elasticities(outcomes: Floats, settings: SensitivitySettings = DEFAULT_SETTINGS) -> Floats:
    """Return per stage the elasticity and its interval, shape (stages, 3), from paired replications.

    ``outcomes``: (stages + 1, replications), as it is first. The elasticity is the relative change of the outcome over
    that of capacity, the interval that of its mean over replications (paired t).
    """
    base = outcomes[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = (outcomes[1:] - base) / base / settings.added_capacity
    n_pairs = np.isfinite(ratios).sum(axis=1)
    mean = np.nanmean(np.where(np.isfinite(ratios), ratios, np.nan), axis=1)
    spread = np.nanstd(np.where(np.isfinite(ratios), ratios, np.nan), axis=1, ddof=1)
    reach = student_t.ppf((1 + settings.confidence) / 2, n_pairs - 1) * spread / np.sqrt(n_pairs)
    return np.column_stack([mean, mean - reach, mean + reach])


def line_sensitivity(
    line: MeasuredLine,
    records: LineRecords,
    statuses: dict[str, str],
    *,
    generator: np.random.Generator,
    settings: SensitivitySettings = DEFAULT_SETTINGS,
) -> pd.DataFrame:
    """Say of one line what more capacity at each stage would do, and whether that confirms the stages named.

    The line as it is must finish as many items as were finished, within 95 % of replications; else all is withheld.
    Flow times are withheld where the median one is not met. ``finding``: ``confirmed`` where a stage named has the
    largest elasticity of throughput or one whose interval reaches the largest one's; ``disagrees`` where not;
    ``no_stage_limits`` where a tenth more anywhere changes throughput by less than 0.5 %.

    Parameters
    ----------
    line, records: the line and its window.
    statuses: ``declared``, ``candidate`` or another status by stage.
    generator: random numbers, of this line alone.

    Returns one row per active stage with ``COLUMNS``.
    """
    stages = line.stages
    table = pd.DataFrame(
        {
            "scope": line.scope, "scope_id": line.scope_id, "value_stream_id": line.value_stream_id,
            "level": line.level, "workflow_id": line.workflow_id, "window_weeks": line.window_weeks,
            "window_start": line.window_start, "window_end": line.window_end, "n_weeks": line.n_weeks,
            "stage_id": stages["stage_id"], "stage_name": stages["stage_name"],
            "stage_position": stages["stage_position"], "status": stages["stage_id"].map(statuses),
            "n_arrivals": int(records.arrivals_per_week.sum()), "n_finished": records.n_finished,
            "n_services": [part.size for part in records.services], "n_replications": 0,
            "added_capacity": settings.added_capacity, "method_version": METHOD_VERSION,
        }
    )  # fmt: skip
    capacities = stages["capacity_estimate"].to_numpy(dtype=float)
    reason = _withheld(line, records, capacities, settings)
    if reason is None:
        found = simulate_line(records, capacities, generator, settings)
        table = table.assign(n_replications=settings.n_replications, servers=_servers(capacities))
        table, reason = _with_outcomes(table, found, records, settings)
    table = table.reindex(columns=list(COLUMNS)).assign(withheld_reason=reason)
    table["sentence"] = describe_sensitivity(table)
    return table.astype(TYPES)


def _withheld(
    line: MeasuredLine, records: LineRecords, capacities: Floats, settings: SensitivitySettings
) -> str | None:
    """Return why a line is not simulated, None where it is."""
    if line.n_weeks < settings.min_weeks:
        return f"{line.n_weeks} whole weeks of data, at least {settings.min_weeks} needed"
    if np.isnan(capacities).any():
        return f"no item was in work in {line.stages['stage_name'][np.isnan(capacities)].iloc[0]}"
    if records.n_finished > settings.max_items:
        return (
            f"{records.n_finished:,} items left the line within the window, "
            f"and at most {settings.max_items:,} are simulated"
        )
    few = [
        f"{part.size} items passed {name} within the window, at least {settings.min_services} needed"
        for part, name in zip(records.services, line.stages["stage_name"], strict=True)
        if part.size < settings.min_services
    ]
    if few:
        return few[0]
    if capacities.size < 2:  # noqa: PLR2004 - one stage has nothing to be compared with
        return "the line has one active stage only"
    return None if records.n_finished and records.arrivals_per_week.sum() else "no item arrived or none was finished"


def _with_outcomes(
    table: pd.DataFrame, found: SimulatedLine, records: LineRecords, settings: SensitivitySettings
) -> tuple[pd.DataFrame, str | None]:
    """Add what was simulated; the second value is why it is withheld, None where it is not."""
    tails = [(1 - settings.confidence) / 2, (1 + settings.confidence) / 2]
    lower, upper = np.quantile(found.finished[0], tails)
    medians = found.median_hours[np.isfinite(found.median_hours)]
    flow = float(np.median(records.flow_hours)) if records.flow_hours.size else float("nan")
    flow_lower, flow_upper = np.quantile(medians, tails) if medians.size else (np.nan, np.nan)
    meets_throughput = bool(lower <= records.n_finished <= upper)
    meets_flow = bool(flow_lower <= flow <= flow_upper)
    table = table.assign(
        finished_simulated_lower=lower,
        finished_simulated_upper=upper,
        flow_hours_measured=flow,
        flow_hours_simulated_lower=flow_lower,
        flow_hours_simulated_upper=flow_upper,
        is_throughput_reproduced=meets_throughput,
        is_flow_time_reproduced=meets_flow,
    )
    if not meets_throughput:
        return table, (
            f"the model finishes {lower:.0f} to {upper:.0f} items in the window and {records.n_finished} were "
            "finished, so it is not this line"
        )
    parts = ("", "_lower", "_upper")
    of_throughput = elasticities(found.finished, settings)
    for column, name in enumerate(parts):
        table[f"throughput_elasticity{name}"] = of_throughput[:, column]
    if meets_flow:
        of_flow = elasticities(found.p85_hours, settings)
        for column, name in enumerate(parts):
            table[f"flow_time_elasticity{name}"] = of_flow[:, column]
    top = int(np.argmax(of_throughput[:, 0]))
    table["is_top"] = np.arange(len(table)) == top
    is_named = table["status"].isin(["declared", "candidate"]).to_numpy()
    reaches_top = of_throughput[:, 2] >= of_throughput[top, 1]
    finding = "confirmed" if (is_named & reaches_top).any() else "disagrees"
    table["finding"] = "no_stage_limits" if of_throughput[top, 0] < settings.min_elasticity else finding
    return table, None
