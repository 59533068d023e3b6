"""Who may do what: tokens with a scope for reading and operating, keys of sources for the doors.

Only SHA-256 digests are held; secrets are compared as digests, in constant time. Leaves out where tokens and
sources are stored: both tables here are built from what is given.
"""

import base64
import binascii
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256
from typing import Annotated, Any, Final, TypeVar

from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer as BearerModel
from fastapi.security.base import SecurityBase

from shared.web.credentials import Credentials
from shared.web.problems import Problem

_BEARER: Final = b"bearer"
_BASIC: Final = b"basic"
Found = TypeVar("Found")


class Scope(IntEnum):
    """What a token may do; each scope holds the ones before it."""

    READ = 1
    OPERATE = 2
    ADMIN = 3


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose a token is, by a name that may be shown. No scope: a key of a door, known and of no use elsewhere."""

    name: str
    scope: Scope | None


@dataclass(frozen=True, slots=True)
class DoorKey:
    """What a key opens: a source; `trusted` where the sender keeps its key secret."""

    source: str
    trusted: bool
    scopes: frozenset[Scope] = field(default_factory=frozenset)


def digest(secret: str | bytes) -> bytes:
    """What is kept of a secret. A text that is no valid Unicode has a digest too, and is nobody's."""
    return sha256(secret.encode("utf-8", "surrogatepass") if isinstance(secret, str) else secret).digest()


class Tokens:
    """The tokens that are known, by digest."""

    def __init__(self, holders: Mapping[bytes, Holder]) -> None:
        self._holders = dict(holders)

    @classmethod
    def of(cls, credentials: Credentials) -> "Tokens":
        """The admin token with every scope, and the keys of the doors with none."""
        return cls(
            {
                digest(credentials.write_key): Holder("write_key", None),
                digest(credentials.server_key): Holder("server_key", None),
                digest(credentials.admin_token): Holder("admin_token", Scope.ADMIN),
            }
        )

    def holder(self, secret: str | bytes) -> Holder | None:
        """Whose secret this is; it takes as long for one that is known as for one that is not."""
        asked = digest(secret)
        found = None
        for known, holder in self._holders.items():
            if hmac.compare_digest(known, asked):
                found = holder
        return found


class KeyLookup:
    """The keys of the doors."""

    def __init__(self, keys: Mapping[bytes, DoorKey]) -> None:
        self._keys = dict(keys)

    @classmethod
    def of(cls, credentials: Credentials, source: str) -> "KeyLookup":
        """The keys of the first source: its write key, its server key, and the admin token with every scope."""
        return cls(
            {
                digest(credentials.write_key): DoorKey(source, trusted=False),
                digest(credentials.server_key): DoorKey(source, trusted=True),
                digest(credentials.admin_token): DoorKey(source, trusted=True, scopes=frozenset(Scope)),
            }
        )

    def lookup(self, secret: str | bytes) -> DoorKey | None:
        """What a secret opens. Of `id:secret` the part after the first colon counts, where the whole is no key."""
        sent = secret.encode("utf-8", "surrogatepass") if isinstance(secret, str) else secret
        found = self._keys.get(digest(sent))
        if found is None and b":" in sent:
            found = self._keys.get(digest(sent.partition(b":")[2]))
        return found

    def lookup_header(self, authorization: bytes) -> DoorKey | None:
        """What an `Authorization` header opens: `Bearer KEY`, or Basic of `KEY:`, `KEY` or `id:KEY`."""
        return _first(self.lookup(secret) for secret in header_secrets(authorization))


def header_secrets(authorization: bytes) -> tuple[bytes, ...]:
    """The secrets an `Authorization` header may mean, the likeliest first; none where it cannot be read.

    A key may end with a colon, and Basic puts one behind it: both readings are given.
    """
    scheme, _, rest = authorization.partition(b" ")
    value = rest.strip()
    if scheme.lower() == _BEARER and value:
        return (value,)
    if scheme.lower() != _BASIC:
        return ()
    try:
        sent = base64.b64decode(value, validate=True)
    except binascii.Error:
        return ()
    return tuple(each for each in dict.fromkeys((sent.removesuffix(b":"), sent)) if each)


def require(scope: Scope) -> Any:
    """A dependency: the holder of the request's token, which must have this scope.

    Raises Problem 401 where there is no known token, 403 where its scope does not reach.
    """

    def checked(request: Request, authorization: Annotated[bytes, Depends(_TOKEN)]) -> Holder:
        tokens: Tokens = request.app.state.tokens
        holder = _first(tokens.holder(secret) for secret in header_secrets(authorization))
        if holder is None:
            raise Problem(401, "unauthorized", "a token is needed", headers=_challenge())
        if holder.scope is None or holder.scope < scope:
            needed = scope.name.lower()
            raise Problem(
                403, "forbidden", f"the scope {needed} is needed", headers=_challenge("insufficient_scope", needed)
            )
        return holder

    return Depends(checked)


class _Token(SecurityBase):
    """Names the scheme in OpenAPI, and hands over the header's bytes as they came."""

    def __init__(self) -> None:
        self.model = BearerModel(description="An API token; `Basic` of `token:` works as well.")
        self.scheme_name = "token"

    async def __call__(self, request: Request) -> bytes:
        return next((value for name, value in request.scope["headers"] if name == b"authorization"), b"")


_TOKEN: Final = _Token()


def _challenge(error: str = "", scope: str = "") -> dict[str, str]:
    told = f', error="{error}", scope="{scope}"' if error else ""
    return {"WWW-Authenticate": f'Bearer realm="throughline"{told}'}


def _first(found: Iterable[Found | None]) -> Found | None:
    return next((each for each in found if each is not None), None)
