"""Erasures as they are asked for, read, and brought to their end.

Promises: an erasure is a row before anybody hears of it, and a tick goes on with it wherever a process died. It is
finished when all services of the deployment have answered and no copy is left: where the log and the stores are files
of ours at once, else when the broker's retention has passed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, select, update

from services.ingest.domain.identity import PersonLimits
from services.ingest.handlers.erasing import Erasing, erasure_of
from services.ingest.ports.erasures import Cleaning, Line, Receipt
from services.ingest.store import statements
from services.ingest.store.commands import Done
from services.ingest.store.erasures import erasures_so_far
from services.ingest.store.forgetting import SqlForgetting
from services.ingest.store.identities import canonical
from services.ingest.store.session import open_record
from services.ingest.store.sweeping import sweep
from services.ingest.store.tables import ERASURE_LINES, ERASURES
from shared.db.engine import Database
from shared.db.work import Reader, Work
from shared.kernel.errors import NotFound, NotLoaded
from shared.kernel.instant import DAY, Instant
from shared.kernel.keys import Key
from shared.runtime.command import perform
from shared.web.idempotency import Answer

_RETENTION = 30 * DAY
"""No topic that speaks of people keeps anything for longer (shared/contracts/topics.py)."""


@dataclass(frozen=True, slots=True)
class ErasureTerms:
    """What an erasure waits for: `services` that have to answer, and `cleaning` where no broker keeps copies."""

    suppression_key: bytes
    limits: PersonLimits
    services: frozenset[str]
    cleaning: Cleaning | None


class SqlErasing:
    """Erasures over a database. `committed` is called once one was asked for."""

    def __init__(
        self,
        database: Database,
        terms: ErasureTerms,
        show: Callable[[Receipt], bytes],
        *,
        now: Callable[[], Instant],
        committed: Callable[[], None],
    ) -> None:
        self._database = database
        self._terms = terms
        self._show = show
        self._now = now
        self._committed = committed
        self._round: Sequence[str] | None = None
        """The erasures that end with the cleaning that is under way, if one is."""
        self._cleaned_at: Instant | None = None

    async def erase(self, person_id: str) -> Answer:
        """Erase somebody by any id of theirs; answers the receipt so far. Raises NotFound, or Erased where they are."""

        async def open_command(work: Work, keys: frozenset[Key], now: Instant) -> Done:
            record = await open_record(work, keys, now, self._terms.suppression_key)
            identity = await statements.somebody(work, person_id)
            needed = frozenset(Key("identifier", str(member)) for member in identity.identifiers)
            if not needed <= keys:
                raise NotLoaded(needed)
            forgetting = SqlForgetting(work, self._terms.suppression_key, now)
            emits = await Erasing(record, forgetting, now, self._terms.limits).erase(identity)
            return Done(Answer(202, self._show(await self._receipt(work, erasure_of(identity.person_id)))), emits)

        return await perform(
            self._database,
            open_command,
            frozenset(),
            lambda done: done.answer,
            now=self._now,
            committed=self._committed,
        )

    async def receipt(self, erasure_id: str) -> Answer:
        """How far an erasure is. Raises NotFound where there is none."""
        async with self._database.read() as reader:
            return Answer(200, self._show(await self._receipt(reader, canonical(erasure_id))))

    async def _receipt(self, reader: Reader, erasure_id: str | None) -> Receipt:
        erasure = await reader.first(select(ERASURES).where(ERASURES.c.id == erasure_id))
        if erasure is None:
            raise NotFound
        found = select(ERASURE_LINES).where(ERASURE_LINES.c.erasure == erasure.id)
        rows = await reader.rows(found.order_by(ERASURE_LINES.c.service, ERASURE_LINES.c.store))
        lines = [Line(row.service, row.store, row.removed, row.at) for row in rows]
        due_at = None if self._terms.cleaning else erasure.requested_at + _RETENTION
        return Receipt(erasure.id, lines, erasure.finished_at, due_at)

    async def undone(self, reader: Reader) -> int:
        """How many erasures have something to be done before they end; those that wait for a retention have not."""
        if self._terms.cleaning is not None:
            return int(await reader.scalar(_count(ERASURES.c.finished_at.is_(None))))
        running = ERASURES.c.finished_at.is_(None)
        done = running & ERASURES.c.swept_at.is_not(None) & self._answered()
        return int(await reader.scalar(_count(running))) - int(await reader.scalar(_count(done)))

    async def due(self, now: Instant) -> int:
        """Bring erasures on their way as far as they can come now; answers how many were finished."""
        async with self._database.read() as reader:
            unswept = await reader.rows(select(ERASURES.c.id).where(ERASURES.c.swept_at.is_(None)))
        if unswept:
            await sweep(self._database, self._terms.suppression_key, now)
            await self._mark([row.id for row in unswept], swept_at=now)
        cleaning = self._terms.cleaning
        return await self._finish_retained(now) if cleaning is None else await self._finish_clean(cleaning, now)

    async def _finish_retained(self, now: Instant) -> int:
        ended = await self._ready(ERASURES.c.requested_at <= now - _RETENTION)
        if ended:
            await sweep(self._database, self._terms.suppression_key, now)
            await self._mark(ended, finished_at=now)
        return len(ended)

    async def _finish_clean(self, cleaning: Cleaning, now: Instant) -> int:
        """What the log held once all had answered is noted; once it is read, it and what was deleted go for good."""
        if self._round is None:
            ready = await self._ready()
            if not ready and not await self._is_stale(now):
                return 0
            await cleaning.begin()
            self._round = ready
        if not await cleaning.read_up():
            return 0
        await sweep(self._database, self._terms.suppression_key, now)
        if not await cleaning.clean():
            return 0
        ended, self._round, self._cleaned_at = self._round, None, now
        await self._mark(ended, finished_at=now)
        return len(ended)

    async def _is_stale(self, now: Instant) -> bool:
        """Whether what was sent under suppressed names may have lain on the log for a day."""
        self._cleaned_at = self._cleaned_at or now
        if now - self._cleaned_at < DAY:
            return False
        async with self._database.read() as reader:
            return await erasures_so_far(reader) > 0

    async def _ready(self, *conditions: ColumnElement[bool]) -> Sequence[str]:
        """The erasures that are not finished and that all services have answered."""
        wanted = select(ERASURES.c.id).where(ERASURES.c.finished_at.is_(None), self._answered(), *conditions)
        async with self._database.read() as reader:
            return [row.id for row in await reader.rows(wanted)]

    def _answered(self) -> ColumnElement[bool]:
        services = sorted(self._terms.services)
        answers = select(func.count(ERASURE_LINES.c.service.distinct())).where(
            ERASURE_LINES.c.erasure == ERASURES.c.id, ERASURE_LINES.c.service.in_(services)
        )
        return answers.scalar_subquery() == len(services)

    async def _mark(self, erasure_ids: Sequence[str], **marks: int) -> None:
        if not erasure_ids:
            return
        async with self._database.work() as work:
            await work.execute(update(ERASURES).where(work.among(ERASURES.c.id, sorted(erasure_ids))).values(**marks))


def _count(condition: ColumnElement[bool]) -> Select[int]:
    return select(func.count()).select_from(ERASURES).where(condition)
