"""Requests to one tool: the token, time-outs, retries with back-off, limits, and errors that name no secret.

Belongs here: HTTP. Does not belong here: what is asked (``orchestration.sources.pull_plans``), the order of requests
and what becomes of the answers (``harvest``).

httpx sends, stamina decides when to try again: exponential back-off with jitter, or as long as the tool asks.
"""

import base64
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from urllib.parse import urlsplit

import httpx
import stamina

from orchestration.sources.pull_plans import Answer, Auth, Request

_TOO_MANY = 429
_UNAVAILABLE = 503
_GONE = frozenset({403, 404, 410})
_MOVED = frozenset({301, 302, 303, 307, 308})
# An answer may come as slowly as it likes for this many time-outs, so that one dripping byte after byte ends too.
_SLOWEST_ANSWER = 10
_SHOWN_CHARACTERS = 200


class PullError(RuntimeError):
    """A pull cannot go on; the text is one sentence and what to do next, and holds no secret."""


class TokenRefusedError(PullError):
    """The tool does not accept the token; nothing else is worth asking."""


class NotThereError(PullError):
    """What was asked for is not there or may not be seen.

    Attributes:
        status: 301 to 308, 400, 403, 404 or 410.
    """

    def __init__(self, message: str, status: int) -> None:
        self.status = status
        super().__init__(message)


class _PassingError(PullError):
    """A failure that may be over soon; ``wait`` in seconds if the tool says how long (None: back off)."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        self.wait = wait
        super().__init__(message)


@dataclass(frozen=True)
class Patience:
    """How often and how long a request is tried again; seconds.

    ``longest_asked``: beyond it nobody waits for a tool within a refresh; the pull goes on the next time.
    """

    attempts: int = 6
    first_wait: float = 1.0
    longest_wait: float = 60.0
    jitter: float = 1.0
    longest_asked: float = 3_900.0


@dataclass(frozen=True)
class Credentials:
    """A token, the user it belongs to, and how they go with a request; its text never shows them."""

    auth: Auth
    token: str | None
    user: str | None
    token_env: str | None

    def __repr__(self) -> str:
        return f"Credentials(from {self.token_env})"

    def headers(self) -> dict[str, str]:
        """Return the header that carries the token; none without one."""
        if self.token is None:
            return {}
        values = {"token": self.token, "user": self.user or ""}
        if self.auth.basic:
            pair = ":".join(half.format(**values) for half in self.auth.basic)
            return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
        return {self.auth.header: self.auth.value.format(**values)}

    def redacted(self, text: str) -> str:
        """Return the text without the token, also where a server has repeated it."""
        secrets = [self.token or "", *self.headers().values(), *(v.split(" ")[-1] for v in self.headers().values())]
        for secret in sorted(filter(None, secrets), key=len, reverse=True):
            text = text.replace(secret, "***")
        return text


class ToolSession:
    """A connection to one tool, shared by all threads of a pull.

    Attributes:
        n_retries: How many requests had to be sent again so far.
        answered_at: The tool's own clock at its first answer; None before, or if it does not tell.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        headers: Mapping[str, str],
        limit_statuses: frozenset[int] = frozenset(),
        *,
        max_requests: int,
        timeout_seconds: float,
        patience: Patience,
    ) -> None:
        # Its own account of a retry would go to stderr beside the progress; a pull reports the number instead.
        stamina.instrumentation.set_on_retry_hooks([])
        self._url = url.rstrip("/")
        self._credentials = credentials
        self._limit_statuses = limit_statuses
        self._timeout = timeout_seconds
        self._patience = patience
        self._lock = threading.Lock()
        self._quiet_until = 0.0
        self._refusal: TokenRefusedError | None = None
        self.n_retries = 0
        self.answered_at: datetime | None = None
        # Redirects are not followed: a header with a token must not travel to another host.
        self._client = httpx.Client(
            headers={
                "User-Agent": f"weir/{version('weir')}",
                "Accept": "application/json",
                **headers,
                **credentials.headers(),
            },
            timeout=httpx.Timeout(timeout_seconds),
            limits=httpx.Limits(max_connections=max_requests),
            follow_redirects=False,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def address(self, request: Request) -> str:
        """Return the whole address of a request, without its parameters.

        Raises:
            PullError: The tool has sent us to another host.
        """
        if "://" not in request.path:
            return self._url + request.path
        asked, own = urlsplit(request.path), urlsplit(self._url)
        if (asked.scheme, asked.netloc) != (own.scheme, own.netloc):
            raise PullError(
                f"{own.netloc} names a next page at {asked.netloc}, where the token must not go. "
                "Write that address under pull.url if it is the tool's own."
            )
        return request.path

    def fetch(self, request: Request) -> Answer:
        """Send a request until it is answered; returns the answer (its number of records is the caller's to count).

        Raises:
            TokenRefusedError: The token is not accepted; every later call raises the same at once.
            NotThereError: 403, 404, 410, 400 or a redirect.
            PullError: Anything else that trying again did not help.
        """
        for attempt in stamina.retry_context(
            on=self._waits,
            attempts=self._patience.attempts,
            timeout=None,
            wait_initial=self._patience.first_wait,
            wait_max=self._patience.longest_wait,
            wait_jitter=self._patience.jitter,
        ):
            with attempt:
                return self._sent(request)
        raise AssertionError("stamina either returns or raises")

    def _waits(self, error: Exception) -> bool | float:
        """Tell stamina whether to try again, and after how many seconds if the tool has said so."""
        if not isinstance(error, _PassingError):
            return False
        with self._lock:
            self.n_retries += 1
            if error.wait is None:
                return True
            # What one request is told holds for all of them.
            self._quiet_until = max(self._quiet_until, time.monotonic() + error.wait)
        return error.wait

    def _sent(self, request: Request) -> Answer:
        if self._refusal is not None:
            raise self._refusal
        time.sleep(max(0.0, self._quiet_until - time.monotonic()))
        address = self.address(request)
        place = f"{request.collection} at {urlsplit(address).netloc}{urlsplit(address).path}"
        try:
            response, content = self._received(address, request)
        except httpx.TimeoutException:
            raise _PassingError(
                f"{place}: no answer within {self._timeout:g} s. Raise pull.timeout_seconds, or ask for less."
            ) from None
        except httpx.TransportError as error:
            what = self._credentials.redacted(str(error)) or type(error).__name__
            raise _PassingError(f"{place}: the connection failed ({what}). Check pull.url and the network.") from None
        self._refuse(place, response, content)
        try:
            document = json.loads(content)
        except ValueError:
            if content.lstrip()[:1] == b"<":
                raise self._token_refused(place, "shows a web page instead of data") from None
            raise _PassingError(f"{place}: the answer is cut or no JSON. Try again later.") from None
        self._note_clock(response)
        return Answer(document, {name.lower(): value for name, value in response.headers.items()})

    def _received(self, address: str, request: Request) -> tuple[httpx.Response, bytes]:
        method, body = ("GET", None) if request.body is None else ("POST", dict(request.body))
        # Parameters that stand in the address already stay there if none are given.
        params = dict(request.params) or None
        begun = time.monotonic()
        content = bytearray()
        with self._client.stream(method, address, params=params, json=body) as response:
            for piece in response.iter_bytes():
                content += piece
                if time.monotonic() - begun > _SLOWEST_ANSWER * self._timeout:
                    raise httpx.ReadTimeout("dripping")
        return response, bytes(content)

    def _refuse(self, place: str, response: httpx.Response, content: bytes) -> None:
        """Raise what the status means; return if it is an answer."""
        status = response.status_code
        if status == httpx.codes.OK:
            return
        wait = _asked_wait(response)
        if status in (_TOO_MANY, _UNAVAILABLE) or (status in self._limit_statuses and wait is not None):
            if wait is not None and wait > self._patience.longest_asked:
                raise PullError(
                    f"{place}: the tool asks to wait {wait / 60:.0f} minutes. The next refresh goes on from here."
                )
            raise _PassingError(f"{place}: the tool is asked too fast ({status}). Lower pull.max_requests.", wait)
        if status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise _PassingError(f"{place}: the tool fails ({status}). Look at the tool, or try again later.")
        if status in (httpx.codes.UNAUTHORIZED, httpx.codes.NON_AUTHORITATIVE_INFORMATION):
            raise self._token_refused(place, f"answers {status}")
        if status in _MOVED:
            to = urlsplit(response.headers.get("location", "")).path
            if any(word in to.lower() for word in ("login", "signin", "sign_in", "sso")):
                raise self._token_refused(place, "sends us to its login page")
            raise NotThereError(f"{place}: moved elsewhere ({status}). Correct pull.url.", status)
        said = self._credentials.redacted(" ".join(content.decode("utf-8", "replace").split())[:_SHOWN_CHARACTERS])
        hint = (
            "Check that the token may read it."
            if status in _GONE
            else f"It says: {said or 'nothing'}. Correct pull.query or pull.projects."
        )
        raise NotThereError(f"{place}: the tool answers {status}. {hint}", status)

    def _token_refused(self, place: str, how: str) -> TokenRefusedError:
        named = self._credentials.token_env
        advice = (
            f"Put a valid token into the environment variable {named}."
            if named
            else "Name the environment variable that holds a token under pull.token_env."
        )
        self._refusal = TokenRefusedError(
            f"{place}: the tool {how}, so the token is missing, expired or not allowed. {advice}"
        )
        return self._refusal

    def _note_clock(self, response: httpx.Response) -> None:
        with self._lock:
            if self.answered_at is None:
                self.answered_at = _date(response)


def _asked_wait(response: httpx.Response) -> float | None:
    """Return for how many seconds the tool asks to be left alone, from the headers that tools use; None if it does not.

    ``Retry-After`` (seconds or a date, RFC 9110); else, once nothing remains, the reset of the limit: a moment in
    seconds since 1970 (GitHub, GitLab) or a number of seconds (PagerDuty).
    """
    now = _date(response)
    said = response.headers.get("retry-after")
    if said is not None:
        if said.strip().isdigit():
            return float(said)
        try:
            until = parsedate_to_datetime(said)
        except ValueError:
            return None
        return max(0.0, (until - now).total_seconds()) if now else None
    for prefix in ("x-ratelimit", "ratelimit"):
        reset = response.headers.get(f"{prefix}-reset", "")
        if response.headers.get(f"{prefix}-remaining", "").strip() == "0" and reset.strip().isdigit():
            is_moment = int(reset) > 10**9
            if not is_moment:
                return float(reset)
            # A second more: the limit is reset during the one that it names.
            return max(0.0, int(reset) - now.timestamp()) + 1 if now else None
    return None


def _date(response: httpx.Response) -> datetime | None:
    try:
        return parsedate_to_datetime(response.headers["date"])
    except (KeyError, ValueError):
        return None
