"""The words of a tool's plan: what is pulled, in which order, and how ids are counted.

Belongs here: declarations. Does not belong here: the plan of one tool (the modules beside this one), requests and pages
(``requests``), sending anything (``orchestration.pulling``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from orchestration.sources.pull_plans.requests import OnePage, Paging, Request


class UnusablePull(ValueError):
    """The portfolio does not say enough to pull from this tool; the text says what is missing."""


@dataclass(frozen=True)
class PullSettings:
    """What a plan is made from.

    ``since``: ask for what was updated from this moment on (None: for everything). ``until``: when the pull began.
    ``fields``: ids of the tool's own fields that the portfolio maps. ``has_user``: a user name goes with the token.
    """

    url: str
    until: datetime
    since: datetime | None = None
    query: str | None = None
    projects: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    api: str | None = None
    has_user: bool = False


@dataclass(frozen=True)
class Auth:
    """How the token goes with a request; ``{token}`` and ``{user}`` are filled in when it is sent, nowhere else.

    ``header`` and ``value`` make a header; with ``basic`` as (user, password) they are the two halves of Basic.
    """

    header: str = "Authorization"
    value: str = "Bearer {token}"
    basic: tuple[str, str] | None = None


@dataclass(frozen=True)
class Follower:
    """What is asked for each record of a collection, or for ``batch`` of them at once, their ids in ``{ids}``.

    ``key``: templates of what the new request's own key holds beside its record's.
    """

    collection: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    batch: int = 0
    key: Mapping[str, str] = field(default_factory=dict)
    applies: Callable[[Any], bool] = lambda _: True


@dataclass(frozen=True)
class Collection:
    """Answers of one kind, which become one export file.

    ``records``: path of the list in an answer (empty: the answer is the list, or the one record).
    ``unit``: what becomes a line of the file: each ``record``, the whole ``page``, the page together with the address
    that was ``asked`` (``{"url": …, "values": [...]}``), or ``nothing`` (a list asked only for its followers' sake).
    ``key``: name to path in a record, for followers; the key of the request itself goes along.
    ``identity``: path of a record's id, by which received records are counted and a census is taken.
    ``newest_first``: path of a record's moment where the tool cannot be asked for a time: paging ends at older ones.
    ``is_optional``: an answer 403, 404 or 410 means that there is no such part (a feature is off), not a failure.
    ``marks_request``: the path that was asked is written into each record, as ``_request``.
    """

    name: str
    paging: Paging = field(default_factory=OnePage)
    records: str = ""
    unit: Literal["record", "page", "asked", "nothing"] = "record"
    key: Mapping[str, str] = field(default_factory=dict)
    followers: tuple[Follower, ...] = ()
    identity: str | None = None
    newest_first: str | None = None
    is_optional: bool = False
    marks_request: bool = False


@dataclass(frozen=True)
class KnownItem:
    """An item that earlier pulls have brought: its immutable id, what people call it, and its project."""

    native_id: str
    item_key: str
    project: str | None = None


@dataclass(frozen=True)
class Census:
    """How ids are counted and a missing one is looked into.

    ``collections`` and ``requests`` list the ids alone. ``item`` asks for one item, ``place`` for the project it was in
    (both may return None: cannot be asked), which evidence calls ``place_name`` where it is not the project.
    """

    collections: tuple[Collection, ...]
    requests: tuple[Request, ...]
    item: Callable[[KnownItem], Request | None]
    place: Callable[[KnownItem], Request | None]
    place_name: str | None = None


@dataclass(frozen=True)
class PullPlan:
    """All that is asked of one source.

    ``people``: keys that are taken out of every record before it is written, wherever they stand (``parent/key``: only
    inside that parent): Weir measures teams and stages.
    ``limit_statuses``: statuses beside 429 that mean "too fast" when the headers say how long to wait.
    """

    auth: Auth
    collections: tuple[Collection, ...]
    requests: tuple[Request, ...]
    headers: Mapping[str, str] = field(default_factory=dict)
    people: frozenset[str] = frozenset()
    limit_statuses: frozenset[int] = frozenset()
    census: Census | None = None
