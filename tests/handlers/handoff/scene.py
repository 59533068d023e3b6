"""Hand-off whole, on a log in memory and a real store, with a clock that moves when it is told to."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from msgspec import Struct

from services.deployment import Deployment, Settings
from services.handoff.handlers.deliver import Deliver
from services.handoff.ports import Answered
from services.handoff.wiring import MIGRATIONS, Parts, assemble
from shared.contracts import envelope
from shared.contracts.deals import Deal, DealPerson, DealStatus
from shared.contracts.envelope import Event
from shared.contracts.handoffs import HandoffActed
from shared.contracts.leads import LeadQualified, LeadStageChanged, StageEntry, coverage
from shared.contracts.topics import DEALS, LEADS, TOPICS, TOUCHPOINTS, TYPES
from shared.contracts.touchpoints import PersonIdentified, PersonMerged, PersonSplit, Touchpoint
from shared.db import outbox
from shared.db.migrate import migrate
from shared.kernel import instant
from shared.kernel.errors import TryLater
from shared.kernel.ids import derived
from shared.kernel.instant import HOUR, SECOND, Instant
from shared.log.memory import MemoryLog
from shared.web.credentials import Credentials
from tests.handlers.handoff.crm import Crm

MONDAY = instant.parse("2026-11-23T10:00:00Z")
_CREDENTIALS = Credentials("wk_1", "sk_1", "tl_1", "secret")
_HEADERS = {"Authorization": "Bearer tl_1"}


def ident(name: str) -> str:
    """The id of somebody in a test."""
    return derived("test", name)


def qualified(name: str, promotion: str = "", cycle: int = 1, **traits: Any) -> LeadQualified:
    """An MQL."""
    address = f"{name}@example.test"
    card = PersonIdentified(
        person_id=ident(name), version=1, first_seen_at=MONDAY, emails=(address,), traits={"name": name, **traits}
    )
    return LeadQualified(
        promotion_id=ident(promotion or f"{name} qualifies"),
        person_id=ident(name),
        cycle=cycle,
        at=MONDAY + (cycle - 1) * HOUR,
        cause_event_id=ident("cause"),
        card=card,
        stage="mql",
        fit_grade="A",
        fit_points=80.0,
        engagement_points=62.5,
        reasons=(),
        journey=(),
        charter="default",
    )


def stages(
    name: str,
    version: int,
    *names: str,
    promotions: Sequence[str] | None = None,
    also: Sequence[str] = (),
    cycle: int = 1,
) -> LeadStageChanged:
    """The history of somebody, who is these others as well: their promotions stand where it ends at MQL, and fall into
    this cycle."""
    history = tuple(StageEntry(stage=one, entered_at=MONDAY, cause_event_id=ident("c"), rule="r") for one in names)
    sent = [f"{name} qualifies"] if promotions is None else promotions
    covers = coverage({ident(one): ident(name) for one in (name, *also)})
    return LeadStageChanged(
        person_id=ident(name), version=version, stage=names[-1], phase="awareness", cycle=1, history=history,
        charter="default", covers=covers[ident(name)],
        promotions={ident(one): names[-1] == "mql" for one in sent}, cycles={ident(one): cycle for one in sent},
    )  # fmt: skip


def sales_act(name: str, kind: str, at: int, **properties: Any) -> Touchpoint:
    """Something sales did with somebody."""
    return Touchpoint(
        id=ident(f"{name} {kind} {at}"), revision=1, door="source", source="crm", occurred_at=at, received_at=at,
        type="track", kind=kind, name=kind, direction="outbound", department="sales", channel="phone",
        person_id=ident(name), properties=properties,
    )  # fmt: skip


def deal(name: str, status: DealStatus, version: int, at: int, owner: str | None = None) -> Deal:
    """A deal with somebody."""
    return Deal(
        id=f"deal of {name}", version=version, revision=1, status=status, amount_minor=100, currency="EUR",
        created_at=at, occurred_at=at, people=(DealPerson(person_id=ident(name)),), owner=owner,
    )  # fmt: skip


def merged(name: str, into: str) -> PersonMerged:
    """Somebody turned out to be somebody else."""
    return PersonMerged(from_id=ident(name), into_id=ident(into), version=1, at=MONDAY)


def split(name: str) -> PersonSplit:
    """It was somebody else after all."""
    return PersonSplit(person_id=ident(name), version=2, at=MONDAY)


class Scene:
    """What comes in, what is asked, what time it is, and what came of it."""

    def __init__(self, deployment: Deployment, log: MemoryLog, clock: Callable[[int], None]) -> None:
        self.parts = Parts(deployment)
        self.service = assemble(self.parts, deployment, lambda: True)
        self.pass_time = clock
        self._deployment = deployment
        self._log = log
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.service.api), base_url="http://handoff", headers=_HEADERS
        )

    @property
    def now(self) -> Instant:
        return self._deployment.now()

    async def happens(self, *facts: Struct) -> None:
        """Facts arrive, each on its topic, and are worked as one batch."""
        await self.arrives(*facts)
        while await self.parts.consumer.turn(0):
            pass

    async def arrives(self, *facts: Struct) -> None:
        """Facts arrive and wait."""
        await self._log.publish([outbox.outgoing(self._emit(fact)) for fact in facts])

    def _emit(self, fact: Struct) -> envelope.Emit:
        topic, kind = next(
            (t, name) for t in (LEADS, TOUCHPOINTS, DEALS) for name, cls in t.types.items() if type(fact) is cls
        )
        key = str(getattr(fact, "person_id", None) or getattr(fact, "into_id", ""))
        return envelope.Emit(topic.name, key, Event(derived("test", repr(fact)), kind, "test", MONDAY, fact))

    async def deliveries_go_out(self) -> None:
        """What is under way comes to its end, and whatever is due now is sent, until nothing is."""
        await self.parts.deliver.finish()
        while await self.parts.deliver.due(self.now):
            await self.parts.deliver.finish()

    async def answers_are_lost(self) -> None:
        """What is due is sent, and the store is away when the answers come."""

        async def away(_answered: Sequence[Answered]) -> None:
            raise TryLater("the store is away")

        parts = self.parts
        deliver = Deliver(parts.desk, parts.client.send, away, now=lambda: self.now, dice=lambda: 0.0)
        await deliver.due(self.now)
        await deliver.finish()

    async def said(self) -> list[HandoffActed]:
        """The events published so far."""
        async with self.parts.database.read() as reader:
            waiting = await outbox.waiting(reader, 10_000)
        events = [envelope.decode(one.record.value, one.record.headers, TYPES).data for one in waiting]
        return [event for event in events if isinstance(event, HandoffActed)]

    async def acts(self) -> list[str]:
        """What these events say was done."""
        return [event.act for event in await self.said()]

    async def ask(self, method: str, path: str, body: Any = None, key: str | None = None) -> httpx.Response:
        """The answer of the API."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return await self._client.request(method, path, json=body, headers=headers)

    async def listens(self, crm: Crm, path: str = "/hook", *events: str) -> str:
        """A new endpoint at a CRM; its id."""
        answer = await self.ask("POST", "/v1/endpoints", {"url": crm.url(path), "events": list(events) or ["*"]})
        assert answer.status_code == 201, answer.text
        crm.secrets[path] = answer.json()["secret"]
        return str(answer.json()["id"])

    async def handoffs(self, query: str = "") -> list[dict[str, Any]]:
        """The hand-offs there are."""
        items: list[dict[str, Any]] = (await self.ask("GET", f"/v1/handoffs{query}")).json()["items"]
        return items

    async def close(self) -> None:
        stopped = asyncio.Event()
        stopped.set()
        await self.parts.consumer.run(stopped)
        await self.parts.deliver.finish()
        await self.parts.client.aclose()
        await self._client.aclose()
        await self.parts.database.close()


@asynccontextmanager
async def scene(folder: Path, database: str | None = None, schedule: str = "0,5,300") -> AsyncIterator[Scene]:
    """A scene on SQLite in a folder, or on PostgreSQL at an address."""
    time = [MONDAY]

    def pass_time(seconds: int) -> None:
        time[0] = Instant(time[0] + seconds * SECOND)

    log = MemoryLog(now=lambda: time[0])
    await log.start({topic.name: 2 for topic in TOPICS})
    settings = Settings.model_validate(
        {"data": folder, "database": database, "webhook_networks": "127.0.0.0/8", "webhook_schedule": schedule}
    )
    here = Scene(Deployment(settings, _CREDENTIALS, log, now=lambda: time[0]), log, pass_time)
    await migrate(here.parts.database, MIGRATIONS)
    try:
        yield here
    finally:
        await here.close()
        await log.close()
