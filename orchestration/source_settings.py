"""From what a portfolio says about a source to the settings that its tool's reader takes.

Belongs here: that translation, for a refresh, a check and a draft alike. Does not belong here: the portfolio's models
(``orchestration.portfolio``) and what a reader does with the settings (``orchestration.sources``).
"""

from orchestration.portfolio import Portfolio
from orchestration.portfolio.models import Source
from orchestration.sources import SourceSettings


def source_settings(portfolio: Portfolio, source: Source) -> SourceSettings:
    """What the portfolio says about reading the files of one source."""
    fields = portfolio.fields.get(source.id)
    text_format = source.format
    return SourceSettings(
        fields=fields.model_dump(exclude_none=True) if fields else {},
        columns=dict(text_format.columns),
        stages=tuple(text_format.stages),
        date_format=text_format.date_format,
        timezone=text_format.timezone or portfolio.portfolio.timezone,
        missing=tuple(text_format.missing),
        delimiter=text_format.delimiter,
        encoding=text_format.encoding,
    )
