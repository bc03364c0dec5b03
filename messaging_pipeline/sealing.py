"""Seals what must not lie about in clear: bodies, media URLs, fallback addresses, raw payloads."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from messaging_pipeline.errors import PipelineError


class CannotUnseal(PipelineError):
    """Raised when none of the configured keys opens a sealed value."""

    def __str__(self) -> str:
        return "MESSAGING_ENCRYPTION_KEYS: none of the keys opens this value; add the key it was sealed with"


class Sealer:
    """Seals with the newest key and opens with any of them, so that keys can be rotated.

    Fernet is AES-128-CBC with an HMAC-SHA256, as the ``cryptography`` package implements it.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernets = [Fernet(key) for key in keys]
        self._fernet = MultiFernet(self._fernets)
        self._names = [hashlib.sha256(b"messaging-pipeline name" + key.encode()).hexdigest()[:8] for key in keys]
        self._marks = [hashlib.sha256(b"messaging-pipeline fingerprint" + key.encode()).digest() for key in keys]

    def seal(self, value: Any) -> bytes:
        """Seal any JSON value."""
        return self._fernet.encrypt(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())

    def unseal(self, sealed: bytes) -> Any:
        """Open a sealed JSON value; raises CannotUnseal."""
        try:
            return json.loads(self._fernet.decrypt(bytes(sealed)))
        except InvalidToken:
            raise CannotUnseal from None

    @property
    def key_names(self) -> list[str]:
        """A name for each key, newest first, by which people tell them apart; it says nothing of the key."""
        return list(self._names)

    def key_of(self, sealed: bytes) -> int | None:
        """Return which key opens a value, 0 for the newest, or None when none does."""
        for position, fernet in enumerate(self._fernets):
            with suppress(InvalidToken):
                fernet.decrypt(bytes(sealed))
                return position
        return None

    def reseal(self, sealed: bytes) -> bytes:
        """Seal with the newest key what any of them opens; raises CannotUnseal."""
        try:
            return self._fernet.rotate(bytes(sealed))
        except InvalidToken:
            raise CannotUnseal from None

    def fingerprint(self, value: Any) -> bytes:
        """Return a keyed hash: equal values can be recognised, and not guessed without the key."""
        return _mark(self._marks[0], value)

    def recognises(self, fingerprint: bytes, value: Any) -> bool:
        """Tell whether a fingerprint, made under any of the keys, is this value's."""
        return any(hmac.compare_digest(bytes(fingerprint), _mark(mark, value)) for mark in self._marks)


def _mark(key: bytes, value: Any) -> bytes:
    canonical = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hmac.digest(key, canonical.encode(), "sha256")
