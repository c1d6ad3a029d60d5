"""What a webhook receives, and what happens if it does not answer."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from orchestration.notification import NotificationError, post_failure


@pytest.fixture
def receiver():
    """A server that answers with the statuses it is given, one a request, and keeps what it was sent."""
    received: list[dict] = []
    statuses: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(statuses.pop(0) if statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/secret-path", received, statuses
    server.shutdown()
    server.server_close()


def test_message_arrives_as_json(receiver):
    url, received, _ = receiver
    post_failure(url, {"text": "Weir: nightly_refresh failed.", "reasons": ["gate"]})
    assert received == [{"text": "Weir: nightly_refresh failed.", "reasons": ["gate"]}]


def test_overloaded_receiver_is_asked_again(receiver):
    url, received, statuses = receiver
    statuses += [503, 429]
    post_failure(url, {"text": "x"})
    assert len(received) == 3


def test_refusal_is_told_without_the_address(receiver):
    url, received, statuses = receiver
    statuses += [403]
    with pytest.raises(NotificationError, match=r"did not take the message \(403\)") as refused:
        post_failure(url, {"text": "x"})
    assert "secret-path" not in str(refused.value)
    assert len(received) == 1


def test_unreachable_receiver_is_told_without_the_address(monkeypatch):
    monkeypatch.setattr("orchestration.notification._RETRIES", 0)
    with pytest.raises(NotificationError) as refused:
        post_failure("http://127.0.0.1:9/secret-path", {"text": "x"})
    assert "secret-path" not in str(refused.value)
    assert refused.value.__suppress_context__
