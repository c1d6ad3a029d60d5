"""How alerts arrive: as a chat's JSON, and as a mail through a local server."""

import socketserver
import threading
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from email.policy import default

import pytest

from orchestration.notification import NotificationError, mail_alerts, post_alerts
from orchestration.portfolio.notify_settings import EmailNotify

SENTENCES = ["Source jira is silent.", "Test <b> & co. is the constraint in Zahlungsverkehr für Kunden."]


class MailServer(socketserver.ThreadingTCPServer):
    """As much of SMTP as a client needs that logs in without a name or with one (AUTH PLAIN)."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, *, refuses: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), MailSession)
        self.refuses = refuses
        self.mails: list[bytes] = []
        self.commands: list[str] = []


class MailSession(socketserver.StreamRequestHandler):
    server: MailServer

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        self.say("220 local")
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            self.server.commands.append(line)
            command = line.split()[0].upper()
            if command == "EHLO":
                self.say("250-local")
                self.say("250-8BITMIME")
                self.say("250 AUTH PLAIN")
            elif command == "AUTH":
                self.say("235 welcome")
            elif command == "RCPT" and self.server.refuses:
                self.say("550 nobody of that name")
            elif command == "DATA":
                self.say("354 go on")
                lines = []
                while (text := self.rfile.readline().rstrip(b"\r\n")) != b".":
                    lines.append(text.removeprefix(b"."))
                self.server.mails.append(b"\n".join(lines))
                self.say("250 taken")
            elif command == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")


@pytest.fixture
def mail_server(request: pytest.FixtureRequest) -> Iterator[MailServer]:
    server = MailServer(refuses=getattr(request, "param", False))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def account(server: MailServer, **changes: object) -> EmailNotify:
    settings = {
        "host": "127.0.0.1", "port": server.server_address[1], "security": "none", "from": "weir@example.org",
        "to": ["vmo@example.org", "chief@example.org"],
    } | changes  # fmt: skip
    return EmailNotify.model_validate(settings)


def received(server: MailServer) -> Message:
    (mail,) = server.mails
    return message_from_bytes(mail, policy=default)


def test_a_mail_says_each_alert_and_what_to_expect_by_chance(mail_server: MailServer) -> None:
    mail_alerts(account(mail_server), "", "Weir, Nord\nwind: what to look at", SENTENCES, "Expected by chance: 0.")
    mail = received(mail_server)
    assert mail["Subject"] == "Weir, Nord wind: what to look at"
    assert (mail["From"], mail["To"]) == ("weir@example.org", "vmo@example.org, chief@example.org")
    text = mail.get_content()  # type: ignore[attr-defined]
    assert all(f"- {sentence}" in text for sentence in SENTENCES)
    assert text.rstrip().endswith("Expected by chance: 0.")


def test_a_password_goes_to_the_server_and_nowhere_else(mail_server: MailServer) -> None:
    mail_alerts(account(mail_server, user="weir"), "hunter2", "x", SENTENCES, "")
    assert any(command.startswith("AUTH PLAIN") for command in mail_server.commands)
    assert b"hunter2" not in mail_server.mails[0]


@pytest.mark.parametrize("mail_server", [True], indirect=True)
def test_a_server_that_refuses_is_told_without_the_password(mail_server: MailServer) -> None:
    with pytest.raises(NotificationError, match="did not take the mail") as refused:
        mail_alerts(account(mail_server, user="weir"), "hunter2", "x", SENTENCES, "")
    assert "hunter2" not in str(refused.value)


def test_a_server_without_encryption_is_not_used_where_it_is_asked_for(mail_server: MailServer) -> None:
    with pytest.raises(NotificationError, match="security"):
        mail_alerts(account(mail_server, security="starttls"), "hunter2", "x", SENTENCES, "")
    assert mail_server.mails == []


def test_a_server_that_is_not_there_is_told(mail_server: MailServer) -> None:
    with pytest.raises(NotificationError, match=r"127\.0\.0\.1"):
        mail_alerts(account(mail_server, port=9), "", "x", SENTENCES, "")


def test_a_chat_gets_one_text_in_which_names_are_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    posted: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr("orchestration.notification._post", lambda url, message: posted.append((url, dict(message))))
    post_alerts("https://hooks.example.org/x", "Weir, Nordwind", SENTENCES, "Expected by chance: 0.")
    ((_, message),) = posted
    assert set(message) == {"text"}
    lines = message["text"].split("\n")
    assert lines[0] == "*Weir, Nordwind*"
    assert lines[2] == "• Test &lt;b&gt; &amp; co. is the constraint in Zahlungsverkehr für Kunden."
    assert lines[-1] == "Expected by chance: 0."
