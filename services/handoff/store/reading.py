"""What hand-off answers, read from its store."""

from collections.abc import Sequence
from typing import Any

from msgspec import json
from sqlalchemy import Row, Select, func, select, tuple_

from services.handoff.domain.lead import Handoff
from services.handoff.ports import Delivery, Kept
from services.handoff.ports.outside import After, Shown, Wanted
from services.handoff.store.tables import DELIVERIES, HANDOFFS
from shared.db.engine import Database
from shared.db.erased import refuse_erased
from shared.db.people import members_of, roots_of
from shared.db.work import Reader
from shared.kernel.errors import NotFound
from shared.kernel.instant import Instant
from shared.kernel.stand_ins import stands_in


class SqlReading:
    """The reading port."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def handoffs(self, wanted: Wanted, after: After, limit: int) -> Sequence[Shown]:
        """Up to `limit` hand-offs by (time of assignment, id); of a person's all aliases. Raises Erased."""
        found = _after(select(HANDOFFS), HANDOFFS.c.assigned_at, HANDOFFS.c.id, after).limit(limit)
        if wanted.owner_id is not None:
            found = found.where(HANDOFFS.c.owner_id == wanted.owner_id)
        if wanted.status is not None:
            found = found.where(HANDOFFS.c.status == wanted.status)
        async with self._database.read() as reader:
            if wanted.person_id is not None:
                root = (await roots_of(reader, [wanted.person_id]))[wanted.person_id]
                if stands_in(root):
                    await refuse_erased(reader, wanted.person_id)
                found = found.where(reader.among(HANDOFFS.c.person_id, sorted(await members_of(reader, [root]))))
            return await _shown(reader, await reader.rows(found))

    async def handoff(self, handoff_id: str) -> Shown:
        """One hand-off; raises NotFound, Erased."""
        async with self._database.read() as reader:
            found = await _shown(reader, await reader.rows(select(HANDOFFS).where(HANDOFFS.c.id == handoff_id)))
            if found and stands_in(found[0].kept.handoff.person_id):
                await refuse_erased(reader, found[0].kept.handoff.person_id)
        if not found:
            raise NotFound
        return found[0]

    async def between(self, first: Instant, end: Instant) -> Sequence[Handoff]:
        """All hand-offs that were assigned from `first` on and before `end`."""
        found = select(HANDOFFS.c.body).where(HANDOFFS.c.assigned_at >= first, HANDOFFS.c.assigned_at < end)
        async with self._database.read() as reader:
            return [_kept(row).handoff for row in await reader.rows(found)]

    async def deliveries_of(self, handoff_id: str) -> Sequence[Delivery]:
        """All deliveries of a hand-off, the oldest first."""
        found = _after(select(DELIVERIES), DELIVERIES.c.created_at, DELIVERIES.c.id, None)
        async with self._database.read() as reader:
            return [_delivery(row) for row in await reader.rows(found.where(DELIVERIES.c.handoff_id == handoff_id))]

    async def deliveries_to(self, endpoint_id: str, after: After, limit: int) -> Sequence[Delivery]:
        """Up to `limit` deliveries to an endpoint by (time, id)."""
        found = _after(select(DELIVERIES), DELIVERIES.c.created_at, DELIVERIES.c.id, after).limit(limit)
        async with self._database.read() as reader:
            return [_delivery(row) for row in await reader.rows(found.where(DELIVERIES.c.endpoint_id == endpoint_id))]


async def breaches_due(reader: Reader, now: Instant, limit: int) -> Sequence[tuple[str, str]]:
    """The oldest hand-offs whose `accept_by` has passed, as (id, person id)."""
    due = select(HANDOFFS.c.id, HANDOFFS.c.person_id).where(HANDOFFS.c.accept_due <= now)
    rows = await reader.rows(due.order_by(HANDOFFS.c.accept_due, HANDOFFS.c.id).limit(limit))
    return [(row.id, row.person_id) for row in rows]


async def clocks(reader: Reader, now: Instant) -> tuple[int, int]:
    """How many hand-offs wait to be accepted in time, and of how many `accept_by` has passed and nobody said so."""
    due = HANDOFFS.c.accept_due
    counted = select(func.count().filter(due > now).label("running"), func.count().filter(due <= now).label("overdue"))
    (row,) = await reader.rows(counted.where(due.is_not(None)))
    return row.running, row.overdue


def _after(found: Select[Any], at: Any, by_id: Any, after: After) -> Select[Any]:
    ordered = found.order_by(at, by_id)
    return ordered if after is None else ordered.where(tuple_(at, by_id) > tuple_(*after))


async def _shown(reader: Reader, rows: Sequence[Row[Any]]) -> list[Shown]:
    roots = await roots_of(reader, {row.person_id for row in rows})
    return [Shown(roots[row.person_id], _kept(row)) for row in rows]


def _kept(row: Row[Any]) -> Kept:
    return json.decode(row.body, type=Kept)


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        webhook_id=row.webhook_id,
        endpoint_id=row.endpoint_id,
        type=row.type,
        state=row.state,
        attempts=row.attempts,
        next_at=row.next_at,
        last_status=row.last_status,
        last_failure=row.last_failure,
        created_at=row.created_at,
    )
