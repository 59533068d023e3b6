"""The same `Idempotency-Key` twice is one act: the second time the first answer is given again.

Leaves out the transaction: `Acts` belongs to the one that the act itself is in, so that both are there or
neither is. A key with another request behind it is refused.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Final, Protocol

from fastapi import Depends, Request

from shared.kernel.errors import Reject
from shared.web.problems import Problem

MAX_KEY: Final = 255
_HEADER: Final = "idempotency-key"
_PRINTABLE: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")


@dataclass(frozen=True, slots=True)
class Answer:
    """What an act was answered with."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Act:
    """A request that may come again: its key, and what it was about."""

    key: str
    fingerprint: bytes


class Acts(Protocol):
    """The acts that were done, in the transaction at hand."""

    async def find(self, key: str) -> tuple[bytes, Answer] | None:
        """The fingerprint and the answer kept under a key."""
        ...

    async def keep(self, act: Act, answer: Answer) -> None:
        """Keep an act; raises Conflict where its key was taken at the same time."""
        ...


async def act_of(request: Request) -> Act | None:
    """The act a request asks for; None where it carries no key. Raises Problem 400 where the key is no key."""
    key = request.headers.get(_HEADER)
    if key is None:
        return None
    if len(key) > MAX_KEY or not _PRINTABLE.fullmatch(key):
        raise Problem(400, "bad_idempotency_key", f"an Idempotency-Key is 1 to {MAX_KEY} printable ASCII characters")
    return Act(key, fingerprint(request.method, request.url.path, await request.body()))


Asked = Annotated[Act | None, Depends(act_of)]
"""The type of a route's parameter that holds the act."""


def fingerprint(method: str, path: str, body: bytes) -> bytes:
    """What a request is about, in 32 bytes."""
    whole = sha256(f"{method} {path}\n".encode())
    whole.update(body)
    return whole.digest()


async def once(acts: Acts, act: Act | None, do: Callable[[], Awaitable[Answer]]) -> Answer:
    """The answer of an act that is done now, or was done before under the same key.

    Raises Reject where the key stands for another request.
    """
    if act is None:
        return await do()
    done = await acts.find(act.key)
    if done is None:
        answer = await do()
        await acts.keep(act, answer)
        return answer
    kept, answer = done
    if kept != act.fingerprint:
        raise Reject("idempotency_key_reused", "this Idempotency-Key was used for another request")
    return answer
