import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from tool_server import Fault, Reply, serving

from orchestration.pulling.session import (
    Credentials,
    NotThereError,
    PullError,
    TokenRefusedError,
    ToolSession,
    _asked_wait,
)
from orchestration.sources.pull_plans import Auth, Request

TOKEN = "sesame-opens-the-door"  # noqa: S105 opens nothing
NOW = "Mon, 05 Jan 2026 10:00:00 GMT"
IN_A_MINUTE = "Mon, 05 Jan 2026 10:01:00 GMT"
NOON = 1_767_607_200  # the same moment in seconds since 1970
PAGE = Request("issues", "/page")


@pytest.fixture
def server():
    with serving(lambda _: Reply({"ok": True})) as tool:
        yield tool


@pytest.fixture
def session_of(hasty):
    sessions = []

    def opened(server, auth=None, limit_statuses=frozenset(), timeout_seconds=5.0, max_requests=4):
        credentials = Credentials(auth or Auth(), TOKEN, "user@example.org", "TOOL_TOKEN")
        session = ToolSession(
            server.url,
            credentials,
            {},
            limit_statuses,
            max_requests=max_requests,
            timeout_seconds=timeout_seconds,
            patience=hasty,
        )
        sessions.append(session)
        return session

    yield opened
    for session in sessions:
        session.close()


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(reply=Reply(None, 429)), id="429 without a time"),
        pytest.param(Fault(reply=Reply(None, 500)), id="500"),
        pytest.param(Fault(reply=Reply(None, 503)), id="503"),
        pytest.param(Fault("cut"), id="cut in the middle of the answer"),
        pytest.param(Fault(reply=Reply(b'{"issues": [{"id"')), id="cut by a proxy that says it is whole"),
    ],
)
def test_passing_failures_are_tried_again(server, session_of, fault):
    server.faults = [fault, fault]
    session = session_of(server)
    assert session.fetch(PAGE).document == {"ok": True}
    assert len(server.asked) == 3
    assert session.n_retries == 2


def test_a_slow_answer_is_given_up_and_asked_for_again(server, session_of):
    # Wide apart, so that a busy machine is not taken for a slow tool, nor the other way round.
    server.faults = [Fault("slow", seconds=10)]
    session = session_of(server, timeout_seconds=2)
    assert session.fetch(PAGE).document == {"ok": True}
    assert session.n_retries == 1


def test_what_stays_broken_ends_in_one_sentence_that_says_what_to_do(server, session_of):
    server.faults = [Fault("slow", seconds=10)] * 9
    with pytest.raises(PullError, match=r"issues at 127.*/page: no answer within 0\.5 s\. Raise pull\.timeout_seconds"):
        session_of(server, timeout_seconds=0.5).fetch(PAGE)
    assert len(server.asked) == 4


def test_retry_after_is_waited_for_by_all(server, session_of):
    server.faults = [Fault(reply=Reply(None, 429, {"Retry-After": "1"}))]
    session = session_of(server)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(session.fetch, PAGE)
        while session.n_retries == 0:
            assert not first.done()
            time.sleep(0.01)
        time.sleep(0.05)
        # Two more that nobody has refused: they wait for what the first was told.
        list(pool.map(session.fetch, [PAGE, PAGE]))
    refused, *others = [each.moment for each in server.asked]
    assert len(others) == 3
    assert min(others) - refused >= 1.0


def test_nobody_waits_longer_than_a_refresh_may_take(server, session_of):
    server.faults = [Fault(reply=Reply(None, 429, {"Retry-After": "7200"}))]
    with pytest.raises(PullError, match=r"asks to wait 120 minutes\. The next refresh goes on from here"):
        session_of(server).fetch(PAGE)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "30"}, 30),
        ({"retry-after": IN_A_MINUTE, "date": NOW}, 60),
        ({"retry-after": "soon"}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOON + 90), "date": NOW}, 91),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOON - 90), "date": NOW}, 1),
        ({"x-ratelimit-remaining": "12", "x-ratelimit-reset": str(NOON + 90), "date": NOW}, None),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "7"}, 7),
        ({}, None),
    ],
)
def test_how_long_a_tool_asks_to_be_left_alone(headers, seconds):
    assert _asked_wait(httpx.Response(429, headers=headers)) == seconds


def test_secondary_limits_are_waited_for_and_a_plain_403_is_not(server, session_of):
    server.faults = [Fault(reply=Reply(None, 403, {"Retry-After": "1"}))]
    session = session_of(server, limit_statuses=frozenset({403}))
    assert session.fetch(PAGE).document == {"ok": True}
    server.faults = [Fault(reply=Reply(None, 403))]
    with pytest.raises(NotThereError, match=r"answers 403\. Check that the token may read it"):
        session.fetch(PAGE)
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply({"error": "expired"}, 401), id="401"),
        pytest.param(Reply(b"<html>Sign in</html>", 203), id="Azure's page for an expired token"),
        pytest.param(Reply(b"<!doctype html><p>Sign in", 200), id="a login page instead of data"),
        pytest.param(Reply(None, 302, {"Location": "https://sso.example.org/login?next=x"}), id="sent to a login page"),
    ],
)
def test_a_token_that_is_refused_is_one_sentence_and_no_storm(server, session_of, reply):
    server.faults = [Fault(reply=reply)] * 50
    session = session_of(server)
    for _ in range(5):
        with pytest.raises(TokenRefusedError, match="the environment variable TOOL_TOKEN") as refused:
            session.fetch(PAGE)
        assert TOKEN not in str(refused.value)
        assert str(refused.value).count("\n") == 0
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        (Auth(), "Authorization", f"Bearer {TOKEN}"),
        (Auth("PRIVATE-TOKEN", "{token}"), "PRIVATE-TOKEN", TOKEN),
        (Auth("X-Redmine-API-Key", "{token}"), "X-Redmine-API-Key", TOKEN),
        (Auth(value="Token token={token}"), "Authorization", f"Token token={TOKEN}"),
        (Auth(basic=("", "{token}")), "Authorization", "Basic OnNlc2FtZS1vcGVucy10aGUtZG9vcg=="),
        (
            Auth(basic=("{user}", "{token}")),
            "Authorization",
            "Basic dXNlckBleGFtcGxlLm9yZzpzZXNhbWUtb3BlbnMtdGhlLWRvb3I=",
        ),
    ],
)
def test_each_tool_gets_its_token_its_own_way_and_no_error_repeats_it(server, session_of, auth, header, value):
    session = session_of(server, auth)
    session.fetch(PAGE)
    assert server.asked[0].headers[header] == value
    server.faults = [Fault(reply=Reply({"said": f"you sent {value}"}, 400))]
    with pytest.raises(NotThereError) as error:
        session.fetch(PAGE)
    assert "you sent" in str(error.value)
    assert TOKEN not in str(error.value)
    assert value.split(" ")[-1] not in str(error.value)


def test_the_token_never_goes_to_another_host(server, session_of):
    session = session_of(server)
    with serving(lambda _: Reply({})) as other, pytest.raises(PullError, match="where the token must not go"):
        session.fetch(Request("issues", f"{other.url}/page"))
    server.faults = [Fault(reply=Reply(None, 302, {"Location": "http://elsewhere.example.org/page"}))]
    with pytest.raises(NotThereError, match="moved elsewhere"):
        session.fetch(PAGE)
    assert other.asked == []


def test_nothing_that_can_be_printed_holds_the_token(server, session_of):
    session = session_of(server)
    credentials = Credentials(Auth(), TOKEN, None, "TOOL_TOKEN")
    assert TOKEN not in f"{credentials!r} {credentials} {session!r} {vars(session)!r}"


def test_unreachable_host(session_of, server):
    server.url = "http://127.0.0.1:9"
    with pytest.raises(PullError, match=r"the connection failed .* Check pull\.url and the network"):
        session_of(server).fetch(PAGE)
