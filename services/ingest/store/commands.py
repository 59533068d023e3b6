"""What operators ask over HTTP of identities: done once, in the resolver's own session, committed with its answer.

A rehearsal (`dry_run`) does all of it and rolls it back. Leaves out what follows from a decision (domain/identity.py).
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from sqlalchemy import select

from services.ingest.domain.acts import OperatorAct
from services.ingest.domain.reviews import StoredReview
from services.ingest.handlers.resolving import Resolving
from services.ingest.ports import Decided, Order
from services.ingest.store import identities, statements
from services.ingest.store.reviews import review
from services.ingest.store.tables import ACTS
from shared.contracts.envelope import Emit
from shared.db.dialect import Upsert
from shared.db.engine import Database
from shared.db.people import roots_of
from shared.db.work import Work
from shared.kernel.errors import Conflict, NotLoaded
from shared.kernel.instant import Instant
from shared.kernel.keys import Key
from shared.runtime.command import perform
from shared.runtime.session import Open
from shared.web import idempotency
from shared.web.idempotency import Answer, once

_KEEP = Upsert(ACTS, conflict=("key",))
Wanted = Callable[[Work, Instant], Awaitable[Sequence[OperatorAct]]]
"""Finds what is to be decided; raises NotFound, Conflict or Reject where that cannot be."""


Shown = Callable[[Work, Sequence[OperatorAct], Sequence[Emit]], Awaitable[bytes]]
"""The body of an answer, read while what was decided is still under its locks."""


class Show(NamedTuple):
    """The bodies of answers."""

    outcome: Callable[[Decided], bytes]
    review: Callable[[StoredReview], bytes]


class SqlAnswers:
    """The answers that were given, in one transaction."""

    def __init__(self, work: Work, now: Instant) -> None:
        self._work = work
        self._now = now

    async def find(self, key: str) -> tuple[bytes, Answer] | None:
        """The fingerprint and the answer kept under a key."""
        row = await self._work.first(select(ACTS).where(ACTS.c.key == key))
        return None if row is None else (row.fingerprint, Answer(row.status, row.body))

    async def keep(self, act: idempotency.Act, answer: Answer) -> None:
        """Keep an act; raises Conflict where its key was taken at the same time."""
        row = (act.key, act.fingerprint, answer.status, answer.body, self._now)
        if not await self._work.write_new(_KEEP, [row]):
            raise Conflict("this Idempotency-Key is in use by another request right now")


class _Rehearsed(Exception):
    """Rolls a rehearsal back, with the answer it came to."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Done:
    """A session that is closed already: its answer is of what came of it."""

    answer: Answer
    emits: Sequence[Emit]

    async def close(self) -> Sequence[Emit]:
        return self.emits


class SqlIdentityCommands:
    """Decisions on who is who."""

    def __init__(
        self,
        database: Database,
        open_session: Open[Resolving],
        show: Show,
        *,
        now: Callable[[], Instant],
        committed: Callable[[], None],
    ) -> None:
        self._database = database
        self._open = open_session
        self._show = show
        self._now = now
        self._committed = committed

    async def split(self, person_id: str, event_id: str, order: Order, asked: idempotency.Act | None) -> Answer:
        """Withdraw what an event says of a person; answers the people after it. Raises NotFound where there is no
        such person or event, Conflict where it says nothing of this person or is withdrawn, Reject where it joins
        nobody."""

        async def wanted(work: Work, now: Instant) -> Sequence[OperatorAct]:
            return await statements.to_split(work, person_id, event_id, order.who, now)

        return await self._decide(wanted, order, asked)

    async def merge(self, person_id: str, other_id: str, order: Order, asked: idempotency.Act | None) -> Answer:
        """Make two people one; answers the person after it. Raises NotFound where one is unknown, Conflict where they
        are one already."""

        async def wanted(work: Work, now: Instant) -> Sequence[OperatorAct]:
            return await statements.to_merge(work, person_id, other_id, order.who, now)

        return await self._decide(wanted, order, asked)

    async def answer(
        self, review_id: str, answer: Literal["accept", "refuse"], order: Order, asked: idempotency.Act | None
    ) -> Answer:
        """Accept or refuse what was not followed; answers the review after it. Raises NotFound where there is none,
        Conflict where it is answered so already, or moot."""

        async def wanted(work: Work, now: Instant) -> Sequence[OperatorAct]:
            return await statements.to_answer(work, review_id, answer, order.who, now)

        async def show(work: Work, acts: Sequence[OperatorAct], _emits: Sequence[Emit]) -> bytes:
            return self._show.review(await review(work, acts[0].statement))

        return await self._decide(wanted, order, asked, show)

    async def _decide(
        self, wanted: Wanted, order: Order, asked: idempotency.Act | None, show: Shown | None = None
    ) -> Answer:
        async def open_command(work: Work, keys: frozenset[Key], now: Instant) -> Done:
            session = await self._open(work, keys, now)
            emits: list[Emit] = []

            async def do() -> Answer:
                acts = await wanted(work, now)
                needed = frozenset(Key("identifier", str(member)) for act in acts for member in act.identifiers)
                if not needed <= keys:
                    raise NotLoaded(needed)
                for act in acts:
                    session.decide(act)
                emits.extend(await session.close())
                if show is not None:
                    return Answer(200, await show(work, acts, emits))
                return Answer(200, self._show.outcome(await _decided(work, acts, emits, order.dry_run)))

            answer = await once(SqlAnswers(work, now), None if order.dry_run else asked, do)
            if order.dry_run:
                raise _Rehearsed(answer)
            return Done(answer, emits)

        try:
            return await perform(
                self._database,
                open_command,
                frozenset(),
                lambda done: done.answer,
                now=self._now,
                committed=self._committed,
            )
        except _Rehearsed as rehearsed:
            return rehearsed.answer


async def _decided(work: Work, acts: Sequence[OperatorAct], emits: Sequence[Emit], dry_run: bool) -> Decided:
    """What came of decisions: whoever holds what they name, and what is published of it."""
    named = list(dict.fromkeys(member for act in acts for member in act.identifiers))
    owners = [owner.person_id for owner in await identities.owners(work, named)]
    roots = await roots_of(work, owners)
    people = [await identities.known_person(work, root) for root in dict.fromkeys(roots[one] for one in owners)]
    return Decided(tuple(acts), tuple(one for one in people if one), tuple(emit.event for emit in emits), dry_run)
