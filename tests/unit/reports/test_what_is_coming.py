"""Words on what is coming: they follow the numbers, and nothing is said that does not hold."""

from typing import Any

import pandas as pd

from orchestration.reports.blocks import Block, Chart, Notice, Table, Words
from orchestration.reports.sections import deliveries_ahead, queues_ahead, work_ahead

STREAMS = {"payments": "Payments"}
STAGES = {"w.ready": "Ready", "w.to-test": "Ready for test"}
NO_BETTER = "no better than assuming no trend"


def queue(stage: str, chances: tuple[float, float], **changes: Any) -> pd.DataFrame:
    """One queue's rows: within 4 and 8 weeks."""
    row = {
        "scope_id": "payments", "level": "story", "stage_id": stage, "event": "within", "method": "no_trend",
        "label": NO_BETTER, "queue_now": 20, "queue_limit": 22.4, "limit_source": "own_history", "is_over_now": False,
        "queue_lower": 17.0, "queue_median": 20.0, "queue_upper": 23.0, "hit_rate": 0.74, "n_cases": 763,
        "withheld_reason": None,
    }  # fmt: skip
    frame = pd.DataFrame([row | {"horizon": f"{weeks}_weeks", "horizon_weeks": weeks} for weeks in (4, 8)])
    frame["probability"] = chances
    frame["target_date"] = pd.to_datetime(["2026-07-26", "2026-08-23"])
    return frame.assign(**changes)


def backtest(**changes: Any) -> pd.DataFrame:
    row = {
        "event": "within", "horizon": "8_weeks", "n_cases": 763, "n_origins": 45, "base_rate": 0.31, "hit_rate": 0.74,
        "hit_rate_lower": 0.65, "hit_rate_upper": 0.82, "n_warnings": 301, "warnings_right_share": 0.57,
    }  # fmt: skip
    return pd.DataFrame([row | changes])


def said(blocks: tuple[Block, ...]) -> str:
    parts: list[str] = []
    for block in blocks:
        if isinstance(block, Words):
            parts += block.paragraphs
        elif isinstance(block, Notice):
            parts.append(block.text)
        elif isinstance(block, Table):
            parts += [block.caption, *(f"{cell.text} | {cell.note}" for row in block.rows for cell in row)]
    return "\n".join(parts)


def overview(forecasts: pd.DataFrame, scored: pd.DataFrame | None = None) -> str:
    found = backtest() if scored is None else scored
    return said(queues_ahead.overview_blocks(forecasts, found, STREAMS, STAGES, {}))


def test_queues_that_are_likely_to_go_over_are_named_with_their_chance() -> None:
    text = overview(pd.concat([queue("w.ready", (0.43, 0.63)), queue("w.to-test", (0.02, 0.10))]))
    assert (
        "Of 2 queues, 1 is more likely than not to go over the limit within 8 weeks: Ready in Payments (63 %)." in text
    )
    assert "22 (its usual most)" in text
    assert "Ready for test" not in text


def test_a_trend_that_does_not_help_is_said_to_be_none() -> None:
    assert "no better than assuming no trend, so none is assumed" in overview(queue("w.ready", (0.1, 0.2)))
    let_in = overview(queue("w.ready", (0.1, 0.2), method="trend", label=None))
    assert "go on growing or shrinking" in let_in
    assert "no better" not in let_in.split("\n")[1]
    assert "too few past weeks" in overview(queue("w.ready", (0.1, 0.2), label="no trend information"))


def test_what_forecasts_were_worth_is_held_against_always_saying_the_same() -> None:
    assert "right in 74 % (95 % interval 65 % to 82 %), not clearly better than always saying the same (69 %)" in (
        overview(queue("w.ready", (0.1, 0.2)))
    )
    assert "), better than always saying the same (60 %)" in overview(
        queue("w.ready", (0.1, 0.2)), backtest(base_rate=0.4)
    )
    assert "no better than always saying the same (80 %)" in overview(
        queue("w.ready", (0.1, 0.2)), backtest(base_rate=0.2)
    )
    unknown = overview(queue("w.ready", (0.1, 0.2)), backtest(hit_rate=float("nan")))
    assert "nobody knows what these are worth" in unknown


def test_a_queue_over_its_limit_is_told_as_such_and_small_ones_are_no_choke_points() -> None:
    text = overview(
        pd.concat([queue("w.ready", (0.9, 0.95), is_over_now=True), queue("w.to-test", (0.9, 0.9), queue_limit=2.1)])
    )
    assert (
        "Of 1 queue none is more likely than not to go over its limit within 8 weeks. Ready in Payments is over" in text
    )
    assert "Ready for test" not in text


def test_small_charts_hold_what_forecasts_were_worth_against_always_saying_the_same() -> None:
    weeks = pd.DataFrame(
        {
            "stage_id": "w.ready", "level": "story", "is_complete": True, "queue_length_end": [18, 20],
            "week_start": pd.to_datetime(["2026-06-15", "2026-06-22"]),
        }
    )  # fmt: skip
    (chart,) = queues_ahead.stream_blocks(
        queue("w.ready", (0.0, 0.63)), backtest(horizon_weeks=8), weeks, {"w.ready": "Ready"}, "payments", "story"
    )
    assert isinstance(chart, Chart)
    assert "Ready: under 1 % in 4, 63 % in 8 weeks" in chart.description
    (note,) = chart.notes
    assert "right in 74 % of 763 cases 8 weeks ahead (always saying the same: 69 %)" in note
    assert "No trend is assumed" in note


def test_withheld_choke_points_say_why() -> None:
    reason = "9 of the last 13 complete weeks are known, all are needed"
    text = overview(queue("w.ready", (float("nan"), float("nan")), withheld_reason=reason))
    assert text == f"No choke point is forecast. Most queues: {reason}."


def parent(number: int, level: str = "feature", **changes: Any) -> dict[str, Any]:
    return {
        "work_item_id": f"i{number}", "scope_id": "payments", "level": level, "n_children_left": number,
        "n_children_finished": 1, "date_50": pd.Timestamp("2026-07-19"), "date_85": pd.Timestamp("2026-08-02"),
        "date_95": pd.Timestamp("2026-08-16"), "pace_source": "own", "withheld_reason": None,
    } | changes  # fmt: skip


def items(*numbers: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "work_item_id": [f"i{number}" for number in numbers],
            "item_key": [f"PAY-{number}" for number in numbers],
            "title": [f"Item {number}" for number in numbers],
            "age_calendar_days": [100 - number for number in numbers],
        }
    )


def dates_worth(**changes: Any) -> pd.DataFrame:
    row = {
        "scope_type": "value_stream", "level": "feature", "n_cases": 120, "hit_rate_85": 0.84,
        "hit_rate_85_lower": 0.77, "hit_rate_85_upper": 0.9,
    }  # fmt: skip
    return pd.DataFrame([row | changes])


def test_the_largest_and_the_oldest_are_shown_with_a_range_and_what_dates_were_worth() -> None:
    numbers = tuple(range(1, 10))
    forecasts = pd.DataFrame([parent(number) for number in numbers])
    text = said(deliveries_ahead.overview_blocks(forecasts, dates_worth(), items(*numbers), STREAMS, {}))
    assert "The largest and the oldest of 9 features in progress" in text
    assert [f"Item {number}" in text for number in numbers] == [True] * 3 + [False] * 3 + [True] * 3
    assert "19 Jul – 2 Aug 2026 | its own pace" in text
    assert (
        "Of 120 past dates of features given with an 85 % chance, 84 % were kept (95 % interval 77 % to 90 %)." in text
    )


def test_dates_that_were_kept_less_than_promised_are_called_so() -> None:
    def about(**changes: Any) -> str:
        blocks = deliveries_ahead.stream_blocks(pd.DataFrame([parent(1)]), dates_worth(**changes), items(1), "payments")
        return said(blocks)

    assert "Fewer than promised" in about(hit_rate_85=0.7, hit_rate_85_lower=0.6, hit_rate_85_upper=0.79)
    assert "More than promised" in about(hit_rate_85=0.95, hit_rate_85_lower=0.9, hit_rate_85_upper=0.98)
    assert "promised" not in about()
    assert "nobody knows" in about(hit_rate_85=float("nan"))


def test_a_date_that_is_withheld_says_why() -> None:
    reason = "nothing was finished in the 26 weeks of the current phase"
    row = parent(1, date_50=pd.NaT, date_85=pd.NaT, date_95=pd.NaT, withheld_reason=reason)
    blocks = deliveries_ahead.stream_blocks(pd.DataFrame([row]), dates_worth(), items(1), "payments")
    assert f"not said: {reason}" in said(blocks)


def test_load_is_said_only_of_stages_whose_people_are_known() -> None:
    row = {
        "scope_id": "payments", "stage_id": "w.to-test", "horizon_weeks": 4, "target_end": pd.Timestamp("2026-07-26"),
        "load": 0.82, "load_lower": 0.69, "load_upper": 0.96, "state": "may_cross", "capacity_source": "given",
    }  # fmt: skip
    given = work_ahead.load_sentences(pd.DataFrame([row]), STREAMS, STAGES)
    assert given is not None
    assert "Ready for test in Payments 82 % (80 % range 69 % to 96 %)" in said((given,))
    assert work_ahead.load_sentences(pd.DataFrame([row | {"capacity_source": "estimated"}]), STREAMS, STAGES) is None
    calm = work_ahead.load_sentences(pd.DataFrame([row | {"state": "below"}]), STREAMS, STAGES)
    assert calm is not None
    assert "none is expected to be over 85 % busy" in said((calm,))


def test_trends_are_told_with_how_many_chance_alone_would_make() -> None:
    row = {
        "scope_id": "payments", "level": "story", "stage_id": "w.ready", "metric": "queue_length",
        "slope_per_week": 0.5, "slope_lower": 0.2, "slope_upper": 0.8, "p_value": 0.01,
    }  # fmt: skip
    still = row | {"p_value": 0.5, "stage_id": None, "metric": "wip"}
    found = work_ahead.trend_words(pd.DataFrame([row, still]), STAGES, "payments", "story")
    assert found is not None
    assert "queue Ready rises by 0.5 a week (95 % interval 0.2 to 0.8)" in said((found,))
    assert "By chance alone about 0.1 of them" in said((found,))
    calm = work_ahead.trend_words(pd.DataFrame([still]), STAGES, "payments", "story")
    assert calm is not None
    assert "Not one of 1 weekly series" in said((calm,))


def test_items_at_risk_come_in_order_with_what_they_are_compared_with() -> None:
    row = {
        "item_key": "PAY-1", "title": "Old", "value_stream_id": "payments", "level": "story", "stage_name": "Test",
        "age_calendar_days": 30, "n_finished": 80, "p85_cycle_time_calendar_days": 20, "is_over_p85": True,
        "n_passed_stage": 70, "p85_age_at_leaving_calendar_days": 15, "attention": "late and blocked",
        "attention_rank": 1,
    }  # fmt: skip
    rows = [
        row,
        row
        | {"item_key": "PAY-2", "title": "Risky", "attention": "at risk", "attention_rank": 2, "is_over_p85": False},
        row
        | {"item_key": "PAY-3", "title": "Fine", "attention": "on its way", "attention_rank": 3, "is_over_p85": None},
    ]
    text = said(work_ahead.at_risk_blocks(pd.DataFrame(rows), STREAMS, {}))
    assert "Of 3 items in progress, 1 is older" in text
    assert "1 item could not be compared." in text
    assert "85 % were finished within 20 days (n = 80); blocked" in text
    assert "85 % had left this stage by day 15 (n = 70)" in text
    assert "Fine" not in text
