"""The census: what the tool still has of the items that are known here, and why the others are not to be seen.

Belongs here: the verdict over one missing item. Does not belong here: asking (``session``), which address tells
(``orchestration.sources.pull_plans``), what a vanished item means for work in progress (dbt).
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from orchestration.pulling.session import NotThereError, PullError, TokenRefusedError, ToolSession
from orchestration.sources.pull_plans import Census, KnownItem, Request

_OK = 200
_FORBIDDEN = 403
_NOT_FOUND = 404
_GONE = 410
_MOVED = range(300, 400)


@dataclass(frozen=True)
class Verdict:
    """What is true of one item: ``evidence`` is a sentence for a reader."""

    native_id: str
    state: Literal["present", "deleted", "not_visible"]
    evidence: str


@dataclass(frozen=True)
class CensusResult:
    """Verdicts, and for how many missing items none could be reached."""

    verdicts: tuple[Verdict, ...]
    n_undecided: int


def take_census(
    census: Census, session: ToolSession, present: set[str], known: Iterable[KnownItem], max_requests: int
) -> CensusResult:
    """Judge every item: those listed are present, those known and not listed are asked for one by one.

    Args:
        census: How to ask for one item, and for the project it was in.
        session: The connection.
        present: Ids that the tool has just listed, all of them.
        known: Items that earlier pulls have brought.
        max_requests: How many to ask for at once.

    Raises:
        TokenRefusedError: The token is not accepted.
    """
    listed = [Verdict(native_id, "present", "listed") for native_id in sorted(present)]
    missing = [item for item in known if item.native_id not in present]
    with ThreadPoolExecutor(max_requests) as pool:
        judged = list(pool.map(lambda item: _judged(census, session, item), missing))
    found = [verdict for verdict in judged if verdict is not None]
    return CensusResult((*listed, *found), len(missing) - len(found))


def _judged(census: Census, session: ToolSession, item: KnownItem) -> Verdict | None:
    status = _status(session, census.item(item))
    if status == _NOT_FOUND:
        place = _status(session, census.place(item))
        named = census.place_name or item.project or "where it was"
        if place == _OK:
            return Verdict(item.native_id, "deleted", f"not found ({status}), while {named} answers")
        hidden = f"not found ({status}), and neither is {named} ({place})"
        return Verdict(item.native_id, "not_visible", hidden) if place is not None else None
    if status in _MOVED:
        return Verdict(item.native_id, "not_visible", f"moved out of what is pulled ({status})")
    plain: dict[int | None, Verdict] = {
        _OK: Verdict(item.native_id, "present", "not listed, but it answers: outside of what is asked for"),
        _GONE: Verdict(item.native_id, "deleted", f"the tool says it is gone ({status})"),
        _FORBIDDEN: Verdict(item.native_id, "not_visible", f"the tool refuses it ({status})"),
    }
    return plain.get(status)


def _status(session: ToolSession, request: Request | None) -> int | None:
    """Return the status of a request; None if there is none or nothing can be told from it."""
    if request is None:
        return None
    try:
        session.fetch(request)
    except NotThereError as error:
        return error.status
    except TokenRefusedError:
        raise
    except PullError:
        return None
    return _OK


def census_lines(verdicts: Iterable[Verdict], checked_at: datetime) -> Iterator[dict[str, str]]:
    """Yield the records of a census file."""
    for verdict in verdicts:
        yield {
            "native_id": verdict.native_id,
            "state": verdict.state,
            "evidence": verdict.evidence,
            "checked_at": checked_at.isoformat(),
        }
