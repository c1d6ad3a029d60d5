"""Hand-offs, dependencies and blockers of the example: against what was planted, and counted again in Python."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def test_the_longest_wait_between_two_stages_stands_before_the_planted_constraint(warehouse, truth):
    longest = dict(
        warehouse.execute(
            """select to_value_stream_id, arg_max(to_stage_id, wait) from (
                select to_value_stream_id, to_stage_id, sum(wait_elapsed_days) as wait from mart_hand_offs
                where level = 'story' and period_type = 'increment' and period_id in ('PI-26.1', 'PI-26.2')
                group by all
            ) group by 1"""
        ).fetchall()
    )
    planted = {stream: periods[-1]["constraint"] for stream, periods in truth["value_streams"].items()}
    assert {stream: longest[stream] for stream, stage in planted.items() if stage} == {
        stream: stage for stream, stage in planted.items() if stage
    }


def test_the_wait_of_lending_moved_from_review_to_test_when_reviewers_came(warehouse):
    def share(stage: str, period: str) -> float:
        row = warehouse.execute(
            """select sum(wait_elapsed_days) filter (where to_stage_id = ?) / sum(wait_elapsed_days)
            from mart_hand_offs
            where level = 'story' and period_type = 'increment' and period_id = ? and to_value_stream_id = 'lending'""",
            [stage, period],
        ).fetchone()
        assert row is not None
        return row[0]

    assert share("delivery.review", "PI-25.3") > 0.9
    assert share("delivery.test", "PI-26.1") > 0.9


def test_hand_offs_are_the_ways_between_active_stages(warehouse):
    """No item of the example changes its team at work, so its visits tell all."""
    found = warehouse.execute(
        """select work_item_id, from_stage_id, to_stage_id, handed_at, taken_at from fct_hand_offs where not is_open"""
    ).fetchall()
    visits = warehouse.execute(
        """select work_item_id, stage_id, stage_kind, entered_at, exited_at from fct_stage_visits
        order by work_item_id, visit_sequence"""
    ).fetchall()
    by_item = defaultdict(list)
    for item, *visit in visits:
        by_item[item].append(visit)
    expected = []
    for item, path in by_item.items():
        active = [place for place, (_, kind, _, _) in enumerate(path) if kind == "active"]
        for giving, taking in pairwise(active):
            between = [left for _, kind, _, left in path[giving:taking] if kind == "done"]
            if path[giving][0] != path[taking][0]:
                handed = between[-1] if between else path[giving][3]
                expected.append((item, path[giving][0], path[taking][0], handed, path[taking][2]))
    assert sorted(found) == sorted(expected)


def test_dependencies_are_the_planted_links_across_value_streams(warehouse, truth):
    n_planted = truth["flaws"]["linked_across_streams"]["n"]
    assert warehouse.execute(
        "select count(*), count(*) filter (where is_cross_value_stream) from fct_dependencies"
    ).fetchall() == [(n_planted, n_planted)]


def test_blockers_are_the_planted_spells(warehouse, truth):
    opened = dict(
        warehouse.execute(
            """select blocked_kind, sum(n_spells_opened) from mart_blockers
            where scope_type = 'portfolio' and period_type = 'month' group by 1"""
        ).fetchall()
    )
    assert opened["flag"] == truth["facts"]["flagged_spells"]
    assert opened["status"] == truth["facts"]["on_hold_spells"]
    assert opened["all"] == sum(opened[kind] for kind in ("flag", "status", "link"))
    still_flagged = warehouse.execute(
        """select sum(n_spells_open_end) from mart_blockers
        where scope_type = 'portfolio' and level = 'story' and period_id = 'PI-26.2' and blocked_kind = 'flag'"""
    ).fetchall()
    assert still_flagged == [(truth["facts"]["items_flagged_at_the_end"],)]


def test_blocked_hours_and_items_of_each_period_are_those_of_the_spells(warehouse):
    """Cut at local midnights, by what blocked and why: spell by spell and period by period."""
    as_of = warehouse.execute("select max(as_of) from dim_sources").fetchall()[0][0]
    spells = warehouse.execute(
        """select work_item_id, (blocked_kind, reason), started_at, coalesce(ended_at, ?), is_open
        from fct_blocked_spells where level = 'story' and blocked_kind <> 'link'""",
        [as_of],
    ).fetchall()
    found = warehouse.execute(
        """select period_start, period_end, (blocked_kind, reason), n_spells_opened, n_spells_open_end,
            blocked_elapsed_hours, n_items
        from mart_blockers where scope_type = 'portfolio' and level = 'story' and period_type <> 'increment'
            and blocked_kind in ('flag', 'status')"""
    ).fetchall()
    assert {why for _, _, why, *_ in found} == {why for _, why, *_ in spells}
    assert len(found) > 300
    for first, last, why, n_opened, n_open, hours, n_items in found:
        begins, ends = midnight(first), midnight(last + DAY)
        alike = [spell for spell in spells if spell[1] == why]
        assert n_opened == sum(begins <= start < ends for _, _, start, _, _ in alike)
        assert n_open == sum(start < ends and (is_open or end >= ends) for _, _, start, end, is_open in alike)
        blocked = [max(min(end, ends) - max(start, begins), 0 * DAY) / HOUR for _, _, start, end, _ in alike]
        assert hours == pytest.approx(sum(blocked))
        assert n_items == len(
            {item for item, _, start, end, is_open in alike if start < ends and (is_open or end > begins)}
        )


def midnight(day: date) -> datetime:
    """In UTC: the difference of two times of one zone would be that of the clock on the wall."""
    return datetime(day.year, day.month, day.day, tzinfo=BERLIN).astimezone(UTC)
