"""All four services in one process, on a log in memory: posted to and asked over HTTP, as anybody would."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx

from services.attribution import wiring as attribution
from services.deployment import Deployment, Service, ServiceName, Settings
from services.handoff import wiring as handoff
from services.ingest import wiring as ingest
from services.scoring import wiring as scoring
from shared.contracts.envelope import decode
from shared.contracts.topics import TYPES
from shared.db.migrate import migrate
from shared.kernel.instant import DAY, Instant
from shared.log.memory import MemoryLog
from shared.web.credentials import Credentials

NOW = Instant(20_000 * DAY)
SECONDS = 30
_CREDENTIALS = Credentials("wk", "sk", "tl", "secret")


class Market:
    """The services at work."""

    def __init__(self, services: Sequence[Service], log: MemoryLog) -> None:
        self._log = log
        self._clients = {
            service.name: httpx.AsyncClient(
                transport=httpx.ASGITransport(service.api, raise_app_exceptions=False), base_url="http://throughline"
            )
            for service in services
        }

    async def post(self, path: str, body: object) -> None:
        """What a back end posts; it is taken, and worked by all services when this returns."""
        answer = await self._clients["ingest"].post(path, json=body, auth=("sk", ""))
        assert answer.status_code == 200, answer.text
        async with asyncio.timeout(SECONDS):
            while not await self._settled():
                continue

    async def _settled(self) -> bool:
        """Two rounds over all services, nothing left to do, and no topic grown between them (ruling 35)."""
        first, second = [await self._lags() for _ in range(2)]
        return first == second and all(lag["caught_up"] for lag in second)

    async def _lags(self) -> list[Any]:
        return [await self.get(name, "/v1/lag") for name in self._clients]

    async def ask(self, service: ServiceName, path: str, **query: str) -> httpx.Response:
        """The answer to a GET, whatever it is."""
        return await self._clients[service].get(path, params=query, headers={"Authorization": "Bearer tl"})

    async def get(self, service: ServiceName, path: str, **query: str) -> Any:
        """The content of an answer, which is a 200."""
        answer = await self.ask(service, path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def tell(self, service: ServiceName, path: str, body: object) -> Any:
        """What a command of an operator answers, which is a 2xx."""
        answer = await self._clients[service].post(path, json=body, headers={"Authorization": "Bearer tl"})
        assert answer.is_success, answer.text
        return answer.json()

    async def metrics(self, service: ServiceName) -> str:
        """What a service says of itself."""
        answer = await self._clients[service].get("/metrics", headers={"Authorization": "Bearer tl"})
        return answer.text

    async def said(self, topic: str, event_type: str) -> list[Any]:
        """What the events of a type on a topic say."""
        records = await self._log.read([(partition, 0) for partition in await self._log.bounds([topic])], 10_000)
        events = [decode(record.value, record.headers, TYPES) for record in records]
        return [event.data for event in events if event.type == event_type]


@asynccontextmanager
async def market(folder: Path, log: MemoryLog | None = None, database: str | None = None) -> AsyncIterator[Market]:
    """The four services on stores in a folder, or on a PostgreSQL, at work until the block ends; their CRMs are on this
    machine."""
    log = log or MemoryLog(now=lambda: NOW)
    settings = Settings(data=folder, database=database, webhook_networks=(ip_network("127.0.0.0/8"),))
    deployment = Deployment(settings, _CREDENTIALS, log, lambda: NOW)
    await log.start(deployment.settings.topic_partitions())
    services = [wiring.build(deployment, lambda: True) for wiring in (ingest, scoring, handoff, attribution)]
    stopping = asyncio.Event()
    for service in services:
        await migrate(service.database, service.migrations)
    parts = [asyncio.create_task(part(stopping)) for service in services for _, part in service.parts(working=True)]
    try:
        yield Market(services, log)
    finally:
        stopping.set()
        await asyncio.gather(*parts)
        for service in services:
            await service.database.close()
