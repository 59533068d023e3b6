"""What was erased leaves the files of an embedded deployment: those of all stores, then that of the log.

Promises: a record goes only once every service it is for has read it, and has that on disk; so nothing is lost, and
nobody's position either. Leaves out a deployment with a broker: there a topic's retention does it.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import func, select

from services.deployment import Deployment, ServiceName
from shared.contracts.topics import TOPICS, dead_topic
from shared.db import positions
from shared.db.cleaning import clean
from shared.db.engine import Database
from shared.db.spine import OUTBOX
from shared.log.ports import Bounds, Log, Partition


def cleaning(deployment: Deployment) -> "Cleaning | None":
    """How a deployment is cleaned; None where a broker's retention does it."""
    if not deployment.log.features.discards:
        return None
    return Cleaning(deployment.log, deployment.stores, deployment.settings.services)


class Cleaning:
    """Cleans the stores and the log of one process. `stores` holds them all once the process is put together."""

    def __init__(self, log: Log, stores: Mapping[ServiceName, Database], services: Iterable[ServiceName]) -> None:
        self._log = log
        self._stores = stores
        self._services = tuple(services)
        self._held: Mapping[Partition, Bounds] = {}
        self._leaving: Mapping[ServiceName, int] = {}

    async def begin(self) -> None:
        """Note what the log and all that is on its way to it hold by now."""
        leaving: dict[ServiceName, int] = {}
        for service, store in self._stores.items():
            async with store.read() as reader:
                leaving[service] = int(await reader.scalar(select(func.coalesce(func.max(OUTBOX.c.id), 0))))
        self._leaving = leaving
        self._held = await self._log.bounds(_topics())

    async def read_up(self) -> bool:
        """Whether what was noted has left every outbox, and all services have read what they take of it.

        One that this process does not run may stand anywhere: then the answer is no."""
        for service in {*self._services, *self._stores}:
            if service not in self._stores or not await self._is_done(service):
                return False
        return True

    async def _is_done(self, service: ServiceName) -> bool:
        async with self._stores[service].read() as reader:
            oldest = await reader.scalar(select(func.min(OUTBOX.c.id)))
            stands = await positions.standing(reader, service)
        taken = {topic.name for topic in TOPICS if service in topic.consumers}
        read = all(
            partition in stands and stands[partition].next_offset >= held.end
            for partition, held in self._held.items()
            if partition.topic in taken
        )
        return read and (oldest is None or oldest > self._leaving[service])

    async def clean(self) -> bool:
        """Clean the files of all stores, then the log of what was noted; False where somebody still reads there.

        A store that was cleaned is on disk with all it has read; the log must not forget anything before."""
        for store in self._stores.values():
            if not await clean(store):
                return False
        await self._log.discard({partition: held.end for partition, held in self._held.items()})
        return True


def _topics() -> list[str]:
    """Every topic. Nobody reads those of dead letters: what is there is kept in the stores as well."""
    return [name for topic in TOPICS for name in (topic.name, *(dead_topic(topic.name, of) for of in topic.consumers))]
