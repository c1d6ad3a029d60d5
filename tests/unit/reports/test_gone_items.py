"""Items that left their tool, and records that a tool announced and did not give, are said with their sources."""

import pandas as pd
import synthetic_frames

from orchestration.reports.blocks import Words
from orchestration.reports.sections import data_quality


def _sentences(coverage: pd.DataFrame, frames: dict[str, pd.DataFrame]) -> tuple[str, ...]:
    sections = data_quality.sections(
        coverage, frames["mart_unmapped_values"], frames["quarantined_records"], frames["check_results"],
        synthetic_frames.context(),
    )  # fmt: skip
    blocks = next(section for section in sections if section.anchor == "coverage").blocks
    (words,) = [block for block in blocks if isinstance(block, Words)]
    return tuple(words.paragraphs)


def test_what_is_gone_or_missing_is_told_by_source_and_only_where_there_is_any(frames: dict[str, pd.DataFrame]) -> None:
    coverage = frames["mart_data_coverage"]
    told = _sentences(coverage, frames)
    assert (
        "Archived, deleted, moved or no longer visible in the tool, so no work in progress any more: "
        "4 items of jira-main." in told
    )
    assert "Announced by the tool, but not among its exports: 7 records of jira-legacy." in told
    nothing = _sentences(coverage.assign(n_removed=0, n_announced_missing=0), frames)
    assert not any("no longer visible" in sentence or "Announced" in sentence for sentence in nothing)
