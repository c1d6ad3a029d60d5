"""The kinds of value that the portfolio's models are made of, and the base of all these models.

Belongs here: types that more than one model uses, each with the message for a value that is not of it. Does not belong
here: the models themselves (models.py, workflow.py).
"""

import re
from datetime import date, datetime
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    StringConstraints,
    model_validator,
)

from orchestration.portfolio.problems import Location, quoted, suggestion
from orchestration.portfolio.written_yaml import WrittenMapping, WrittenText

UNASSIGNED = "unassigned"
"""The id of the value stream, train and team of what matches no membership rule."""
DEFAULT_LOCATION = "default"
"""The id of the place whose calendar is the portfolio's own."""


def _iso_day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.strip()):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            raise ValueError(f"{quoted(value)} is no day of the calendar. Correct the month or the day.") from None
    raise ValueError(f"{quoted(value)} is not a date. Write it as year-month-day, for example 2026-01-05.")


def _identifier(value: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", value):
        return value
    raise ValueError(
        f"{quoted(value)} cannot be an id. Use letters a-z, digits, '-', '_' and '.', the name may differ."
    )


def _undotted(value: str) -> str:
    if "." in value:
        raise ValueError(f"{quoted(value)} holds a dot, which joins workflow and stage. Use '-' instead.")
    if value in ("cancelled", "unmapped-queue", "unmapped-active", "unmapped-done"):
        raise ValueError(f"{quoted(value)} is the id of a stage that Weir adds itself. Choose another id.")
    return value


def _unreserved(value: str) -> str:
    if value.casefold() == UNASSIGNED:
        raise ValueError(f"'{UNASSIGNED}' is kept for what matches no membership rule. Choose another id.")
    return value


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = suggestion(value, available_timezones())
        advice = near if near.startswith("Did") else "Use an IANA name such as Europe/Berlin."
        raise ValueError(f"{quoted(value)} is not a time zone. {advice}") from None
    return value


def _named_location(value: str) -> str:
    if value.casefold() == DEFAULT_LOCATION:
        raise ValueError(f"{quoted(value)} is the portfolio's own calendar. Choose another id, or change 'calendar'.")
    return value


def _clock_time(value: str) -> str:
    if re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        return value
    raise ValueError(f'{quoted(value)} is not a time of day. Write it as hours:minutes, for example "09:00".')


# The text is not repeated in these two messages: what stands there by mistake may be the secret itself.
def _variable_name(value: str) -> str:
    if re.fullmatch(r"[A-Z_][A-Z0-9_]*", value):
        return value
    raise ValueError("is not the name of an environment variable. Write a name such as JIRA_TOKEN, never the secret.")


def _plain_url(value: str) -> str:
    if not re.match(r"https?://", value):
        raise ValueError("is not a web address. Start it with https://.")
    if "@" in value.split("/")[2]:
        raise ValueError("holds a user name or password. Take it out and name a variable under 'token_env'.")
    return value


def _custom_field(value: str) -> str:
    # Ids and names of fields are of many shapes (customfield_10016, Microsoft.VSTS.Scheduling.Effort, u_team); they end
    # up in SQL, which escapes them, and so hold no character that could end a text or a name there.
    if re.fullmatch(r"\w[\w .:/()\[\]#&+%,@*?!-]{0,199}", value):
        return value
    raise ValueError(
        f"{quoted(value)} is not the id of a field. "
        "Write it as the tool's own list of fields has it, such as customfield_10016."
    )


def one_or_many(value: object) -> object:
    """A list of one for a bare text; anything else as it is."""
    return [value] if isinstance(value, str) else value


Text = Annotated[str, StringConstraints(min_length=1)]
Day = Annotated[date, BeforeValidator(_iso_day)]
Identifier = Annotated[Text, AfterValidator(_identifier)]
UndottedIdentifier = Annotated[Identifier, AfterValidator(_undotted)]
ScopeIdentifier = Annotated[Identifier, AfterValidator(_unreserved)]
LocationIdentifier = Annotated[Identifier, AfterValidator(_named_location)]
TimeZone = Annotated[Text, AfterValidator(_time_zone)]
ClockTime = Annotated[Text, AfterValidator(_clock_time)]
VariableName = Annotated[Text, AfterValidator(_variable_name)]
PlainUrl = Annotated[Text, AfterValidator(_plain_url)]
CustomField = Annotated[Text, AfterValidator(_custom_field)]
AnyOf = Annotated[list[Text], BeforeValidator(one_or_many), Field(min_length=1)]


def name_from_id(given: dict[str, Any]) -> str:
    """The default of every `name`: the id that stands before it (`given` holds the values already read)."""
    return str(given["id"])


def not_before(last: date | None, first: date | None, first_key: str) -> date | None:
    """Return `last` (a day); raise ValueError if it lies before `first`, which stands under `first_key`."""
    if last is not None and first is not None and last < first:
        raise ValueError(f"{last} lies before '{first_key}' ({first}). Swap the two or correct one.")
    return last


class Written(BaseModel):
    """Base of all models: no unknown keys, unchangeable, and it knows where in the file it was written.

    An empty value (`wip_limit:` with nothing behind it) counts as not given.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
    _location: Location = PrivateAttr(default=())

    @property
    def location(self) -> Location:
        """The way from the root of the file to this mapping; `()` for the root or a model not read from a file."""
        return self._location

    @classmethod
    def from_text(cls, _text: str, /) -> dict[str, Any] | None:
        """The mapping that a bare text stands for where the model has a short form, else None."""
        return None

    @model_validator(mode="wrap")
    @classmethod
    def _remember_location(cls, value: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        location: Location = ()
        given: object = value
        if isinstance(value, WrittenMapping):
            value.read_as, location = cls, value.location
            known = {field.alias or name for name, field in cls.model_fields.items()}
            given = {key: item for key, item in value.items() if item is not None or key not in known}
        elif isinstance(value, str):
            location = value.location if isinstance(value, WrittenText) else ()
            short_form = cls.from_text(value)
            given = value if short_form is None else short_form
        model = handler(given)
        if location:
            model._location = location  # noqa: SLF001 - its own class sets it
        return model
