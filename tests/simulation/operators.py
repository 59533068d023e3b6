"""Operators at ingest's API: they merge, split, answer reviews and erase people while everything else goes on.

Each meets an ingest process as its part, so each order may be the last thing that process does; who got no answer
asks again with the same key. Leaves out what has to come of it (tests/reference).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import Any, NamedTuple

from msgspec import json
from sqlalchemy import Row, select

from services.ingest.api import acts, reviews
from services.ingest.ports import Order
from services.ingest.store.commands import Show, SqlIdentityCommands
from services.ingest.store.erasing import SqlErasing
from services.ingest.store.tables import CLAIMS, IDENTIFIERS, PEOPLE, REVIEWS
from shared.db.engine import Database
from shared.db.work import Reader
from shared.kernel.errors import Conflict, Erased, NotFound, Reject, TryLater
from shared.runtime.session import Open
from shared.web.idempotency import Act, Answer, fingerprint
from tests.simulation.erasing import erasures
from tests.simulation.sales import Now, Part

_PAUSE_SECONDS = 0.15
_ACTS = ("merge", "merge", "split", "split", "accept", "refuse")
_ERASING_TOO = (*_ACTS, "erase", "erase")
"""What there is to ask for, each as likely as it is often: a new act has its place here and in `_asking`."""
Pause = Callable[[float], Awaitable[None]]
Committed = Callable[[], None]


class Asked(NamedTuple):
    """What an operator asks for: of whom, and whom they are to be one with, or which event is wrong of them."""

    what: str
    whom: str
    other: str = ""


class _Desk(NamedTuple):
    """What an operator asks."""

    commands: SqlIdentityCommands
    erasures: SqlErasing


class Operator:
    """One operator: an order at a time, each until it was answered."""

    def __init__(self, name: str, orders: int, chance: Random, pause: Pause, *, erases: bool = False) -> None:
        self.name = name
        self.done: dict[str, Sequence[str] | None] = {}
        """The ids of the acts that came of each order: empty where it was refused, None where it was one, not told."""
        self._orders = orders
        self._acts = _ERASING_TOO if erases else _ACTS
        self._chance = chance
        self._pause = pause
        self._asked: Asked | None = None

    @property
    def waiting(self) -> int:
        """How many orders are still to be answered."""
        return self._orders - len(self.done)

    def part(self, database: Database, open_session: Open[Any], now: Now, committed: Committed) -> Part:
        """What a process runs beside its loop and its relay: until all orders are answered."""
        show = Show(acts.outcome_body, reviews.review_body)
        commands = SqlIdentityCommands(database, open_session, show, now=now, committed=committed)
        desk = _Desk(commands, erasures(database, now, committed))

        async def work(stopping: asyncio.Event) -> None:
            while self.waiting and not stopping.is_set():
                await self._pause(_PAUSE_SECONDS)
                if self._asked is None:
                    async with database.read() as reader:
                        self._asked = await self._choose(reader)
                if self._asked is not None:
                    await self._ask(desk, self._asked)

        return work

    async def _ask(self, desk: _Desk, asked: Asked) -> None:
        key = f"{self.name} {len(self.done)}"
        try:
            answer = await self._asking(desk, asked, Order(key), Act(key, fingerprint("POST", str(asked), b"")))
        except TryLater:
            return  # The machine is not well: once more, later.
        except (Conflict, Erased, NotFound, Reject):
            self.done[key] = ()
        else:
            # The answer to a review tells the review alone, and an erasure is no decision on who is who.
            self.done[key] = () if asked.what == "erase" else json.decode(answer.body).get("act_ids")
        self._asked = None

    def _asking(self, desk: _Desk, asked: Asked, order: Order, act: Act) -> Awaitable[Answer]:
        commands = desk.commands
        if asked.what == "erase":
            return desk.erasures.erase(asked.whom)
        if asked.what == "merge":
            return commands.merge(asked.whom, asked.other, order, act)
        if asked.what == "split":
            return commands.split(asked.whom, asked.other, order, act)
        return commands.answer(asked.whom, "accept" if asked.what == "accept" else "refuse", order, act)

    async def _choose(self, reader: Reader) -> Asked | None:
        """Something to do with what is known now; None where there is nothing yet."""
        what = self._chance.choice(self._acts)
        if what == "erase":
            ids = await reader.rows(select(PEOPLE.c.id).order_by(PEOPLE.c.id))
            return Asked(what, self._chance.choice(ids).id) if ids else None
        if what == "merge":
            people = await reader.rows(select(PEOPLE.c.id).where(PEOPLE.c.into_id.is_(None)).order_by(PEOPLE.c.id))
            if len(people) < 2:
                return None
            one, other = self._chance.sample(people, 2)
            return Asked(what, one.id, other.id)
        if what == "split":
            return await self._wrong(reader)
        listed = await reader.rows(select(REVIEWS.c.id).order_by(REVIEWS.c.id))
        return Asked(what, self._chance.choice(listed).id) if listed else None

    async def _wrong(self, reader: Reader) -> Asked | None:
        """A claim to be withdrawn, of an event, a deal or another operator."""
        claims = await reader.rows(select(CLAIMS.c.event_id, CLAIMS.c.identifiers).order_by(CLAIMS.c.id))
        joining = [(row.event_id, named) for row in claims if len(named := json.decode(row.identifiers)) > 1]
        if not joining:
            return None
        event_id, named = self._chance.choice(joining)
        holder: Row[Any] | None = await reader.first(select(IDENTIFIERS.c.person).where(IDENTIFIERS.c.id == named[0]))
        return None if holder is None else Asked("split", holder.person, event_id)
