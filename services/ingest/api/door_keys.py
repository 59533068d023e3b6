"""Who is at the door: the keys a request carries, and the one source they must agree on.

Clients put the key in Basic, Bearer, a header of their own, the query or the body, and often in two of these.
"""

import binascii
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from services.ingest.api.refusals import Refusal
from services.ingest.api.requests import Request

_MASK = "***"
"""Clients that carry the key in a header put a masked one into the body; it says nothing."""


@dataclass(frozen=True, slots=True)
class DoorKey:
    """What a key opens. `trusted`: a server key. No allowed origins means any, but not the opaque `null`."""

    source: str
    trusted: bool
    allowed_origins: frozenset[str] = frozenset()


class DoorKeys(Protocol):
    """The keys of all sources."""

    def lookup(self, secret: str) -> DoorKey | None:
        """What a secret opens; None where it is unknown or disabled. Takes the same time either way."""
        ...


def carried(request: Request) -> list[str]:
    """The keys in the head of a request; raises Refusal where a credential cannot be read."""
    found = list(_authorization(request.headers.get(b"authorization")))
    own = request.headers.get(b"x-write-key")
    if own is not None:
        found.append(own.decode("latin-1"))
    if request.query:
        asked = request.parameter("writeKey")
        if asked:
            found.append(asked)
    return found


def admit(keys: DoorKeys, request: Request, secrets: list[str]) -> DoorKey:
    """The one key all of these secrets mean; raises Refusal where there is none, or more than one."""
    said = {secret for secret in secrets if secret and _MASK not in secret}
    if not said:
        raise Refusal(401, "missing_key", "the request carries no key")
    meant = {_known(keys, secret) for secret in said}
    if len(meant) > 1:
        raise Refusal(401, "key_conflict", "the request carries keys that differ")
    key = meant.pop()
    if key is None:
        raise Refusal(401, "unknown_key", "the key is not known")
    if request.origin is not None:
        _check_origin(key, request.origin.decode("latin-1"))
    return key


def _check_origin(key: DoorKey, origin: str) -> None:
    if key.trusted:
        raise Refusal(403, "secret_exposed", "a server key came from a browser: replace it, it is public now")
    if origin not in key.allowed_origins if key.allowed_origins else origin == "null":
        raise Refusal(403, "origin_not_allowed", "this key is not for that origin")


def _authorization(header: bytes | None) -> Iterator[str]:
    if header is None:
        return
    scheme, _, rest = header.partition(b" ")
    if scheme.lower() == b"bearer":
        yield rest.strip().decode("latin-1")
    elif scheme.lower() == b"basic":
        try:
            yield b64decode(rest.strip(), validate=True).decode()
        except (binascii.Error, ValueError):
            raise Refusal(401, "bad_credentials", "the Authorization header cannot be read") from None


def _known(keys: DoorKeys, secret: str) -> DoorKey | None:
    """What a secret opens as sent, without the one colon that Basic adds, or after an id and a colon."""
    key = keys.lookup(secret)
    if key is None and ":" in secret:
        bare = secret.removesuffix(":")
        key = keys.lookup(bare) or keys.lookup(bare.partition(":")[2])
    return key
