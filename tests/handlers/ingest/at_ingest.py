"""Ingest's resolver and its API in process: what was collected, on a log in memory, and what is then said of it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from msgspec import Raw, Struct, json
from sqlalchemy import func, select

from services.deployment import SERVICES, Deployment, ServiceName, Settings
from services.ingest import wiring
from services.ingest.domain.identity import DEFAULT_LIMITS
from services.ingest.handlers.resolving import Resolving
from services.ingest.store.session import opening
from services.ingest.store.tables import DEAL_CONTACTS, DEALS, METADATA
from services.ingest.worker import GROUP, HANDLERS, TOPICS
from shared.contracts import topics
from shared.contracts.deals import CollectedDeal, DealContact
from shared.contracts.envelope import Emit, Event
from shared.contracts.handoffs import HandoffAct, HandoffActed
from shared.contracts.leads import LeadStageChanged, StageEntry
from shared.contracts.touchpoints import AccountRef, CollectedTouchpoint, RejectedTouchpoint
from shared.kernel.ids import derived, touchpoint_id
from shared.kernel.instant import DAY, Instant
from shared.log.memory import MemoryLog
from shared.log.ports import Log
from shared.runtime.consume import Consumer
from shared.runtime.session import Consuming
from shared.testing.service_in_process import ServiceInProcess
from shared.web.credentials import Credentials

START = 20_000 * DAY
NOW = Instant(START + 30 * DAY)
_LOOPS = (f"{GROUP}.consume", f"{GROUP}.aliases")
"""What works here is `given`'s own."""
_CREDENTIALS = Credentials("wk", "sk", "tl", "secret")


def day(number: float) -> Instant:
    """So many days after the start."""
    return Instant(START + int(number * DAY))


def event_id(message_id: str) -> str:
    """The id of what was sent under a message id."""
    return touchpoint_id("web", message_id)


def call(message_id: str, on_day: float, **given: Any) -> Emit:
    """A call as a door puts it on the log: a page view where nothing else is said. It arrives when it happens."""
    for free in ("properties", "traits", "context"):
        if free in given:
            given[free] = Raw(json.encode(given[free]))
    whole = CollectedTouchpoint(
        id=event_id(message_id), message_id=message_id, source="web", door="segment", timestamp=day(on_day),
        **{"received_at": day(on_day), "type": "page", "trusted": False, **given},
    )  # fmt: skip
    if whole.type == "alias":
        return _emit(topics.ALIASES_COLLECTED.name, whole.id, "alias.collected", whole)
    return _emit(topics.TOUCHPOINTS_COLLECTED.name, whole.id, "touchpoint.collected", whole)


def identify(message_id: str, on_day: float, email: str, **given: Any) -> Emit:
    """An identify call of a back end."""
    return call(message_id, on_day, type="identify", trusted=True, traits={"email": email}, **given)


def reject(message_id: str, on_day: float, **said: Any) -> Emit:
    """Something that a door refused."""
    body = json.encode({"messageId": message_id, **said}).decode()
    whole = RejectedTouchpoint(
        id=derived("rejected", "web", body), source="web", door="segment", received_at=day(on_day),
        codes=("missing_identifier",), reasons=("userId: is needed",), body=body,
    )  # fmt: skip
    return refused(whole)


def refused(whole: RejectedTouchpoint) -> Emit:
    """The same as a door puts it on the log."""
    return _emit(topics.TOUCHPOINTS_REJECTED.name, whole.id, "touchpoint.rejected", whole)


def deal(deal_id: str, on_day: float, email: str, account: AccountRef | None = None, **named: str) -> Emit:
    """A deal with one contact."""
    whole = CollectedDeal(
        event_id=derived("deal", deal_id), id=deal_id, version=1, source="crm", received_at=day(on_day), status="open",
        amount_minor=1, currency="EUR", created_at=day(on_day), occurred_at=day(on_day),
        contacts=(DealContact(email=email, **named),), account=account,
    )  # fmt: skip
    return _emit(topics.DEALS_COLLECTED.name, deal_id, "deal.collected", whole)


def staged(person_id: str, version: int, **entered: float) -> Emit:
    """What scoring says of a person: the stages and the day each was entered."""
    history = tuple(
        StageEntry(stage=stage, entered_at=day(on_day), cause_event_id=derived(stage), rule=stage)
        for stage, on_day in entered.items()
    )
    whole = LeadStageChanged(
        person_id=person_id, version=version, stage=history[-1].stage, phase="marketing", cycle=1, history=history,
        charter="default",
    )  # fmt: skip
    return _emit(topics.LEADS.name, f"{person_id} {version}", "lead.stage_changed", whole)


def handed(person_id: str, version: int, act: HandoffAct, on_day: float, first: str | None = None) -> Emit:
    """What hand-off says of a person, who was handed over as another one at `first`."""
    cause = first or person_id
    whole = HandoffActed(
        handoff_id=derived("handoff", cause), promotion_id=derived("promotion", cause), person_id=person_id,
        cycle=1, act=act, version=version, at=day(on_day), owner_id="kim",
    )  # fmt: skip
    return _emit(topics.HANDOFFS.name, f"{person_id} {version}", f"handoff.{act}", whole)


def _emit(topic: str, key: str, event_type: str, data: Struct) -> Emit:
    return Emit(topic, key, Event(derived(event_type, key), event_type, "doors", NOW, data))


class IngestService(ServiceInProcess):
    """The service as it is wired, without its doors: `given` publishes what they would."""

    def __init__(self, deployment: Deployment, log: Log) -> None:
        self._service = wiring.build(deployment, lambda: True)
        self._now = deployment.now
        super().__init__(self._service.api, log, self._service.database, self._member(log))

    def _member(self, log: Log) -> Consumer[Resolving]:
        consuming = Consuming(GROUP, TOPICS, HANDLERS, opening(DEFAULT_LIMITS, _CREDENTIALS.derived_key("suppression")))
        return Consumer(log, self._service.database, consuming, now=self._now)

    async def close(self) -> None:
        """Close the store and the log."""
        await super().close()
        await self._log.close()

    async def do(self, path: str, body: Mapping[str, Any], key: str = "tl", **headers: str) -> httpx.Response:
        """The answer to a POST."""
        async with self.client(key, **headers) as client:
            return await client.post(path, json=body)

    async def erase(self, person_id: str, key: str = "tl") -> httpx.Response:
        """The answer to a DELETE of a person."""
        async with self.client(key) as client:
            return await client.delete(f"/v1/people/{person_id}")

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Whatever comes is worked and sent, and time goes by, while the block runs."""
        stopping = asyncio.Event()
        parts = [part for name, part in self._service.worker if name not in _LOOPS]
        async with asyncio.TaskGroup() as running:
            for part in (*parts, self._consumer.run):
                running.create_task(part(stopping))
            yield
            stopping.set()
        self._consumer = self._member(self._log)

    async def finished(self, erasure_id: str) -> Any:
        """The receipt of an erasure once it is finished."""
        async with asyncio.timeout(60), self.working():
            while (receipt := await self.get(f"/v1/erasures/{erasure_id}"))["state"] != "finished":
                continue
        return receipt

    async def done(self, path: str, **body: Any) -> Any:
        """The JSON of an act's answer, which is a 200."""
        answer = await self.do(path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def found(self, **named: str) -> Sequence[Any]:
        """The people of an identifier."""
        items: Sequence[Any] = (await self.get("/v1/people", **named))["items"]
        return items

    async def rows(self, table: str) -> int:
        """How many rows a table has."""
        async with self._service.database.read() as reader:
            return int(await reader.scalar(select(func.count()).select_from(METADATA.tables[table])))

    async def contacts(self) -> Mapping[str, Sequence[str]]:
        """Who is on each deal: by its body, which its rows of contacts and its people agree with."""
        async with self._service.database.read() as reader:
            bodies = {row.id: json.decode(row.body) for row in await reader.rows(select(DEALS))}
            listed = [(row.deal_id, row.identifier) for row in await reader.rows(select(DEAL_CONTACTS))]
        found = {name: [f"email:{one['email']}" for one in body.get("contacts", ())] for name, body in bodies.items()}
        assert sorted(listed) == sorted((name, member) for name, members in found.items() for member in members)
        return found


@asynccontextmanager
async def opened(
    folder: Path,
    database: str | None = None,
    *,
    alone: bool = False,
    log: Log | None = None,
    now: Callable[[], Instant] = lambda: NOW,
) -> AsyncIterator[IngestService]:
    """A service on SQLite files in a folder or on a PostgreSQL; `alone`: its deployment has no other."""
    services: tuple[ServiceName, ...] = ("ingest",) if alone else SERVICES
    settings = Settings(data=folder, database=database, services=services)
    log = log or MemoryLog(now=lambda: NOW)
    service = IngestService(Deployment(settings, _CREDENTIALS, log, now), log)
    await service.start(wiring.MIGRATIONS)
    yield service
    await service.close()
