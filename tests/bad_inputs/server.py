"""The raw doors on a log in memory, behind the real HTTP server: what bad input is thrown at.

Run as a program it prints the port it listens on. Its bodies must arrive in half a second.
"""

import asyncio
import socket
import time
import uuid
from typing import ClassVar

import uvicorn

from services.ingest.api.collect import Collector
from services.ingest.api.deals import DealsDoor
from services.ingest.api.door_keys import DoorKey
from services.ingest.api.requests import Receive, Scope, Send
from services.ingest.domain.limits import Limits
from shared.contracts.topics import TOPICS
from shared.log.memory import MemoryLog

WRITE_KEY = "wk_bad:inputs"
SERVER_KEY = "sk_bad:inputs"
_SECRET = b"a secret that keys records"


class Keys:
    """Two keys of one source, and a browser key for one origin."""

    _known: ClassVar = {
        WRITE_KEY: DoorKey("web", trusted=False),
        SERVER_KEY: DoorKey("web", trusted=True),
        "wk_origin": DoorKey("shop", trusted=False, allowed_origins=frozenset(("https://good.example",))),
    }

    def lookup(self, secret: str) -> DoorKey | None:
        return self._known.get(secret)


def _now() -> int:
    return time.time_ns() // 1_000_000


def _draw_id() -> str:
    return str(uuid.uuid4())


async def main() -> None:
    log = MemoryLog()
    await log.start({topic.name: 4 for topic in TOPICS})
    limits = Limits(body_seconds=0.5)
    collector = Collector(log, Keys(), _SECRET, _now, _draw_id, limits)
    deals = DealsDoor(log, Keys(), _SECRET, _now, _draw_id, limits)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await (deals if scope["path"] in deals.paths else collector)(scope, receive, send)

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        print(listening.getsockname()[1], flush=True)  # noqa: T201 -- the one thing a starter must know
        config = uvicorn.Config(app, lifespan="off", access_log=False, log_level="warning", timeout_graceful_shutdown=2)
        await uvicorn.Server(config).serve([listening])


if __name__ == "__main__":
    asyncio.run(main())
