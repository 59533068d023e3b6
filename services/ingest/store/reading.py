"""What the API reads of ingest's store; each call is a read of its own, and nothing here writes.

Whose a touchpoint is, is told by the owner it was last published under: aliases are followed here, so a merge
needs no second writing of what is on record.
"""

from collections.abc import Mapping, Sequence
from heapq import merge
from typing import Any, Literal
from uuid import UUID

from msgspec import DecodeError, Struct, ValidationError, field, json
from sqlalchemy import Row, Select, func, or_, select, tuple_

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
from services.ingest.store.tables import BROWSER_CLAIMS, CLAIMS, COMPONENTS, IDENTIFIERS, PEOPLE, REJECTED, TOUCHPOINTS
from services.ingest.store.touchpoints import stored
from shared.db.engine import Database
from shared.db.people import members_of, roots_of
from shared.db.work import Reader

_ACTS = frozenset(("track", "page", "screen"))
_Arrived = tuple[Row[Any], str | None, Literal["stored", "rejected"]]
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
            found = [await _person(reader, one) for one in dict.fromkeys(roots[one] for one in wanted)]
        return [person for person in found if person is not None]

    async def identity(self, person_id: str) -> Identity | None:
        """What makes a person one, by any id of theirs."""
        canonical = _canonical(person_id)
        if canonical is None:
            return None
        async with self._database.read() as reader:
            return await _identity(reader, (await roots_of(reader, [canonical]))[canonical])

    async def claims(self, identity: Identity) -> Sequence[Claim]:
        """Every claim of the components that they lie in, other people's too."""
        async with self._database.read() as reader:
            among = reader.among(CLAIMS.c.component, identity.components)
            return [_claim(row) for row in await reader.rows(select(CLAIMS).where(among))]

    async def journey(self, identity: Identity, after: Moment | None, limit: int) -> Sequence[StoredTouchpoint]:
        """What is theirs, in event time, then id."""
        async with self._database.read() as reader:
            return await _owned(reader, identity, after, limit)

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


def _canonical(person_id: str) -> str | None:
    """An id as it is stored; none where no id of ours looks like this."""
    try:
        return str(UUID(person_id))
    except ValueError:
        return None


async def _claimants(reader: Reader, browser: str) -> list[str]:
    """The people who were named under an anonymous id, the last first."""
    last = func.max(BROWSER_CLAIMS.c.at)
    claims = (
        select(BROWSER_CLAIMS.c.holder, IDENTIFIERS.c.person)
        .join(IDENTIFIERS, IDENTIFIERS.c.id == BROWSER_CLAIMS.c.holder)
        .where(BROWSER_CLAIMS.c.browser == browser)
        .group_by(BROWSER_CLAIMS.c.holder, IDENTIFIERS.c.person)
        .order_by(last.desc(), BROWSER_CLAIMS.c.holder)
    )
    return [row.person for row in await reader.rows(claims)]


async def _person(reader: Reader, root: str) -> KnownPerson | None:
    identity = await _identity(reader, root)
    if identity is None:
        return None
    card = await reader.scalar(select(PEOPLE.c.card).where(PEOPLE.c.id == root))
    return KnownPerson(root, card, tuple(sorted(identity.aliases)), await _first_touch(reader, identity))


async def _identity(reader: Reader, root: str) -> Identity | None:
    members = sorted(await members_of(reader, [root]))
    people = await reader.rows(select(PEOPLE).where(reader.among(PEOPLE.c.id, members)))
    seeds = {row.id: identifier(row.seed) for row in people}
    if root not in seeds:
        return None
    components = await _connected(reader, sorted({row.component for row in people}))
    inside = reader.among(IDENTIFIERS.c.component, components)
    ours = reader.among(IDENTIFIERS.c.person, members)
    rows = await reader.rows(select(IDENTIFIERS).where(inside, or_(ours, IDENTIFIERS.c.contested)))
    return Identity(
        root,
        seeds.pop(root),
        seeds,
        frozenset(identifier(row.id) for row in rows if row.person in members),
        frozenset(identifier(row.id) for row in rows if row.contested),
        components,
    )


async def _connected(reader: Reader, components: Sequence[str]) -> tuple[str, ...]:
    """All components that are one with these: up to their roots, and down again."""
    up = select(COMPONENTS).where(reader.among(COMPONENTS.c.id, components)).cte("up", recursive=True)
    up = up.union(select(COMPONENTS).join(up, COMPONENTS.c.id == up.c.parent))
    down = select(up.c.id).where(up.c.parent.is_(None)).cte("down", recursive=True)
    down = down.union(select(COMPONENTS.c.id).join(down, COMPONENTS.c.parent == down.c.id))
    return tuple(row.id for row in await reader.rows(select(down.c.id)))


async def _owned(reader: Reader, identity: Identity, after: Moment | None, limit: int) -> list[StoredTouchpoint]:
    holders = sorted(map(str, identity.identifiers | identity.contested))
    place = tuple_(TOUCHPOINTS.c.occurred_at, TOUCHPOINTS.c.id)
    found = select(TOUCHPOINTS).where(
        reader.among(TOUCHPOINTS.c.holder, holders),
        reader.among(TOUCHPOINTS.c.person, [identity.person_id, *identity.aliases]),
    )
    if after is not None:
        found = found.where(place > after)
    rows = await reader.rows(found.order_by(TOUCHPOINTS.c.occurred_at, TOUCHPOINTS.c.id).limit(limit))
    return [stored(row) for row in rows]


async def _first_touch(reader: Reader, identity: Identity) -> StoredTouchpoint | None:
    """The first thing they did; calls that only say who somebody is are passed over."""
    after: Moment | None = None
    while True:
        touchpoints = await _owned(reader, identity, after, _CHUNK)
        for touchpoint in touchpoints:
            if json.decode(touchpoint.body, type=_Typed).type in _ACTS:
                return touchpoint
        if len(touchpoints) < _CHUNK:
            return None
        after = (touchpoints[-1].occurred_at, touchpoints[-1].id)


async def _refusals(
    reader: Reader, found: Select[Any], limit: int, message_id: str | None
) -> list[tuple[Row[Any], str | None]]:
    """Rejects with the message id each was sent under; of one message id where that is given."""
    refusals: list[tuple[Row[Any], str | None]] = []
    rows = await reader.rows(found.limit(limit))
    while rows:
        named = [(row, _message_id(row.body)) for row in rows]
        refusals += [pair for pair in named if message_id in (None, pair[1])]
        if len(refusals) >= limit or len(rows) < limit:
            break
        # The text held the id somewhere, not as its message id: look on behind it.
        rows = await reader.rows(found.where(REJECTED.c.seq > rows[-1].seq).limit(limit))
    return refusals


def _in_arrival(
    after: EventPosition,
    accepted: Sequence[Row[Any]],
    refusals: Sequence[tuple[Row[Any], str | None]],
    roots: Mapping[str, str],
) -> list[ArrivedEvent]:
    """Both records as one. Each keeps its own order, so a page goes on where the one before ended."""
    stored_rows: list[_Arrived] = [(row, row.message_id, "stored") for row in accepted]
    rejected_rows: list[_Arrived] = [(row, message_id, "rejected") for row, message_id in refusals]
    events: list[ArrivedEvent] = []
    for row, message_id, state in merge(stored_rows, rejected_rows, key=lambda item: item[0].received_at):
        taken = state == "stored"
        after = after._replace(stored=row.seq) if taken else after._replace(rejected=row.seq)
        person = roots.get(row.person) if taken else None
        events.append(ArrivedEvent(after, row.id, message_id, row.source, row.received_at, state, person, row.body))
    return events


def _message_id(body: str) -> str | None:
    """The id that something was sent under; none where it said none, or is not to be read."""
    try:
        return json.decode(body, type=_Sent).message_id
    except (DecodeError, ValidationError):
        return None


def _claim(row: Row[Any]) -> Claim:
    named = tuple(identifier(name) for name in json.decode(row.identifiers, type=list[str]))
    return Claim(row.event_id, row.at, row.trusted, row.explicit, named, row.source)


def _reject(row: Row[Any]) -> StoredReject:
    codes, reasons = (json.decode(text, type=tuple[str, ...]) for text in (row.codes, row.reasons))
    return StoredReject(row.seq, row.id, row.received_at, row.source, codes, reasons, row.body)


class _Typed(Struct):
    """As much of a touchpoint as tells whether somebody did something."""

    type: str


class _Sent(Struct):
    """As much of what was sent as names it."""

    message_id: str | None = field(name="messageId", default=None)
