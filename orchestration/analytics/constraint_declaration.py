"""The verdict on every line: which stage holds the others back, which may, or that none stands out.

Belongs here: the probability per stage from resampled weeks, the rule that turns it into a verdict, and what is
withheld and why. Does not belong here: measuring a line (:mod:`.line_measures`), its ranks
(:mod:`.stage_constraint_evidence`), the words (:mod:`.constraint_wording`) and how verdicts follow each other
(:mod:`.constraint_history`).

Sources: Borda count over utilisation, not-starved share, full-busy share (C. Roser, M. Nakano, M. Tanaka, Winter
Simulation Conference 2001) and mean queue; moving-block bootstrap over weeks (H. R. Kunsch, Annals of Statistics 17,
1989). A probability of 0.8 alone names a stage on a quarter to a half of simulated lines whose stages are all alike,
because a stage that was busier by chance stays so in most resamples of the same weeks. So a stage must also lead every
other by a margin of utilisation, at the lower end of the lead's one-sided 95 % interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from orchestration.analytics.borda_count import borda_points
from orchestration.analytics.constraint_wording import describe_shortfalls, describe_verdict
from orchestration.analytics.stage_constraint_evidence import rank_stages
from orchestration.analytics.stage_indicators import BOOTSTRAP_BLOCK_WEEKS, INDICATORS, StageWeeks, draw_weeks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestration.analytics.array_types import Flags, Floats
    from orchestration.analytics.line_measures import MeasuredLine

METHOD_VERSION = "constraint_declaration-2"

#: Windows a verdict is given for, in weeks.
WINDOWS_WEEKS = (13, 26)

_TYPES = {
    "scope": "str",
    "scope_id": "str",
    "value_stream_id": "str",
    "level": "str",
    "workflow_id": "str",
    "window_weeks": "int64",
    "stage_id": "str",
    "stage_name": "str",
    "stage_position": "int64",
    "n_weeks": "int64",
    "window_start": "datetime64[us]",
    "window_end": "datetime64[us]",
    "n_departures": "int64",
    "n_stages_compared": "int64",
    "n_resamples": "int64",
    "left_out_share": "float64",
    "capacity": "float64",
    "capacity_source": "str",
    "utilisation": "float64",
    "utilisation_lower": "float64",
    "utilisation_upper": "float64",
    "not_starved_share": "float64",
    "full_busy_share": "float64",
    "queue_mean": "float64",
    "is_queue_ranked": "bool",
    "borda_points": "float64",
    "evidence_rank": "Int64",
    "p_constraint": "float64",
    "utilisation_lead": "float64",
    "utilisation_lead_lower": "float64",
    "littles_law_items": "float64",
    "littles_law_left_per_week": "float64",
    "littles_law_days": "float64",
    "littles_law_gap": "float64",
    "littles_law_holds": "boolean",
    "status": "str",
    "withheld_reason": "str",
    "verdict": "str",
    "sentence": "str",
    "method_version": "str",
}
COLUMNS = tuple(_TYPES)

#: Stage statuses; ``not_compared`` had no item in work, or its line has no other stage to compare it with.
STATUSES = ("declared", "candidate", "not_named", "not_compared")
VERDICTS = ("declared", "candidates", "no_dominant_constraint", "insufficient_data")


@dataclass(frozen=True, slots=True)
class DeclarationSettings:
    """Thresholds of the verdict; shares and probabilities are 0 to 1.

    ``min_probability``, ``min_weeks``, ``min_departures``: what declaring a stage takes;
    ``min_probability_estimated`` where its capacity is estimated. ``min_lead``: by how much its utilisation must exceed
    each other stage's, at the lower end of the lead's one-sided interval of ``lead_confidence``. ``min_utilisation``: a
    stage that is idle more than this leaves does not hold work back, however idle the others are.
    ``candidate_probability``: what the candidates have together; they are named only where they are no more than
    ``max_candidate_share`` of the stages compared (naming all names none) and the busiest of them leads the rest.
    ``min_candidate_weeks``, ``min_candidate_departures`` (of the stage with the most): under these nothing is said.
    """

    min_probability: float = 0.8
    min_probability_estimated: float = 0.9
    min_weeks: int = 13
    min_departures: int = 60
    min_lead: float = 0.05
    lead_confidence: float = 0.95
    min_utilisation: float = 0.6
    candidate_probability: float = 0.9
    max_candidate_share: float = 0.5
    min_candidate_weeks: int = 6
    min_candidate_departures: int = 20


def declare_constraints(lines: Sequence[MeasuredLine], settings: DeclarationSettings | None = None) -> pd.DataFrame:
    """Return the verdict on each line: one row per line and active stage with ``COLUMNS``.

    ``lines`` come from :func:`.line_measures.measure_lines`, one call per scope and window of ``WINDOWS_WEEKS``;
    within a call all stages and lines share the draws. ``p_constraint`` is the share of resamples in which the stage
    has the most Borda points, ties split evenly, so a line's add up to 1. ``utilisation_lead`` is its utilisation less
    that of the busiest other stage compared. NULL in both where a stage is not compared or there are under 3 weeks.

    ``verdict`` and ``sentence`` are of the line and the same in all its rows; ``withheld_reason`` says for every stage
    that is not declared what is missing. A part of a value stream, such as a train, declares nothing on an estimated
    capacity: a stage whose people the parts share would look idle in each of them. Ordered by scope, scope id, level,
    workflow, window and position.
    """
    settings = settings or DeclarationSettings()
    tables = [_declare(line, settings) for line in lines]
    if not tables:
        return pd.DataFrame(columns=list(COLUMNS)).astype(_TYPES)
    table = pd.concat(tables, ignore_index=True).assign(method_version=METHOD_VERSION)
    order = ["scope", "scope_id", "level", "workflow_id", "window_weeks", "stage_position", "stage_id"]
    return table.sort_values(order, ignore_index=True)[list(COLUMNS)].astype(_TYPES)


@dataclass(frozen=True, slots=True)
class _Resamples:
    """What the resampled weeks say: stages on top (resamples, stages; rows add up to 1) and utilisations."""

    on_top: Floats
    utilisation: Floats

    def probability(self) -> Floats:
        return np.asarray(self.on_top.mean(axis=0))

    def lead(self, chosen: Flags, confidence: float) -> float:
        """Return the lower end of how far the busiest chosen stage leads the busiest of the rest; NaN without rest."""
        if chosen.all() or not chosen.any():
            return float("nan")
        lead = self.utilisation[:, chosen].max(axis=1) - self.utilisation[:, ~chosen].max(axis=1)
        lead = lead[np.isfinite(lead)]
        return float(np.quantile(lead, 1 - confidence)) if lead.size else float("nan")


def _resample(weeks: StageWeeks, is_compared: Flags, uniforms: Floats, *, is_queue_ranked: bool) -> _Resamples:
    n_weeks = weeks.week_hours.size
    drawn = draw_weeks(uniforms, n_weeks)
    times_drawn = np.zeros((len(drawn), n_weeks))
    np.add.at(times_drawn, (np.arange(len(drawn))[:, None], drawn), 1)
    # Sums of the same weeks in another order differ in the last digits, which must not break a tie.
    values = weeks.indicators(times_drawn)[:, is_compared].round(12)
    if not is_queue_ranked:
        values[..., INDICATORS.index("queue_mean")] = np.nan
    points = borda_points(values)
    is_top = points >= points.max(axis=1, keepdims=True) - 1e-9
    return _Resamples(
        on_top=is_top / is_top.sum(axis=1, keepdims=True),
        utilisation=values[..., INDICATORS.index("utilisation")],
    )


def _declare(line: MeasuredLine, settings: DeclarationSettings) -> pd.DataFrame:
    """Return the rows of one line."""
    table = rank_stages(line.stages.assign(is_queue_ranked=line.is_queue_ranked)).rename(
        columns={"n_stages_ranked": "n_stages_compared", "capacity_estimate": "capacity"}
    )
    table = table.assign(
        scope=line.scope,
        scope_id=line.scope_id,
        value_stream_id=line.value_stream_id,
        level=line.level,
        workflow_id=line.workflow_id,
        window_weeks=line.window_weeks,
        n_weeks=line.n_weeks,
        window_start=line.window_start,
        window_end=line.window_end,
        n_resamples=len(line.uniforms),
        left_out_share=line.left_out_share,
        p_constraint=np.nan,
        utilisation_lead=np.nan,
        utilisation_lead_lower=np.nan,
    )
    is_compared = table["utilisation"].notna().to_numpy()
    can_compare = is_compared.sum() > 1
    resamples = None
    if can_compare and line.weeks.week_hours.size >= BOOTSTRAP_BLOCK_WEEKS:
        resamples = _resample(line.weeks, is_compared, line.uniforms, is_queue_ranked=line.is_queue_ranked)
        utilisation = table.loc[is_compared, "utilisation"].to_numpy()
        alone = np.eye(utilisation.size, dtype=bool)
        table.loc[is_compared, "p_constraint"] = resamples.probability()
        table.loc[is_compared, "utilisation_lead"] = [
            own - utilisation[~chosen].max() for own, chosen in zip(utilisation, alone, strict=True)
        ]
        table.loc[is_compared, "utilisation_lead_lower"] = [
            resamples.lead(chosen, settings.lead_confidence) for chosen in alone
        ]
    table["status"] = np.where(is_compared & can_compare, "not_named", "not_compared")
    table["withheld_reason"] = describe_shortfalls(table, settings)
    verdict, named = _verdict(table, resamples, settings)
    table.loc[named, "status"] = "declared" if verdict == "declared" else "candidate"
    table["verdict"] = verdict
    table["sentence"] = describe_verdict(table, settings, is_working_time=line.is_working_time)
    return table


def _verdict(table: pd.DataFrame, resamples: _Resamples | None, settings: DeclarationSettings) -> tuple[str, pd.Index]:
    """Return the verdict on a line and the rows of the stages that it names."""
    nobody = table.index[:0]
    is_too_little = (
        table["n_weeks"].iloc[0] < settings.min_candidate_weeks
        or table["n_departures"].max() < settings.min_candidate_departures
    )
    if resamples is None or is_too_little:
        return "insufficient_data", nobody
    ordered = table.loc[table["p_constraint"].notna()].sort_values(
        ["p_constraint", "borda_points", "stage_position"], ascending=[False, False, True]
    )
    first = ordered.iloc[0]
    if pd.isna(first["withheld_reason"]):
        return "declared", ordered.index[:1]
    together = ordered["p_constraint"].cumsum().to_numpy()
    n_needed = int((together < settings.candidate_probability - 1e-9).sum()) + 1
    # Where nothing but an estimated capacity keeps a stage from being declared, it is the candidate by itself.
    is_estimated = first["capacity_source"] == "estimated"
    if is_estimated and settings.min_probability <= first["p_constraint"] < settings.min_probability_estimated:
        n_needed = 1
    named = ordered.index[:n_needed]
    chosen = table.index[table["p_constraint"].notna()].isin(named)
    leads = resamples.lead(chosen, settings.lead_confidence) > 0
    is_busy = table.loc[named, "utilisation"].max() >= settings.min_utilisation
    if n_needed <= settings.max_candidate_share * len(ordered) and leads and is_busy:
        return "candidates", named
    return "no_dominant_constraint", nobody
