"""What is asked of endpoints over HTTP and must not be done twice: act, answer and `Idempotency-Key` are one commit.

Promises: what is kept of an answer is sealed, for some of them tell a secret.
"""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from msgspec import json
from sqlalchemy import func, select, update

from services.handoff.ports import Endpoint, Message
from services.handoff.store import deliveries, endpoints
from services.handoff.store.commands import SqlActs
from services.handoff.store.sealing import Seal
from services.handoff.store.tables import DELIVERIES, ENDPOINT_KEYS, ENDPOINTS
from shared.db.dialect import Upsert
from shared.db.engine import Database
from shared.db.work import Work
from shared.kernel.errors import Conflict, NotFound
from shared.kernel.instant import HOUR, Instant
from shared.web import idempotency
from shared.web.idempotency import Answer, once

_ADD = Upsert(ENDPOINTS, columns=("id", "url", "events", "name", "state", "created_at", "failures"))
_ADD_KEY = Upsert(ENDPOINT_KEYS)
_OLD_KEY_SIGNS = 24 * HOUR


class Show(NamedTuple):
    """The bodies of answers: an endpoint with the key that signs for it, and the id of a delivery."""

    keyed: Callable[[Endpoint, bytes], bytes]
    delivery: Callable[[str], bytes]


class SqlEndpointCommands:
    """Acts on endpoints, each once a key; `changed` is told after a commit. All raise Reject where the key was used for
    another request, and Conflict where another one is using it."""

    def __init__(self, database: Database, seal: Seal, show: Show, changed: Callable[[], None]) -> None:
        self._database = database
        self._seal = seal
        self._show = show
        self._changed = changed

    async def add(self, endpoint: Endpoint, key: bytes, asked: idempotency.Act | None) -> Answer:
        """Add an endpoint and the key that signs for it; answers both."""

        async def do(work: Work) -> Answer:
            events = json.encode(endpoint.events)
            row = (endpoint.id, endpoint.url, events, endpoint.name, endpoint.state, endpoint.created_at, 0)
            await work.write(_ADD, [row])
            await work.write(_ADD_KEY, [self._key_row(endpoint.id, 1, key)])
            return Answer(201, self._show.keyed(endpoint, key))

        return await self._once(do, asked, endpoint.created_at)

    async def rotate(self, endpoint_id: str, key: bytes, now: Instant, asked: idempotency.Act | None) -> Answer:
        """Sign with a new key from now on; the one before signs along for a day. Answers the endpoint and the new key;
        raises NotFound."""
        of_this = ENDPOINT_KEYS.c.endpoint_id == endpoint_id

        async def do(work: Work) -> Answer:
            await endpoints.lock(work, endpoint_id)
            number = await work.scalar(select(func.max(ENDPOINT_KEYS.c.number)).where(of_this))
            await work.execute(ENDPOINT_KEYS.delete().where(of_this, ENDPOINT_KEYS.c.expires_at <= now))
            current = update(ENDPOINT_KEYS).where(of_this, ENDPOINT_KEYS.c.expires_at.is_(None))
            await work.execute(current.values(expires_at=now + _OLD_KEY_SIGNS))
            await work.write(_ADD_KEY, [self._key_row(endpoint_id, number + 1, key)])
            return Answer(200, self._show.keyed(await endpoints.found(work, endpoint_id), key))

        return await self._once(do, asked, now)

    async def send(self, endpoint_id: str, message: Message, now: Instant, asked: idempotency.Act | None) -> Answer:
        """Leave a message for this endpoint alone; answers the delivery's id. Raises NotFound."""

        async def do(work: Work) -> Answer:
            to = await endpoints.found(work, endpoint_id)
            return Answer(202, self._show.delivery((await deliveries.add(work, [message], [to], now))[0]))

        return await self._once(do, asked, now)

    async def retry(self, delivery_id: str, now: Instant, asked: idempotency.Act | None) -> Answer:
        """Try a delivery again now, whatever its schedule says; answers its id. Raises NotFound, Conflict where it was
        delivered.

        The attempt takes the next number, so one that is under way can no longer settle it."""
        this = DELIVERIES.c.id == delivery_id

        async def do(work: Work) -> Answer:
            rows = await work.locked(select(DELIVERIES.c.endpoint_id, DELIVERIES.c.state).where(this))
            if not rows:
                raise NotFound
            await endpoints.found(work, rows[0].endpoint_id)
            if rows[0].state == "delivered":
                raise Conflict("retry is not possible: this delivery is delivered, and nothing of it is left to send")
            again = update(DELIVERIES).where(this)
            await work.execute(again.values(state="pending", next_at=now, leased_until=None))
            return Answer(202, self._show.delivery(delivery_id))

        return await self._once(do, asked, now)

    async def _once(
        self, do: Callable[[Work], Awaitable[Answer]], asked: idempotency.Act | None, now: Instant
    ) -> Answer:
        async with self._database.work() as work:
            if asked is None:
                answer = await do(work)
            else:
                answer = await self._sealed_once(work, do, asked, now)
        self._changed()
        return answer

    async def _sealed_once(
        self, work: Work, do: Callable[[Work], Awaitable[Answer]], asked: idempotency.Act, now: Instant
    ) -> Answer:
        bound_to = f"answer {asked.key}"

        async def sealed() -> Answer:
            answer = await do(work)
            return Answer(answer.status, self._seal.seal(answer.body, bound_to))

        kept = await once(SqlActs(work, now), asked, sealed)
        try:
            return Answer(kept.status, self._seal.open(kept.body, self._seal.name, bound_to))
        except Conflict:
            raise Conflict("this Idempotency-Key was used under another secret of the deployment") from None

    def _key_row(self, endpoint_id: str, number: int, key: bytes) -> tuple[str, int, str, bytes, None]:
        return endpoint_id, number, self._seal.name, self._seal.seal(key, endpoint_id), None
