"""A service in a test's own process: what is published for it is worked at once, and its API is asked without a port.

Promises: the loop, the store and the routes are those that run. Leaves out what reaches a service and what of it:
each service's tests have words of their own for that.
"""

# ruff: noqa: S101 - an answer that is no 200 fails the test that asked

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from shared.contracts.envelope import Emit
from shared.contracts.topics import TOPICS, dead_topic
from shared.db import outbox
from shared.db.engine import Database
from shared.db.migrate import migrate
from shared.log.ports import Log
from shared.runtime.consume import Consumer


class ServiceInProcess:
    """An API, and the one consumer of a group on a log of its own. Start it, and close it."""

    def __init__(self, api: Any, log: Log, database: Database, consumer: Consumer[Any]) -> None:
        self.api = api
        self._log = log
        self._database = database
        self._consumer = consumer

    async def start(self, migrations: Path) -> None:
        """Make the topics and the tables."""
        names = (
            name for topic in TOPICS for name in (topic.name, *(dead_topic(topic.name, of) for of in topic.consumers))
        )
        await self._log.start(dict.fromkeys(names, 1))
        await migrate(self._database, migrations)

    async def close(self) -> None:
        """Close the store."""
        await self._database.close()

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
            page = await self.get(path, **(query | {"after": page["next"]}))
