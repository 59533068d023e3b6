"""Secrets at rest: AES-GCM under a key of the deployment, bound to what they belong to."""

from collections.abc import Callable
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.kernel.errors import Conflict

_NONCE_BYTES = 12
_NAME_DIGITS = 16


class Seal:
    """Seals and opens. `draw` gives so many random bytes: a nonce is used once."""

    def __init__(self, key: bytes, draw: Callable[[int], bytes]) -> None:
        self._cipher = AESGCM(key)
        self._draw = draw
        self.name = sha256(b"seal" + key).hexdigest()[:_NAME_DIGITS]
        """Names the key beside what it sealed, and tells nothing of it."""

    def seal(self, secret: bytes, whose: str) -> bytes:
        """The nonce and what it sealed."""
        nonce = self._draw(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, whose.encode())

    def open(self, sealed: bytes, sealed_by: str, whose: str) -> bytes:
        """The secret; raises Conflict where it was sealed under another key, or for something else."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], whose.encode())
        except InvalidTag:
            raise Conflict(f"the secret of {whose} was sealed by {sealed_by}, not {self.name}") from None
