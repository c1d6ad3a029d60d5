"""The models of what a portfolio says about reading one source: its tool, statuses, environments and text format.

Belongs here: keys, types and defaults of `statuses`, `environments` and `format` of a source, and the kinds of value
that only they use. Does not belong here: the source itself (models.py), and how a tool's files are read with it
(``orchestration.sources``).

Column headers, field ids and date formats end up in SQL. It escapes them; that they hold neither quotes nor control
characters is a second lock on the same door.
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, ValidationInfo, field_validator

from orchestration.portfolio.problems import quoted, suggestion
from orchestration.portfolio.value_types import Text, TimeZone, Written, one_or_many
from orchestration.sources import TOOLS

# What strptime knows; `%-d` and the like are DuckDB's forms without leading zeros.
_DATE_PARTS = frozenset("aAbBcdfgGHIjmMnpSuUVwWxXyYzZ%")
_TAB_WORDS = ("tab", "\\t", "\t")


def _known_tool(value: str) -> str:
    if value in TOOLS:
        return value
    raise ValueError(f"{quoted(value)} is not a tool that Weir reads. {suggestion(value, TOOLS)}")


def _column_header(value: str) -> str:
    if re.search(r"[\x00-\x1f\x7f\"'`\\;]", value) or len(value) > 200:  # noqa: PLR2004 - no header is as long
        raise ValueError(
            f"{quoted(value)} holds a quote, a backslash, a semicolon or a line break, or is too long for a header. "
            "Rename the column in the export."
        )
    return value


def _column_role(value: str) -> str:
    if re.fullmatch(r"[a-z][a-z_]*", value):
        return value
    raise ValueError(f"{quoted(value)} is not the role of a column. Write 'role: header', such as 'item: Number'.")


def _date_format(value: str) -> str:
    parts = re.findall(r"%-?(.?)", value)
    unknown = [part for part in parts if part not in _DATE_PARTS]
    if not parts or unknown or re.search(r"[\x00-\x1f\x7f\"'`\\;]", value):
        raise ValueError(
            f"{quoted(value)} is not a date format. "
            'Write it with %Y, %m, %d, %H, %M, %S, for example "%d.%m.%Y %H:%M" for 31.12.2026 17:00.'
        )
    return value


def _pattern(value: str) -> str:
    # All patterns of a source travel to the warehouse in one text, joined by line feeds.
    if re.search(r"[\x00-\x1f\x7f]", value):
        raise ValueError(f"{quoted(value)} holds a line break or control character. Write it on one line.")
    return value


def _delimiter(value: object) -> str:
    written = "\t" if value in _TAB_WORDS else str(value)
    if isinstance(value, str) and len(written) == 1 and written not in "\"'\r\n" and not written.isalnum():
        return written
    raise ValueError(f"{quoted(value)} cannot separate columns. Write one character such as ';' or ',', or tab.")


Tool = Annotated[Text, AfterValidator(_known_tool)]
ColumnHeader = Annotated[Text, AfterValidator(_column_header)]
ColumnRole = Annotated[Text, AfterValidator(_column_role)]
DateFormat = Annotated[Text, AfterValidator(_date_format)]
# Plain, because a tab is white space, which the models otherwise strip.
Delimiter = Annotated[str, PlainValidator(_delimiter)]
Pattern = Annotated[Text, AfterValidator(_pattern)]
Patterns = Annotated[list[Pattern], BeforeValidator(one_or_many), Field(min_length=1)]


class StatusReading(Written):
    """What the statuses of a tool are that knows only open and closed: that state, labels, or a project's field."""

    origin: Literal["state", "labels", "project"] = Field(default="state", alias="from")
    labels: list[Pattern] = Field(default=[], validate_default=True)

    @field_validator("labels")
    @classmethod
    def _labels_fit_origin(cls, value: list[str], info: ValidationInfo) -> list[str]:
        origin = info.data.get("origin")
        if origin == "labels" and not value:
            raise ValueError("lists nothing. Name the labels that are statuses, such as 'workflow::*'.")
        if origin in ("state", "project") and value:
            raise ValueError(f"is not used with 'from: {origin}'. Take it out, or write 'from: labels'.")
        return value


class Environments(Written):
    """Which of a tool's environments are production and which staging: names or patterns with `*`; others are other."""

    production: Patterns | None = None
    staging: Patterns | None = None


class TextFormat(Written):
    """How the texts of a source's files are to be read where the files do not say.

    `columns`: role to header of a table. `stages`: headers of the stage columns of a dates-per-stage table, in order.
    """

    columns: dict[ColumnRole, ColumnHeader] = Field(default={})
    stages: list[ColumnHeader] = Field(default=[])
    date_format: DateFormat | None = None
    timezone: TimeZone | None = None
    missing: Annotated[list[Text], BeforeValidator(one_or_many)] = Field(default=[])
    delimiter: Delimiter | None = None
    encoding: Literal["utf-8", "latin-1", "utf-16"] = "utf-8"

    @field_validator("stages")
    @classmethod
    def _each_once(cls, value: list[str]) -> list[str]:
        repeated = [header for position, header in enumerate(value) if header in value[:position]]
        if repeated:
            raise ValueError(f"names {quoted(repeated[0])} twice. Name each stage's column once, in their order.")
        return value
