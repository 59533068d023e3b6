"""How long the embedded log keeps what it carries: the days of each topic, and until all it is for have read it."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from services.attribution import wiring as attribution
from services.deployment import Deployment, ServiceName, Settings, topic_configs
from services.handoff import wiring as handoff
from services.ingest import wiring as ingest
from services.retention import Retention, retention
from services.scoring import wiring as scoring
from shared.contracts.records import Outgoing, Partition
from shared.contracts.topics import DEAD_RETENTION_DAYS, DEALS, RETENTION_DAYS, TOUCHPOINTS, TOUCHPOINTS_COLLECTED
from shared.db import positions
from shared.db.migrate import migrate
from shared.db.positions import Standing
from shared.kernel.instant import DAY, Instant
from shared.log.memory import MemoryLog
from shared.log.ports import Bounds
from shared.web.credentials import Credentials

START = Instant(20_000 * DAY)
MIGRATIONS = {"ingest": ingest.MIGRATIONS, "scoring": scoring.MIGRATIONS}
DEAD = "touchpoints.scoring.dead"
TOPICS = (TOUCHPOINTS_COLLECTED.name, TOUCHPOINTS.name, DEALS.name, DEAD)


class Kept:
    """A deployment of ingest and scoring: every topic has one partition, with a record of each of 40 days."""

    def __init__(self, folder: Path) -> None:
        self._day = 0
        self.log = MemoryLog(now=lambda: START + self._day * DAY)
        settings = Settings(data=folder, services=("ingest", "scoring"))
        self.deployment = Deployment(settings, Credentials("wk", "sk", "tl", "secret"), self.log, lambda: START)

    async def begin(self, running: Sequence[ServiceName]) -> None:
        """Make the stores of the services that this process runs, and the records."""
        await self.log.start(dict.fromkeys(RETENTION_DAYS, 1))
        for service in running:
            await migrate(self.deployment.open_database(service), MIGRATIONS[service])
        for self._day in range(40):
            await self.log.publish([Outgoing(topic, b"k", b"v") for topic in TOPICS])

    async def read(self, service: ServiceName, topic: str, offset: int) -> None:
        """A service has read a topic up to here."""
        identity = await self.log.identity(topic)
        async with self.deployment.stores[service].work() as work:
            await positions.begin(work, service, {Partition(topic, 0): Standing(offset, identity)})

    async def trimmed(self) -> dict[str, int]:
        """From which day on the log still holds something, forty days after the start."""
        trimming = Retention(self.log, self.deployment.stores, self.deployment.settings.services)
        while await trimming.due(Instant(START + 40 * DAY)):
            continue
        return {at.topic: bounds.first for at, bounds in (await self.log.bounds(TOPICS)).items()}


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    kept = Kept(tmp_path)
    yield kept
    for store in kept.deployment.stores.values():
        await store.close()


async def test_what_all_have_read_is_kept_for_the_days_of_its_topic(kept: Kept) -> None:
    await kept.begin(("ingest", "scoring"))
    await kept.read("ingest", TOUCHPOINTS_COLLECTED.name, 40)
    await kept.read("scoring", TOUCHPOINTS.name, 40)
    await kept.read("scoring", DEALS.name, 40)
    assert await kept.trimmed() == {TOUCHPOINTS_COLLECTED.name: 33, TOUCHPOINTS.name: 10, DEALS.name: 0, DEAD: 10}


async def test_who_is_behind_finds_all_that_they_have_not_read(kept: Kept) -> None:
    await kept.begin(("ingest", "scoring"))
    await kept.read("ingest", TOUCHPOINTS_COLLECTED.name, 3)
    assert await kept.trimmed() == {TOUCHPOINTS_COLLECTED.name: 3, TOUCHPOINTS.name: 0, DEALS.name: 0, DEAD: 10}


async def test_what_is_for_a_service_that_does_not_run_here_stays(kept: Kept) -> None:
    await kept.begin(("ingest",))
    await kept.read("ingest", TOUCHPOINTS_COLLECTED.name, 40)
    assert await kept.trimmed() == {TOUCHPOINTS_COLLECTED.name: 33, TOUCHPOINTS.name: 0, DEALS.name: 0, DEAD: 10}


async def test_trimming_moves_nobody(kept: Kept) -> None:
    await kept.begin(("ingest", "scoring"))
    await kept.read("scoring", TOUCHPOINTS.name, 25)
    await kept.trimmed()
    async with kept.deployment.stores["scoring"].read() as reader:
        assert {at: one.next_offset for at, one in (await positions.standing(reader, "scoring")).items()} == {
            Partition(TOUCHPOINTS.name, 0): 25
        }
    assert (await kept.log.bounds([TOUCHPOINTS.name]))[Partition(TOUCHPOINTS.name, 0)] == Bounds(10, 40)


def test_the_log_is_trimmed_by_the_process_that_has_it(kept: Kept) -> None:
    assert [name for name, _ in retention(kept.deployment)] == ["retention"]


def test_every_worker_forgets_its_inbox(kept: Kept) -> None:
    for wiring in (ingest, scoring, handoff, attribution):
        service = wiring.build(kept.deployment, lambda: True)
        assert f"{service.name}.forget" in {name for name, _ in service.worker}


def test_a_broker_is_told_how_long_dead_letters_are_kept() -> None:
    told = {name: config for name, config in topic_configs().items() if name.endswith(".dead")}
    assert DEAD in told
    assert all(config == {"retention.ms": str(DEAD_RETENTION_DAYS * DAY)} for config in told.values())
