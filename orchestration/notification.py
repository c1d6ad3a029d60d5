"""Telling somebody outside that a run failed.

Belongs here: the message and its delivery. Does not belong here: noticing the failure (`defs/automation`).
"""

from collections.abc import Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

_TIMEOUT_SECONDS = 10
_RETRIES = 3


class NotificationError(RuntimeError):
    """The webhook could not be reached; the text never holds its address, which is a secret."""


def post_failure(url: str, message: Mapping[str, Any]) -> None:
    """Post the message as JSON, retrying while the receiver is unreachable or overloaded.

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
