"""Apache DevLake's status histories (32 issues, 200 visits), rebuilt by the whole pipeline from the changes alone.

199 of the 200 visits are equal by issue, status and start. The one that is not has no status at all: the history of
one issue ends in a change to a status that the changelog leaves blank.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from tests.external.conftest import read_table, refreshed, write_lines

pytestmark = pytest.mark.external

# One stage a status, so that stage visits are status visits.
STATUSES = {
    "Inbox": "queue",
    "Open": "queue",
    "To Do": "queue",
    "Ready for Dev": "queue",
    "In Development": "active",
    "In Progress": "active",
    "Resolved": "active",
    "Closed": "done",
    "已完成": "done",
}


def _stages() -> str:
    return "".join(
        f"      - {{id: s{number}, name: {status}, kind: {kind}, statuses: [{status}]"
        + (", commitment: true" if status == "In Development" else "")
        + "}\n"
        for number, (status, kind) in enumerate(STATUSES.items())
    )


@pytest.fixture(scope="module")
def visits(
    shared_data: Path,
    tmp_path_factory: pytest.TempPathFactory,
    write_portfolio: Callable[[Path, dict[str, str], dict[str, str]], None],
) -> set[tuple[str, str, datetime]]:
    folder = tmp_path_factory.mktemp("issue_trace")
    write_portfolio(folder, {"trace": _stages()}, {})
    raw = shared_data / "devlake" / "issue_trace" / "raw_tables"
    changes = defaultdict(list)
    for row in read_table(raw / "issue_changelogs.csv"):
        changes[row["issue_id"]].append(
            {
                "id": row["id"].split(":")[3],
                "created": row["created_date"],
                "items": [
                    {
                        "field": row["field_name"],
                        "fromString": row["original_from_value"],
                        "toString": row["original_to_value"],
                    }
                ],
            }
        )
    write_lines(
        folder / "exports" / "trace" / "issues.ndjson",
        (
            {
                "id": row["id"],
                "key": row["issue_key"],
                "fields": {
                    "created": row["created_date"],
                    "updated": row["updated_date"],
                    "status": {"name": row["original_status"]},
                    "issuetype": {"name": row["original_type"]},
                },
                "changelog": {"histories": changes[row["id"]]},
            }
            for row in read_table(raw / "issues.csv")
        ),
    )
    with duckdb.connect(str(refreshed(folder)), read_only=True) as warehouse:
        rows = warehouse.execute(
            "select items.native_id, visits.status_at_entry, visits.entered_at from flow.fct_stage_visits as visits"
            " inner join flow.fct_work_items as items using (work_item_id)"
        ).fetchall()
    return set(rows)


def test_stage_visits(shared_data: Path, visits: set[tuple[str, str, datetime]]) -> None:
    answers = {
        (row["issue_id"], row["original_status"], datetime.fromisoformat(row["start_date"]))
        for row in read_table(shared_data / "devlake" / "issue_trace" / "snapshot_tables" / "issue_status_history.csv")
    }
    assert len(answers) == 200
    print(sorted(answers - visits), sorted(visits - answers))
    assert len(answers & visits) == 199
