"""Endpoints in SQL, with the keys that sign for them: sealed, and shown once.

What is deleted stays as a row that nobody is shown, so that its deliveries can still be told.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import json
from sqlalchemy import Row, Select, func, select, update

from services.handoff.domain.delivery import Health
from services.handoff.ports import After, Endpoint, Message
from services.handoff.store import deliveries
from services.handoff.store.sealing import Seal
from services.handoff.store.tables import DELIVERIES, ENDPOINT_KEYS, ENDPOINTS
from shared.db.dialect import Upsert
from shared.db.engine import Database
from shared.db.work import Reader, Work
from shared.kernel.errors import Conflict, NotFound
from shared.kernel.instant import HOUR, Instant

_ADD = Upsert(ENDPOINTS, columns=("id", "url", "events", "name", "state", "created_at", "failures"))
_ADD_KEY = Upsert(ENDPOINT_KEYS)
_OLD_KEY_SIGNS = 24 * HOUR


async def listening(reader: Reader) -> list[Endpoint]:
    """The endpoints that get messages. One that is disabled gets them too, later: switched on again it has
    missed nothing."""
    rows = await reader.rows(select(ENDPOINTS).where(ENDPOINTS.c.state != "deleted").order_by(ENDPOINTS.c.id))
    return [_endpoint(row) for row in rows]


async def health(work: Work, endpoint_id: str, *, locking: bool) -> Health:
    """How an endpoint has been answering; locked where asked, or where it has not been well: then it is written."""
    this = select(ENDPOINTS).where(ENDPOINTS.c.id == endpoint_id)
    rows = await (work.locked(this) if locking else work.rows(this))
    if not locking and rows and rows[0].failures:
        rows = await work.locked(this)
    return _health(rows[0]) if rows else Health()


async def keep_health(work: Work, endpoint_id: str, now: Health, disabled: str | None) -> None:
    """Keep how an endpoint answers; `disabled` is the reason where it is switched off."""
    values = {"failures": now.failures, "failing_since": now.failing_since, "last_failure_at": now.last_failure_at}
    off = {"state": "disabled", "reason": disabled} if disabled else {}
    this = (ENDPOINTS.c.id == endpoint_id) & (ENDPOINTS.c.state != "deleted")
    await work.execute(update(ENDPOINTS).where(this).values(values | off))


class SqlEndpoints:
    """The endpoints, as the API changes them; `changed` is told after a commit."""

    def __init__(self, database: Database, seal: Seal, changed: Callable[[], None]) -> None:
        self._database = database
        self._seal = seal
        self._changed = changed

    async def add(self, endpoint: Endpoint, key: bytes) -> None:
        """Add an endpoint and the key that signs for it."""
        events = json.encode(endpoint.events)
        row = (endpoint.id, endpoint.url, events, endpoint.name, endpoint.state, endpoint.created_at, 0)
        async with self._database.work() as work:
            await work.write(_ADD, [row])
            await work.write(_ADD_KEY, [self._key_row(endpoint.id, 1, key)])

    async def get(self, endpoint_id: str) -> Endpoint:
        """An endpoint; raises NotFound."""
        async with self._database.read() as reader:
            return await _found(reader, endpoint_id)

    async def page(self, after: After, limit: int) -> Sequence[Endpoint]:
        """Up to `limit` endpoints in id order, after that of an id."""
        shown = select(ENDPOINTS).where(ENDPOINTS.c.state != "deleted").order_by(ENDPOINTS.c.id).limit(limit)
        if after is not None:
            shown = shown.where(ENDPOINTS.c.id > after[0])
        async with self._database.read() as reader:
            return [_endpoint(row) for row in await reader.rows(shown)]

    async def change(self, endpoint_id: str, values: Mapping[str, object]) -> Endpoint:
        """Change its url, events, name or state; raises NotFound. Switched on it starts with a clean sheet."""
        columns = dict(values)
        if "events" in columns:
            columns["events"] = json.encode(columns["events"])
        if columns.get("state") == "active":
            columns |= {"failures": 0, "failing_since": None, "last_failure_at": None, "reason": None}
        async with self._database.work() as work:
            await _lock(work, endpoint_id)
            if columns:
                await work.execute(update(ENDPOINTS).where(ENDPOINTS.c.id == endpoint_id).values(columns))
            endpoint = await _found(work, endpoint_id)
        self._changed()
        return endpoint

    async def delete(self, endpoint_id: str) -> None:
        """Send nothing there any more; what was on its way has failed. Raises NotFound."""
        async with self._database.work() as work:
            await _lock(work, endpoint_id)
            await work.execute(update(ENDPOINTS).where(ENDPOINTS.c.id == endpoint_id).values(state="deleted"))
            pending = (DELIVERIES.c.endpoint_id == endpoint_id) & (DELIVERIES.c.state == "pending")
            await work.execute(update(DELIVERIES).where(pending).values(state="failed", next_at=None))
            await work.execute(ENDPOINT_KEYS.delete().where(ENDPOINT_KEYS.c.endpoint_id == endpoint_id))

    async def rotate(self, endpoint_id: str, key: bytes, now: Instant) -> None:
        """Sign with a new key from now on; the one before signs along for a day. Raises NotFound."""
        of_this = ENDPOINT_KEYS.c.endpoint_id == endpoint_id
        async with self._database.work() as work:
            await _lock(work, endpoint_id)
            number = await work.scalar(select(func.max(ENDPOINT_KEYS.c.number)).where(of_this))
            await work.execute(ENDPOINT_KEYS.delete().where(of_this, ENDPOINT_KEYS.c.expires_at <= now))
            current = update(ENDPOINT_KEYS).where(of_this, ENDPOINT_KEYS.c.expires_at.is_(None))
            await work.execute(current.values(expires_at=now + _OLD_KEY_SIGNS))
            await work.write(_ADD_KEY, [self._key_row(endpoint_id, number + 1, key)])

    async def retry(self, delivery_id: str, now: Instant) -> None:
        """Try a delivery again now, whatever its schedule says; raises NotFound, Conflict where it was delivered.

        The attempt takes the next number, so one that is under way can no longer settle it."""
        this = DELIVERIES.c.id == delivery_id
        async with self._database.work() as work:
            rows = await work.locked(select(DELIVERIES.c.endpoint_id, DELIVERIES.c.state).where(this))
            if not rows:
                raise NotFound
            await _found(work, rows[0].endpoint_id)
            if rows[0].state == "delivered":
                raise Conflict("it was delivered")
            again = update(DELIVERIES).where(this)
            await work.execute(again.values(state="pending", next_at=now, leased_until=None))
        self._changed()

    async def send(self, endpoint_id: str, message: Message, now: Instant) -> str:
        """Leave a message for this endpoint alone; answers the delivery's id. Raises NotFound."""
        async with self._database.work() as work:
            delivery_id = (await deliveries.add(work, [message], [await _found(work, endpoint_id)], now))[0]
        self._changed()
        return delivery_id

    def _key_row(self, endpoint_id: str, number: int, key: bytes) -> tuple[str, int, str, bytes, None]:
        return endpoint_id, number, self._seal.name, self._seal.seal(key, endpoint_id), None


async def _found(reader: Reader, endpoint_id: str) -> Endpoint:
    row = await reader.first(_shown(endpoint_id))
    if row is None:
        raise NotFound
    return _endpoint(row)


async def _lock(work: Work, endpoint_id: str) -> None:
    if not await work.locked(_shown(endpoint_id)):
        raise NotFound


def _shown(endpoint_id: str) -> Select[Any]:
    return select(ENDPOINTS).where(ENDPOINTS.c.id == endpoint_id, ENDPOINTS.c.state != "deleted")


def _endpoint(row: Row[Any]) -> Endpoint:
    events = json.decode(row.events, type=tuple[str, ...])
    return Endpoint(row.id, row.url, events, row.name, row.state, row.reason, row.created_at, _health(row))


def _health(row: Row[Any]) -> Health:
    return Health(row.failures, row.failing_since, row.last_failure_at)
