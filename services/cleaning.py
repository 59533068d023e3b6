"""What was erased leaves the files of an embedded deployment: those of all stores, then that of the log.

Promises: a record goes only once every service it is for has read it, and has that on disk; so nothing is lost, and
nobody's position either. Leaves out a deployment with a broker: there a topic's retention does it.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import func, select

from services.deployment import Deployment, ServiceName
from shared.contracts.topics import RETENTION_DAYS, TOPICS
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
        self._services = frozenset(services)
        self._leaving: Mapping[ServiceName, int] = {}
        self._held: Mapping[Partition, Bounds] | None = None

    async def begin(self) -> None:
        """Note what is on its way to the log by now."""
        leaving: dict[ServiceName, int] = {}
        for service, store in self._stores.items():
            async with store.read() as reader:
                leaving[service] = int(await reader.scalar(select(func.coalesce(func.max(OUTBOX.c.id), 0))))
        self._leaving, self._held = leaving, None

    async def read_up(self) -> bool:
        """Whether all services have read what the log held once everything noted had come there.

        One that this process does not run may stand anywhere: then the answer is no."""
        if not self._stores.keys() >= self._services:
            return False
        if self._held is None:
            if not all([await self._has_left(service) for service in self._leaving]):
                return False
            # Nobody reads the topics of dead letters: what is there is kept in the stores as well.
            self._held = await self._log.bounds(RETENTION_DAYS)
        return all([await self._has_read(service, self._held) for service in self._stores])

    async def _has_left(self, service: ServiceName) -> bool:
        """Whether the outbox of a service holds nothing any more of what was noted."""
        async with self._stores[service].read() as reader:
            oldest = await reader.scalar(select(func.min(OUTBOX.c.id)))
        return oldest is None or oldest > self._leaving[service]

    async def _has_read(self, service: ServiceName, held: Mapping[Partition, Bounds]) -> bool:
        async with self._stores[service].read() as reader:
            stands = await positions.standing(reader, service)
        taken = {topic.name for topic in TOPICS if service in topic.consumers}
        return all(
            partition in stands and stands[partition].next_offset >= bounds.end
            for partition, bounds in held.items()
            if partition.topic in taken
        )

    async def clean(self) -> bool:
        """Clean the files of all stores, then the log of what was noted; False where somebody still reads there.

        A store that was cleaned is on disk with all it has read; the log must not forget anything before."""
        for store in self._stores.values():
            if not await clean(store):
                return False
        held = self._held or {}
        await self._log.discard({partition: bounds.end for partition, bounds in held.items()})
        return True
