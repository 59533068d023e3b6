"""A load generator for one server: raw sockets, one request in flight a connection, all bytes built beforehand.

It is cheap so that it does not take the core from what it measures; run it in a process of its own.
It understands answers with a Content-Length, and nothing else.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from typing import cast

import uvloop

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "
_OK = b"HTTP/1.1 200"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load came to. Times are seconds."""

    requests: int
    refused: int
    """Answers that were no 200."""
    seconds: float
    p50: float
    p99: float


def request(path: str, body: bytes, authorization: str) -> bytes:
    """A POST as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        f"authorization: {authorization}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def hammer(port: int, requests: Sequence[bytes], connections: int, seconds: float) -> Loaded:
    """Send requests in a circle over so many connections for so long; returns when all are answered."""
    return uvloop.run(_hammer(port, requests, connections, seconds))


async def _hammer(port: int, requests: Sequence[bytes], connections: int, seconds: float) -> Loaded:
    loop = asyncio.get_running_loop()
    source = cycle(requests)
    started = time.perf_counter()
    senders = [_Sender(source, started + seconds) for _ in range(connections)]
    for sender in senders:
        await loop.create_connection(partial(_itself, sender), "127.0.0.1", port)
    await asyncio.gather(*(sender.done for sender in senders))
    took = time.perf_counter() - started
    times = sorted(each for sender in senders for each in sender.times)
    refused = sum(sender.refused for sender in senders)
    return Loaded(len(times), refused, took, _share(times, 0.5), _share(times, 0.99))


def _itself(sender: "_Sender") -> "_Sender":
    return sender


def _share(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


class _Sender(asyncio.Protocol):
    """One connection: the next request leaves when the last one is answered."""

    def __init__(self, source: Iterator[bytes], until: float) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.times: list[float] = []
        self.refused = 0
        self._source = source
        self._until = until
        self._transport: asyncio.Transport | None = None
        self._sent_at = 0.0
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclass of the one in asyncio.
        self._transport = cast("asyncio.Transport", transport)
        self._send(time.perf_counter())

    def data_received(self, data: bytes) -> None:
        if self._held:
            data = self._held + data
        head = data.find(_HEAD_END)
        if head < 0 or len(data) < head + len(_HEAD_END) + _length(data, head):
            self._held = data
            return
        self._held = b""
        now = time.perf_counter()
        self.times.append(now - self._sent_at)
        if not data.startswith(_OK):
            self.refused += 1
        self._send(now)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server hung up"))

    def _send(self, now: float) -> None:
        assert self._transport is not None
        if now >= self._until:
            if not self.done.done():
                self.done.set_result(None)
            self._transport.close()
            return
        self._sent_at = now
        self._transport.write(next(self._source))


def _length(data: bytes, head: int) -> int:
    at = data.find(_LENGTH, 0, head) + len(_LENGTH)
    return int(data[at : data.find(b"\r", at)])
