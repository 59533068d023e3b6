"""Scoring in process: what reaches it over a log in memory, and what its API then says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf
from pathlib import Path
from typing import Any

from msgspec import Struct

from services.deployment import Deployment, Settings
from services.scoring import wiring
from services.scoring.handlers.scoring import Scoring
from services.scoring.settings import rules_of
from services.scoring.store.ledger import open_ledger
from services.scoring.store.owed import Folding
from services.scoring.worker import GROUP, HANDLERS, TOPICS
from shared.contracts import charter_text, topics
from shared.contracts.deals import Deal, DealPerson, DealStatus
from shared.contracts.envelope import Emit, Event
from shared.contracts.handoffs import HandoffAct, HandoffActed
from shared.contracts.records import Outgoing
from shared.contracts.touchpoints import PersonIdentified, PersonMerged, PersonSplit, Touchpoint
from shared.db.work import Work
from shared.kernel.ids import derived
from shared.kernel.instant import DAY, Instant
from shared.kernel.keys import Key
from shared.log.memory import MemoryLog
from shared.runtime.consume import Consumer
from shared.runtime.session import Consuming, Open
from shared.testing.service_in_process import ServiceInProcess
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


def acted(name: str, act: HandoffAct, version: int, on_day: float, owner: str, reason: str | None = None) -> Emit:
    """What became of the hand-off of somebody who asked for a demo on day 1, and whose it was then."""
    whole = HandoffActed(
        handoff_id=derived("handoff", name), promotion_id=derived("promotion", derived(name, "demo_requested", "1")),
        person_id=who(name), cycle=1, act=act, version=version, at=day(on_day), owner_id=owner, reason=reason,
    )  # fmt: skip
    return _emit(topics.HANDOFFS.name, who(name), f"handoff.{act}", whole)


def won(name: str, on_day: float) -> Emit:
    """A deal with somebody on it was opened and won a day later."""
    return deal(name, "won", 1, on_day, on_day, closed_on=on_day + 1)


def deal(
    name: str, status: DealStatus, version: int, created_on: float, on_day: float, closed_on: float | None = None
) -> Emit:
    """What was said of a deal with somebody on it, on a day."""
    whole = Deal(
        id=f"deal of {name}", version=version, revision=1, status=status, amount_minor=1, currency="EUR",
        created_at=day(created_on), occurred_at=day(on_day), closed_at=None if closed_on is None else day(closed_on),
        people=(DealPerson(person_id=who(name)),),
    )  # fmt: skip
    return _emit(topics.DEALS.name, whole.id, "deal", whole)


def _emit(topic: str, key: str, event_type: str, data: Struct) -> Emit:
    event_id = derived(event_type, key, str(data))
    return Emit(topic, key, Event(event_id, event_type, "test", NOW, data))


class ScoringService(ServiceInProcess):
    """The service as it is wired, but that a past of more facts than `long` is folded when a test says so."""

    def __init__(self, deployment: Deployment, log: MemoryLog, long: float) -> None:
        service = wiring.build(deployment, lambda: True)
        open_session = _opening(long)
        consumer = Consumer(log, service.database, Consuming(GROUP, TOPICS, HANDLERS, open_session), now=deployment.now)
        self.database = service.database
        self.folding = Folding(service.database, open_session, now=deployment.now, committed=lambda: None)
        super().__init__(service.api, log, service.database, consumer)

    async def given_records(self, *records: Outgoing) -> None:
        """Records as they lie on the log were published, and worked."""
        await self._log.publish(records)
        while await self._consumer.turn(0):
            continue


def _opening(long: float) -> Open[Scoring]:
    async def open_session(work: Work, keys: frozenset[Key], now: Instant) -> Scoring:
        people, ledger = await open_ledger(work, keys)
        return Scoring(people, ledger, _RULES, now, long)

    return open_session


CONSUMING = Consuming(GROUP, TOPICS, HANDLERS, _opening(inf))
"""What a worker is told of scoring."""


@asynccontextmanager
async def opened(folder: Path, database: str | None = None, long: float = inf) -> AsyncIterator[ScoringService]:
    """A service of its own, on SQLite files in a folder or on a PostgreSQL."""
    settings = Settings(data=folder, database=database)
    log = MemoryLog(now=lambda: NOW)
    service = ScoringService(Deployment(settings, _CREDENTIALS, log, lambda: NOW), log, long)
    await service.start(wiring.MIGRATIONS)
    yield service
    await service.close()
