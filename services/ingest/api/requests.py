"""A request to a door: its head, and its body in full, bounded in bytes and in time.

The parser is never chosen by the content type: senders say `text/plain`, or a form, and mean JSON; some send
gzip and do not say so.
"""

import asyncio
import re
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from services.ingest.api.refusals import Refusal
from services.ingest.domain.limits import Limits
from shared.kernel.errors import ThroughlineError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_GZIP = b"\x1f\x8b"
_GZIP_NAMES = frozenset((b"gzip", b"x-gzip"))
_GZIP_WINDOW = zlib.MAX_WBITS | 16
_NOT_JSON = re.compile(rb"multipart/|[a-z]+/(?:[a-z.\-]+\+)?xml\b", re.IGNORECASE)


class Gone(ThroughlineError):
    """The sender hung up before the request was whole; there is nobody to answer."""


class Request:
    """The head of a request. `id`: the client's own request id where it is a plain one, else a drawn one."""

    __slots__ = ("headers", "id", "method", "origin", "path", "query")

    def __init__(self, scope: Scope, draw_id: Callable[[], str]) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.query: bytes = scope["query_string"]
        self.origin = self.headers.get(b"origin")
        given = self.headers.get(b"x-request-id")
        named = given is not None and _REQUEST_ID.fullmatch(given.decode("latin-1"))
        self.id = named[0] if named else draw_id()

    def parameter(self, name: str) -> str | None:
        """A parameter of the query, None where it is not there."""
        if not self.query:
            return None
        try:
            found = parse_qs(self.query.decode("ascii"), max_num_fields=100).get(name)
        except ValueError:
            return None
        return found[0] if found else None


async def body(request: Request, receive: Receive, limits: Limits) -> bytes:
    """The body, decompressed; raises Refusal where it is too long, too slow or packed in an unknown way."""
    encoding = _encoding(request.headers, limits)
    try:
        async with asyncio.timeout(limits.body_seconds):
            packed = await _read(receive, limits.body_bytes)
    except TimeoutError:
        raise Refusal(408, "slow_body", "the body did not arrive in time") from None
    declared = request.headers.get(b"content-length")
    if declared is not None and declared != str(len(packed)).encode() and int(declared) != len(packed):
        raise Refusal(400, "bad_length", "the body is not as long as Content-Length says")
    if encoding or packed.startswith(_GZIP):
        return _unzipped(packed, limits.body_bytes)
    return packed


def _encoding(headers: dict[bytes, bytes], limits: Limits) -> bool:
    """Whether the head announces gzip; raises Refusal for what no body can make good."""
    declared = headers.get(b"content-length")
    if declared is not None:
        if b"transfer-encoding" in headers or not declared.isdigit():
            raise Refusal(400, "bad_length", "the length of the body is not said in one clear way")
        # The digits are counted first: a text of thousands of them is no number worth reading.
        if len(declared) > len(str(limits.body_bytes)) + 1 or int(declared) > limits.body_bytes:
            raise _too_large(limits.body_bytes)
    content_type = headers.get(b"content-type")
    if content_type is not None and _NOT_JSON.match(content_type):
        raise Refusal(415, "unsupported_media_type", "the body is JSON")
    encoding = headers.get(b"content-encoding", b"").strip().lower()
    if encoding in _GZIP_NAMES:
        return True
    if encoding not in (b"", b"identity"):
        raise Refusal(415, "unsupported_encoding", "a body comes as it is or in gzip")
    return False


async def _read(receive: Receive, most: int) -> bytes:
    message = await receive()
    if not message.get("more_body") and message["type"] == "http.request":
        return _bounded(message.get("body", b""), most)
    chunks, length = [], 0
    while True:
        if message["type"] == "http.disconnect":
            raise Gone
        chunk = message.get("body", b"")
        length += len(chunk)
        if length > most:
            raise _too_large(most)
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)
        message = await receive()


def _bounded(whole: bytes, most: int) -> bytes:
    if len(whole) > most:
        raise _too_large(most)
    return whole


def _unzipped(packed: bytes, most: int) -> bytes:
    """The text of one or more gzip members, never holding more than `most` bytes of it."""
    unpacked = b""
    while packed:
        member = zlib.decompressobj(_GZIP_WINDOW)
        try:
            unpacked += member.decompress(packed, most - len(unpacked) + 1)
        except zlib.error:
            raise Refusal(400, "bad_gzip", "the body is no gzip, or damaged") from None
        if len(unpacked) > most:
            raise _too_large(most)
        if not member.eof:
            raise Refusal(400, "bad_gzip", "the gzip body ends early")
        packed = member.unused_data
    return unpacked


def _too_large(most: int) -> Refusal:
    return Refusal(413, "body_too_large", f"a request has at most {most} bytes, unpacked")
