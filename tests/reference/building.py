"""Builds the tables of made-up exports as a refresh does, in seconds: landed and built, neither checked nor published.

Belongs here: the steps, and telling the same histories again as other tools would have. Does not belong here: the
histories (made_histories.py).
"""

import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from orchestration import dbt_build, refresh
from orchestration.portfolio_folder import PortfolioFolder
from tests.parsed_project import parsed_for

# What the reference computes; dbt builds what these are made of.
COMPARED = ("fct_work_items", "mart_flow_metrics", "mart_stage_days")
# Where all tools speak one vocabulary.
VOCABULARY = tuple(f"int_exported_{part}_unioned" for part in ("items", "changes", "links", "statuses"))

Census = tuple[str, str, str, datetime]  # source, native id, state, when

# No Jira tells these: the status an item was created in, moves to other places, statuses without ids, entries without
# numbers. Every item is told in some of these ways, by its hash.
RETOLD = {
    "int_exported_items_unioned": """
        * replace (
            case when source_id = 'main' then status_id end as status_id,
            case when hash(work_item_id) % 4 = 0 then 'To Do' end as initial_status,
            case when hash(work_item_id) % 7 <> 0 then is_subtask end as is_subtask,
            case when hash(work_item_id) % 11 < 3 then updated_at + to_seconds((hash(native_id) % 5)::int * 30 - 60)
                else removed_at end as removed_at,
            case hash(work_item_id) % 11 when 0 then 'moved' when 1 then 'converted' when 2 then 'deleted'
                else removal end as removal
        )""",
    "int_exported_changes_unioned": """
        * replace (
            case when work_item_id like 'main:%' then from_id end as from_id,
            case when work_item_id like 'main:%' then to_id end as to_id,
            case when hash(work_item_id) % 3 = 0 then history_number end as history_number
        )""",
    "int_exported_links_unioned": "*",
    "int_exported_statuses_unioned": "* replace (case when source_id = 'main' then status_id end as status_id)",
}


def build(folder: Path, as_of: datetime, censuses: Sequence[Census] = (), *, is_retold: bool = False) -> Path:
    """Land the exports of a portfolio and build the compared tables; returns the warehouse file.

    Args:
        folder: The portfolio's folder.
        as_of: The moment up to which the tables know anything.
        censuses: What censuses of ids found.
        is_retold: Whether the histories are told as no Jira tells them.
    """
    built = folder / "built.duckdb"
    with refresh.open_build(PortfolioFolder(folder), "made", refresh.utc_now, as_of=as_of) as made:
        landed = refresh.land_exports(made)
        assert [report.n_quarantined for report in landed] == [0] * len(landed)
        with made.connection() as connection:
            connection.executemany(
                "insert into quality.item_censuses (source_id, native_id, state, checked_at) values (?, ?, ?, ?)",
                censuses,
            )
        refresh.write_portfolio(made)
        if is_retold:
            _run(made, VOCABULARY)
            _retell(made)
            _run(made, COMPARED, but=VOCABULARY)
        else:
            _run(made, COMPARED)
        shutil.copyfile(made.files.build, built)
    return built


def _run(made: refresh.RefreshBuild, names: Sequence[str], but: Sequence[str] = ()) -> None:
    selection = ["--select", *(f"+{name}" for name in names)]
    if but:
        # The portfolio's own tables are described anew: nothing before the vocabulary is asked for them.
        selection += ["staging.portfolio", "staging.quality", "--exclude", *but, "1+int_exported_items_unioned"]
    selection += ["--exclude-resource-type", "test"]
    outcomes = refresh.build_models(made, selection, manifest=parsed_for(made.paths))
    failed = "\n".join(dbt_build.failure_sentences(outcomes))
    assert failed == "", failed


def _retell(made: refresh.RefreshBuild) -> None:
    with made.connection() as connection:
        for name, columns in RETOLD.items():
            connection.execute(f"create table intermediate.retold as select {columns} from intermediate.{name}")
            connection.execute(f"drop view intermediate.{name}")
            connection.execute(f"alter table intermediate.retold rename to {name}")
