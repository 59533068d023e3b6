"""Requests at a steady pace, whether or not the earlier ones are answered: a slow server does not slow the sender.

A time is taken from when a request was due, so waiting for a free connection counts.
"""

import asyncio
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack

from tests.bench.processes import pause

_CONNECTIONS = 32
_LENGTH = b"content-length:"
_OK = b"HTTP/1.1 200"
_ANSWER_SECONDS = 30.0


class Sender:
    """A pool of connections to one server. A context; requests are bytes as they go over the wire."""

    def __init__(self, port: int) -> None:
        self.refused = 0
        """Answers that were no 200."""
        self._port = port
        self._free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        self._closing = AsyncExitStack()

    async def __aenter__(self) -> "Sender":
        for _ in range(_CONNECTIONS):
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            self._closing.callback(writer.close)
            self._free.put_nowait((reader, writer))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._closing.aclose()

    async def send(self, requests: Iterable[bytes], rate: float) -> list[float]:
        """Send so many a second; returns when all are answered, with the moment (`perf_counter`) each was due."""
        due: list[float] = []
        started = time.perf_counter()
        async with asyncio.TaskGroup() as under_way:
            for number, request in enumerate(requests):
                due.append(started + number / rate)
                if (ahead := due[-1] - time.perf_counter()) > 0:
                    await pause(ahead)
                under_way.create_task(self._exchange(request))
        return due

    async def _exchange(self, request: bytes) -> None:
        reader, writer = connection = await self._free.get()
        async with asyncio.timeout(_ANSWER_SECONDS):
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            lines = (line for line in head.lower().split(b"\r\n") if line.startswith(_LENGTH))
            await reader.readexactly(int(next(lines, _LENGTH + b"0")[len(_LENGTH) :]))
        if not head.startswith(_OK):
            self.refused += 1
        self._free.put_nowait(connection)
