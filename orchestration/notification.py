"""Telling somebody outside: that a run failed, and what there is to look at.

Belongs here: messages and their delivery, by webhook and by e-mail. Does not belong here: noticing a failure
(`defs/automation`), what is an alert (`alerts`), who was told already (`alert_outbox`).
"""

import smtplib
import ssl
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from orchestration.portfolio.notify_settings import EmailNotify

_TIMEOUT_SECONDS = 10
_RETRIES = 3


class NotificationError(RuntimeError):
    """Nobody could be told; the text never holds a webhook's address or a password, which are secrets."""


def post_failure(url: str, message: Mapping[str, Any]) -> None:
    """Post the message as JSON; see `_post`."""
    _post(url, message)


def post_alerts(url: str, title: str, sentences: Sequence[str], note: str) -> None:
    """Post alerts as one text, as Slack's and Teams' incoming webhooks take it; see `_post`."""
    lines = [
        f"*{_plain(title)}*",
        *(f"• {_plain(sentence)}" for sentence in sentences),
        *([_plain(note)] if note else []),
    ]
    _post(url, {"text": "\n".join(lines)})


def mail_alerts(account: EmailNotify, password: str, title: str, sentences: Sequence[str], note: str) -> None:
    """Send alerts as one plain-text mail.

    Raises:
        NotificationError: The server could not be reached or did not take the mail.
    """
    mail = EmailMessage()
    # A header ends with its line, whatever the portfolio is called.
    mail["Subject"] = " ".join(title.split())
    mail["From"], mail["To"] = account.sender, ", ".join(account.to)
    mail["Date"], mail["Message-ID"] = formatdate(), make_msgid(domain="weir.invalid")
    mail.set_content("\n\n".join([title, *(f"- {sentence}" for sentence in sentences), *([note] if note else [])]))
    connect = smtplib.SMTP_SSL if account.security == "tls" else smtplib.SMTP
    try:
        with connect(account.host, account.port, timeout=_TIMEOUT_SECONDS) as server:
            if account.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if account.user is not None:
                server.login(account.user, password)
            server.send_message(mail)
    except (smtplib.SMTPException, OSError) as error:
        code = getattr(error, "smtp_code", type(error).__name__)
        message = f"The mail server {account.host} did not take the mail ({code}); check host, port, security and user."
        raise NotificationError(message) from None


def _plain(text: str) -> str:
    """Text in which a chat finds no markup: names come from tools."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _post(url: str, message: Mapping[str, Any]) -> None:
    """Post a message as JSON, retrying while the receiver is unreachable or overloaded.

    Raises:
        NotificationError: The receiver stayed unreachable or refused.
    """
    retry = Retry(total=_RETRIES, backoff_factor=0.5, status_forcelist=(429, 502, 503, 504), allowed_methods=("POST",))
    with requests.Session() as session:
        session.mount("https://", HTTPAdapter(max_retries=retry))
        session.mount("http://", HTTPAdapter(max_retries=retry))
        try:
            session.post(url, json=dict(message), timeout=_TIMEOUT_SECONDS).raise_for_status()
        except requests.RequestException as error:
            answer = error.response.status_code if error.response is not None else type(error).__name__
            raise NotificationError(f"The webhook did not take the message ({answer}); check its address.") from None
