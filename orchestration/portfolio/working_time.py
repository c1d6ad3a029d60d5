"""The working calendar: public holidays of a region and days on which the portfolio is closed.

Belongs here: which days nobody works and why, and whether a country or part of it is known. Does not belong here: the
calendar table and its sums of hours (tables.py).

The library `holidays` takes a quarter of a second to import, more than loading a whole portfolio, so it is imported
only where holidays are really asked for.
"""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path

from orchestration.portfolio.problems import quoted, suggestion


def public_holidays(country: str, subdivision: str | None, years: Iterable[int]) -> dict[date, str]:
    """Return the public holidays (day → name) of a country, or of a part of it, in the given years.

    Names are in English where the library has them, else in the country's first language: never in the language of
    the machine, so that the same portfolio gives the same table everywhere.

    Raises:
        NotImplementedError: The country or the part of it is not known; `unknown_region` tells beforehand.
    """
    import holidays

    languages = holidays.country_holidays(country, subdiv=subdivision)
    language = "en_US" if "en_US" in languages.supported_languages else languages.default_language
    return dict(holidays.country_holidays(country, subdiv=subdivision, years=years, language=language))


def days_between(first: date, last: date) -> Iterable[date]:
    """Yield each day from `first` to `last`, both inclusive."""
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def unknown_region(country: str, subdivision: str | None) -> str | None:
    """Return what is wrong with a country or with a part of it, as a sentence with advice, or None if it is known."""
    if _is_listed(country, subdivision):
        return None
    import holidays

    countries = holidays.list_supported_countries()
    if country not in countries:
        advice = "Use the two-letter code of ISO 3166, such as DE, or leave 'country' out and list days under 'closed'."
        if country.upper() in countries:
            advice = f"Did you mean '{country.upper()}'?"
        return f"{quoted(country)} is not a country whose holidays are known. {advice}"
    known = holidays.country_holidays(country)
    if subdivision is None or subdivision in known.subdivisions or subdivision in known.subdivisions_aliases:
        return None
    names = [*known.subdivisions, *known.subdivisions_aliases]
    advice = suggestion(subdivision, names) if names else "Leave 'subdivision' out."
    return f"{quoted(subdivision)} is not a part of {country} whose holidays are known. {advice}"


def _is_listed(country: str, subdivision: str | None) -> bool:
    """Whether the library's own files plainly name the region.

    True is certain; False only means that the library itself must be asked, which costs its import.
    """
    spec = find_spec("holidays")
    if spec is None or spec.origin is None or not re.fullmatch(r"[A-Z]{2}", country):
        return False
    package = Path(spec.origin).parent
    try:
        registry = (package / "registry.py").read_text(encoding="utf-8")
        module = re.search(rf'"(\w+)": \("\w+", "{country}"', registry)
        source = (package / "countries" / f"{module[1]}.py").read_text(encoding="utf-8") if module else ""
    except OSError:
        return False
    if not source or subdivision is None:
        return bool(source)
    without_comments = re.sub(r"#.*", "", source)
    listed = re.search(r"^    subdivisions\b[^=\n]*= \(([^)]*)\)", without_comments, re.MULTILINE)
    return listed is not None and f'"{subdivision}"' in listed[1]
