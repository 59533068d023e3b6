"""Attribution on a log in memory: tell it what happened, let the loop work until nothing is left, ask its API."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from services.attribution import wiring
from services.attribution.settings import AttributionSettings
from services.attribution.store.converting import Converting
from services.attribution.store.leads import DerivingLeads
from services.attribution.store.tables import CREDITS, JOURNEYS
from services.attribution.worker import TOPICS
from services.deployment import Deployment, Service, Settings
from shared.contracts import topics
from shared.contracts.deals import Deal, DealPerson
from shared.contracts.envelope import Emit, Event
from shared.contracts.spend import CollectedSpend
from shared.contracts.touchpoints import AccountRef, PersonIdentified, PersonMerged, PersonSplit, Touchpoint
from shared.db.migrate import migrate
from shared.db.outbox import outgoing
from shared.kernel.ids import derived, touchpoint_id
from shared.kernel.instant import DAY, Instant
from shared.log.memory import MemoryLog
from shared.runtime.consume import Consumer
from shared.web.credentials import Credentials

START = 1_767_571_200_000
"""2026-01-05T00:00:00Z: day 0 of every story."""
NOW = Instant(START + 400 * DAY)
_KEYS = Credentials(write_key="wk_1", server_key="sk_1", admin_token="tl_1", secret="s")
_TOPICS = {topic.name: 4 for topic in TOPICS}
Json = dict[str, Any]


def person(name: str) -> str:
    """The id of somebody."""
    return derived("person", name)


def touch(
    name: str, day: float, who: str | None = "ana", *, channel: str = "chat", kind: str = "chat", **more: Any
) -> Emit:
    """A touch of Ana's in its first revision, unless told otherwise."""
    data = Touchpoint(
        id=touchpoint_id("web", name),
        occurred_at=round(START + day * DAY),
        person_id=None if who is None else person(who),
        channel=channel,
        kind=kind,
        **{
            "revision": 1,
            "door": "segment",
            "source": "web",
            "received_at": NOW,
            "type": "track",
            "name": kind,
            "direction": "inbound",
            "department": "sales" if channel == "phone" else "marketing",
            **more,
        },
    )
    event_id = derived("touchpoint", data.id, str(data.revision))
    return Emit(topics.TOUCHPOINTS.name, data.person_id or data.id, Event(event_id, "touchpoint", "ingest", NOW, data))


def merged(who: str, into: str, version: int = 1) -> Emit:
    """Somebody is somebody else."""
    data = PersonMerged(from_id=person(who), into_id=person(into), version=version, at=NOW)
    event = Event(derived("alias", data.from_id, str(version)), "person.merged", "ingest", NOW, data)
    return Emit(topics.TOUCHPOINTS.name, data.from_id, event)


def split(who: str, version: int = 2) -> Emit:
    """Somebody is themselves again."""
    data = PersonSplit(person_id=person(who), version=version, at=NOW)
    event = Event(derived("alias", data.person_id, str(version)), "person.split", "ingest", NOW, data)
    return Emit(topics.TOUCHPOINTS.name, data.person_id, event)


def card(who: str, *accounts: str, version: int = 1, **traits: Any) -> Emit:
    """Somebody belongs to these accounts, and has these traits."""
    refs = tuple(AccountRef(id=account, domain=f"{account}.example") for account in accounts)
    data = PersonIdentified(person_id=person(who), version=version, first_seen_at=START, accounts=refs, traits=traits)
    event = Event(derived("card", data.person_id, str(version)), "person.identified", "ingest", NOW, data)
    return Emit(topics.TOUCHPOINTS.name, data.person_id, event)


def deal(
    name: str = "d-1",
    *people: str,
    closed: float | None = 100,
    version: int = 1,
    account: str | None = None,
    account_name: str | None = None,
    role: str | None = "buyer",
    **more: Any,
) -> Emit:
    """A deal of Ana's won on day 100 for 100.00 EUR, unless told otherwise."""
    data = Deal(
        id=name,
        version=version,
        closed_at=None if closed is None else round(START + closed * DAY),
        account=None if account is None else AccountRef(id=account, name=account_name),
        **{
            "revision": 1,
            "status": "open" if closed is None else "won",
            "people": tuple(DealPerson(person_id=person(who), role=role) for who in people or ("ana",)),
            "amount_minor": 100_00,
            "currency": "EUR",
            "created_at": START + DAY,
            "occurred_at": START + 100 * DAY + version,
            **more,
        },
    )
    event_id = derived("deal", name, str(version), str(data.revision))
    return Emit(topics.DEALS.name, name, Event(event_id, "deal", "ingest", NOW, data))


def spent(channel: str, amount_minor: int, day: int = 0, *, campaign: str | None = None, **more: Any) -> Emit:
    """What a day of a channel cost in EUR, as our own source says in its first version, unless told otherwise."""
    told = {"version": 1, "source": "web", "currency": "EUR", "received_at": NOW, **more}
    spend_id = derived("spend", told["source"], channel, campaign or "", str(day))
    event_id = derived("spend version", spend_id, str(told["version"]), str(amount_minor))
    data = CollectedSpend(
        event_id=event_id,
        id=spend_id,
        channel=channel,
        campaign=campaign,
        day=START + day * DAY,
        amount_minor=amount_minor,
        **told,
    )
    return Emit(topics.SPEND_COLLECTED.name, data.id, Event(event_id, "spend.collected", "ingest", NOW, data))


class Scene:
    """One service with one worker."""

    def __init__(self, service: Service, log: MemoryLog, settings: AttributionSettings) -> None:
        rules = wiring.rules_in_force(settings)
        self.database = service.database
        self.converting = Converting(service.database, rules.rates, rules.currency)
        self.leads = DerivingLeads(service.database, rules)
        self._service = service
        self.settings = settings
        self._log = log
        self._consumer = Consumer(log, service.database, wiring.consuming(rules), now=lambda: NOW)
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(service.api), base_url="http://attribution", auth=("tl_1", "")
        )

    def beside(self) -> "Scene":
        """The same service with another worker."""
        return Scene(self._service, self._log, self.settings)

    async def tell(self, *events: Emit) -> None:
        """All of this happened; returns when it is worked."""
        await self.publish(*events)
        while await self.turn(0) or await self.leads.due(NOW):
            pass

    async def publish(self, *events: Emit) -> None:
        """All of this happened."""
        await self._log.publish([outgoing(event) for event in events])

    async def turn(self, wait_ms: int) -> int:
        """Have the worker take one batch; answers how many records it held."""
        return await self._consumer.turn(wait_ms)

    async def ask(self, path: str, **query: str) -> httpx.Response:
        """The answer to a GET."""
        return await self._client.get(path, params=query or None)

    async def post(self, path: str) -> httpx.Response:
        """The answer to a POST that says all in its path."""
        return await self._client.post(path)

    async def get(self, path: str, **query: str) -> Json:
        """The content of an answer that has to be good."""
        answer = await self.ask(path, **query)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def earned(self, deal_id: str = "d-1", model: str = "first_last") -> dict[str, int]:
        """What each channel earned of a deal."""
        found: dict[str, int] = {}
        for credit in (await self.get(f"/v1/deals/{deal_id}/credits", model=model))["credits"]:
            found[credit["channel"]] = found.get(credit["channel"], 0) + credit["amount_minor"]
        return found

    async def derived(self) -> list[tuple[object, ...]]:
        """What is stored of every deal: its journey, and each of its credits."""
        async with self._service.database.read() as reader:
            journeys = await reader.rows(select(JOURNEYS).order_by(JOURNEYS.c.deal_id))
            credited = await reader.rows(select(CREDITS).order_by(CREDITS.c.deal_id, CREDITS.c.model, CREDITS.c.n))
        return [tuple(row) for row in (*journeys, *credited)]

    async def report(self, **query: str) -> Mapping[str | tuple[str, ...], int]:
        """What each row of the agreed model's report earned."""
        rows = (await self.get("/v1/attribution", **query))["models"]["first_last"]["rows"]
        return {key if isinstance(key := row["key"], str) else tuple(key): row["amount_minor"] for row in rows}


def _file(data: Path, rates: str) -> Path:
    path = data / "rates.csv"
    path.write_text(f"day,currency,rate\n{rates}\n")
    return path


@asynccontextmanager
async def scene(data: Path, url: str | None = None, rates: str = "") -> AsyncIterator[Scene]:
    """A service on a store of its own: PostgreSQL at a URL, else SQLite in a folder. `rates`: rows of CSV."""
    log = MemoryLog(now=lambda: NOW)
    await log.start(_TOPICS)
    settings = AttributionSettings(rates=_file(data, rates) if rates else None)
    deployment = Deployment(Settings(data=data, database=url), _KEYS, log, lambda: NOW)
    service = wiring.build(deployment, lambda: True, settings)
    try:
        await migrate(service.database, service.migrations)
        yield Scene(service, log, settings)
    finally:
        await service.database.close()
