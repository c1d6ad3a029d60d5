"""Pseudonyms: the keyed hashes that stand for people and their identities wherever Weir stores anything.

Belongs here: the hash and the key. Does not belong here: which rows are hashed (registers/people.py).

A plain hash of a mail address is undone by hashing all addresses of a company; a keyed one is not, but by who has the
key. The key comes from an environment variable, or is made once and kept in the portfolio folder under `.weir`,
which holds no exports and nothing that is published. Losing it costs nothing but that all pseudonyms change at once.
"""

import hashlib
import hmac
import os
import secrets
import unicodedata
from collections.abc import Mapping
from pathlib import Path

KEY_FILE = ".weir/people.key"
_SHORTEST_KEY = 16
_KEY_BYTES = 32
# 64 bits tell more people apart than a portfolio has; identities are joined on and get twice that.
_PERSON_DIGITS, _IDENTITY_DIGITS = 16, 32


class KeyMissing(ValueError):
    """There is no key to hash with; `place` and `key` say where it is expected, the text what to do."""

    def __init__(self, place: str, key: str, message: str) -> None:
        self.place = place
        self.key = key
        super().__init__(message)


def privacy_key(folder: Path, variable: str | None, environment: Mapping[str, str]) -> bytes:
    """Return the portfolio's key: of the named environment variable, else of its key file, made if it is not there.

    Raises:
        KeyMissing: The variable is not set or too short, or the file can be neither read nor made.
    """
    if variable is not None:
        value = environment.get(variable, "")
        if len(value) < _SHORTEST_KEY:
            state = "is too short" if value else "is not set"
            advice = f"Set it to {_SHORTEST_KEY} or more random characters, or take 'key_env' out."
            raise KeyMissing("portfolio.yaml", "privacy.key_env", f"the variable {variable} {state}. {advice}")
        return value.encode()
    path = folder / KEY_FILE
    try:
        path.parent.mkdir(exist_ok=True)
        try:
            # Only its owner may read it, from the first moment.
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            key = path.read_bytes().strip()
        else:
            key = secrets.token_hex(_KEY_BYTES).encode()
            with os.fdopen(descriptor, "wb") as written:
                written.write(key)
    except OSError as error:
        advice = "Make the folder writable, or name an environment variable under 'privacy: key_env'."
        raise KeyMissing(KEY_FILE, "", f"cannot be read or made ({error.strerror}). {advice}") from None
    if len(key) < _SHORTEST_KEY:
        raise KeyMissing(KEY_FILE, "", "holds no key. Remove the file, and the next run makes a new one.")
    return key


def person_id(person: str, key: bytes) -> str:
    """The pseudonym of a person: `person-` and 16 hexadecimal digits."""
    return f"person-{_digest(key, 'person', person)[:_PERSON_DIGITS]}"


def identity_hash(source: str, identity: str, key: bytes) -> str:
    """The pseudonym of an identity in one source, 32 hexadecimal digits; the same identity elsewhere has another."""
    return _digest(key, "identity", source, identity)[:_IDENTITY_DIGITS]


def _digest(key: bytes, *parts: str) -> str:
    """HMAC-SHA256 (RFC 2104) over the parts; case and Unicode form do not make two people of one."""
    normal = [unicodedata.normalize("NFC", part.strip()).casefold() for part in parts]
    return hmac.new(key, "\0".join(normal).encode(), hashlib.sha256).hexdigest()
