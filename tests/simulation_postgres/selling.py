"""What hand-off meets in two processes: a CRM that keeps what it takes in a schema of its own, and sales.

Everybody is handed over in the middle of the stories, so of what happens some is before it and some after.
"""

from collections.abc import Mapping
from random import Random
from time import monotonic

from msgspec import json
from sqlalchemy import select

from services.handoff import worker as handoff
from services.handoff.domain.delivery import Outcome
from services.handoff.domain.lead import OPEN
from services.handoff.handlers.handing import Handing
from services.handoff.store.tables import HANDOFFS
from services.ingest.api import acts, reviews
from services.ingest.ports import Order
from services.ingest.store.commands import Show, SqlIdentityCommands
from services.ingest.store.session import open_resolving
from shared.contracts import charter_text
from shared.contracts.charter import Charter, Owner
from shared.db.engine import Database
from shared.db.work import Reader, Work
from shared.kernel.errors import Conflict, NotFound, Reject, TryLater
from shared.kernel.instant import SECOND, Instant
from shared.kernel.keys import Key
from shared.runtime import crash_points
from shared.runtime.session import Consuming
from tests.simulation.sales import Part, Sales
from tests.simulation_postgres.pauses import NOW, pause
from tests.simulation_postgres.process import Orders

_HANDED_AT = Instant(NOW - 995 * SECOND)
_OWNERS = ("ann", "ben", "cem")
_HASTE = 100
"""So much faster the clock goes by which webhooks are sent and sales answers: leases and waits are soon over."""
_REFUSED = 0.2
_DESK_SECONDS = 0.2
_CONFUSED = 8
"""So many leads are answered before two are taken for one person."""
_MISTAKEN = 0.5
_MAKE = (
    "CREATE SCHEMA crm",
    "CREATE TABLE crm.came (webhook_id text, status int, body bytea)",
)
_TRIED = "SELECT count(*) FROM crm.came WHERE webhook_id = :webhook_id"
_CAME = "INSERT INTO crm.came VALUES (:webhook_id, :status, :body)"
_TAKEN = "SELECT webhook_id, body FROM crm.came WHERE status = 200"


def _charter() -> Charter:
    """The default charter, with a team that takes turns."""
    charter = charter_text.default()
    team = tuple(Owner(id=name, name=name) for name in _OWNERS)
    return charter.model_copy(update={"routing": charter.routing.model_copy(update={"owners": team})})


_SALES = Sales(_charter())


async def _open_handing(work: Work, keys: frozenset[Key], _now: Instant) -> Handing:
    return await _SALES.open_session(work, keys, _HANDED_AT)


HANDING = Consuming(handoff.GROUP, handoff.TOPICS, handoff.HANDLERS, _open_handing)


def clock() -> Instant:
    """An instant after all stories; it goes by, the same for all processes."""
    return Instant(NOW + round(monotonic() * SECOND * _HASTE))


class Crm:
    """A CRM that refuses some webhooks when they come first. Who sends may die before it hears the answer."""

    def __init__(self, database: Database, chance: Random) -> None:
        self._database = database
        self._chance = chance

    async def send(self, _url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Take a webhook, or refuse it."""
        webhook_id = headers["webhook-id"]
        async with self._database.work() as work:
            tried = await work.scalar(_TRIED, webhook_id=webhook_id)
            status = 200 if tried or self._chance.random() >= _REFUSED else 500
            await work.execute(_CAME, webhook_id=webhook_id, status=status, body=body)
        crash_points.reach("after_send")
        return Outcome(status)


async def prepare(database: Database) -> None:
    """Make the CRM, and register its endpoint."""
    async with database.work() as work:
        for statement in _MAKE:
            await work.execute(statement)
    await _SALES.prepare(database)


def delivering(database: Database, orders: Orders) -> Part:
    """What a process of hand-off runs beside its loop and its relay."""
    return _SALES.delivering(database, Crm(database, orders.chance).send, clock)


async def taken(reader: Reader) -> dict[str, list[bytes]]:
    """What the CRM took, by webhook id, each as often as it came."""
    found: dict[str, list[bytes]] = {}
    for row in await reader.rows(_TAKEN):
        found.setdefault(row.webhook_id, []).append(row.body)
    return found


async def undelivered(reader: Reader) -> int:
    """How many webhooks have not arrived."""
    return await _SALES.undelivered(reader)


class Desk:
    """Sales at its desk. It also takes two leads for one person, and sometimes finds that they are not."""

    def __init__(self, handoff: Database, ingest: Database, name: str, chance: Random) -> None:
        self._handoff = handoff
        self._name = name
        self._chance = chance
        show = Show(acts.outcome_body, reviews.review_body)
        self._identity = SqlIdentityCommands(ingest, open_resolving, show, now=lambda: NOW, committed=lambda: None)

    async def work(self, times: int) -> None:
        """Do so much, whatever there is to do at that moment."""
        for number in range(times):
            await pause(_DESK_SECONDS)
            await _SALES.answer_one(self._handoff, self._chance, clock)
            if number % _CONFUSED == 0:
                await self._confuse(f"{self._name} {number}")

    async def _confuse(self, order: str) -> None:
        async with self._handoff.read() as reader:
            rows = await reader.rows(select(HANDOFFS.c.person_id).where(HANDOFFS.c.status.in_(sorted(OPEN))))
        if len(rows) < 2:
            return
        one, other = self._chance.sample(sorted(row.person_id for row in rows), 2)
        try:
            told = await self._identity.merge(one, other, Order(order), None)
            if self._chance.random() < _MISTAKEN:
                await pause(_DESK_SECONDS)
                (act_id,) = json.decode(told.body)["act_ids"]
                await self._identity.split(one, act_id, Order(f"{order}, taken back"), None)
        except (Conflict, NotFound, Reject, TryLater):
            return  # They were told to be one, or two, by somebody else meanwhile.
