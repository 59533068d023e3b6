"""The raw doors in process, on a log in memory, with a clock that stands still and ids that count."""

import asyncio
from collections.abc import Mapping
from itertools import count
from typing import Any, ClassVar

import httpx
from msgspec import Struct

from services.ingest.api.collect import Collector
from services.ingest.api.door_keys import DoorKey
from services.ingest.api.doorway import Doorway
from services.ingest.api.posts import PostsDoor
from services.ingest.api.requests import Receive, Scope, Send
from services.ingest.api.tally import Tally
from services.ingest.domain.limits import Limits
from shared.contracts import envelope
from shared.contracts.topics import TOPICS, TYPES
from shared.log.memory import MemoryLog
from shared.log.ports import Partition, Record
from shared.observe.metrics import Metrics
from shared.web.direct import Answer, Whole

NOW = 1_795_302_021_074
WRITE, SERVER = ("wk", ""), ("sk", "")
_TOPICS = {topic.name: 1 for topic in TOPICS}


class Keys:
    """A write key and a server key of one source, and a write key of another."""

    _known: ClassVar = {"wk": DoorKey("web", False), "sk": DoorKey("web", True), "wk_other": DoorKey("shop", False)}

    def lookup(self, secret: str) -> DoorKey | None:
        return self._known.get(secret)


class Doors:
    """Posts to the doors, and shows what they put on the log. `direct`: tracking calls go past ASGI."""

    def __init__(self, limits: Limits | None = None, *, direct: bool = False) -> None:
        self._direct = direct
        self.log = MemoryLog(now=lambda: NOW)
        ids = count(1)
        self.metrics = Metrics()
        shared = (self.log, Keys(), lambda: NOW, lambda: f"drawn-{next(ids)}", limits or Limits())
        self._collector = Collector(Doorway(*shared, Tally(self.metrics, "segment")), b"secret")
        self._posts = PostsDoor(Doorway(*shared, Tally(self.metrics, "source")), b"secret")
        self.paths = self._collector.paths | self._posts.paths

    async def open(self) -> "Doors":
        await self.log.start(_TOPICS)
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._posts if scope["path"] in self._posts.paths else self._collector)(scope, receive, send)

    async def post(
        self, path: str, body: object = None, auth: tuple[str, str] | None = WRITE, **more: Any
    ) -> httpx.Response:
        """The answer to a POST; `body` is sent as JSON."""
        return await self.ask("POST", path, json=body, auth=auth, **more)

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        transport = _Direct(self._collector) if self._direct else httpx.ASGITransport(self, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
            return await client.request(method, path, **more)

    async def records(self, topic: str) -> list[Record]:
        """Every record of a topic."""

        async def from_start(partitions: frozenset[Partition]) -> Mapping[Partition, int]:
            return dict.fromkeys(partitions, 0)

        reader = await self.log.subscribe("reader", [topic], from_start)
        records = await reader.poll(10_000, 0)
        await reader.close()
        return list(records)

    async def events(self, topic: str) -> list[Any]:
        """The data of every event of a topic."""
        return [_data(record) for record in await self.records(topic)]


class _Direct(httpx.AsyncBaseTransport):
    """Asks the collector as the server's protocol does: whole POSTs directly, the rest as ASGI has it."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self._asgi = httpx.ASGITransport(collector)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "POST":
            return await self._asgi.handle_async_request(request)
        headers = {name.lower(): value for name, value in request.headers.raw}
        path, body = request.url.path, await request.aread()
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        for _ in self._collector.answer(Whole(path, request.url.query, headers, body), answered.set_result):
            continue
        answer = await answered
        return httpx.Response(answer.status, headers=answer.headers, content=answer.body)


def _data(record: Record) -> Struct:
    return envelope.decode(record.value, record.headers, TYPES).data
