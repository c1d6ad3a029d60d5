"""What a report says about where its numbers come from.

Belongs here: the facts of one published generation that every page prints (name, as-of, generation). Does not belong
here: any number that a mart holds, and anything read from a clock, an environment variable or git.
"""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, kw_only=True)
class ReportContext:
    """The generation that a report site shows.

    Attributes:
        portfolio_name: Name from the portfolio file; data, escaped wherever it is printed.
        as_of: The refresh's one "now" (timezone-aware); open items are aged up to it.
        generation: Number of the published generation.
        refresh_id: The refresh that built it.
        weir_version: Version of Weir that built it.
        timezone: IANA name of the portfolio's time zone, for printing `as_of`.
        data_docs_path: Where Great Expectations' Data Docs lie, relative to the report folder; None if not rendered.
    """

    portfolio_name: str
    as_of: datetime
    generation: int
    refresh_id: str
    weir_version: str
    timezone: str = "UTC"
    data_docs_path: str | None = "data-docs/index.html"

    def __post_init__(self) -> None:
        if self.as_of.tzinfo is None:
            message = (
                "ReportContext.as_of has no time zone. Pass an aware datetime, such as the refresh's as_of in UTC."
            )
            raise ValueError(message)

    @property
    def local_as_of(self) -> datetime:
        """`as_of` in the portfolio's time zone."""
        return self.as_of.astimezone(ZoneInfo(self.timezone))

    @property
    def as_of_day(self) -> date:
        """The local day of `as_of`."""
        return self.local_as_of.date()
