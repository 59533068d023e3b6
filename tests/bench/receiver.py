"""Where the webhooks go: it verifies each with a library that is not ours, and notes when it had done so."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from standardwebhooks.webhooks import Webhook

_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


class Receiver:
    """Verified leads by e-mail address: the moment (`perf_counter`) of the first webhook about each."""

    def __init__(self) -> None:
        self.verified: dict[str, float] = {}
        self.url = ""
        self._webhook: Webhook | None = None

    def trust(self, secret: str) -> None:
        """Verify with this secret from now on."""
        self._webhook = Webhook(secret)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until it is closed."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lines = (line.split(": ", 1) for line in head.decode().split("\r\n")[1:] if line)
                headers = {name.lower(): value for name, value in lines}
                self._take(await reader.readexactly(int(headers["content-length"])), headers)
                writer.write(_ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _take(self, body: bytes, headers: dict[str, str]) -> None:
        if self._webhook is None:
            return
        self._webhook.verify(body, headers, json_parse=False)
        now = time.perf_counter()
        message = json.loads(body)
        if message["type"] == "lead.qualified":
            for address in message["data"]["person"]["emails"]:
                self.verified.setdefault(address, now)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver that listens, until the block ends."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/leads"
    try:
        yield receiver
    finally:
        server.close()
