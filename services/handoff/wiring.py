"""Puts hand-off together: its store, its session, its client, its routes, its parts."""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from services.deployment import Deployment, Service, log_check, store_check
from services.handoff.api import answers, endpoints, handoffs, owners, sla, views
from services.handoff.api.endpoints import Edge
from services.handoff.clients.webhook import WebhookClient
from services.handoff.domain.delivery import Outcome, parse_schedule
from services.handoff.handlers import counting
from services.handoff.handlers.breach import Breach
from services.handoff.handlers.deliver import Deliver
from services.handoff.handlers.handing import Handing
from services.handoff.handlers.publishing import ACCEPT, QUALIFIED, Where
from services.handoff.ports import Answered, Attempt, Desk
from services.handoff.settings import terms_of
from services.handoff.store.commands import SqlCommands
from services.handoff.store.deliveries import SqlDesk, underway
from services.handoff.store.endpoint_commands import Show, SqlEndpointCommands
from services.handoff.store.endpoints import SqlEndpoints
from services.handoff.store.export import sections
from services.handoff.store.ledger import open_ledger
from services.handoff.store.owners import SqlTeam
from services.handoff.store.reading import SqlReading, breaches_due, clocks
from services.handoff.store.sealing import Seal
from services.handoff.worker import GROUP, HANDLERS, TOPICS
from shared.contracts import charter_text
from shared.db.erased import uncleaned_count
from shared.db.export import Exporter
from shared.db.work import Reader, Work
from shared.kernel.instant import SECOND, Instant
from shared.kernel.keys import Key
from shared.observe.lag import Lag
from shared.observe.metrics import Metrics
from shared.runtime import crash_points
from shared.runtime.cleaning import cleaning
from shared.runtime.command import perform
from shared.runtime.consume import Consumer
from shared.runtime.inbox import forgetting
from shared.runtime.lag import lag
from shared.runtime.relay import Relay
from shared.runtime.session import Consuming
from shared.runtime.tick import Ticker
from shared.web import export, ids
from shared.web.app import build_app
from shared.web.auth import Tokens
from shared.web.health import Health

MIGRATIONS = Path(__file__).parent / "store" / "migrations"
DELIVER_SECONDS = 0.2
"""How often it is looked for retries that have fallen due; what was just committed wakes the ticker at once."""
BREACH_SECONDS = 1.0
_KEY_BYTES = 24
_SIDES = 2**32
R = TypeVar("R")


def build(deployment: Deployment, alive: Callable[[], bool]) -> Service:
    """The service, on the log and the store of a deployment; `alive` asks whether the process is well."""
    return assemble(Parts(deployment), deployment, alive)


def assemble(parts: "Parts", deployment: Deployment, alive: Callable[[], bool]) -> Service:
    """The service of these parts."""
    database = parts.database
    checks = {**log_check(deployment, TOPICS[0]), **store_check(database, MIGRATIONS)}
    health = Health(parts.metrics, parts.how_far, alive, checks, deployment.settings.metrics_open)
    tokens = Tokens.of(deployment.credentials)
    reading, team = SqlReading(database), SqlTeam(database, parts.terms)
    commands = SqlCommands(
        database, parts.open_session, views.handoff_body, now=deployment.now, committed=parts.committed
    )
    show = Show(views.keyed_body, views.delivery_id_body)
    asked = SqlEndpointCommands(database, parts.seal, show, parts.committed)
    edge = Edge(deployment.now, ids.draw_message_id, lambda: secrets.token_bytes(_KEY_BYTES), parts.client.check)
    routers = [
        handoffs.router(reading, commands.act, parts.terms.reasons, deployment.now),
        endpoints.router(SqlEndpoints(database, parts.committed), asked, reading, edge),
        answers.router(answers.Desk(parts.link_key, deployment.now, commands.act, parts.terms.reasons)),
        owners.router(team, parts.terms, deployment.now),
        sla.router(reading, team, parts.terms, deployment.now),
        export.router("handoff", Exporter(database, sections).export),
    ]
    return Service(
        name="handoff",
        database=database,
        migrations=MIGRATIONS,
        metrics=parts.metrics,
        api=build_app("handoff", routers, tokens, health),
        health=build_app("handoff worker", [], tokens, health),
        worker=[
            ("handoff.consume", parts.consumer.run),
            ("handoff.relay", parts.relay.run),
            ("handoff.forget", forgetting(deployment.log, database, GROUP, TOPICS, deployment.now).run),
            ("handoff.deliver", parts.send),
            ("handoff.breach", parts.watch),
            ("handoff.clean", cleaning(database, deployment.now).run),
        ],
    )


class Parts:
    """What hand-off is made of, each part once."""

    def __init__(self, deployment: Deployment) -> None:
        settings, now = deployment.settings, deployment.now
        self._log = deployment.log
        self._now = now
        self.database = deployment.open_database("handoff")
        self.terms = terms_of(charter_text.default(), parse_schedule(settings.webhook_schedule))
        self.seal = Seal(deployment.credentials.derived_key("endpoint secrets"), secrets.token_bytes)
        self.client = WebhookClient(settings.webhook_networks)
        self.metrics = Metrics()
        self.relay = Relay(self._log, self.database, now=now, metrics=self.metrics)
        self.link_key = deployment.credentials.derived_key("answer links")
        self._where = Where(settings.public_url("handoff"), settings.public_url("ingest"), self.link_key)
        self.desk = CrashingDesk(SqlDesk(self.database, self.seal, round(settings.webhook_lease * SECOND)))
        self.deliver = Deliver(self.desk, self._send, self.record, now=now, dice=_dice, freed=self._wake)
        self._sending = Ticker("deliver", self.deliver.due, DELIVER_SECONDS, now)
        self.breach = Breach(self._breaches_due, self._in_session)
        self._breaching = Ticker("breach", self.breach.due, BREACH_SECONDS, now)
        consuming = Consuming(GROUP, TOPICS, HANDLERS, self.open_session)
        self.consumer = Consumer(
            self._log, self.database, consuming, now=now, left=self.committed, metrics=self.metrics
        )

    async def open_session(self, work: Work, keys: frozenset[Key], now: Instant) -> Handing:
        """The session of a batch, or of a command."""
        people, ledger = await open_ledger(work, keys, self.terms, now)
        return Handing(people, ledger, self.terms, self._where, now)

    async def how_far(self) -> Lag:
        """What the whole group has before it."""
        return await lag(
            self._log,
            self.database,
            GROUP,
            tuple(topic.name for topic in TOPICS),
            undone=self._undone,
            sending=lambda reader: underway(reader, self._now()),
        )

    async def _undone(self, reader: Reader) -> int:
        running, overdue = await clocks(reader, self._now())
        self.metrics.sla_clocks.labels(ACCEPT, "running").set(running)
        self.metrics.sla_clocks.labels(ACCEPT, "overdue").set(overdue)
        return overdue + await uncleaned_count(reader)

    def committed(self) -> None:
        """Something has to be published, or delivered; what is delivered alone waits for the ticker's next turn."""
        self.relay.wake()
        self._wake()

    async def send(self, stopping: asyncio.Event) -> None:
        """Deliver until told to stop; what is under way then is brought to its end."""
        try:
            await self._sending.run(stopping)
            await self.deliver.finish()
        finally:
            await self.client.aclose()

    async def watch(self, stopping: asyncio.Event) -> None:
        """Say which promises were broken, until told to stop."""
        await self._breaching.run(stopping)

    def _wake(self) -> None:
        self._sending.wake()

    async def _send(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        outcome = await self.client.send(url, headers, body)
        crash_points.reach("after_send")
        return outcome

    async def record(self, answered: Sequence[Answered]) -> None:
        """Keep what attempts met; only what delivers a hand-off touches more than its own delivery."""
        delivering = (one.attempt for one in answered if one.attempt.type == QUALIFIED and one.outcome.succeeded)
        people = {attempt.person_id for attempt in delivering if attempt.person_id is not None}

        def take(session: Handing) -> Handing:
            for one in answered:
                session.answered(one)
            return session

        keys = frozenset(Key("person", person_id) for person_id in people)
        session = await self._in_session(keys, take, committed=self.relay.wake)
        counting.answered(self.metrics, answered)
        counting.delivered(self.metrics, session.delivered_after)

    async def _breaches_due(self, now: Instant, limit: int) -> Sequence[tuple[str, str]]:
        async with self.database.read() as reader:
            return await breaches_due(reader, now, limit)

    async def _in_session(
        self, keys: frozenset[Key], act: Callable[[Handing], R], committed: Callable[[], None] | None = None
    ) -> R:
        told = committed or self.committed
        return await perform(self.database, self.open_session, keys, act, now=self._now, committed=told)


class CrashingDesk:
    """A desk at which a process can be told to die between its claim and its calls."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def due(self, now: Instant) -> Sequence[str]:
        """The endpoints that have deliveries due."""
        return await self._desk.due(now)

    async def claim(self, room: Mapping[str, int], now: Instant) -> Sequence[Attempt]:
        """Claim deliveries."""
        attempts = await self._desk.claim(room, now)
        if attempts:
            crash_points.reach("after_claim")
        return attempts


def _dice() -> float:
    return secrets.randbelow(_SIDES) / (_SIDES - 1) * 2 - 1
