"""Deliveries in SQL: left by a batch, claimed under a lease, settled by whoever still holds the claim.

The number of the attempt is the fence: who claims counts it up, and only the holder of the newest may settle.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, and_, bindparam, func, or_, select, update

from services.handoff.domain.messages import Brief, message_id, retold
from services.handoff.ports import Attempt, Endpoint, Finished, Message
from services.handoff.store.sealing import Seal
from services.handoff.store.tables import DELIVERIES, ENDPOINT_KEYS, ENDPOINTS
from shared.db.dialect import Upsert, among_given
from shared.db.engine import Database
from shared.db.work import Reader, Work
from shared.kernel.ids import derived
from shared.kernel.instant import Instant
from shared.observe.lag import Deliveries

_ADD = Upsert(
    DELIVERIES,
    columns=(
        "id", "webhook_id", "endpoint_id", "handoff_id", "person_id", "type", "body", "state", "attempts", "next_at",
        "created_at",
    ),
    conflict=("id",),
)  # fmt: skip
_FREE = or_(DELIVERIES.c.leased_until.is_(None), DELIVERIES.c.leased_until <= bindparam("now"))
_IS_DUE = and_(DELIVERIES.c.state == "pending", DELIVERIES.c.next_at <= bindparam("now"), _FREE)
_DUE = (
    select(DELIVERIES.c.endpoint_id)
    .distinct()
    .join(ENDPOINTS, ENDPOINTS.c.id == DELIVERIES.c.endpoint_id)
    .where(_IS_DUE, ENDPOINTS.c.state == "active")
    .order_by(DELIVERIES.c.endpoint_id)
)
_OLDEST = (
    select(DELIVERIES)
    .where(_IS_DUE, DELIVERIES.c.endpoint_id == bindparam("endpoint"))
    .order_by(DELIVERIES.c.next_at, DELIVERIES.c.id)
    .limit(bindparam("most"))
)
_CLAIMED = (
    update(DELIVERIES)
    .where(among_given(DELIVERIES.c.id, "ids"))
    .values(attempts=DELIVERIES.c.attempts + 1, leased_until=bindparam("until"))
)
_ACTIVE = select(ENDPOINTS.c.id, ENDPOINTS.c.url).where(
    ENDPOINTS.c.state == "active", among_given(ENDPOINTS.c.id, "ids")
)
_SIGNING = (
    select(ENDPOINT_KEYS)
    .where(
        or_(ENDPOINT_KEYS.c.expires_at.is_(None), ENDPOINT_KEYS.c.expires_at > bindparam("now")),
        among_given(ENDPOINT_KEYS.c.endpoint_id, "endpoints"),
    )
    .order_by(ENDPOINT_KEYS.c.number.desc())
)
_MOST_KEYS = 11


async def add(work: Work, messages: Sequence[Message], to: Sequence[Endpoint], now: Instant) -> list[str]:
    """Leave a delivery of each message for each endpoint; answers their ids."""
    rows = [_row(message, endpoint, now) for message in messages for endpoint in to]
    await work.write(_ADD, sorted(rows, key=lambda row: row[0]))
    return [str(row[0]) for row in rows]


async def retell(work: Work, briefs: Mapping[str, Brief]) -> None:
    """Have every message about a hand-off say no more than its brief; what is under way keeps its id."""
    if not briefs:
        return
    about = work.among(DELIVERIES.c.handoff_id, sorted(briefs))
    kept = select(DELIVERIES.c.id, DELIVERIES.c.handoff_id, DELIVERIES.c.body).where(about)
    for row in await work.locked(kept.order_by(DELIVERIES.c.endpoint_id, DELIVERIES.c.id)):
        body = retold(row.body, briefs[row.handoff_id])
        if body != row.body:
            told = {"body": body, "person_id": briefs[row.handoff_id].person.id}
            await work.execute(update(DELIVERIES).where(DELIVERIES.c.id == row.id).values(told))


def _row(message: Message, endpoint: Endpoint, now: Instant) -> tuple[Any, ...]:
    webhook_id = message_id(message.cause, endpoint.id, message.version)
    head = (derived("delivery", webhook_id), webhook_id, endpoint.id, message.handoff_id, message.person_id)
    return (*head, message.type, message.body, "pending", 0, now, now)


class SqlDesk:
    """The desk port. `lease`: milliseconds for which a claim holds."""

    def __init__(self, database: Database, seal: Seal, lease: int) -> None:
        self._database = database
        self._seal = seal
        self._lease = lease

    async def due(self, now: Instant) -> Sequence[str]:
        """The endpoints that have deliveries due."""
        async with self._database.read() as reader:
            return [row.endpoint_id for row in await reader.rows(_DUE, now=now)]

    async def claim(self, room: Mapping[str, int], now: Instant) -> Sequence[Attempt]:
        """Claim so many due deliveries an endpoint, for one lease; committed when it returns."""
        async with self._database.work() as work:
            targets = await self._targets(work, sorted(room), now)
            rows: list[Row[Any]] = []
            for endpoint_id in sorted(targets):
                rows += await work.locked(_OLDEST, free=True, endpoint=endpoint_id, now=now, most=room[endpoint_id])
            if rows:
                await work.execute(_CLAIMED, ids=[row.id for row in rows], until=now + self._lease)
        return [_attempt(row, *targets[row.endpoint_id]) for row in rows]

    async def _targets(
        self, reader: Reader, endpoint_ids: Sequence[str], now: Instant
    ) -> dict[str, tuple[str, tuple[bytes, ...]]]:
        """The URL of each endpoint that is active, and the keys that sign for it, the newest first."""
        urls = {row.id: row.url for row in await reader.rows(_ACTIVE, ids=endpoint_ids)}
        keys: defaultdict[str, list[bytes]] = defaultdict(list)
        for row in await reader.rows(_SIGNING, now=now, endpoints=sorted(urls)):
            keys[row.endpoint_id].append(self._seal.open(row.sealed, row.sealed_by, row.endpoint_id))
        return {endpoint_id: (url, tuple(keys[endpoint_id][:_MOST_KEYS])) for endpoint_id, url in urls.items()}


def _attempt(row: Row[Any], url: str, keys: tuple[bytes, ...]) -> Attempt:
    return Attempt(
        delivery_id=row.id,
        webhook_id=row.webhook_id,
        type=row.type,
        body=row.body,
        number=row.attempts + 1,
        endpoint_id=row.endpoint_id,
        url=url,
        keys=keys,
        handoff_id=row.handoff_id,
        person_id=row.person_id,
    )


async def finish(work: Work, attempt: Attempt, finished: Finished) -> bool:
    """Keep what an attempt came to; False where it was claimed anew, or settled, since."""
    ours = and_(
        DELIVERIES.c.id == attempt.delivery_id,
        DELIVERIES.c.attempts == attempt.number,
        DELIVERIES.c.state == "pending",
    )
    values = {
        "state": finished.state,
        "next_at": finished.next_at,
        "leased_until": None,
        "last_status": finished.last_status,
        "last_failure": finished.last_failure,
    }
    return await work.execute(update(DELIVERIES).where(ours).values(values)) == 1


async def underway(reader: Reader, now: Instant) -> Deliveries:
    """How many deliveries are due or leased now, and how many wait: for their time, or for their endpoint."""
    leased = DELIVERIES.c.leased_until > now
    due = and_(ENDPOINTS.c.state == "active", or_(DELIVERIES.c.next_at <= now, leased))
    counted = select(func.count().label("all"), func.count().filter(due).label("due"))
    joined = counted.select_from(DELIVERIES.join(ENDPOINTS, ENDPOINTS.c.id == DELIVERIES.c.endpoint_id))
    row = (await reader.rows(joined.where(DELIVERIES.c.state == "pending")))[0]
    return Deliveries(due=row.due, waiting=row.all - row.due)
