"""What is asked over HTTP, done once: the act, its answer and its `Idempotency-Key` are committed together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from services.handoff.domain.lead import Act, Handoff
from services.handoff.handlers.handing import Handing
from services.handoff.store.tables import ACTS, HANDOFFS
from shared.contracts.envelope import Emit
from shared.db.dialect import Upsert
from shared.db.engine import Database
from shared.db.erased import refuse_erased
from shared.db.people import roots_of
from shared.db.work import Work
from shared.kernel.errors import Conflict, NotFound
from shared.kernel.instant import Instant
from shared.kernel.keys import Key
from shared.kernel.stand_ins import stands_in
from shared.runtime.command import perform
from shared.runtime.session import Open
from shared.web import idempotency
from shared.web.idempotency import Answer, once

_KEEP = Upsert(ACTS, conflict=("key",))


class SqlActs:
    """The acts that were done, in one transaction; `handoff_id`: on which hand-off, where it is one."""

    def __init__(self, work: Work, now: Instant, handoff_id: str | None = None) -> None:
        self._work = work
        self._now = now
        self._handoff_id = handoff_id

    async def find(self, key: str) -> tuple[bytes, Answer] | None:
        """The fingerprint and the answer kept under a key."""
        row = await self._work.first(select(ACTS).where(ACTS.c.key == key))
        return None if row is None else (row.fingerprint, Answer(row.status, row.body))

    async def keep(self, act: idempotency.Act, answer: Answer) -> None:
        """Keep an act; raises Conflict where its key was taken at the same time."""
        row = (act.key, act.fingerprint, answer.status, answer.body, self._now, self._handoff_id)
        if not await self._work.write_new(_KEEP, [row]):
            raise Conflict("this Idempotency-Key is in use by another request right now: ask again")


@dataclass(frozen=True, slots=True)
class _Answered:
    """A session in which the one act is done already."""

    session: Handing
    answer: Answer

    async def close(self) -> Sequence[Emit]:
        return await self.session.close()


class SqlCommands:
    """Acts on hand-offs. `show` is the answer's body for a hand-off and the person it belongs to now."""

    def __init__(
        self,
        database: Database,
        open_session: Open[Handing],
        show: Callable[[Handoff, str], bytes],
        *,
        now: Callable[[], Instant],
        committed: Callable[[], None],
    ) -> None:
        self._database = database
        self._open = open_session
        self._show = show
        self._now = now
        self._committed = committed

    async def act(self, handoff_id: str, what: Act, asked: idempotency.Act | None) -> Answer:
        """The answer to an act; raises NotFound, Erased, Conflict where the state does not allow it, Reject where its
        key was used for another request."""

        async def open_command(work: Work, keys: frozenset[Key], now: Instant) -> _Answered:
            session = await self._open(work, keys, now)
            await session.locate(handoff_id)

            async def do() -> Answer:
                handoff = session.do(handoff_id, what)
                roots = await roots_of(work, [handoff.person_id])
                return Answer(200, self._show(handoff, roots[handoff.person_id]))

            return _Answered(session, await once(SqlActs(work, now, handoff_id), asked, do))

        async with self._database.read() as reader:
            person_id = await reader.scalar(select(HANDOFFS.c.person_id).where(HANDOFFS.c.id == handoff_id))
            if person_id is not None and stands_in(person_id):
                await refuse_erased(reader, person_id)
        if person_id is None:
            raise NotFound
        return await perform(
            self._database,
            open_command,
            frozenset({Key("person", person_id)}),
            lambda command: command.answer,
            now=self._now,
            committed=self._committed,
        )
