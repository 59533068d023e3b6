"""Signatures: Standard Webhooks 1.0.0 (symmetric, `v1`), and short references to people for logs.

Promises: any library of that standard verifies what `sign` gives, and comparisons take the same time
whatever is compared. Leaves out where keys come from and what time it is: both are given.
"""

import base64
import binascii
import hmac
from collections.abc import Sequence
from hashlib import sha256

from shared.kernel.errors import Reject

PREFIX = "whsec_"
TOLERANCE_SECONDS = 300
"""What the standard's own libraries allow, both ways."""

_SHORTEST_KEY, _LONGEST_KEY = 24, 64
_MOST_KEYS = 11
"""The current key and the ten old ones that may still be valid while a secret is rotated."""
_MOST_SIGNATURES = 20
"""A header with more than this is no rotation but somebody buying our time."""
_VERSION = "v1"


def secret_of(key: bytes) -> str:
    """The secret's text, as the receiver is told it; raises ValueError where the key is not 24 to 64 bytes.

    Keys of 24 or 48 bytes need no padding: receivers that are strict and ones that are lax agree on them.
    """
    if not _SHORTEST_KEY <= len(key) <= _LONGEST_KEY:
        raise ValueError(f"a signing key has {_SHORTEST_KEY} to {_LONGEST_KEY} bytes")
    return PREFIX + base64.b64encode(key).decode()


def decode_secret(secret: str) -> bytes:
    """The key of a `whsec_` text; raises Reject `bad_secret` where it is not padded base64 of 24 to 64 bytes."""
    encoded = secret.removeprefix(PREFIX)
    try:
        key = base64.b64decode(encoded.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        key = b""
    if encoded == secret or not _SHORTEST_KEY <= len(key) <= _LONGEST_KEY:
        raise Reject("bad_secret", "a secret is whsec_ and the base64 of 24 to 64 bytes", "secret")
    return key


def sign(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` header of one attempt: one token a key, in the order given (the new key first).

    `timestamp`: whole seconds since the epoch, of this attempt. Raises ValueError where there is no key or
    too many, or where the id could be spliced into the timestamp.
    """
    if not 1 <= len(keys) <= _MOST_KEYS:
        raise ValueError(f"one to {_MOST_KEYS} keys sign a message")
    if not message_id.isascii() or "." in message_id or not message_id.isprintable() or " " in message_id:
        raise ValueError("a message id is printable ASCII without dots and spaces")
    signed = _signed_bytes(message_id, str(timestamp), body)
    return " ".join(f"{_VERSION},{base64.b64encode(_digest(key, signed)).decode()}" for key in keys)


def verify(keys: Sequence[bytes], message_id: str, timestamp: str, body: bytes, signature: str, now: int) -> bool:
    """Whether one of the keys signed this body less than five minutes from `now` (seconds since the epoch).

    The last three but `now` are as they came in the headers and may be anything; nothing here raises.
    """
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    signed = _signed_bytes(message_id, timestamp, body)
    expected = [_digest(key, signed) for key in keys[:_MOST_KEYS]]
    given = [_decoded(token) for token in signature.split(" ")[:_MOST_SIGNATURES]]
    # Every pair is compared: a match that ends the search early would tell which key it was.
    return sum(hmac.compare_digest(ours, theirs) for ours in expected for theirs in given) > 0


def hmac8(secret: bytes, text: str) -> str:
    """A reference to a person for logs: 8 bytes of a keyed hash as 16 hex digits, which nobody can turn back."""
    return _digest(secret, text.encode("utf-8", "surrogatepass"))[:8].hex()


def _digest(key: bytes, signed: bytes) -> bytes:
    return hmac.new(key, signed, sha256).digest()


def _signed_bytes(message_id: str, timestamp: str, body: bytes) -> bytes:
    return b".".join((message_id.encode("utf-8", "surrogatepass"), timestamp.encode(), body))


def _decoded(token: str) -> bytes:
    version, _, encoded = token.partition(",")
    if version != _VERSION:
        return b""
    try:
        return base64.b64decode(encoded.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return b""
