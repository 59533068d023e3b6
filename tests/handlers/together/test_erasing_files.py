"""After an erasure no byte of somebody is in the files of scoring, hand-off and attribution, whoever dies meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import Row, select

from services.attribution import wiring as attribution
from services.deployment import Deployment, Service, Settings
from services.handoff import wiring as handoff
from services.scoring import wiring as scoring
from shared.contracts import topics
from shared.contracts.envelope import Emit, Event
from shared.contracts.records import Outgoing
from shared.db import positions
from shared.db.erased import uncleaned
from shared.db.migrate import migrate
from shared.db.outbox import outgoing
from shared.db.spine import DEAD_LETTERS
from shared.kernel.instant import Instant
from shared.log.memory import MemoryLog
from shared.web.credentials import Credentials
from tests.handlers.erasing import CANARY, erasure
from tests.handlers.handoff.scene import qualified
from tests.handlers.scoring.at_scoring import NOW, card, touch, who

STORY = (
    card("ana", emails=(f"{CANARY}@acme.example",), traits={"name": CANARY}),
    *(
        touch("ana", "demo_requested", number, properties={"heard_from": CANARY}, anonymous_id=CANARY)
        for number in range(300)
    ),
    *(touch("bo", "demo_requested", number) for number in range(300)),
)
POISON = [
    structs.replace(outgoing(touch("ana", "page_viewed", 500)), topic=topic, value=f'{{"text": "{CANARY}"}}'.encode())
    for topic in (topics.TOUCHPOINTS.name, topics.LEADS.name, topics.HANDOFFS.name)
]
"""What is said of Ana and cannot be read, on whatever topic a service listens to."""
QUALIFIED = structs.replace(
    qualified(CANARY),
    person_id=who("ana"),
    card=structs.replace(qualified(CANARY).card, person_id=who("ana"), emails=(f"{CANARY}@acme.example",)),
)
"""What scoring would say of Ana: hand-off knows nobody otherwise."""
Build = Callable[[Deployment, Callable[[], bool]], Service]
SERVICES: dict[str, Build] = {"scoring": scoring.build, "handoff": handoff.build, "attribution": attribution.build}
SECONDS = 20


def story_of(name: str) -> list[Emit]:
    """What a service hears beside: hand-off that Ana qualified."""
    event = Event("one", "lead.qualified", "scoring", NOW, QUALIFIED)
    return [Emit(topics.LEADS.name, who("ana"), event)] if name == "handoff" else []


def marked(folder: Path) -> list[str]:
    """The files that hold the canary."""
    return sorted(path.name for path in folder.iterdir() if CANARY.encode() in path.read_bytes())


class Running:
    """A service whose parts run: all of them, or those named."""

    def __init__(self, service: Service, log: MemoryLog) -> None:
        self.service = service
        self._log = log

    async def told(self, *events: Emit) -> None:
        """All of this happened; returns when it is worked and committed."""
        await self.met(*map(outgoing, events))

    async def until(self, true: Callable[[], Awaitable[bool]]) -> None:
        """Wait for something to become true."""
        async with asyncio.timeout(SECONDS):
            while not await true():
                await asyncio.to_thread(lambda: None)

    async def met(self, *records: Outgoing) -> None:
        """These records were on its topics; returns when they are worked, or set aside."""
        await self._log.publish(records)
        await self.until(self._read)

    async def _read(self) -> bool:
        names = tuple(topic.name for topic in topics.TOPICS)
        ends = {one: held.end for one, held in (await self._log.bounds(names)).items()}
        async with self.service.database.read() as reader:
            stands = await positions.standing(reader, self.service.name)
        return all(standing.next_offset >= ends[one] for one, standing in stands.items()) and bool(stands)

    async def letters(self) -> Sequence[Row[Any]]:
        """The dead letters."""
        async with self.service.database.read() as reader:
            return await reader.rows(select(DEAD_LETTERS))

    async def forgot(self) -> bool:
        """Whether no dead letter speaks of the canary any more."""
        return not any(CANARY.encode() in letter.value for letter in await self.letters())

    async def cleaned(self) -> bool:
        """Whether no erasure is left after which the files were not cleaned."""
        async with self.service.database.read() as reader:
            return not await uncleaned(reader)


@asynccontextmanager
async def running(name: str, folder: Path, log: MemoryLog, *parts: str) -> AsyncIterator[Running]:
    """A service on a store in a folder, with all its parts at work, or with these."""
    deployment = Deployment(Settings(data=folder), Credentials("wk", "sk", "tl", "secret"), log, lambda: NOW)
    service = SERVICES[name](deployment, lambda: True)
    await migrate(service.database, service.migrations)
    stopping = asyncio.Event()
    wanted = [part for title, part in service.worker if not parts or title.partition(".")[2] in parts]
    tasks = [asyncio.create_task(part(stopping)) for part in wanted]
    try:
        yield Running(service, log)
    finally:
        stopping.set()
        await asyncio.gather(*tasks)
        await service.database.close()


@pytest.fixture
async def log() -> AsyncIterator[MemoryLog]:
    found = MemoryLog(now=lambda: Instant(NOW))
    await found.start(dict.fromkeys(topics.RETENTION_DAYS, 1))
    yield found
    await found.close()


@pytest.mark.parametrize("name", SERVICES)
async def test_no_byte_is_left_once_an_erasure_is_no_work_any_more(name: str, tmp_path: Path, log: MemoryLog) -> None:
    async with running(name, tmp_path, log) as here:
        await here.told(*STORY, *story_of(name))
        assert marked(tmp_path)
        await here.told(*erasure(who("ana")))
        await here.until(here.cleaned)
        assert marked(tmp_path) == []


@pytest.mark.parametrize("name", SERVICES)
async def test_who_dies_before_the_cleaning_cleans_when_they_are_back(
    name: str, tmp_path: Path, log: MemoryLog
) -> None:
    async with running(name, tmp_path, log, "consume") as here:
        await here.told(*STORY, *story_of(name), *erasure(who("ana")))
        assert not await here.cleaned()
    async with running(name, tmp_path, log) as here:
        await here.until(here.cleaned)
        assert marked(tmp_path) == []


@pytest.mark.parametrize("name", SERVICES)
async def test_what_cannot_be_read_of_somebody_erased_goes_however_late_it_comes(
    name: str, tmp_path: Path, log: MemoryLog
) -> None:
    async with running(name, tmp_path, log) as here:
        await here.told(*STORY, *erasure(who("ana")))
        await here.until(here.cleaned)
        for _ in range(2):
            await here.met(*POISON)
            await here.until(here.forgot)
            await here.until(here.cleaned)
            assert marked(tmp_path) == []


@pytest.mark.parametrize("name", SERVICES)
async def test_what_was_set_aside_before_a_process_died_goes_when_it_is_back(
    name: str, tmp_path: Path, log: MemoryLog
) -> None:
    other = structs.replace(outgoing(touch("bo", "page_viewed", 500)), value=b"{")
    async with running(name, tmp_path, log) as here:
        await here.told(*STORY, *erasure(who("ana")))
        await here.until(here.cleaned)
    async with running(name, tmp_path, log, "consume") as here:
        await here.met(*POISON, other)
        assert marked(tmp_path)
    async with running(name, tmp_path, log) as here:
        await here.until(here.forgot)
        await here.until(here.cleaned)
        assert marked(tmp_path) == []
        assert [letter.value for letter in await here.letters()] == [b"{"]
