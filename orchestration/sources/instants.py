"""SQL that reads an instant from text, the same way for every tool.

Belongs here: expressions over one text value. Does not belong here: which column holds an instant (the tools' modules).
"""

from orchestration.sources.export_format import SourceSettings

# One wild date would move the whole portfolio's clock or stretch a life over centuries.
POSSIBLE_INSTANTS = "timestamptz '1970-01-02 00:00:00+00' and exported_at + interval 1 day"

_ENDS_WITH_OFFSET = r"([Zz]|[+-][0-9]{2}:?([0-9]{2})?)$"


def instant(expression: str, settings: SourceSettings) -> str:
    """Return SQL for the TIMESTAMPTZ that a text expression names, NULL if it names none.

    With a declared date format only that format is read; without one only ISO 8601. A date without an offset is in the
    declared time zone.
    """
    zone = _quoted(settings.timezone)
    if settings.date_format is None:
        # Text such as 2026-01-05 ends like an offset; an offset needs a time of day before it.
        has_offset = f"regexp_matches(trim({expression}), '[:T][0-9][0-9:.,]*{_ENDS_WITH_OFFSET}')"
        return (
            f"case when {has_offset} then try_cast(trim({expression}) as timestamptz)"
            f" else timezone({zone}, try_cast(trim({expression}) as timestamp)) end"
        )
    parsed = f"try_strptime(trim({expression}), {_quoted(settings.date_format)})"
    if "%z" in settings.date_format:
        return f"cast({parsed} as timestamptz)"
    return f"timezone({zone}, {parsed})"


def date_problem(called: str, text: str, moment: str, settings: SourceSettings) -> str:
    """Return the ``when`` branches that refuse a text of a form that only the portfolio can tell.

    ``called``: what a person calls the date. ``text``: SQL of its text, ``moment``: SQL of the instant that it names.
    A text that names none says which form is awaited; an instant before 1970 or more than a day after its export is
    refused too.
    """
    wanted = (
        "no ISO 8601 date; declare format: date_format in portfolio.yaml"
        if settings.date_format is None
        else f"not of the declared date format {settings.date_format}"
    )
    before, after = _quoted(f"{called} '"), _quoted(f"' is {wanted}")
    outside = _quoted(f"{called} outside its export: ")
    return f"""
            when {text} is not null and {moment} is null then {before} || left({text}, 40) || {after}
            when {moment} not between {POSSIBLE_INSTANTS} then {outside} || left({text}, 40)"""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
