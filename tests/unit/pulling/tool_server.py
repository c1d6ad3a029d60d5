"""A tool's API in this process: answers made up by a test, with the faults that real servers have.

Belongs here: HTTP and faults. Does not belong here: what a tool answers (the tests).
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request as the server saw it; parameter and header names as sent, paths unquoted; its monotonic moment."""

    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    body: Any = None
    moment: float = field(default_factory=time.monotonic, compare=False)


@dataclass(frozen=True)
class Reply:
    """An answer: a document (or bytes as they are), a status and headers."""

    document: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request: `cut` ends the connection in the middle, `slow` waits, else it is a reply."""

    kind: str = "reply"
    reply: Reply = Reply()
    seconds: float = 0.0


@dataclass
class ToolServer:
    """A server at work; `faults` are used up by the first requests that `is_hit` picks, one each."""

    answer: Callable[[Asked], Reply]
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    is_hit: Callable[[Asked], bool] = lambda _: True
    pause: float = 0.0
    most_at_once: int = 0
    _at_once: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def paths(self, beginning: str = "") -> list[str]:
        """Return the paths asked for, in order."""
        return [each.path for each in self.asked if each.path.startswith(beginning)]

    def take(self, asked: Asked) -> Fault | None:
        """Note a request and return the fault it meets, if any."""
        with self._lock:
            self.asked.append(asked)
            return self.faults.pop(0) if self.faults and self.is_hit(asked) else None

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count requests that run at once."""
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            time.sleep(self.pause)
            yield
        finally:
            with self._lock:
                self._at_once -= 1


@contextmanager
def serving(answer: Callable[[Asked], Reply]) -> Iterator[ToolServer]:
    """Serve on a free port of this machine until the end of the block."""
    tool = ToolServer(answer)

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            parts = urlsplit(self.path)
            asked = Asked(
                self.command, unquote(parts.path), dict(parse_qsl(parts.query)), dict(self.headers.items()), body
            )
            with tool.counted():
                fault = tool.take(asked)
                if fault is not None and fault.kind == "slow":
                    time.sleep(fault.seconds)
                is_reply = fault is not None and fault.kind == "reply"
                self._send(
                    fault.reply if is_reply else tool.answer(asked), is_cut=fault is not None and fault.kind == "cut"
                )

        do_GET = do_POST = _answer  # noqa: N815 called by these names

        def _send(self, reply: Reply, *, is_cut: bool) -> None:
            document = reply.document
            content = document if isinstance(document, bytes) else json.dumps(document).encode()
            try:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[: len(content) // 2] if is_cut else content)
            except (BrokenPipeError, ConnectionResetError):
                return  # whoever asked was killed, or has waited long enough

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    tool.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield tool
    finally:
        server.shutdown()
        server.server_close()
