"""What the API reads of ingest's store; each call is a read of its own, and nothing here writes.

Whose a touchpoint is, is told by the owner it was last published under: aliases are followed here, so a merge
needs no second writing of what is on record.
"""

from collections.abc import Mapping, Sequence
from heapq import merge
from typing import Any, Literal

from msgspec import json
from sqlalchemy import Row, select

from services.ingest.domain.identity import Claim, Identifier
from services.ingest.domain.owners import Owner, Place, following
from services.ingest.domain.people import Moment
from services.ingest.domain.reviews import ReviewState, StoredReview
from services.ingest.ports import (
    ArrivedEvent,
    EventPosition,
    Identity,
    KnownPerson,
    StoredReject,
    StoredTouchpoint,
    Told,
)
from services.ingest.store import identities
from services.ingest.store.erasures import absence
from services.ingest.store.reviews import reviews
from services.ingest.store.tables import REJECTED, TOUCHPOINTS
from services.ingest.store.timeline import told_of
from shared.db.engine import Database
from shared.db.people import roots_of

_Arrived = tuple[Row[Any], Literal["stored", "rejected", "erased", "suppressed"]]


class SqlReading:
    """The reading port over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def owners(self, named: Identifier, after: Place | None, limit: int) -> Sequence[Owner]:
        """Whose an identifier is; a contested one is everybody's who claimed it, the last first."""
        async with self._database.read() as reader:
            if after is None:
                owners = await identities.owners(reader, [named])
            else:  # Who was on a page before has a place still, though nobody else may claim it any more.
                owners = await identities.claimants(reader, str(named), after.arrived)
            roots = await roots_of(reader, [owner.person_id for owner in owners])
        return following(owners, roots, after)[:limit]

    async def people(self, person_ids: Sequence[str]) -> Sequence[KnownPerson]:
        """These people in this order, an alias as its survivor; who is not known is left out."""
        wanted = [canonical for one in person_ids if (canonical := identities.canonical(one)) is not None]
        async with self._database.read() as reader:
            roots = await roots_of(reader, wanted)
            found = [await identities.known_person(reader, one) for one in dict.fromkeys(roots[one] for one in wanted)]
        return [person for person in found if person is not None]

    async def identity(self, person_id: str) -> Identity | None:
        """What makes a person one, by any id of theirs; raises Erased where they were erased."""
        canonical = identities.canonical(person_id)
        if canonical is None:
            return None
        async with self._database.read() as reader:
            found = await identities.identity_of(reader, (await roots_of(reader, [canonical]))[canonical])
            if found is None:
                raise await absence(reader, canonical)
            return found

    async def claims(self, identity: Identity) -> Sequence[Claim]:
        """Every claim of the components that they lie in, other people's too."""
        async with self._database.read() as reader:
            return await identities.claims(reader, identity.components)

    async def journey(self, identity: Identity, after: Moment | None, limit: int) -> Sequence[StoredTouchpoint]:
        """What is theirs, in event time, then id."""
        async with self._database.read() as reader:
            return await identities.owned(reader, identity, after, limit)

    async def told(self, identity: Identity) -> Told:
        """What their journey holds besides."""
        async with self._database.read() as reader:
            return await told_of(reader, identity)

    async def reviews(self, state: ReviewState | None, after: Moment | None, limit: int) -> Sequence[StoredReview]:
        """Reviews in a state, or all, in the order in which they were raised, then by id."""
        async with self._database.read() as reader:
            return await reviews(reader, state, after, limit)

    async def events(self, after: EventPosition, limit: int, message_id: str | None) -> Sequence[ArrivedEvent]:
        """What came, in the order of arrival; of one message id where that is given."""
        taken = select(TOUCHPOINTS).where(TOUCHPOINTS.c.seq > after.stored).order_by(TOUCHPOINTS.c.seq)
        refused = select(REJECTED).where(REJECTED.c.seq > after.rejected).order_by(REJECTED.c.seq)
        if message_id is not None:
            taken = taken.where(TOUCHPOINTS.c.message_id == message_id)
            refused = refused.where(REJECTED.c.message_id == message_id)
        async with self._database.read() as reader:
            accepted = await reader.rows(taken.limit(limit))
            roots = await roots_of(reader, {row.person for row in accepted if row.person is not None})
            rejected = await reader.rows(refused.limit(limit))
        return _in_arrival(after, accepted, rejected, roots)[:limit]

    async def rejected(self, after: int, limit: int) -> Sequence[StoredReject]:
        """What could not be taken, in the order of arrival."""
        found = select(REJECTED).where(REJECTED.c.seq > after).order_by(REJECTED.c.seq).limit(limit)
        async with self._database.read() as reader:
            return [_reject(row) for row in await reader.rows(found)]


def _in_arrival(
    after: EventPosition,
    accepted: Sequence[Row[Any]],
    rejected: Sequence[Row[Any]],
    roots: Mapping[str, str],
) -> list[ArrivedEvent]:
    """Both records as one. Each keeps its own order, so a page goes on where the one before ended."""
    stored_rows: list[_Arrived] = [(row, row.state or "stored") for row in accepted]
    rejected_rows: list[_Arrived] = [(row, "rejected") for row in rejected]
    events: list[ArrivedEvent] = []
    for row, state in merge(stored_rows, rejected_rows, key=lambda item: item[0].received_at):
        taken = state != "rejected"
        after = after._replace(stored=row.seq) if taken else after._replace(rejected=row.seq)
        person = roots.get(row.person) if taken else None
        events.append(ArrivedEvent(after, row.id, row.message_id, row.source, row.received_at, state, person, row.body))
    return events


def _reject(row: Row[Any]) -> StoredReject:
    codes, reasons = (json.decode(text, type=tuple[str, ...]) for text in (row.codes, row.reasons))
    return StoredReject(row.seq, row.id, row.received_at, row.source, codes, reasons, row.body)
