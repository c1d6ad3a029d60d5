"""What is stuck, how sure that is, and what changed since the refresh before.

Belongs here: the verdicts of `analysis.constraint_declarations`, and the events that follow from them, as a reader
takes them in within seconds. Does not belong here: why a stage is stuck (`constraint_card`).
"""

from collections.abc import Hashable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import pandas as pd

from orchestration.reports.blocks import Block, Cell, Column, Notice, Table, Words
from orchestration.reports.wording import (
    NOT_MEASURED,
    count,
    counted,
    counted_items,
    day,
    day_range,
    is_missing,
    level_plural,
    listed,
    number,
    percent,
)

_NAMED: Final = ("declared", "candidate")
# Probability words, from the highest down; a share of resamples is never certainty.
_SURENESS: Final = ((0.99, "almost certainly"), (0.95, "very likely"), (0.8, "likely"))
_HIGHEST_SHOWN: Final = 0.999
_FEWEST_TO_COMPARE: Final = 2

_VERDICT_WORDS: Final = {
    "declared": "Constraint declared",
    "candidates": "Candidates, not declared",
    "no_dominant_constraint": "No stage stands out",
    "insufficient_data": "Too little data",
}
VERDICT_NOTE: Final = (
    "A stage is named the constraint only if, with weeks drawn at random again and again, being busy, fully busy, "
    "seldom idle for lack of work and (where no limit on work in progress was reached) having the longest queue point "
    "to it often enough, and it is clearly busier than every other stage. How often and on how much data is set in "
    "the portfolio file: by default in 80 % of the draws (90 % where its capacity is estimated), on 13 weeks and 60 "
    "departures."
)
OVERVIEW_COLUMNS: Final = (
    Column("Value stream"),
    Column("Constraint"),
    Column("How sure"),
    Column("Busy", is_numeric=True, note="95 % interval"),
    Column("Waiting before it", is_numeric=True, note="items, mean"),
    Column("Basis"),
)


def short_window(declared: pd.DataFrame) -> int | None:
    """Weeks of the window that the pages tell of, the shorter one of the portfolio's two; None without any verdict."""
    return None if declared.empty else int(declared["window_weeks"].min())


def windowed(declared: pd.DataFrame) -> pd.DataFrame:
    """The verdicts with `window`: short or long. Of all lines at once, as one may have no rows in the short window."""
    is_short = declared["window_weeks"] == short_window(declared)
    return declared.assign(window=is_short.map({True: "short", False: "long"}))


def line_verdict(declared: pd.DataFrame, value_stream_id: str, level: str, workflow_id: str) -> pd.DataFrame:
    """The verdict rows of one line of a value stream over both windows, in the order of the workflow."""
    all_lines = windowed(declared)
    own = all_lines[
        (all_lines["scope"] == "value_stream")
        & (all_lines["scope_id"] == value_stream_id)
        & (all_lines["level"] == level)
        & (all_lines["workflow_id"] == workflow_id)
    ]
    return own.sort_values(["window_weeks", "stage_position", "stage_id"], ignore_index=True)


def of_window(line: pd.DataFrame, window: str = "short") -> pd.DataFrame:
    """The rows of one window, `short` or `long`."""
    return line[line["window"] == window].reset_index(drop=True)


def named_stages(line: pd.DataFrame) -> pd.DataFrame:
    """The stages declared or candidates in the short window, the likeliest first."""
    rows = of_window(line)
    return rows[rows["status"].isin(_NAMED)].sort_values(
        "p_constraint", ascending=False, ignore_index=True, kind="stable"
    )


def sureness(probability: float) -> str:
    """A probability in words and as a number: 0.97 -> "very likely (97 %)"."""
    words = next((words for least, words in _SURENESS if probability >= least), "possibly")
    return f"{words} ({percent(min(probability, _HIGHEST_SHOWN))})"


def headline(name: str, line: pd.DataFrame, level: str) -> str:
    """One sentence about a value stream with n, window and where the capacity comes from; true for any data."""
    rows = of_window(line)
    if rows.empty:
        return f"{name}: no verdict, as no {level_plural(level)} passed an active stage."
    verdict = rows["verdict"].iloc[0]
    if verdict == "insufficient_data":
        return f"{name}: no verdict. {rows['sentence'].iloc[0]}"
    named = named_stages(line)
    if verdict == "declared":
        stage = named.iloc[0]
        return (
            f"{name}: {stage['stage_name']} is {sureness(stage['p_constraint'])} the constraint, {_busy_clause(stage)}."
        )
    if verdict == "candidates":
        names = listed([str(stage) for stage in named["stage_name"]])
        if len(named) == 1:
            reason = named["withheld_reason"].iloc[0]
            return f"{name}: {names} may be the constraint, {_busy_clause(named.iloc[0])}; not declared, as {reason}."
        together = percent(min(named["p_constraint"].sum(), _HIGHEST_SHOWN))
        return (
            f"{name}: the constraint is one of {names} (together {together}), which of them is not settled; "
            f"{_busy_clause(named.iloc[0])}."
        )
    busiest = (
        rows[rows["utilisation"].notna()]
        .sort_values("utilisation", ascending=False, kind="stable")
        .iloc[:_FEWEST_TO_COMPARE]
    )
    shares = listed(
        [f"{stage} {percent(busy)}" for stage, busy in zip(busiest["stage_name"], busiest["utilisation"], strict=True)]
    )
    return f"{name}: no stage stands out over {_basis(rows.iloc[0], level)}; the busiest were {shares}."


def _busy_clause(stage: Mapping[Hashable, Any] | pd.Series) -> str:
    source = "by the register" if stage["capacity_source"] == "given" else "estimated, not given"
    lead = stage["utilisation_lead"]
    ahead = f", {100 * lead:.0f} points more than any other stage" if lead > 0 else ""
    return (
        f"busy {percent(stage['utilisation'])} of the time{ahead} (n {count(stage['n_departures'])} departures, "
        f"{counted(stage['n_weeks'], 'week')}; capacity {source})"
    )


def _basis(row: Mapping[Hashable, Any] | pd.Series, level: str) -> str:
    return (
        f"{counted(row['n_weeks'], 'week')} (n {counted_items(row['n_departures'], level)} through {row['stage_name']})"
    )


def overview_table(
    verdicts: Mapping[str, pd.DataFrame],
    evidence: Mapping[str, pd.DataFrame],
    levels: Mapping[str, str],
    hrefs: Mapping[str, str],
) -> Table | None:
    """One row per value stream: the stage named with its numbers, or that none is and why.

    Args:
        verdicts: Value stream name → `line_verdict`.
        evidence: Value stream name → `constraint_evidence.line_evidence`.
        levels: Value stream name → level of work charted.
        hrefs: Value stream name → its page.
    """
    if not verdicts:
        return None
    rows = tuple(
        _overview_row(name, line, evidence[name], levels[name], hrefs[name]) for name, line in verdicts.items()
    )
    return Table("The constraint of each value stream", OVERVIEW_COLUMNS, rows, notes=(VERDICT_NOTE,))


def _overview_row(name: str, line: pd.DataFrame, evidence: pd.DataFrame, level: str, href: str) -> tuple[Cell, ...]:
    head = Cell(name, href=href, note=level_plural(level))
    rows, named = of_window(line), named_stages(line)
    blank = Cell(NOT_MEASURED, tone="muted")
    if rows.empty:
        return head, Cell("No verdict", tone="muted"), blank, blank, blank, blank
    if named.empty:
        text = "Too little data" if rows["verdict"].iloc[0] == "insufficient_data" else "No stage stands out"
        most = rows.loc[[rows["n_departures"].idxmax()]]
        return head, Cell(text, note=_long_window(line, named), tone="muted"), blank, blank, blank, _basis_cell(most)
    waiting = evidence.set_index("stage_id")["queue_mean"].reindex(named["stage_id"])
    is_declared = named["status"].iloc[0] == "declared"
    return (
        head,
        Cell(listed([str(stage) for stage in named["stage_name"]]), note=_long_window(line, named)),
        Cell(
            "; ".join(sureness(value) for value in named["p_constraint"]),
            note="declared" if is_declared else "candidate, not declared",
        ),
        Cell("; ".join(_busy(row) for row in named.to_dict("records"))),
        Cell("; ".join(NOT_MEASURED if is_missing(value) else number(value) for value in waiting)),
        _basis_cell(named),
    )


def _long_window(line: pd.DataFrame, named: pd.DataFrame) -> str | None:
    """What the longer window says."""
    long = of_window(line, "long")
    if long.empty or long["verdict"].iloc[0] == "insufficient_data":
        return None
    weeks = int(long["window_weeks"].iloc[0])
    then = set(long.loc[long["status"].isin(_NAMED), "stage_name"])
    if then == set(named["stage_name"]):
        return f"The same over {weeks} weeks."
    return f"Over {weeks} weeks: {listed(sorted(then)) if then else 'no stage stands out'}."


def _busy(row: Mapping[Hashable, Any]) -> str:
    text = percent(row["utilisation"])
    if is_missing(row["utilisation_lower"]):
        return text
    return f"{text} ({row['utilisation_lower'] * 100:.0f}–{row['utilisation_upper'] * 100:.0f})"


def _basis_cell(rows: pd.DataFrame) -> Cell:
    row = rows.iloc[0]
    departures = listed([count(value) for value in rows["n_departures"]])
    sources = sorted({"given" if source == "given" else "estimated" for source in rows["capacity_source"]})
    return Cell(
        f"n {departures} departures, {counted(row['n_weeks'], 'week')}; capacity {' or '.join(sources)}",
        note=day_range(row["window_start"], row["window_end"]),
    )


def changes(
    verdicts: pd.DataFrame,
    events: pd.DataFrame,
    as_of: datetime,
    lines: Mapping[str, tuple[str, str]],
) -> tuple[Block, ...]:
    """What this refresh says that the one before did not.

    Args:
        verdicts: `analysis.constraint_verdicts`, of all refreshes.
        events: `analysis.constraint_events`, of all refreshes.
        as_of: The moment of the generation shown.
        lines: Value stream name → its id and the level charted.
    """
    now = pd.Timestamp(as_of.astimezone(UTC)).tz_localize(None)
    events = events.sort_values(["event", "sentence"])
    of_streams = verdicts[verdicts["scope"] == "value_stream"]
    # The windows are a setting: verdicts of earlier refreshes may be over others.
    weeks = short_window(of_streams[of_streams["as_of"] == now])
    shown = of_streams[of_streams["window_weeks"] == weeks].sort_values(["as_of", "stage_id"])
    before = shown.loc[shown["as_of"] < now, "as_of"]
    if before.empty:
        return (
            Notice("These are the first verdicts kept; what changes is told from the next refresh on.", tone="muted"),
        )
    last = before.max()
    ours = events[(events["scope"] == "value_stream") & (events["window_weeks"] == weeks) & (events["as_of"] == now)]
    news, standing = [], []
    for name, (identity, level) in lines.items():
        own = ours[(ours["scope_id"] == identity) & (ours["level"] == level)]
        news += [f"{name}: {text}" for text in own.loc[own["event"] != "persisted", "sentence"]]
        standing += [f"{name}: {text}" for text in own.loc[own["event"] == "persisted", "sentence"]]
        rows = shown[(shown["scope_id"] == identity) & (shown["level"] == level)]
        news += [f"{name}: {text}" for text in _no_longer_declared(rows, last, now)]
    if news:
        return (Words((*news, *standing)),)
    return (Words((f"Nothing has changed since the refresh of {day(last)}.", *standing)),)


def _no_longer_declared(rows: pd.DataFrame, last: pd.Timestamp, now: pd.Timestamp) -> list[str]:
    """Stages that were declared the time before, where now none is."""
    then = rows[(rows["as_of"] == last) & (rows["status"] == "declared")]
    today = rows[rows["as_of"] == now].set_index("stage_id")
    if today.empty or (today["status"] == "declared").any():
        return []
    found = []
    for stage_id, stage in zip(then["stage_id"], then["stage_name"], strict=True):
        probability = float(today["p_constraint"].get(stage_id, float("nan")))
        points = (
            "" if is_missing(probability) else f"; the signs point to it in {percent(min(probability, _HIGHEST_SHOWN))}"
        )
        found.append(f"{stage} was declared the constraint on {day(last)} and is not declared now{points}.")
    return found


def other_lines(
    declared: pd.DataFrame, value_stream_id: str, shown: tuple[str, str], trains: Mapping[str, str]
) -> Table | None:
    """The verdicts on the value stream's other levels and workflows, and on its trains; None if there are none.

    Args:
        declared: `analysis.constraint_declarations`.
        value_stream_id: The value stream.
        shown: Level and workflow that the page tells of already.
        trains: Train id → its name.
    """
    all_lines = windowed(declared)
    own = of_window(all_lines[all_lines["value_stream_id"] == value_stream_id])
    is_shown = (own["scope"] == "value_stream") & (own["level"] == shown[0]) & (own["workflow_id"] == shown[1])
    line = ["scope", "scope_id", "level", "workflow_id"]
    lines = own[~is_shown].drop_duplicates(line).sort_values(line, ascending=[False, True, True, True])
    if lines.empty:
        return None
    rows = tuple(
        (
            Cell(
                f"Train {trains.get(row['scope_id'], row['scope_id'])}" if row["scope"] == "train" else "Value stream",
                note=level_plural(str(row["level"])),
            ),
            Cell(_VERDICT_WORDS[row["verdict"]]),
            Cell(str(row["sentence"])),
        )
        for row in lines.to_dict("records")
    )
    columns = (Column("Line"), Column("Verdict"), Column("What it rests on", is_prose=True))
    return Table("Other levels and trains", columns, rows, collapsed_as="Verdicts on the other levels and on trains")
