"""An item that is gone from its tool leaves work in progress from that day on, and the refresh publishes.

Belongs here: removals through the whole pipeline, its own tests of data included. Does not belong here: when an item
counts as removed (dbt's unit tests of `int_items_unioned`).
"""

import json

import duckdb
import pytest

from orchestration.portfolio_folder import PortfolioFolder

_CANDIDATE = """
    select items.native_id, (refresh.as_of - interval 3 day)::varchar as checked_at
    from flow.fct_work_items as items
    cross join raw_portfolio.refresh
    inner join intermediate.int_items_unioned as exported using (work_item_id)
    where items.source_id = 'jira-main' and items.is_in_progress and items.is_counted and items.level = 'story'
        and exported.updated_at < refresh.as_of - interval 4 day
    order by items.is_blocked desc, items.native_id
    limit 1"""

_IN_STAGES_ON_LAST_DAY = """
    select sum(n_wip) from flow.fct_stage_days
    where stage_kind <> 'done' and calendar_date = (select max(calendar_date) from flow.fct_stage_days)"""


@pytest.fixture
def published(example_copy: PortfolioFolder) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(example_copy.warehouse / "warehouse.duckdb"), read_only=True)


@pytest.mark.slow
def test_an_item_deleted_in_its_tool_leaves_its_stage_and_blocks_no_publication(
    example_copy: PortfolioFolder, published: duckdb.DuckDBPyConnection, weir
):
    native_id, checked_at = published.execute(_CANDIDATE).fetchone() or pytest.fail("no story is in progress")
    (before,) = published.execute(_IN_STAGES_ON_LAST_DAY).fetchone() or (None,)
    published.close()
    verdict = {"native_id": native_id, "state": "deleted", "evidence": "not found (404)", "checked_at": checked_at}
    census = example_copy.folder / "exports" / "jira-main" / "night.census.ndjson"
    census.write_text(json.dumps(verdict) + "\n", encoding="utf-8")
    done = weir("refresh", portfolio=example_copy.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    with duckdb.connect(str(example_copy.warehouse / "warehouse.duckdb"), read_only=True) as connection:
        item = connection.execute(
            "select removal, is_in_progress, is_blocked, current_stage_id from flow.fct_work_items"
            " where source_id = 'jira-main' and native_id = ?",
            [native_id],
        ).fetchone()
        (after,) = connection.execute(_IN_STAGES_ON_LAST_DAY).fetchone() or (None,)
    assert item == ("deleted", False, False, None)
    assert after == before - 1
