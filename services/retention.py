"""Records leave the log of an embedded deployment once the days of their topic are over and all they are for have
read them.

Promises: a service that is behind finds all that it has not read, also where the power took its last commits. Leaves
out a deployment with a broker, whose retention does it, and what is compacted.
"""

from collections.abc import Iterable, Mapping

from services.deployment import Deployment, ServiceName
from shared.contracts.topics import DEAD_RETENTION_DAYS, TOPICS, Topic, dead_topics
from shared.db import positions
from shared.db.engine import Database
from shared.db.positions import Standing
from shared.kernel.instant import DAY, Instant
from shared.log.ports import Log, Partition
from shared.runtime.supervise import Part
from shared.runtime.tick import Ticker

_SECONDS = 3_600.0
_Stands = Mapping[str, Mapping[Partition, Standing]]


def retention(deployment: Deployment) -> list[tuple[str, Part]]:
    """What trims the log of a deployment, as parts to run; none where a broker's retention does it."""
    if not deployment.log.features.discards:
        return []
    trimming = Retention(deployment.log, deployment.stores, deployment.settings.services)
    return [("retention", Ticker("retention", trimming.due, _SECONDS, deployment.now).run)]


class Retention:
    """Trims the log of one process. `stores` holds those of all its services once it is put together; of `services`,
    one that this process does not run may stand anywhere: nothing goes that is for it."""

    def __init__(self, log: Log, stores: Mapping[ServiceName, Database], services: Iterable[ServiceName]) -> None:
        self._log = log
        self._stores = stores
        self._services = frozenset(services)

    async def due(self, now: Instant) -> int:
        """Delete what is old enough and read by all it is for; answers how many records that were. Raises TryLater."""
        stands: _Stands = {service: await _standing(store, service) for service, store in self._stores.items()}
        deleted = 0
        for topic in TOPICS:
            deleted += await self._trim(dead_topics(topic), (), stands, now - DEAD_RETENTION_DAYS * DAY)
            if topic.retention_days is not None:
                readers = self._readers(topic)
                deleted += await self._trim([topic.name], readers, stands, now - topic.retention_days * DAY)
        return deleted

    def _readers(self, topic: Topic) -> list[str]:
        return sorted((self._services | self._stores.keys()).intersection(topic.consumers))

    async def _trim(self, names: Iterable[str], readers: Iterable[str], stands: _Stands, before: int) -> int:
        held = await self._log.bounds(names)
        read = {at: min((_reached(stands, of, at) for of in readers), default=held[at].end) for at in held}
        return await self._log.trim(read, before)


def _reached(stands: _Stands, service: str, partition: Partition) -> int:
    """Up to where a service has read; one that has not begun, or is not known here, has read nothing."""
    standing = stands.get(service, {}).get(partition)
    return 0 if standing is None else standing.next_offset


async def _standing(store: Database, service: ServiceName) -> Mapping[Partition, Standing]:
    """Where a service stands, and still will after a power cut."""
    if store.syncs:
        async with store.read() as reader:
            return await positions.standing(reader, service)
    async with store.work() as work:
        await positions.secure(work, service)
        return await positions.standing(work, service)
