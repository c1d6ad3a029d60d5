"""What a pull asks of a tool, as data: requests, and how the next page follows from an answer.

Belongs here: declarations that every tool's plan is written in, pure and without a network. Does not belong here:
sending anything (``orchestration.pulling``) and the addresses of one tool (the plans beside this module).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import parse_qsl, quote, urlsplit


@dataclass(frozen=True)
class Request:
    """One request: of which collection, where, and with what.

    ``path`` is relative to the address of the tool. ``key`` names the record that the request is for: its values fill
    ``{name}`` in templates and go along to the next page. A request with a ``body`` is a POST that only reads. ``page``
    counts from 1; ``is_for_record`` tells a request for one record of a list, which may have vanished meanwhile.
    """

    collection: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    key: Mapping[str, str] = field(default_factory=dict)
    page: int = 1
    is_for_record: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the request as it stands in a journal."""
        return {
            "collection": self.collection,
            "path": self.path,
            "params": dict(self.params),
            "body": self.body,
            "key": dict(self.key),
            "page": self.page,
            "is_for_record": self.is_for_record,
        }

    def with_params(self, **params: object) -> "Request":
        """Return the same request with some parameters set."""
        return replace(self, params={**self.params, **{name: str(value) for name, value in params.items()}})


@dataclass(frozen=True)
class Answer:
    """What a tool answered: the JSON document, the headers (names in lower case) and how many records it holds."""

    document: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    n_records: int = 0


def value_at(document: Any, path: str) -> Any:
    """Return what stands at a path of keys joined by ``/``; None where a key is missing, the whole for no path."""
    for key in filter(None, path.split("/")):
        if not isinstance(document, Mapping) or key not in document:
            return None
        document = document[key]
    return document


def filled(template: Any, key: Mapping[str, Any]) -> Any:
    """Return a template with every ``{name}`` of ``key`` in place; text that is but one name takes the value whole."""
    if isinstance(template, str):
        for name, value in key.items():
            if template == f"{{{name}}}":
                return value
            template = template.replace(f"{{{name}}}", str(value))
        return template
    if isinstance(template, Mapping):
        return {name: filled(item, key) for name, item in template.items()}
    return [filled(item, key) for item in template] if isinstance(template, list) else template


def filled_path(template: str, key: Mapping[str, Any]) -> str:
    """Fill a path as RFC 6570 does: ``{name}`` with everything quoted, ``{+name}`` with a path that is one already."""
    asis = {f"+{name}": str(value) for name, value in key.items()}
    quoted = {name: quote(str(value), safe="") for name, value in key.items()}
    return str(filled(template, {**asis, **quoted}))


class Paging(Protocol):
    """How one page leads to the next."""

    def following(self, request: Request, answer: Answer) -> Request | None:
        """Return the request for the next page, None after the last."""

    def announced(self, answer: Answer) -> int | None:
        """Return how many records the server says there are over all pages; None if it does not say."""


@dataclass(frozen=True)
class OnePage:
    """Everything comes in one answer."""

    def following(self, request: Request, answer: Answer) -> Request | None:  # noqa: ARG002
        """There is no next page."""
        return None

    def announced(self, answer: Answer) -> int | None:  # noqa: ARG002
        """Nothing is announced."""
        return None


@dataclass(frozen=True)
class Offset:
    """Pages from the n-th record on; ``start`` and ``size`` name the parameters, ``limit`` is asked for per page.

    ``total``: path of the total in the answer; ``total_header``: header that tells it. Without either a page that is
    not full is the last. Servers may cut the page size, so the next page starts after what came.
    """

    start: str
    size: str
    limit: int
    total: str | None = None
    total_header: str | None = None

    def following(self, request: Request, answer: Answer) -> Request | None:
        """Go on after the records that came."""
        come = int(request.params.get(self.start, "0")) + answer.n_records
        total = self.announced(answer)
        is_last = answer.n_records == 0 or (answer.n_records < self.limit if total is None else come >= total)
        return None if is_last else request.with_params(**{self.start: come})

    def announced(self, answer: Answer) -> int | None:
        """Read the total from the document or the header."""
        said = value_at(answer.document, self.total) if self.total else None
        if said is None and self.total_header:
            said = answer.headers.get(self.total_header.lower())
        return _whole_number(said)


@dataclass(frozen=True)
class PageNumber:
    """Pages by number, from 1; a total or a short page tells the last.

    Some servers give no more than the first ``most`` records of a question. Then ``halves`` splits it by its dates, the
    parameters ``after`` (inclusive) and ``before`` (exclusive), which a plan sets in every first request.
    """

    page: str
    size: str
    limit: int
    total: str | None = None
    most: int | None = None
    after: str = ""
    before: str = ""

    def following(self, request: Request, answer: Answer) -> Request | None:
        """Ask for the next number."""
        page = int(request.params.get(self.page, "1"))
        total = self.announced(answer)
        is_last = answer.n_records == 0 or (
            answer.n_records < self.limit if total is None else page * self.limit >= total
        )
        return None if is_last else request.with_params(**{self.page: page + 1})

    def announced(self, answer: Answer) -> int | None:
        """Read the total from the document."""
        return _whole_number(value_at(answer.document, self.total)) if self.total else None

    def halves(self, request: Request, answer: Answer) -> list[Request]:
        """Return two requests for half the time each if the server would cut this one short, else nothing."""
        total = self.announced(answer)
        if self.most is None or total is None or total <= self.most or request.params.get(self.page, "1") != "1":
            return []
        first, last = (datetime.fromisoformat(request.params[name]) for name in (self.after, self.before))
        middle = (first + (last - first) / 2).replace(microsecond=0)
        if not first < middle < last:
            return []
        written = text_of(middle)
        return [request.with_params(**{self.before: written}), request.with_params(**{self.after: written})]


@dataclass(frozen=True)
class Cursor:
    """The answer holds the cursor of the next page at ``place``; it goes into the parameter ``param``."""

    param: str
    place: str
    total: str | None = None

    def following(self, request: Request, answer: Answer) -> Request | None:
        """Ask with the cursor, if there is one."""
        cursor = value_at(answer.document, self.place)
        return request.with_params(**{self.param: cursor}) if cursor else None

    def announced(self, answer: Answer) -> int | None:
        """Read the total from the document."""
        return _whole_number(value_at(answer.document, self.total)) if self.total else None


@dataclass(frozen=True)
class MoreOffset:
    """Pages from the n-th record on, where the answer says at ``more`` whether there is another."""

    start: str
    more: str
    total: str | None = None

    def following(self, request: Request, answer: Answer) -> Request | None:
        """Go on after the records that came, if there are more."""
        come = int(request.params.get(self.start, "0")) + answer.n_records
        has_more = bool(value_at(answer.document, self.more)) and answer.n_records > 0
        return request.with_params(**{self.start: come}) if has_more else None

    def announced(self, answer: Answer) -> int | None:
        """Read the total from the document."""
        return _whole_number(value_at(answer.document, self.total)) if self.total else None


@dataclass(frozen=True)
class HeaderCursor:
    """A header of the answer holds the cursor of the next page; it goes into the parameter ``param``."""

    header: str
    param: str

    def following(self, request: Request, answer: Answer) -> Request | None:
        """Ask with the cursor, if there is one."""
        cursor = answer.headers.get(self.header.lower())
        return request.with_params(**{self.param: cursor}) if cursor else None

    def announced(self, answer: Answer) -> int | None:  # noqa: ARG002
        """Nothing is announced."""
        return None


@dataclass(frozen=True)
class LinkHeader:
    """The header ``Link`` (RFC 8288) holds the address of the next page."""

    total_header: str | None = None

    def following(self, request: Request, answer: Answer) -> Request | None:
        """Ask for the address that is called next; its parameters take the place of those before."""
        for part in re.findall(r"<([^>]*)>([^<]*)", answer.headers.get("link", "")):
            if re.search(r'rel="?next"?', part[1]):
                address = urlsplit(part[0])
                path = f"{address.scheme}://{address.netloc}{address.path}" if address.netloc else address.path
                return replace(request, path=path, params=dict(parse_qsl(address.query, keep_blank_values=True)))
        return None

    def announced(self, answer: Answer) -> int | None:
        """Read the total from the header."""
        return _whole_number(answer.headers.get(self.total_header.lower())) if self.total_header else None


@dataclass(frozen=True)
class AfterLast:
    """Pages by key: each asks for what comes after the last id of the one before.

    ``template`` is the body, with ``{after}`` where that id goes; ``place`` is the list of the answer and ``field`` the
    id in its records. So no answer is longer than ``limit``, however many records there are.
    """

    template: Mapping[str, str]
    place: str
    field: str
    limit: int

    def following(self, request: Request, answer: Answer) -> Request | None:
        """Ask for what comes after the last id."""
        if answer.n_records < self.limit:
            return None
        last = value_at(value_at(answer.document, self.place)[-1], self.field)
        return replace(request, body=filled(self.template, {**request.key, "after": str(last)}))

    def announced(self, answer: Answer) -> int | None:  # noqa: ARG002
        """Nothing is announced."""
        return None


@dataclass(frozen=True)
class Window:
    """Pages as a window inside a parameter's own text, where ``{first}`` and ``{end}`` stand in its ``template``."""

    param: str
    template: str
    limit: int

    def at(self, request: Request, first: int) -> Request:
        """Return the request for the window that begins at that record."""
        written = filled(self.template, {"first": str(first), "end": str(first + self.limit)})
        return replace(request.with_params(**{self.param: written}), key={**request.key, "window": str(first)})

    def following(self, request: Request, answer: Answer) -> Request | None:
        """Ask for the next window after a full one."""
        if answer.n_records < self.limit:
            return None
        return self.at(request, int(request.key.get("window", "0")) + self.limit)

    def announced(self, answer: Answer) -> int | None:  # noqa: ARG002
        """Nothing is announced."""
        return None


def _whole_number(said: object) -> int | None:
    try:
        return int(str(said))
    except ValueError:
        return None


def text_of(moment: datetime) -> str:
    """Return a moment as ISO 8601 in UTC to the second, such as 2026-03-01T00:00:00Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
