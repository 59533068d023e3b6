"""What a request may cost: a body of 4 MiB, ten seconds to send it, and no NUL anywhere in its target.

The body is read here, whole, before anything else sees the request: an answer of 413 or 408 closes the
connection and the rest is never read. Leaves out the doors on the hot path, which read their own.
"""

import asyncio
from collections.abc import Collection
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.web.problems import CONTENT_TYPE, Problem

MAX_BODY_BYTES: Final = 4 * 1024 * 1024
BODY_SECONDS: Final = 10.0
_MAX_LENGTH_DIGITS: Final = 18
_IDENTITY: Final = (b"", b"identity")


class RequestLimits:
    """Refuses what is too large, too slow, compressed, or no target a store could hold."""

    def __init__(
        self,
        app: ASGIApp,
        doors: Collection[str] = (),
        max_bytes: int = MAX_BODY_BYTES,
        seconds: float = BODY_SECONDS,
    ) -> None:
        self._app = app
        self._doors = doors
        self._max_bytes = max_bytes
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        problem = _refused(scope, headers, self._max_bytes)
        if problem is None and _has_body(headers):
            try:
                async with asyncio.timeout(self._seconds):
                    first = await _read(receive, self._max_bytes)
            except TimeoutError:
                problem = Problem(408, "too_slow", "the body did not arrive in time", headers=_closing())
            except Problem as raised:
                problem = raised
            else:
                receive = _replay(first, receive)
        if problem is None:
            await self._app(scope, receive, send)
        else:
            await answer(problem, send, door=scope["path"] in self._doors)


async def answer(problem: Problem, send: Send, *, door: bool = False) -> None:
    """Send a problem as the whole answer, from where there is no framework to do it."""
    body = problem.body(door=door)
    headers = {"Content-Type": CONTENT_TYPE, "Content-Length": str(len(body))} | problem.headers
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def _refused(scope: Scope, headers: dict[bytes, bytes], max_bytes: int) -> Problem | None:
    if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
        return Problem(400, "bad_text", "a NUL has no place in a request's target")
    if headers.get(b"content-encoding", b"").lower() not in _IDENTITY:
        return Problem(415, "bad_encoding", "send the body as it is", headers=_closing())
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or len(length) > _MAX_LENGTH_DIGITS:
        return Problem(400, "bad_length", "Content-Length is a number", headers=_closing())
    if int(length) > max_bytes:
        return _too_large(max_bytes)
    return None


def _has_body(headers: dict[bytes, bytes]) -> bool:
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"


async def _read(receive: Receive, max_bytes: int) -> Message:
    """The whole body as one message, or the news that the client has gone."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return message
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > max_bytes:
            raise _too_large(max_bytes)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return {"type": "http.request", "body": b"".join(chunks), "more_body": False}


def _replay(first: Message, receive: Receive) -> Receive:
    waiting = [first]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed


def _too_large(max_bytes: int) -> Problem:
    return Problem(413, "too_large", f"a request may have {max_bytes} bytes", headers=_closing())


def _closing() -> dict[str, str]:
    return {"Connection": "close"}
