"""What the API reads of ingest's store; each call is a read of its own, and nothing here writes.

Whose a touchpoint is, is told by the owner it was last published under: aliases are followed here, so a merge
needs no second writing of what is on record.
"""

from collections.abc import Sequence
from heapq import merge
from itertools import islice
from typing import Any
from uuid import UUID

from msgspec import DecodeError, Struct, ValidationError, field, json
from sqlalchemy import Row, Select, func, select, tuple_

from services.ingest.domain.identity import Claim, Identifier, identifier
from services.ingest.domain.people import Moment
from services.ingest.ports import (
    ArrivedEvent,
    EventPosition,
    Identity,
    KnownPerson,
    StoredReject,
    StoredTouchpoint,
)
from services.ingest.store.tables import CLAIMS, COMPONENTS, IDENTIFIERS, PEOPLE, REJECTED, TOUCHPOINTS
from services.ingest.store.touchpoints import stored
from shared.db.engine import Database
from shared.db.people import by_root, members_of, roots_of
from shared.db.work import Reader

_ACTS = frozenset(("track", "page", "screen"))
_CHUNK = 100
"""A first act is looked for among so many touchpoints at a time; it is nearly always among the first few."""


class SqlReading:
    """The reading port over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def owners(self, named: Identifier) -> Sequence[str]:
        """Whose an identifier is; a contested one is everybody's who claimed it, the last first."""
        async with self._database.read() as reader:
            row = await reader.first(select(IDENTIFIERS).where(IDENTIFIERS.c.id == str(named)))
            if row is None or row.person is None:
                return ()
            people = await _claimants(reader, row.id) if row.contested else [row.person]
            roots = await roots_of(reader, people)
        return tuple(dict.fromkeys(roots[person] for person in people))

    async def people(self, person_ids: Sequence[str]) -> Sequence[KnownPerson]:
        """These people in this order, an alias as its survivor; who is not known is left out."""
        wanted = [canonical for one in person_ids if (canonical := _canonical(one)) is not None]
        async with self._database.read() as reader:
            roots = await roots_of(reader, wanted)
            ids = tuple(dict.fromkeys(roots[one] for one in wanted))
            among = reader.among(PEOPLE.c.id, ids)
            cards = {row.id: row.card for row in await reader.rows(select(PEOPLE).where(among)) if row.card}
            members = by_root(await members_of(reader, cards.keys()))
            return [
                KnownPerson(
                    one,
                    cards[one],
                    tuple(alias for alias in members[one] if alias != one),
                    await _first_touch(reader, members[one]),
                )
                for one in ids
                if one in cards
            ]

    async def identity(self, person_id: str) -> Identity | None:
        """What makes a person one, by any id of theirs."""
        canonical = _canonical(person_id)
        if canonical is None:
            return None
        async with self._database.read() as reader:
            root = (await roots_of(reader, [canonical]))[canonical]
            members = sorted(await members_of(reader, [root]))
            rows = await reader.rows(select(PEOPLE).where(reader.among(PEOPLE.c.id, members)))
            seeds = {row.id: identifier(row.seed) for row in rows}
            if root not in seeds:
                return None
            own = await _identifiers(reader, members)
            claims = await _claims(reader, sorted({row.component for row in rows}))
        return Identity(root, seeds.pop(root), seeds, own, claims)

    async def journey(self, identity: Identity, after: Moment | None, limit: int) -> Sequence[StoredTouchpoint]:
        """What is theirs, in event time, then id."""
        async with self._database.read() as reader:
            return await _owned(reader, [identity.person_id, *identity.aliases], identity.identifiers, after, limit)

    async def events(self, after: EventPosition, limit: int, message_id: str | None) -> Sequence[ArrivedEvent]:
        """What came, in the order of arrival; of one message id where that is given."""
        taken = select(TOUCHPOINTS).where(TOUCHPOINTS.c.seq > after.stored).order_by(TOUCHPOINTS.c.seq)
        refused = select(REJECTED).where(REJECTED.c.seq > after.rejected).order_by(REJECTED.c.seq)
        if message_id is not None:
            taken = taken.where(TOUCHPOINTS.c.message_id == message_id)
            refused = refused.where(REJECTED.c.body.contains(message_id, autoescape=True))
        async with self._database.read() as reader:
            accepted = await reader.rows(taken.limit(limit))
            roots = await roots_of(reader, {row.person for row in accepted if row.person is not None})
            rejected = await _refusals(reader, refused, limit, message_id)
        return _in_arrival(after, accepted, rejected, roots)[:limit]

    async def rejected(self, after: int, limit: int) -> Sequence[StoredReject]:
        """What could not be taken, in the order of arrival."""
        found = select(REJECTED).where(REJECTED.c.seq > after).order_by(REJECTED.c.seq).limit(limit)
        async with self._database.read() as reader:
            return [_reject(row) for row in await reader.rows(found)]
