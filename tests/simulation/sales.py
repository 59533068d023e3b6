"""Hand-off's own surroundings: a CRM that takes webhooks and fails at times, and sales, who answer leads.

Both are met by a hand-off process as its parts, so each meeting may be the last thing that process does.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from msgspec import json
from sqlalchemy import func, select

from services.handoff import settings
from services.handoff import worker as handoff
from services.handoff.api import views
from services.handoff.domain.delivery import Outcome
from services.handoff.domain.lead import IN_HAND, Accepted, Act, Qualified, Rejected
from services.handoff.handlers.deliver import Deliver, Send
from services.handoff.handlers.handing import Handing
from services.handoff.handlers.publishing import Where
from services.handoff.ports import Answered, Endpoint
from services.handoff.store.deliveries import SqlDesk
from services.handoff.store.endpoint_commands import Show, SqlEndpointCommands
from services.handoff.store.ledger import open_ledger
from services.handoff.store.sealing import Seal
from services.handoff.store.tables import DELIVERIES, HANDOFFS
from shared.contracts.charter import Charter
from shared.db.engine import Database
from shared.db.work import Reader, Work
from shared.kernel.errors import Conflict, TryLater
from shared.kernel.ids import derived
from shared.kernel.instant import SECOND, Instant
from shared.kernel.keys import Key
from shared.runtime.command import perform
from shared.runtime.session import Consuming
from shared.runtime.tick import Ticker
from shared.testing.chaos import Chaos, step

_KEY = bytes(32)
_LEASE = 60 * SECOND
_FAILING = 0.2
_TICK_SECONDS = 0.1
_ANSWERS: tuple[Act, ...] = (Accepted(), Accepted(), Qualified(), Rejected("no-budget", "recycled"))
Now = Callable[[], Instant]
Part = Callable[[asyncio.Event], Coroutine[Any, Any, None]]


@dataclass
class Receiver:
    """A CRM: what it took, by webhook id, each as often as it came."""

    chaos: Chaos
    taken: dict[str, list[bytes]] = field(default_factory=dict)

    async def send(self, _url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Take a webhook; what is answered may be lost on the way."""
        await step()
        # One that fails by chance for ever would have the last retry wait for longer than anybody does.
        if self.chaos.random.random() < _FAILING and not self.chaos.calmed:
            return Outcome(500)
        self.taken.setdefault(headers["webhook-id"], []).append(body)
        await step()
        return Outcome(200)


class Sales:
    """Hand-off as the simulation runs it."""

    def __init__(self, charter: Charter) -> None:
        self._terms = settings.terms_of(charter)
        self._where = Where("http://handoff", "http://ingest", b"key")
        self._seal = Seal(_KEY, lambda count: bytes(count))
        self.consuming = Consuming(handoff.GROUP, handoff.TOPICS, handoff.HANDLERS, self.open_session)

    async def open_session(self, work: Work, keys: frozenset[Key], now: Instant) -> Handing:
        """The session of a batch, or of a command."""
        people, ledger = await open_ledger(work, keys, self._terms, now)
        return Handing(people, ledger, self._terms, self._where, now)

    async def prepare(self, database: Database) -> None:
        """Register the CRM's endpoint."""
        endpoint = Endpoint(derived("crm"), "https://crm.example", ("*",), None, "active", None, Instant(0))
        show = Show(views.keyed_body, views.delivery_id_body)
        await SqlEndpointCommands(database, self._seal, show, lambda: None).add(endpoint, _KEY, None)

    def parts(self, database: Database, receiver: Receiver, now: Now) -> list[Part]:
        """What a process runs beside its loop and its relay: deliveries, and sales at their desks."""

        async def answer(stopping: asyncio.Event) -> None:
            while not stopping.is_set():
                await receiver.chaos.pause(0.2)
                await self.answer_one(database, receiver.chaos.random, now)

        return [self.delivering(database, receiver.send, now), answer]

    def delivering(self, database: Database, send: Send, now: Now) -> Part:
        """Deliveries alone."""

        async def record(answered: Sequence[Answered]) -> None:
            people = {one.attempt.person_id for one in answered}
            keys = frozenset(Key("person", person) for person in people if person is not None)

            def take(session: Handing) -> None:
                for one in answered:
                    session.answered(one)

            await perform(database, self.open_session, keys, take, now=now, committed=lambda: None)

        desk = SqlDesk(database, self._seal, _LEASE)
        deliver = Deliver(desk, send, record, now=now, dice=lambda: 0.0)
        return Ticker("deliver", deliver.due, _TICK_SECONDS, now).run

    async def answer_one(self, database: Database, chance: Random, now: Now) -> None:
        """Take a lead from the list and accept it, find that there is something to sell, or give it back."""
        try:
            async with database.read() as reader:
                in_hand = select(HANDOFFS.c.id, HANDOFFS.c.person_id).where(HANDOFFS.c.status.in_(sorted(IN_HAND)))
                rows = await reader.rows(in_hand.order_by(HANDOFFS.c.id))
            if not rows:
                return
            chosen = chance.choice(rows)
            what = chance.choice(_ANSWERS)
            keys = frozenset({Key("person", chosen.person_id)})

            async def open_session(work: Work, keys: frozenset[Key], now: Instant) -> Handing:
                session = await self.open_session(work, keys, now)
                await session.locate(chosen.id)
                return session

            await perform(
                database, open_session, keys, lambda s: s.do(chosen.id, what), now=now, committed=lambda: None
            )
        except (TryLater, Conflict):
            return  # A colleague was faster, or the machine is not well.

    @staticmethod
    async def undelivered(reader: Reader) -> int:
        """How many webhooks have not arrived."""
        pending = select(func.count()).where(DELIVERIES.c.state == "pending")
        return int(await reader.scalar(pending))


_BRIEF = frozenset({"person", "account", "stage", "fit", "engagement", "reasons", "journey", "first_touch", "themes"})


def bodies_differ(taken: Mapping[str, list[bytes]]) -> list[str]:
    """The webhook ids under which different things came; what is told of the person may be told anew."""
    return [webhook for webhook, bodies in taken.items() if len(set(map(_settled_part, bodies))) != 1]


def _settled_part(body: bytes) -> bytes:
    message = json.decode(body)
    return json.encode(message | {"data": {key: said for key, said in message["data"].items() if key not in _BRIEF}})
