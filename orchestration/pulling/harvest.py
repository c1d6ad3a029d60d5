"""All pages of a plan, at most N requests at once, each finished page on the disk before what follows from it.

Belongs here: what follows from an answer: lines, the next page, requests for its records. Does not belong here: HTTP
(``session``), files (``journal``), what is asked of a tool (``orchestration.sources.pull_plans``).
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from orchestration.pulling.journal import Journal, Page
from orchestration.pulling.session import NotThereError, PullError, ToolSession
from orchestration.sources.pull_plans import Answer, Collection, Follower, Request
from orchestration.sources.pull_plans.requests import PageNumber, filled, filled_path, value_at

# A part of a tool that is switched off answers one of these.
_NOT_OFFERED = frozenset({400, 403, 404, 410})
# After so many refusals and no answer, a part counts as switched off and is not asked for item by item.
_ENOUGH_REFUSALS = 5
_VANISHED = frozenset({404, 410})
_MILLISECONDS = 1_000


@dataclass
class Harvest:
    """One run over a plan's requests.

    ``since``: paging of collections that come newest first ends before this moment. ``people``: keys to take out of
    records. ``left_out``: optional collections that the tool did not offer, with how often (filled by ``run``).
    """

    session: ToolSession
    collections: Mapping[str, Collection]
    people: frozenset[str]
    since: datetime | None
    max_requests: int
    left_out: Counter[str] = field(default_factory=Counter)
    _offered: set[str] = field(default_factory=set)

    def run(self, journal: Journal) -> None:
        """Answer every pending request of the journal and all that follow from them.

        Raises:
            PullError: A request failed for good. What was finished stays in the journal.
        """
        # A stack: what follows from the newest page comes first, so that little waits at any time.
        waiting = sorted(journal.pending, reverse=True)
        running: dict[Future[Answer | None], int] = {}
        failure: Exception | None = None
        with ThreadPoolExecutor(self.max_requests) as pool:
            while running or (waiting and failure is None):
                while waiting and failure is None and len(running) < self.max_requests:
                    number = waiting.pop()
                    running[pool.submit(self._answered, journal.pending[number])] = number
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    number = running.pop(future)
                    error = future.exception()
                    if isinstance(error, Exception):
                        failure = failure or error
                        continue
                    page = self._page(number, journal.pending[number], future.result())
                    waiting.extend(reversed(journal.finish_page(page)))
        if failure is not None:
            raise failure

    def _answered(self, request: Request) -> Answer | None:
        """Return the answer; None for a part that the tool does not offer."""
        name = request.collection
        is_off = self.left_out[name] >= _ENOUGH_REFUSALS and name not in self._offered
        if is_off and self.collections[name].is_optional:
            return None
        try:
            answer = self.session.fetch(request)
        except NotThereError as error:
            is_optional = self.collections[name].is_optional
            if (is_optional and error.status in _NOT_OFFERED) or (request.is_for_record and error.status in _VANISHED):
                return None
            raise
        self._offered.add(name)
        return answer

    def _page(self, number: int, request: Request, answer: Answer | None) -> Page:
        collection = self.collections[request.collection]
        if answer is None:
            self.left_out[collection.name] += 1
            return Page(number, collection.name)
        records = _records(collection, answer.document)
        answer = replace(answer, n_records=len(records))
        if isinstance(collection.paging, PageNumber) and (halves := collection.paging.halves(request, answer)):
            return Page(number, collection.name, follow_ups=tuple(halves))
        fresh = [record for record in records if not self._is_past(collection, record)]
        next_page = collection.paging.following(request, answer) if len(fresh) == len(records) else None
        if next_page == request:
            raise PullError(
                f"{request.collection}: the tool names the page it has just given as the next one. "
                "Tell those who keep the tool; nothing more can be pulled from it."
            )
        follow_ups = [replace(next_page, page=request.page + 1)] if next_page is not None else []
        for follower in collection.followers:
            follow_ups += _followed(follower, collection, request, fresh)
        ids = (value_at(record, collection.identity) for record in fresh) if collection.identity else ()
        return Page(
            number,
            collection.name,
            follow_ups=tuple(follow_ups),
            lines=self._lines(collection, request, answer.document, fresh),
            n_records=len(fresh),
            announced=collection.paging.announced(answer) if request.page == 1 else None,
            ids=tuple(str(each) for each in ids if each is not None),
        )

    def _is_past(self, collection: Collection, record: Any) -> bool:
        """Is the record older than what is asked for, in a list that goes from new to old?"""
        if collection.newest_first is None or self.since is None:
            return False
        moment = _moment(value_at(record, collection.newest_first))
        return moment is not None and moment < self.since

    def _lines(self, collection: Collection, request: Request, document: Any, records: list[Any]) -> bytes:
        if collection.unit == "nothing" or not records:
            return b""
        written = records
        if collection.unit == "page":
            written = [document]
        elif collection.unit == "asked":
            written = [{"url": self.session.address(request), "values": records}]
        elif collection.marks_request:
            asked = self.session.address(request)
            written = [{**record, "_request": asked} for record in records]
        return b"".join(as_line(without(each, self.people)) for each in written)


def as_line(document: Any) -> bytes:
    """Return a document as one line of JSON."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def without(document: Any, people: frozenset[str], parent: str = "") -> Any:
    """Return a document without the keys of people, wherever they stand."""
    if isinstance(document, list):
        return [without(each, people, parent) for each in document]
    if not isinstance(document, dict):
        return document
    return {
        key: without(value, people, key)
        for key, value in document.items()
        if key not in people and f"{parent}/{key}" not in people
    }


def _records(collection: Collection, document: Any) -> list[Any]:
    listed = value_at(document, collection.records)
    if listed is None:
        return []
    records = listed if isinstance(listed, list) else [listed]
    return [record for record in records if record is not None]


def _followed(
    follower: Follower, collection: Collection, request: Request, records: Iterable[Any]
) -> Iterator[Request]:
    keys = [
        {**request.key, **{name: str(value_at(record, path)) for name, path in collection.key.items()}}
        for record in records
        if follower.applies(record)
    ]
    if follower.batch:
        for first in range(0, len(keys), follower.batch):
            ids = [int(key["id"]) for key in keys[first : first + follower.batch]]
            yield Request(
                follower.collection,
                filled_path(follower.path, request.key),
                follower.params,
                filled(follower.body, {"ids": ids}),
                request.key,
            )
        return
    for key in keys:
        own = {name: filled_path(template, key) for name, template in follower.key.items()}
        path, params = filled_path(follower.path, key), filled(follower.params, key)
        body = filled(follower.body, key)
        yield Request(follower.collection, path, params, body, {**key, **own}, is_for_record=True)


def _moment(written: Any) -> datetime | None:
    """Read a moment: ISO 8601, or a number of milliseconds since 1970."""
    if isinstance(written, int | float):
        return datetime.fromtimestamp(written / _MILLISECONDS, UTC)
    try:
        moment = datetime.fromisoformat(str(written))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
