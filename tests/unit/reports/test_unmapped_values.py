"""Values that nobody mapped, and Weir's own word for a status that no export tells."""

import pandas as pd
import synthetic_frames

from orchestration.reports.blocks import Cell, Notice, Table
from orchestration.reports.sections import data_quality


def _unmapped(*rows: tuple[str, str, int]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=["value_kind", "value", "n_items"])
    return frame.assign(source_id="jira-main", fallback="Unmapped (queue)", example_item_key="K-1")


def _unmapped_table(unmapped: pd.DataFrame, frames: dict[str, pd.DataFrame]) -> Table:
    sections = data_quality.sections(
        frames["mart_data_coverage"], unmapped, frames["quarantined_records"], frames["check_results"],
        synthetic_frames.context(),
    )  # fmt: skip
    (table,) = next(section for section in sections if section.anchor == "unmapped").blocks
    assert isinstance(table, Table)
    return table


def test_an_unknown_status_is_not_asked_to_be_mapped(frames: dict[str, pd.DataFrame]) -> None:
    def banner(unmapped: pd.DataFrame) -> str:
        (notice,) = data_quality.banner(
            frames["check_results"], frames["mart_data_coverage"], unmapped, frames["quarantined_records"]
        )
        assert isinstance(notice, Notice)
        return notice.text

    only = _unmapped(("status", "Unknown", 3))
    table = _unmapped_table(only, frames)
    assert table.caption == "No status known before the resolution of 3 items"
    assert table.rows[0][0] == Cell("Unknown", note="no status known before the resolution")
    assert not any("Map them" in note for note in table.notes)
    assert "not mapped" not in banner(only)
    assert "No status known before the resolution of 3 items." in banner(only)

    # A type may be called so by its tool: only a status is Weir's own word.
    both = _unmapped(("status", "Unknown", 3), ("type", "Unknown", 2), ("status", "Parking", 1))
    table = _unmapped_table(both, frames)
    assert table.caption == "2 values not mapped; no status known before the resolution of 3 items"
    assert [row[0].note for row in table.rows] == ["no status known before the resolution", None, None]
    assert any(note.startswith("Map them in portfolio.yaml") for note in table.notes)
    assert "2 values of the tools are not mapped." in banner(both)
