"""The section of `RESULTS.md` on how often findings are right, with the limits they are held to.

Belongs here: the limits, the shares they are compared with, and their words. Does not belong here: scoring
(`scores`), and asserting (`test_hundred_portfolios`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from orchestration.analytics.forecast_scoring import BrierSplit, brier_score, split_brier
from tests.accuracy.scores import Share, share_by_portfolio, share_of
from tests.benchmarks.result_sections import measured_where, replace_section

SECTION: Final = "accuracy of findings"
_LIBRARIES: Final = ("duckdb", "dbt-core", "dbt-duckdb", "pandas", "numpy", "scipy", "simpy")

#: Set before anything was measured.
MIN_RIGHT_WHEN_DECLARED: Final = 0.95
MAX_FALSE_DECLARED: Final = 0.05
MAX_FALSE_IMPROVED: Final = 0.03
#: Of clear constraints, by weeks: what is never declared is never wrong either.
MIN_DECLARED: Final = {13: 0.25, 26: 0.40}
#: Dates and numbers promised at a confidence of 85 and 50 %. Whole weeks and whole items round to the careful side.
KEPT_85: Final = (0.78, 0.92)
KEPT_50: Final = (0.40, 0.62)
#: Of probabilities: mean squared distance of what was said from what came, in bins of a tenth, and of the two means.
MAX_RELIABILITY: Final = 0.01
MAX_BIAS: Final = 0.05
#: The trend is let in where it beat the rule without it in the past; it must not cost more than this ahead.
MAX_BRIER_OVER_NO_TREND: Final = 1.02


@dataclass(frozen=True)
class Accuracy:
    """Everything that was scored; frames as `scores` returns them, of all portfolios together."""

    seeds: range
    declarations: pd.DataFrame
    interventions: pd.DataFrame
    choke_points: pd.DataFrame
    throughput: pd.DataFrame
    deliveries: pd.DataFrame
    minutes: float

    def right_when_declared(self, weeks: int | None = None) -> Share:
        """Of declarations on streams with a planted constraint, those of that very stage."""
        told = self._constrained(weeks)
        told = told.loc[told["declared"].notna()]
        return share_of(told["declared"] == told["constraint"])

    def declared(self, weeks: int) -> Share:
        """Of streams with a planted constraint, those of which any stage was declared."""
        return share_of(self._constrained(weeks)["declared"].notna())

    def false_declared(self, weeks: int | None = None) -> Share:
        """Of balanced streams, those of which a stage was declared."""
        return share_of(self._windows(weeks).loc[lambda rows: rows["is_balanced"], "declared"].notna())

    def placebos(self, drift: str | None = None) -> pd.DataFrame:
        """Rows of interventions that changed nothing, where everybody's pace drifted so, or in all portfolios."""
        rows = self.interventions.loc[self.interventions["is_placebo"]]
        return rows if drift is None else rows.loc[rows["drift"] == drift]

    def false_improved(self, drift: str | None = None) -> Share:
        """Of interventions that changed nothing, those whose newest verdict is `improved`."""
        return share_of(self.placebos(drift)["is_improved"])

    def improved(self) -> Share:
        """Of interventions that relieved the constraint, those whose newest verdict is `improved`."""
        return share_of(self.interventions.loc[~self.interventions["is_placebo"], "is_improved"])

    def kept(self, rows: pd.DataFrame, confidence: int) -> Share:
        """Of promises at a confidence, those that were kept; `rows` are `throughput` or `deliveries`."""
        of_confidence = rows.loc[rows["confidence"] == confidence]
        return share_by_portfolio(of_confidence["is_kept"], of_confidence["portfolio"])

    def chances(self, event: str) -> ChanceScores:
        """How good the published probabilities of queues over their limit were."""
        return ChanceScores.of(self.choke_points.loc[self.choke_points["event"] == event])

    def _windows(self, weeks: int | None) -> pd.DataFrame:
        rows = self.declarations
        return rows if weeks is None else rows.loc[rows["window_weeks"] == weeks]

    def _constrained(self, weeks: int | None) -> pd.DataFrame:
        return self._windows(weeks).loc[lambda rows: ~rows["is_balanced"]]


@dataclass(frozen=True)
class ChanceScores:
    """Probabilities against outcomes: of what was published, of the rule without a trend, of the base rate."""

    n: int
    n_by_trend: int
    base_rate: float
    mean_said: float
    published: BrierSplit
    brier_no_trend: float
    brier_base_rate: float
    bins: pd.DataFrame

    @classmethod
    def of(cls, rows: pd.DataFrame) -> ChanceScores:
        """Score rows of `score_choke_points`; `bins` has a row per tenth of probability that occurs."""
        said, came = rows["probability"].to_numpy(dtype=float), rows["came"].to_numpy(dtype=float)
        tenth = np.minimum((said * 10).astype(int), 9)
        bins = (
            pd.DataFrame({"tenth": tenth, "said": said, "came": came})
            .groupby("tenth")
            .agg(n=("said", "size"), said=("said", "mean"), came=("came", "mean"))
        )
        return cls(
            n=len(rows),
            n_by_trend=int((rows["method"] == "trend").sum()),
            base_rate=float(came.mean()),
            mean_said=float(said.mean()),
            published=split_brier(said, came),
            brier_no_trend=brier_score(rows["probability_no_trend"].to_numpy(dtype=float), came),
            brier_base_rate=brier_score(np.full(came.size, came.mean()), came),
            bins=bins,
        )


def write_accuracy(found: Accuracy, file: Path) -> None:
    """Put the section in its place in a file of results."""
    replace_section(file, SECTION, "\n\n".join(_parts(found)))


def _parts(found: Accuracy) -> Iterator[str]:
    first, last = found.seeds[0], found.seeds[-1]
    yield (
        "## How often findings are right\n\n"
        f"Measured by `tests/accuracy/test_hundred_portfolios.py` (slow; {found.minutes:.0f} minutes) on"
        f" {len(found.seeds)} simulated portfolios of five value streams, seeds {first} to {last} (methods were worked"
        " out on others), whose truth is planted: the constraint of two in five value streams, two balanced ones, one"
        " intervention that relieves the constraint and two that change nothing; in a third of the portfolios"
        " everybody's pace changes about then. 65 weeks are exported and analysed as a nightly refresh does; the"
        " simulation goes on for 13 weeks. In parentheses: 95 % intervals, Wilson's; of forecasts, over resampled"
        " portfolios.\n\n" + measured_where(_LIBRARIES)
    )
    yield "### What is asked for\n\n" + _table(("what", "measured", "asked", "kept"), _limits(found))
    yield "### By kind\n\n" + _table(("what", "of what", "measured"), _kinds(found))
    yield "### Verdicts on interventions\n\n" + _verdicts(found)
    yield "### Queues over their limit: said and come, by tenths of probability\n\n" + _reliability(found)


def _limits(found: Accuracy) -> Iterator[tuple[str, ...]]:
    for weeks in MIN_DECLARED:
        yield _at_least(
            f"right when declared, {weeks} weeks", found.right_when_declared(weeks), MIN_RIGHT_WHEN_DECLARED
        )
        yield _at_least(f"constraints declared, {weeks} weeks", found.declared(weeks), MIN_DECLARED[weeks])
        yield _at_most(f"balanced streams declared, {weeks} weeks", found.false_declared(weeks), MAX_FALSE_DECLARED)
    yield _at_most("`improved` where nothing was changed", found.false_improved(), MAX_FALSE_IMPROVED)
    improved, asked = found.improved(), found.false_improved().upper
    yield (
        "`improved` where the constraint was relieved", str(improved),
        f"lower end above the upper end of the false ones, {asked:.1%}", _yes(improved.lower > asked),
    )  # fmt: skip
    for what, rows in (("stories by a date", found.throughput), ("features' dates", found.deliveries)):
        yield _within(f"{what} kept at 85 %", found.kept(rows, 85), KEPT_85)
        yield _within(f"{what} kept at 50 %", found.kept(rows, 50), KEPT_50)
    for event in ("at", "within"):
        scores = found.chances(event)
        said = f"queues over the limit ({event})"
        reliability, bias = scores.published.reliability, abs(scores.mean_said - scores.base_rate)
        yield (
            f"{said}: Brier score below the base rate's", f"{scores.published.brier:.4f}",
            f"< {scores.brier_base_rate:.4f}", _yes(scores.published.brier < scores.brier_base_rate),
        )  # fmt: skip
        most = MAX_BRIER_OVER_NO_TREND * scores.brier_no_trend
        yield (
            f"{said}: Brier score against the rule without a trend ({scores.n_by_trend:,} of {scores.n:,} by trend)",
            f"{scores.published.brier:.4f}", f"≤ {most:.4f}", _yes(scores.published.brier <= most),
        )  # fmt: skip
        yield f"{said}: reliability", f"{reliability:.4f}", f"≤ {MAX_RELIABILITY}", _yes(reliability <= MAX_RELIABILITY)
        yield (
            f"{said}: mean said {scores.mean_said:.3f}, came {scores.base_rate:.3f}", f"{bias:.3f} apart",
            f"≤ {MAX_BIAS}", _yes(bias <= MAX_BIAS),
        )  # fmt: skip


def _kinds(found: Accuracy) -> Iterator[tuple[str, ...]]:
    declarations = found.declarations
    kinds: dict[str, dict[object, str]] = {
        "tells_capacity": {True: "capacity given", False: "capacity estimated"},
        "has_wip_limit": {True: "work in progress limited", False: "not limited"},
        "n_stages": {number: f"{number} stages" for number in sorted(declarations["n_stages"].unique())},
    }
    for column, named in kinds.items():
        for value, kind in named.items():
            of_kind = declarations.loc[declarations[column] == value]
            of_constraint = of_kind.loc[~of_kind["is_balanced"]]
            told = of_constraint.loc[of_constraint["declared"].notna()]
            balanced = of_kind.loc[of_kind["is_balanced"], "declared"]
            yield "constraints declared", kind, str(share_of(of_constraint["declared"].notna()))
            yield "right when declared", kind, str(share_of(told["declared"] == told["constraint"]))
            yield "balanced streams declared", kind, str(share_of(balanced.notna()))
    for drift, words in {
        "none": "nothing else changed",
        "faster": "everybody grew faster",
        "slower": "everybody grew slower",
    }.items():
        yield "`improved` where nothing was changed", words, str(found.false_improved(drift))
    placebos = found.placebos()
    for metric, of_metric in placebos.groupby("metric"):
        yield "`improved` where nothing was changed", f"{metric}", str(share_of(of_metric["is_improved"]))
    yield (
        "ever called `improved` where nothing was changed", "some week since the launch",
        str(share_of(placebos["was_ever_improved"])),
    )  # fmt: skip
    for what, rows in (("stories by a date", found.throughput),):
        for weeks, of_horizon in rows.groupby("horizon_weeks"):
            yield f"{what} kept at 85 %", f"{weeks} weeks ahead", str(found.kept(of_horizon, 85))
    for source, of_source in found.deliveries.groupby("pace_source"):
        yield "features' dates kept at 85 %", f"pace: {source}", str(found.kept(of_source, 85))


def _verdicts(found: Accuracy) -> str:
    rows = found.interventions
    kind = rows["is_placebo"].map({True: "nothing was changed", False: "constraint relieved"})
    counts = pd.crosstab(rows["verdict"], kind + ", " + rows["metric"])
    heads = ("verdict", *map(str, counts.columns))
    return _table(heads, ((str(verdict), *map(str, row)) for verdict, *row in counts.itertuples(name=None)))


def _reliability(found: Accuracy) -> str:
    rows = []
    for event in ("at", "within"):
        for tenth, n, said, came in found.chances(event).bins.itertuples(name=None):
            rows.append((event, f"{tenth / 10:.1f} to {tenth / 10 + 0.1:.1f}", f"{n:,}", f"{said:.3f}", f"{came:.3f}"))
    return _table(("over the limit", "probability", "forecasts", "said", "came"), rows)


def _at_least(what: str, share: Share, asked: float) -> tuple[str, ...]:
    return what, str(share), f"≥ {asked:.0%}", _yes(share.value >= asked)


def _at_most(what: str, share: Share, asked: float) -> tuple[str, ...]:
    return what, str(share), f"≤ {asked:.0%}", _yes(share.value <= asked)


def _within(what: str, share: Share, asked: tuple[float, float]) -> tuple[str, ...]:
    return what, str(share), f"{asked[0]:.0%} to {asked[1]:.0%}", _yes(asked[0] <= share.value <= asked[1])


def _yes(is_kept: bool) -> str:
    return "yes" if is_kept else "**no**"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)
