"""One pull of one source, from its token to its manifest.

Belongs here: from when to ask, what to do with a pull that was cut off, the files and the manifest, when a census is
due. Does not belong here: single requests (``session``), pages (``harvest``), verdicts over items (``census``).
"""

import io
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from orchestration.pulling.census import Verdict, census_lines, take_census
from orchestration.pulling.harvest import Harvest, as_line
from orchestration.pulling.journal import Counted, Journal, write_compressed
from orchestration.pulling.session import Credentials, NotThereError, Patience, PullError, ToolSession
from orchestration.sources.pull_manifest import STAMP_FORMAT, SUFFIX, PulledFile, PullManifest
from orchestration.sources.pull_plans import (
    PLANS,
    Collection,
    KnownItem,
    PullPlan,
    PullSettings,
    Request,
    UnusablePull,
    api_address,
)

# Another one asks for everything again: for a change of the plans that old exports lack something for.
_PLAN_VERSION = 1
_WORK_FOLDER = ".pull"
_CENSUS_FOLDER = ".pull-census"
_CENSUS_PERIODS = {"daily": timedelta(days=1), "weekly": timedelta(days=7), "monthly": timedelta(days=28)}
# Refreshes do not begin at the same second each night.
_SLACK = timedelta(hours=2)
# After that, cursors have run out, and what was listed first is too old to be put together with what is listed last.
_RESUMABLE = timedelta(days=3)


class PullAsked(Protocol):
    """What a portfolio says about pulling from one source."""

    @property
    def url(self) -> str:
        """The address of the tool."""

    @property
    def token_env(self) -> str | None:
        """The environment variable that holds the token."""

    @property
    def user_env(self) -> str | None:
        """The environment variable that holds the user the token belongs to."""

    @property
    def query(self) -> str | None:
        """Which items, in the tool's own words."""

    @property
    def projects(self) -> Sequence[str]:
        """Which projects."""

    @property
    def api(self) -> str | None:
        """Which version of the API, where a tool has several."""

    @property
    def census(self) -> str:
        """How often ids are counted: daily, weekly, monthly or never."""

    @property
    def overlap_hours(self) -> float:
        """How far before the end of the last pull this one begins."""

    @property
    def max_requests(self) -> int:
        """How many requests run at once."""

    @property
    def timeout_seconds(self) -> float:
        """How long to wait for an answer."""


class PullSource(Protocol):
    """The part of a portfolio's source that a pull needs."""

    @property
    def id(self) -> str:
        """The source's id."""

    @property
    def tool(self) -> str:
        """The tool it is an instance of."""


@dataclass
class PullReport:
    """What one pull did: ``messages`` are sentences for a reader, each with what to do where something is to be done.

    ``is_complete``: everything that was asked for came. ``n_requests_again``: requests that had to be sent again.
    """

    source_id: str
    messages: list[str] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    n_records: int = 0
    n_requests_again: int = 0
    is_complete: bool = False


def pull_source(
    source: PullSource,
    asked: PullAsked,
    exports_folder: Path,
    now: Callable[[], datetime],
    *,
    fields: Iterable[str] = (),
    environment: Mapping[str, str] | None = None,
    known: Callable[[], Iterable[KnownItem]] = tuple,
    patience: Patience | None = None,
) -> PullReport:
    """Pull what is new from one source into its exports folder; a failure is a message, never an exception.

    Args:
        source: Its id and tool.
        asked: What the portfolio says about the pull.
        exports_folder: Where the files go.
        now: The clock.
        fields: Ids of the tool's own fields that the portfolio maps.
        environment: Where tokens are looked up by name; by default the process's own.
        known: Items that earlier exports have brought, asked for only when a census is due.
        patience: How often and how long to try again.
    """
    report = PullReport(source.id)
    pull = _Pull(
        source,
        asked,
        exports_folder,
        now,
        tuple(sorted(fields)),
        os.environ if environment is None else environment,
        known,
        patience or Patience(),
        report,
    )
    try:
        pull.run()
    except UnusablePull as error:
        report.messages.append(f"{source.id}: nothing is pulled. {error}")
    except (PullError, OSError) as error:
        report.messages.append(f"{source.id}: the pull failed, its last good exports are used. {error}")
    return report


@dataclass
class _Pull:
    """One pull at work."""

    source: PullSource
    asked: PullAsked
    folder: Path
    now: Callable[[], datetime]
    fields: tuple[str, ...]
    environment: Mapping[str, str]
    known: Callable[[], Iterable[KnownItem]]
    patience: Patience
    report: PullReport

    def run(self) -> None:
        """Ask, take a census if one is due, write the files, then the manifest that speaks for them."""
        credentials = self._credentials()
        manifests = [each for each in self._manifests() if each.asked == self._asked_for]
        since = self._since(manifests)
        began = self.now()
        plan = PLANS[self.source.tool](self._settings(since, began))
        session = self._session(plan, credentials)
        with closing(session):
            journal = self._journal(_WORK_FOLDER, since, began, plan.requests)
            try:
                harvest = self._harvested(session, plan, plan.collections, journal, since)
                census = self._census(plan, session, manifests)
            finally:
                self.report.n_requests_again = session.n_retries
            complete_to = min(journal.started_at, session.answered_at or journal.started_at)
            manifest = self._written(plan, journal, census, since, complete_to)
        self._tell(manifest, harvest)
        journal.remove()
        self.report.is_complete = manifest.n_missing == 0

    @cached_property
    def _asked_for(self) -> dict[str, Any]:
        """What decides which records are asked for; a change of it asks for everything again. No secret is in it."""
        return {
            "plan": _PLAN_VERSION,
            "url": self.asked.url,
            "query": self.asked.query,
            "projects": list(self.asked.projects),
            "api": self.asked.api,
            "fields": list(self.fields),
        }

    def _credentials(self) -> Credentials:
        token, user = (self._secret(name) for name in (self.asked.token_env, self.asked.user_env))
        auth = PLANS[self.source.tool](self._settings(None, self.now())).auth
        return Credentials(auth, token, user, self.asked.token_env)

    def _secret(self, name: str | None) -> str | None:
        if name is None:
            return None
        value = self.environment.get(name, "").strip()
        if not value:
            raise PullError(f"The environment variable {name} is not set. Set it where refreshes run.")
        if not value.isascii() or not value.isprintable():
            raise PullError(f"The environment variable {name} holds what no token can hold. Set it anew.")
        return value

    def _manifests(self) -> list[PullManifest]:
        found = []
        for path in sorted(self.folder.glob(f"*{SUFFIX}")):
            try:
                manifest = PullManifest.from_json(json.loads(path.read_text(encoding="utf-8")))
            except (ValueError, KeyError, TypeError) as error:
                raise PullError(
                    f"{path.name} cannot be read ({error}). Remove it; then everything is asked for."
                ) from None
            if manifest is not None:
                found.append(manifest)
        return found

    def _since(self, manifests: list[PullManifest]) -> datetime | None:
        """From when to ask: an overlap before the last pull's end; once more as far back if something was missing."""
        if not manifests:
            return None
        last = manifests[-1]
        was_asked_again = len(manifests) > 1 and manifests[-2].n_missing > 0
        if last.n_missing > 0 and not was_asked_again:
            return last.since
        return last.complete_to - timedelta(hours=self.asked.overlap_hours)

    def _settings(self, since: datetime | None, until: datetime) -> PullSettings:
        return PullSettings(
            url=self.asked.url,
            until=until,
            since=since,
            query=self.asked.query,
            projects=tuple(self.asked.projects),
            fields=self.fields,
            api=self.asked.api,
            has_user=self.asked.user_env is not None,
        )

    def _session(self, plan: PullPlan, credentials: Credentials) -> ToolSession:
        return ToolSession(
            api_address(self.source.tool, self.asked.url),
            credentials,
            plan.headers,
            plan.limit_statuses,
            max_requests=self.asked.max_requests,
            timeout_seconds=self.asked.timeout_seconds,
            patience=self.patience,
        )

    def _journal(self, folder: str, since: datetime | None, began: datetime, requests: tuple[Request, ...]) -> Journal:
        asked = {**self._asked_for, "since": since.isoformat() if since else None}
        return Journal(self.folder / folder, asked, began, requests, resumable_from=began - _RESUMABLE)

    def _harvested(
        self,
        session: ToolSession,
        plan: PullPlan,
        collections: Iterable[Collection],
        journal: Journal,
        since: datetime | None,
    ) -> Harvest:
        by_name = {each.name: each for each in collections}
        harvest = Harvest(session, by_name, plan.people, since, self.asked.max_requests)
        try:
            harvest.run(journal)
        except NotThereError:
            # What is refused now will be refused again, a cursor that has run out too: begin anew the next time.
            journal.remove()
            raise
        except BaseException:
            journal.close()
            raise
        return harvest

    def _census(
        self, plan: PullPlan, session: ToolSession, manifests: list[PullManifest]
    ) -> tuple[Verdict, ...] | None:
        """Take the census if one is due; None if none was taken. Its failure costs nothing that was pulled."""
        period = _CENSUS_PERIODS.get(self.asked.census)
        last = max((each.exported_at for each in manifests if each.has_census), default=None)
        if plan.census is None or period is None or (last is not None and self.now() - last < period - _SLACK):
            return None
        journal = self._journal(_CENSUS_FOLDER, None, self.now(), plan.census.requests)
        try:
            self._harvested(session, plan, plan.census.collections, journal, None)
            counted = journal.counted.values()
            present = set().union(*(each.ids for each in counted))
            _refuse_short_lists(counted)
            result = take_census(plan.census, session, present, self.known(), self.asked.max_requests)
        except PullError as error:
            self.report.messages.append(f"{self.source.id}: no census was taken, the next refresh tries again. {error}")
            journal.close()
            return None
        journal.remove()
        if result.n_undecided:
            self.report.messages.append(
                f"{self.source.id}: of {result.n_undecided} items that the tool no longer lists it cannot be told"
                " whether they are deleted; they stay as they were."
            )
        return result.verdicts

    def _written(
        self,
        plan: PullPlan,
        journal: Journal,
        census: tuple[Verdict, ...] | None,
        since: datetime | None,
        complete_to: datetime,
    ) -> PullManifest:
        """Write the files, each in one rename, the manifest last."""
        stamp = journal.started_at.astimezone(UTC).strftime(STAMP_FORMAT)
        exported_at = self.now()
        files = []
        for collection in plan.collections:
            counted = journal.counted.get(collection.name)
            if counted is None:
                continue
            suffix = "ndjson" if collection.unit == "record" else "json"
            target = self.folder / f"{stamp}.{collection.name}.{suffix}.gz"
            is_written = journal.compressed(collection.name, target)
            files.append(self._file(collection.name, target if is_written else None, counted))
        if census is not None:
            target = self.folder / f"{stamp}.census.ndjson.gz"
            # Dated like all else that the pull brings: a refresh shows what was true when it began.
            lines = b"".join(map(as_line, census_lines(census, complete_to)))
            if lines:
                write_compressed(io.BytesIO(lines), target)
            files.append(self._file("census", target if lines else None, Counted(received=len(census))))
        manifest = PullManifest(
            source=self.source.id,
            tool=self.source.tool,
            asked=self._asked_for,
            since=since,
            complete_to=complete_to,
            exported_at=exported_at,
            files=tuple(files),
            has_census=census is not None,
            n_retries=self.report.n_requests_again,
        )
        path = self.folder / f"{stamp}{SUFFIX}"
        partial = path.with_name(f"{path.name}.partial")
        partial.write_text(json.dumps(manifest.as_json(), indent=2, ensure_ascii=False), encoding="utf-8")
        partial.replace(path)
        self.report.files.append(path)
        return manifest

    def _file(self, collection: str, target: Path | None, counted: Counted) -> PulledFile:
        if target is not None:
            self.report.files.append(target)
            self.report.n_records += counted.received
        return PulledFile(
            collection,
            target.name if target else None,
            counted.received,
            counted.announced,
            len(counted.ids) if counted.ids else None,
        )

    def _tell(self, manifest: PullManifest, harvest: Harvest) -> None:
        for file in manifest.files:
            if file.n_missing:
                self.report.messages.append(
                    f"{self.source.id}: of {file.announced:,} {file.collection} that the tool announced"
                    f" {file.n_missing:,} did not come. The next refresh asks for them once more."
                )
        if harvest.left_out:
            parts = ", ".join(sorted(harvest.left_out))
            self.report.messages.append(
                f"{self.source.id}: the tool does not offer or does not show {parts}; the rest was pulled."
            )


def _refuse_short_lists(counted: Iterable[Counted]) -> None:
    """Raise if a list of ids is shorter than announced: what it lacks would count as vanished."""
    if any(each.announced is not None and len(each.ids) < each.announced for each in counted):
        raise PullError("The tool listed fewer items than it announced.")
