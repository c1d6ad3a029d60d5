"""Which queues may become choke points: the chances in words, as a table, and as small charts.

Belongs here: what is said of queues to come and of what such forecasts were worth. Does not belong here: where work is
stuck today (`constraint_evidence`), and how the chances are computed (`analysis.choke_point_forecasts`).
"""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from orchestration.reports.blocks import Block, Cell, Chart, Column, LegendEntry, Notice, Table, Words
from orchestration.reports.figures import queues_ahead as small_charts
from orchestration.reports.wording import clipped, counted, day_range, is_missing, listed, number, percent

LIKELY = 0.5
# A queue that may hold so few is no choke point, however likely it holds one more.
MIN_LIMIT = 5
PAST_WEEKS = 26
_HORIZONS = {
    "4_weeks": "within 4 weeks",
    "8_weeks": "within 8 weeks",
    "next_increment": "by the end of the next increment",
}
_NO_BETTER = "no better than assuming no trend"


def overview_blocks(
    forecasts: pd.DataFrame,
    backtest: pd.DataFrame,
    stream_names: Mapping[str, str],
    stage_names: Mapping[str, str],
    hrefs: Mapping[str, str],
) -> tuple[Block, ...]:
    """The headline, the queues most likely to go over their limit, and what such forecasts were worth.

    Args:
        forecasts: `choke_point_forecasts` of value streams.
        backtest: `choke_point_backtest` of value streams.
        stream_names: Name by value_stream_id, of the streams to show.
        stage_names: Name by stage_id.
        hrefs: Page by value_stream_id.
    """
    within = _shown(forecasts, stream_names)
    known = within[within["probability"].notna()]
    if known.empty:
        return (Notice(_why_nothing(within), tone="muted"),)
    ahead = _by_queue(known)
    probability = [name for name in _HORIZONS if name in ahead]
    ahead = ahead.sort_values([*reversed(probability), "scope_id", "stage_id"], ascending=False)
    is_over = ahead["is_over_now"].astype("boolean").fillna(value=False).astype(bool)
    ahead = ahead.assign(is_over=is_over)
    likely = ahead[(ahead[probability].max(axis=1) >= LIKELY) & ~is_over]
    blocks: list[Block] = [
        Words(
            tuple(
                sentence
                for sentence in (
                    _headline(ahead, likely, is_over, probability, stream_names, stage_names),
                    _trend_sentence(known),
                    _worth_sentence(backtest),
                )
                if sentence
            )
        )
    ]
    listed_rows = pd.concat([ahead[is_over], likely])
    if len(listed_rows):
        blocks.append(_table(listed_rows, probability, stream_names, stage_names, hrefs))
    return tuple(blocks)


def stream_blocks(
    forecasts: pd.DataFrame,
    backtest: pd.DataFrame,
    stage_weeks: pd.DataFrame,
    stage_names: Mapping[str, str],
    stream_id: str,
    level: str,
) -> tuple[Block, ...]:
    """Small charts of the queues of one value stream and level, with the chances in each title.

    Args:
        forecasts: `choke_point_forecasts` of value streams.
        backtest: `choke_point_backtest` of value streams.
        stage_weeks: `mart_stage_metrics` of the value stream.
        stage_names: Name by stage_id, in the order of the workflow.
        stream_id: The value stream.
        level: The level that is shown; queues of which a limit holds over all levels are shown too.
    """
    own = forecasts[(forecasts["scope_id"] == stream_id) & forecasts["level"].isin([level, "all"])]
    within = own[(own["event"] == "within") & own["horizon"].isin(["4_weeks", "8_weeks"])]
    queues = []
    withheld = []
    for stage_id, name in stage_names.items():
        of_queue = within[within["stage_id"] == stage_id].sort_values("horizon_weeks")
        if of_queue.empty:
            continue
        if of_queue["probability"].isna().any():
            withheld.append(f"{name}: {of_queue['withheld_reason'].dropna().iloc[0]}.")
            continue
        past = _past(stage_weeks, stage_id, level, str(of_queue["level"].iloc[0]))
        # Short enough for a phone.
        chances = ", ".join(
            f"{_chance(row['probability'])} in {row['horizon_weeks']}" for row in of_queue.to_dict("records")
        )
        chances += " weeks"
        queues.append((f"{clipped(name, 20)}: {chances}", past, of_queue))
    blocks: list[Block] = []
    if queues:
        window = day_range(queues[0][1]["week_end"].iloc[0], queues[0][1]["week_end"].iloc[-1])
        n_queues = counted(len(queues), "queue")
        title = f"{n_queues} and the chance to go over the limit, after the last {PAST_WEEKS} complete weeks ({window})"
        blocks.append(
            Chart(
                chart_id="queues-ahead",
                title=title,
                figure=small_charts.figure(queues),
                description=". ".join([title, *(queue[0] for queue in queues)]),
                height=60 + small_charts.HEIGHT_OF_ONE * len(queues),
                legend=(
                    LegendEntry("queue", "waiting at the end of the week; then the middle of the futures (dotted)"),
                    LegendEntry("range", "80 % of the futures end within the shaded range"),
                    LegendEntry("limit", "limit: configured, or the most that was usual before the last 13 weeks"),
                ),
                notes=_worth_of_horizons(backtest, within),
            )
        )
    if withheld:
        blocks.append(Words((f"Not forecast. {' '.join(withheld)}",)))
    return tuple(blocks) or (Notice("No queue has a complete week yet, so none is forecast.", tone="muted"),)


def _shown(forecasts: pd.DataFrame, stream_names: Mapping[str, str]) -> pd.DataFrame:
    return forecasts[(forecasts["event"] == "within") & forecasts["scope_id"].isin(list(stream_names))]


def _why_nothing(within: pd.DataFrame) -> str:
    reasons = within.loc[within["horizon"] == "4_weeks", "withheld_reason"].dropna()
    if reasons.empty:
        return "No queue has a complete week yet, so no choke point is forecast."
    return f"No choke point is forecast. Most queues: {reasons.mode().iloc[0]}."


def _by_queue(known: pd.DataFrame) -> pd.DataFrame:
    """One row per queue with the chance of each horizon as a column; small queues are left out."""
    keys = ["scope_id", "level", "stage_id"]
    wide = known[known["queue_limit"] >= MIN_LIMIT].pivot_table(
        index=keys, columns="horizon", values="probability", aggfunc="first"
    )
    longest = known[known["horizon"] == "8_weeks"].set_index(keys)
    about = longest[["queue_now", "queue_limit", "limit_source", "is_over_now", "queue_lower", "queue_upper"]]
    return wide.join(about).reset_index()


def _headline(
    ahead: pd.DataFrame,
    likely: pd.DataFrame,
    is_over: pd.Series,
    probability: list[str],
    stream_names: Mapping[str, str],
    stage_names: Mapping[str, str],
) -> str:
    n_queues = counted(len(ahead), "queue")
    if ahead.empty:
        return f"No queue has a limit of {MIN_LIMIT} items or more, so none is called a choke point to come."
    over = (
        f" {listed([_name(row, stream_names, stage_names) for row in ahead[is_over].to_dict('records')])} "
        f"{'is' if is_over.sum() == 1 else 'are'} over the limit already."
        if is_over.any()
        else ""
    )
    until = _HORIZONS[probability[-1]]
    if likely.empty:
        return f"Of {n_queues} none is more likely than not to go over its limit {until}.{over}"
    named = [
        f"{_name(row, stream_names, stage_names)} ({_chance(row['highest'])})"
        for row in likely.assign(highest=likely[probability].max(axis=1)).to_dict("records")
    ]
    verb = "is" if len(likely) == 1 else "are"
    return (
        f"Of {n_queues}, {len(likely)} {verb} more likely than not to go over the limit {until}: {listed(named)}.{over}"
    )


def _name(row: Mapping[Hashable, Any], stream_names: Mapping[str, str], stage_names: Mapping[str, str]) -> str:
    return f"{stage_names.get(row['stage_id'], row['stage_id'])} in {stream_names[row['scope_id']]}"


def _trend_sentence(known: pd.DataFrame) -> str:
    labels = set(known["label"].dropna())
    if (known["method"] == "trend").any():
        return (
            "Queues are taken to go on growing or shrinking as they did, because that has made past forecasts better."
        )
    if _NO_BETTER in labels:
        return (
            "That a queue has been growing or shrinking made past forecasts no better than assuming no trend, so none "
            "is assumed: the chances come from how much each queue goes up and down, and from what came of such "
            "chances before."
        )
    return "There are too few past weeks to tell whether a trend helps, so none is assumed."


def _worth_sentence(backtest: pd.DataFrame) -> str:
    found = backtest[(backtest["event"] == "within") & (backtest["horizon"] == "8_weeks")]
    if found.empty or is_missing(found.iloc[0]["hit_rate"]):
        return "No past forecast can be checked yet, so nobody knows what these are worth."
    row = found.iloc[0]
    always = max(row["base_rate"], 1 - row["base_rate"])
    if row["hit_rate"] <= always:
        than = "no better than"
    else:
        than = "better than" if row["hit_rate_lower"] > always else "not clearly better than"
    of_warnings = (
        f" Of {counted(row['n_warnings'], 'warning')} {percent(row['warnings_right_share'])} came true."
        if row["n_warnings"]
        else ""
    )
    return (
        f"Checked on {counted(row['n_cases'], 'past case')} from {counted(row['n_origins'], 'week')}, looking 8 weeks "
        f"ahead was right in {percent(row['hit_rate'])} (95 % interval {percent(row['hit_rate_lower'])} to "
        f"{percent(row['hit_rate_upper'])}), {than} always saying the same ({percent(always)}).{of_warnings}"
    )


def _worth_of_horizons(backtest: pd.DataFrame, within: pd.DataFrame) -> tuple[str, ...]:
    is_shown = (backtest["event"] == "within") & backtest["horizon"].isin(list(within["horizon"]))
    known = backtest[is_shown & backtest["hit_rate"].notna()].sort_values("horizon_weeks")
    if known.empty:
        return ("No past forecast can be checked yet, so nobody knows what these are worth.",)
    rates = [
        f"{percent(row['hit_rate'])} of {counted(row['n_cases'], 'case')} {row['horizon_weeks']} weeks ahead (always "
        f"saying the same: {percent(max(row['base_rate'], 1 - row['base_rate']))})"
        for row in known.to_dict("records")
    ]
    label = within["label"].dropna()
    trend = f"No trend is assumed ({label.iloc[0]})." if len(label) else "A trend is taken to go on."
    return (f"Such forecasts, of all value streams, were right in {listed(rates)}. {trend}",)


def _chance(probability: float) -> str:
    """A share of drawn futures: none or all of them is no certainty."""
    return percent(min(max(probability, 1e-6), 1 - 1e-6))


def _limit(row: Mapping[Hashable, Any]) -> str:
    source = "configured" if row["limit_source"] == "wip_limit" else "its usual most"
    return f"{number(row['queue_limit'], 0)} ({source})"


def _table(
    rows: pd.DataFrame,
    probability: list[str],
    stream_names: Mapping[str, str],
    stage_names: Mapping[str, str],
    hrefs: Mapping[str, str],
) -> Table:
    columns = (
        Column("Queue"),
        Column("Waiting now", is_numeric=True, note="limit"),
        *(Column(f"Over {_HORIZONS[name]}", is_numeric=True, note="chance") for name in probability),
        Column("Waiting in 8 weeks", is_numeric=True, note="80 % of the futures"),
    )
    cells = []
    for row in rows.to_dict("records"):
        chances = [
            Cell("over now", tone="bad")
            if row["is_over"]
            else Cell(_chance(row[name]), tone="warning" if row[name] >= LIKELY else "plain")
            for name in probability
        ]
        cells.append(
            (
                Cell(
                    stage_names.get(row["stage_id"], row["stage_id"]),
                    href=hrefs.get(row["scope_id"]),
                    note=f"{stream_names[row['scope_id']]}, {row['level']}",
                ),
                Cell(number(row["queue_now"], 0), note=_limit(row)),
                *chances,
                Cell(f"{number(row['queue_lower'], 0)} to {number(row['queue_upper'], 0)}"),
            )
        )
    return Table(
        "Queues that are over their limit, or more likely than not to go over it",
        columns,
        tuple(cells),
        notes=(
            "Limit: the configured one; else the most that was usual in the up to 26 weeks before the last 13 (“its "
            f"usual most”). Queues whose limit is under {MIN_LIMIT} items are left out.",
        ),
    )


def _past(stage_weeks: pd.DataFrame, stage_id: str, level: str, forecast_level: str) -> pd.DataFrame:
    own = stage_weeks[(stage_weeks["stage_id"] == stage_id) & stage_weeks["is_complete"].astype(bool)]
    if forecast_level != "all":
        own = own[own["level"] == level]
    by_week = own.groupby("week_start")[["queue_length_end"]].sum().sort_index().tail(PAST_WEEKS).reset_index()
    return by_week.assign(week_end=pd.to_datetime(by_week["week_start"]) + pd.Timedelta(days=6))
