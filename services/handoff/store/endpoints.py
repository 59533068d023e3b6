"""Endpoints in SQL.

What is deleted stays as a row that nobody is shown, so that its deliveries can still be told.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import json
from sqlalchemy import Row, Select, bindparam, select, update

from services.handoff.domain.delivery import Health
from services.handoff.ports import Endpoint
from services.handoff.ports.outside import After
from services.handoff.store.tables import DELIVERIES, ENDPOINT_KEYS, ENDPOINTS
from shared.db.engine import Database
from shared.db.work import Reader, Work
from shared.kernel.errors import NotFound

_SHOWN = select(ENDPOINTS).where(ENDPOINTS.c.state != "deleted")
_LISTENING = _SHOWN.order_by(ENDPOINTS.c.id)
_THIS = select(ENDPOINTS).where(ENDPOINTS.c.id == bindparam("endpoint"))


async def listening(reader: Reader) -> list[Endpoint]:
    """The endpoints that get messages. One that is disabled gets them too, later: switched on again it has
    missed nothing."""
    rows = await reader.rows(_LISTENING)
    return [_endpoint(row) for row in rows]


async def health(work: Work, endpoint_id: str, *, locking: bool) -> Health:
    """How an endpoint has been answering; locked where asked, or where it has not been well: then it is written."""
    rows = await (work.locked if locking else work.rows)(_THIS, endpoint=endpoint_id)
    if not locking and rows and rows[0].failures:
        rows = await work.locked(_THIS, endpoint=endpoint_id)
    return _health(rows[0]) if rows else Health()


async def keep_health(work: Work, endpoint_id: str, now: Health, disabled: str | None) -> None:
    """Keep how an endpoint answers; `disabled` is the reason where it is switched off."""
    values = {"failures": now.failures, "failing_since": now.failing_since, "last_failure_at": now.last_failure_at}
    off = {"state": "disabled", "reason": disabled} if disabled else {}
    this = (ENDPOINTS.c.id == endpoint_id) & (ENDPOINTS.c.state != "deleted")
    await work.execute(update(ENDPOINTS).where(this).values(values | off))


class SqlEndpoints:
    """The endpoints, as they are read and changed; `changed` is told after a commit. What must not be done twice is in
    endpoint_commands.py."""

    def __init__(self, database: Database, changed: Callable[[], None]) -> None:
        self._database = database
        self._changed = changed

    async def get(self, endpoint_id: str) -> Endpoint:
        """An endpoint; raises NotFound."""
        async with self._database.read() as reader:
            return await found(reader, endpoint_id)

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
            await lock(work, endpoint_id)
            if columns:
                await work.execute(update(ENDPOINTS).where(ENDPOINTS.c.id == endpoint_id).values(columns))
            endpoint = await found(work, endpoint_id)
        self._changed()
        return endpoint

    async def delete(self, endpoint_id: str) -> None:
        """Send nothing there any more; what was on its way has failed. Raises NotFound."""
        async with self._database.work() as work:
            await lock(work, endpoint_id)
            await work.execute(update(ENDPOINTS).where(ENDPOINTS.c.id == endpoint_id).values(state="deleted"))
            pending = (DELIVERIES.c.endpoint_id == endpoint_id) & (DELIVERIES.c.state == "pending")
            await work.execute(update(DELIVERIES).where(pending).values(state="failed", next_at=None))
            await work.execute(ENDPOINT_KEYS.delete().where(ENDPOINT_KEYS.c.endpoint_id == endpoint_id))


async def found(reader: Reader, endpoint_id: str) -> Endpoint:
    """An endpoint that is not deleted; raises NotFound."""
    row = await reader.first(_shown(endpoint_id))
    if row is None:
        raise NotFound
    return _endpoint(row)


async def lock(work: Work, endpoint_id: str) -> None:
    """Lock an endpoint that is not deleted; raises NotFound."""
    if not await work.locked(_shown(endpoint_id)):
        raise NotFound


def _shown(endpoint_id: str) -> Select[Any]:
    return select(ENDPOINTS).where(ENDPOINTS.c.id == endpoint_id, ENDPOINTS.c.state != "deleted")


def _endpoint(row: Row[Any]) -> Endpoint:
    events = json.decode(row.events, type=tuple[str, ...])
    return Endpoint(row.id, row.url, events, row.name, row.state, row.reason, row.created_at, _health(row))


def _health(row: Row[Any]) -> Health:
    return Health(row.failures, row.failing_since, row.last_failure_at)
