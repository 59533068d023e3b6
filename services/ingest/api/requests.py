"""A request to a door: its head, and its body in full, bounded in bytes and in time.

The parser is never chosen by the content type: senders say `text/plain`, or a form, and mean JSON; some send
gzip and do not say so.
"""

import asyncio
import re
import zlib
from collections.abc import Awaitable, Callable, Generator, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from services.ingest.api.refusals import Refusal
from services.ingest.domain.limits import Limits
from shared.kernel.errors import ThroughlineError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_REQUEST_ID = re.compile(rb"[A-Za-z0-9-]{1,64}")
_GZIP = b"\x1f\x8b"
_GZIP_NAMES = frozenset((b"gzip", b"x-gzip"))
_GZIP_WINDOW = zlib.MAX_WBITS | 16
_LENGTH_DIGITS = 18
_JSON = b"application/json"
_NOT_JSON = re.compile(rb"multipart/|[a-z]+/(?:[a-z.\-]+\+)?xml\b", re.IGNORECASE)


class Gone(ThroughlineError):
    """The sender hung up before the request was whole; there is nobody to answer."""


class Request:
    """The head of a request. `id`: the client's own request id where it is a plain one, else a drawn one."""

    __slots__ = ("headers", "id", "method", "origin", "path", "query")

    def __init__(
        self, method: str, path: str, query: bytes, headers: dict[bytes, bytes], draw_id: Callable[[], bytes]
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.origin = headers.get(b"origin")
        given = headers.get(b"x-request-id")
        self.id = draw_id() if given is None or not _REQUEST_ID.fullmatch(given) else given

    @classmethod
    def of_scope(cls, scope: Scope, draw_id: Callable[[], bytes]) -> "Request":
        """The head of a request that came as ASGI has it."""
        return cls(scope["method"], scope["path"], scope["query_string"], dict(scope["headers"]), draw_id)

    def parameter(self, name: str) -> str | None:
        """A parameter of the query, None where it is not there; raises Refusal where it says several things."""
        if not self.query:
            return None
        try:
            found = parse_qs(self.query.decode("ascii"), max_num_fields=100).get(name)
        except ValueError:
            return None
        # Readers differ on which of two equal names holds.
        if found and found.count(found[0]) < len(found):
            raise Refusal(400, "duplicate_key", f"{name} is in the query twice", name)
        return found[0] if found else None


async def body(request: Request, receive: Receive, limits: Limits) -> bytes:
    """The body, decompressed; raises Refusal where it is too long, too slow or packed in an unknown way."""
    most = limits.body_bytes
    length, zipped = _length(request.headers, most), _zipped(request.headers)
    begun = _Begun(receive())
    if begun.message is not None and not begun.message.get("more_body"):
        packed = await _read(begun, receive, most)
    else:
        try:
            async with asyncio.timeout(limits.body_seconds):
                packed = await _read(begun, receive, most)
        except TimeoutError:
            raise Refusal(408, "slow_body", "the body did not arrive in time") from None
    return _unpacked(packed, length, zipped, most)


def whole(request: Request, packed: bytes, limits: Limits) -> bytes:
    """A body that is there, decompressed; raises Refusal where it is too long or packed in an unknown way."""
    most = limits.body_bytes
    if len(packed) > most:
        raise _too_large(most)
    return _unpacked(packed, _length(request.headers, most), _zipped(request.headers), most)


def _unpacked(packed: bytes, length: int | None, zipped: bool, most: int) -> bytes:
    """A body, where it is as long as its head says."""
    if length is not None and length != len(packed):
        raise Refusal(400, "bad_length", "the body is not as long as Content-Length says")
    if zipped or packed.startswith(_GZIP):
        return _unzipped(packed, most)
    return packed


class _Begun(Generator[Any, Any, Message]):
    """A receive, taken as far as it goes without waiting; to be awaited once.

    Most bodies are there with their head, and a timer for each would cost more than reading them.
    """

    __slots__ = ("_going", "_waits_for", "message")

    def __init__(self, receiving: Awaitable[Message]) -> None:
        self.message: Message | None = None
        self._going = receiving.__await__()
        self._waits_for: object = None
        try:
            self._waits_for = next(self._going)
        except StopIteration as done:
            self.message = done.value

    def __await__(self) -> Generator[Any, Any, Message]:
        return self

    def send(self, woken: object) -> object:
        """What is waited for next; the first of it was kept."""
        if self.message is not None:
            raise StopIteration(self.message)
        kept, self._waits_for = self._waits_for, None
        return self._going.send(woken) if kept is None else kept

    def throw(self, *raised: Any) -> object:
        """Raise it where the receive waits."""
        return self._going.throw(*raised)


def _length(headers: dict[bytes, bytes], most: int) -> int | None:
    """How long the head says the body is; raises Refusal where it says so in an unclear way, or is too long."""
    declared = headers.get(b"content-length")
    if declared is None:
        return None
    if b"transfer-encoding" in headers or not declared.isdigit():
        raise Refusal(400, "bad_length", "the length of the body is not said in one clear way")
    # The digits are counted first: a text of thousands of them is no number worth reading.
    if len(declared) > _LENGTH_DIGITS or (length := int(declared)) > most:
        raise _too_large(most)
    return length


def _zipped(headers: dict[bytes, bytes]) -> bool:
    """Whether the head announces gzip; raises Refusal for what is no JSON."""
    content_type = headers.get(b"content-type")
    if content_type is not None and content_type != _JSON and _NOT_JSON.match(content_type):
        raise Refusal(415, "unsupported_media_type", "the body is JSON")
    encoding = headers.get(b"content-encoding")
    if encoding is None:
        return False
    encoding = encoding.strip().lower()
    if encoding not in _GZIP_NAMES and encoding not in (b"", b"identity"):
        raise Refusal(415, "unsupported_encoding", "a body comes as it is or in gzip")
    return encoding in _GZIP_NAMES


async def _read(begun: _Begun, receive: Receive, most: int) -> bytes:
    message = await begun
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
