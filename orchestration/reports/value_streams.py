"""The value streams that get a page, with its file name, the level and the workflows that their charts show.

Belongs here: that choice. Does not belong here: what the pages say.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from orchestration.reports.sections.levels import charted_level, counted_at

UNASSIGNED: Final = "unassigned"
VALUE_STREAM_PREFIX: Final = "value-stream-"


@dataclass(frozen=True)
class ValueStream:
    """A value stream to show.

    Attributes:
        identity: value_stream_id.
        name: Its name; data, escaped wherever it is printed.
        level: The level of work that its charts show.
        workflows: Workflows that its items of that level follow, the one with the most items first.
    """

    identity: str
    name: str
    level: str
    workflows: tuple[str, ...]

    @property
    def is_unassigned(self) -> bool:
        """Whether it stands for the items that no membership rule matched: no value stream of the portfolio."""
        return self.identity == UNASSIGNED

    @property
    def href(self) -> str:
        """File name of its page."""
        return file_name(VALUE_STREAM_PREFIX, self.identity)


def value_streams(frames: Mapping[str, pd.DataFrame]) -> list[ValueStream]:
    """All value streams in the portfolio's order; the "unassigned" one only if items fell to it."""
    items = frames["fct_work_items"]
    shown = []
    ordered = frames["dim_value_streams"].sort_values(["position", "value_stream_id"])
    for identity, name in zip(ordered["value_stream_id"].astype(str), ordered["value_stream_name"], strict=True):
        own = items[items["value_stream_id"] == identity]
        level = charted_level(own)
        at_level = counted_at(own, level)
        if identity == UNASSIGNED and at_level.empty:
            continue
        numbers = (
            at_level["workflow_id"]
            .value_counts()
            .reset_index()
            .sort_values(["count", "workflow_id"], ascending=[False, True])
        )
        shown.append(ValueStream(identity, str(name), level, tuple(numbers["workflow_id"].astype(str))))
    return shown


def file_name(prefix: str, identity: str) -> str:
    """File name of a page: ids of a portfolio file hold letters, digits and hyphens; anything else becomes a hyphen."""
    return f"{prefix}{re.sub(r'[^A-Za-z0-9_.-]+', '-', identity).strip('.-') or 'page'}.html"
