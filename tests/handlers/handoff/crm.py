"""A receiver on the loopback that verifies as our customers do, and answers as it is told."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from standardwebhooks.webhooks import Webhook


@dataclass(frozen=True)
class Received:
    """One message that was signed as it must be."""

    webhook_id: str
    type: str
    data: dict[str, Any]


@dataclass
class Crm:
    """What was received. `answers`: statuses to give, in turn; 200 when they have run out. `secrets`: by path."""

    port: int = 0
    answers: list[int] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)
    held: asyncio.Event | None = None
    """Where one is set, whoever asks `/slow` waits for it."""

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def of_type(self, message_type: str) -> list[Received]:
        """What was received of a type."""
        return [one for one in self.received if one.type == message_type]

    async def answer(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """Verify, write down, answer; nobody is answered whose signature does not fit."""
        if self.held is not None and path == "/slow":
            await self.held.wait()
        message = _verified(self.secrets[path], headers, body)
        self.received.append(Received(headers["webhook-id"], message["type"], message["data"]))
        return self.answers.pop(0) if self.answers else 200


def _verified(secret: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    """The message, if the library would have signed it so at the time it names: the clock here is the test's own."""
    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    assert Webhook(secret).sign(headers["webhook-id"], at, body.decode()) in headers["webhook-signature"].split(" ")
    message: dict[str, Any] = json.loads(body)
    return message


@asynccontextmanager
async def crm() -> AsyncIterator[Crm]:
    """A receiver; whoever still hangs is hung up on at the end."""
    here, tasks = Crm(), set[asyncio.Task[None]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:-2])}
        body = await reader.readexactly(int(headers["content-length"]))
        status = await here.answer(head[0].split(" ")[1], headers, body)
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(serve(reader, writer))
        tasks.add(task)
        await asyncio.wait([task])
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    here.port = server.sockets[0].getsockname()[1]
    try:
        yield here
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
