"""Who is at the door: the keys a request carries, and the one source they must agree on.

Clients put the key in Basic, Bearer, a header of their own, the query or the body, and often in two of these.
"""

import binascii
from base64 import b64decode
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from services.ingest.api.refusals import Refusal
from services.ingest.api.requests import Request

_MASK = "***"
"""Clients that carry the key in a header put a masked one into the body; it says nothing."""
_REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class DoorKey:
    """What a key opens. `trusted`: a server key. No allowed origins means any, but not the opaque `null`."""

    source: str
    trusted: bool
    allowed_origins: frozenset[str] = frozenset()


class DoorKeys(Protocol):
    """The keys of all sources; what one opens does not change while the process runs."""

    def lookup(self, secret: str) -> DoorKey | None:
        """What a secret opens; None where it is unknown or disabled. Takes the same time either way."""
        ...


class Gate:
    """Lets in who carries a known key."""

    def __init__(self, keys: DoorKeys) -> None:
        self._keys = keys
        # What raises is not remembered: nobody without a key can fill this, or learn from it how near a guess was.
        self._find = lru_cache(maxsize=_REMEMBERED)(self._looked_up)
        self._agree = lru_cache(maxsize=_REMEMBERED)(self._agreed)

    def admit(self, request: Request, secrets: tuple[str, ...]) -> DoorKey:
        """The one key all of these secrets mean; raises Refusal where there is none, or more than one."""
        key = self._agree(secrets)
        if request.origin is not None:
            _check_origin(key, request.origin.decode("latin-1"))
        return key

    def _agreed(self, secrets: tuple[str, ...]) -> DoorKey:
        said = {secret for secret in secrets if secret and _MASK not in secret}
        if not said:
            raise Refusal(401, "missing_key", "the request carries no key")
        meant = set(map(self._known, said))
        if len(meant) > 1:
            raise Refusal(401, "key_conflict", "the request carries keys that differ")
        key = meant.pop()
        if key is None:
            raise Refusal(401, "unknown_key", "the key is not known")
        return key

    def _known(self, secret: str) -> DoorKey | None:
        try:
            return self._find(secret)
        except KeyError:
            return None

    def _looked_up(self, secret: str) -> DoorKey:
        """What a secret opens as sent, without the one colon that Basic adds, or after an id and a colon."""
        key = self._keys.lookup(secret)
        if key is None and ":" in secret:
            bare = secret.removesuffix(":")
            key = self._keys.lookup(bare) or self._keys.lookup(bare.partition(":")[2])
        if key is None:
            raise KeyError
        return key


def carried(request: Request) -> tuple[str, ...]:
    """The keys in the head of a request; raises Refusal where a credential cannot be read."""
    authorization = request.headers.get(b"authorization")
    found = () if authorization is None else _authorization(authorization)
    own = request.headers.get(b"x-write-key")
    if own is not None:
        found += (own.decode("latin-1"),)
    if request.query:
        asked = request.parameter("writeKey")
        if asked:
            found += (asked,)
    return found


def _check_origin(key: DoorKey, origin: str) -> None:
    if key.trusted:
        raise Refusal(403, "secret_exposed", "a server key came from a browser: replace it, it is public now")
    if origin not in key.allowed_origins if key.allowed_origins else origin == "null":
        raise Refusal(403, "origin_not_allowed", "this key is not for that origin")


@lru_cache(maxsize=_REMEMBERED)
def _authorization(header: bytes) -> tuple[str, ...]:
    scheme, _, rest = header.partition(b" ")
    scheme = scheme.lower()
    if scheme == b"bearer":
        return (rest.strip().decode("latin-1"),)
    if scheme != b"basic":
        return ()
    try:
        return (b64decode(rest.strip(), validate=True).decode(),)
    except (binascii.Error, ValueError):
        raise Refusal(401, "bad_credentials", "the Authorization header cannot be read") from None
