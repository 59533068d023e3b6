"""Scoring in process: what reaches it over a log in memory, and what its API then says."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from msgspec import Struct

from services.deployment import Deployment, Settings
from services.scoring import wiring
from services.scoring.handlers.scoring import Scoring
from services.scoring.settings import rules_of
from services.scoring.store.ledger import open_ledger
from services.scoring.worker import GROUP, HANDLERS, TOPICS
from shared.contracts import charter_text, topics
from shared.contracts.deals import Deal, DealPerson
from shared.contracts.envelope import Emit, Event
from shared.contracts.handoffs import HandoffActed
from shared.contracts.records import Outgoing
from shared.contracts.touchpoints import PersonIdentified, PersonMerged, PersonSplit, Touchpoint
from shared.db import outbox
from shared.db.migrate import migrate
from shared.db.work import Work
from shared.kernel.ids import derived
from shared.kernel.instant import DAY, Instant
from shared.kernel.keys import Key
from shared.log.memory import MemoryLog
from shared.runtime.consume import Consumer
from shared.runtime.session import Consuming
from shared.web.credentials import Credentials

START = 20_000 * DAY
NOW = Instant(START + 30 * DAY)
_RULES = rules_of(charter_text.default())
_CREDENTIALS = Credentials("wk", "sk", "tl", "secret")


def day(number: float) -> Instant:
    """So many days after the start."""
    return Instant(START + int(number * DAY))


def who(name: str) -> str:
    """The id of a person."""
    return derived("test person", name)


def touch(name: str, kind: str, on_day: float, **given: Any) -> Emit:
    """Somebody did something; the event's id is made of name, kind and day."""
    touchpoint_id = derived(name, kind, str(on_day))
    defaults: dict[str, Any] = {
        "revision": 1, "channel": "direct", "direction": "inbound", "department": "marketing", "person_id": who(name),
    }  # fmt: skip
    whole = Touchpoint(
        id=touchpoint_id, door="segment", source="web", occurred_at=day(on_day), received_at=day(on_day), type="track",
        kind=kind, name=kind, **{**defaults, **given},
    )  # fmt: skip
    return _emit(topics.TOUCHPOINTS.name, who(name), "touchpoint", whole)


def card(name: str, on_day: float = 0, version: int = 1, **given: Any) -> Emit:
    """Somebody is known by an address since a day."""
    defaults: dict[str, Any] = {"emails": (f"{name}@acme.example",), "known_since": day(on_day), "known_by": who("id")}
    whole = PersonIdentified(
        person_id=who(name), version=version, first_seen_at=day(on_day), **{**defaults, **given}
    )  # fmt: skip
    return _emit(topics.TOUCHPOINTS.name, who(name), "person.identified", whole)


def merged(name: str, into: str) -> Emit:
    """Two people turned out to be one."""
    whole = PersonMerged(from_id=who(name), into_id=who(into), version=1, at=NOW)
    return _emit(topics.TOUCHPOINTS.name, who(name), "person.merged", whole)


def split(name: str) -> Emit:
    """Somebody is themselves again."""
    whole = PersonSplit(person_id=who(name), version=2, at=NOW)
    return _emit(topics.TOUCHPOINTS.name, who(name), "person.split", whole)


def accepted(name: str, cause: str, on_day: float) -> Emit:
    """Sales accepted the lead that was handed over because of a touch."""
    whole = HandoffActed(
        handoff_id=derived("handoff", name), promotion_id=derived("promotion", cause), person_id=who(name), cycle=1,
        act="accepted", version=2, at=day(on_day),
    )  # fmt: skip
    return _emit(topics.HANDOFFS.name, who(name), "handoff.accepted", whole)


def won(name: str, on_day: float) -> Emit:
    """A deal with somebody on it was opened and won a day later."""
    whole = Deal(
        id=f"deal of {name}", version=1, revision=1, status="won", amount_minor=1, currency="EUR",
        created_at=day(on_day), occurred_at=day(on_day), closed_at=day(on_day + 1),
        people=(DealPerson(person_id=who(name)),),
    )  # fmt: skip
    return _emit(topics.DEALS.name, whole.id, "deal", whole)


def _emit(topic: str, key: str, event_type: str, data: Struct) -> Emit:
    event_id = derived(event_type, key, str(data))
    return Emit(topic, key, Event(event_id, event_type, "test", NOW, data))


class ScoringService:
    """The service as it is wired; `given` publishes events and works them."""

    def __init__(self, deployment: Deployment) -> None:
        self._service = wiring.build(deployment, lambda: True)
        self._log = deployment.log
        self.database = self._service.database
        consuming = Consuming(GROUP, TOPICS, HANDLERS, _open)
        self._consumer = Consumer(deployment.log, self._service.database, consuming, now=deployment.now)

    async def start(self) -> None:
        await self._log.start({topic.name: 1 for topic in topics.TOPICS})
        await migrate(self._service.database, self._service.migrations)

    async def close(self) -> None:
        await self._service.database.close()

    async def given(self, *emits: Emit) -> None:
        """These events were published, and scoring took them one batch after the other."""
        await self.given_records(*(outbox.outgoing(emit) for emit in emits))

    async def given_records(self, *records: Outgoing) -> None:
        """The same of records as they lie on the log."""
        await self._log.publish(records)
        while await self._consumer.turn(0):
            continue

    async def ask(self, path: str, key: str = "tl", **query: Any) -> httpx.Response:
        """The answer to a GET."""
        transport = httpx.ASGITransport(self._service.api)
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://scoring", headers=headers) as client:
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


async def _open(work: Work, keys: frozenset[Key], now: Instant) -> Scoring:
    people, ledger = await open_ledger(work, keys)
    return Scoring(people, ledger, _RULES, now)


@asynccontextmanager
async def opened(folder: Path, database: str | None = None) -> AsyncIterator[ScoringService]:
    """A service of its own, on SQLite files in a folder or on a PostgreSQL."""
    settings = Settings(data=folder, database=database)
    service = ScoringService(Deployment(settings, _CREDENTIALS, MemoryLog(now=lambda: NOW), lambda: NOW))
    await service.start()
    yield service
    await service.close()
