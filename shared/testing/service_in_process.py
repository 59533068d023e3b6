"""A service in a test's own process: what is published for it is worked at once, and its API is asked without a port.

Promises: the loop, the store and the routes are those that run. Leaves out what reaches a service and what of it:
each service's tests have words of their own for that.
"""

# ruff: noqa: S101 - an answer that is no 200 fails the test that asked

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from shared.contracts.envelope import Emit
from shared.contracts.topics import TOPICS
from shared.db import outbox
from shared.db.engine import Database
from shared.db.migrate import migrate
from shared.log.ports import Log
from shared.runtime.consume import Consumer


class ServiceInProcess:
    """An API, and the one consumer of a group on a log. Start it, and close it."""

    def __init__(self, api: Any, log: Log, database: Database, consumer: Consumer[Any]) -> None:
        self.api = api
        self._log = log
        self._database = database
        self._consumer = consumer

    async def start(self, migrations: Path, topics: Mapping[str, int] | None = None) -> None:
        """Make the topics (each of one partition where nothing else is said) and the tables."""
        await self._log.start(topics or {topic.name: 1 for topic in TOPICS})
        await migrate(self._database, migrations)

    async def close(self) -> None:
        """Close the store and the log."""
        await self._database.close()
        await self._log.close()

    async def given(self, *emits: Emit) -> None:
        """These events were published, and the service took them one batch after the other."""
        await self._log.publish([outbox.outgoing(emit) for emit in emits])
        while await self._consumer.turn(0):
            continue

    def client(self, key: str = "tl", **headers: str) -> httpx.AsyncClient:
        """Somebody with this key. Use it as a context."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.api),
            base_url="http://service",
            headers={"Authorization": f"Bearer {key}", **headers},
        )

    async def ask(self, path: str, key: str = "tl", **query: Any) -> httpx.Response:
        """The answer to a GET."""
        async with self.client(key) as client:
            return await client.get(path, params=query)

    async def get(self, path: str, **query: Any) -> Any:
        """The JSON of an answer, which is a 200."""
        answer = await self.ask(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def pages(self, path: str, **query: Any) -> Sequence[Any]:
        """Every item of a list, page after page."""
        items: list[Any] = []
        page = await self.get(path, **query)
        while True:
            items += page["items"]
            if page["next"] is None:
                return items
            page = await self.get(path, **query, after=page["next"])
