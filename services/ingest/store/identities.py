"""Who somebody is, read in a transaction at hand: of the API's own, or of a command that answers what came of it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct, json
from sqlalchemy import Row, func, or_, select, tuple_

from services.ingest.domain.identity import Claim, Identifier, identifier
from services.ingest.domain.people import Moment
from services.ingest.ports import Identity, KnownPerson, StoredTouchpoint
from services.ingest.store.tables import BROWSER_CLAIMS, CLAIMS, COMPONENTS, IDENTIFIERS, PEOPLE, TOUCHPOINTS
from services.ingest.store.touchpoints import stored
from shared.db.people import members_of
from shared.db.work import Reader

_ACTS = frozenset(("track", "page", "screen"))
_CHUNK = 100
"""A first act is looked for among so many touchpoints at a time; it is nearly always among the first few."""


def canonical(person_id: str) -> str | None:
    """An id as it is stored; none where no id of ours looks like this."""
    try:
        return str(UUID(person_id))
    except ValueError:
        return None


async def claimants(reader: Reader, browser: str) -> list[str]:
    """The people who were named under an anonymous id, the last first."""
    # As an event is of whoever claimed the browser last before it: by time, then by id.
    order = (BROWSER_CLAIMS.c.at.desc(), BROWSER_CLAIMS.c.touchpoint_id.desc())
    place = func.row_number().over(partition_by=BROWSER_CLAIMS.c.holder, order_by=order)
    silent = select(CLAIMS.c.id).where(CLAIMS.c.verdict == "withdrawn", CLAIMS.c.id == TOUCHPOINTS.c.statement)
    claims = (
        select(BROWSER_CLAIMS.c.at, BROWSER_CLAIMS.c.touchpoint_id, IDENTIFIERS.c.person, place.label("place"))
        .join(IDENTIFIERS, IDENTIFIERS.c.id == BROWSER_CLAIMS.c.holder)
        .join(TOUCHPOINTS, TOUCHPOINTS.c.id == BROWSER_CLAIMS.c.touchpoint_id)
        .where(BROWSER_CLAIMS.c.browser == browser, ~silent.exists())
    ).subquery()
    last = select(claims.c.person).where(claims.c.place == 1)
    found = await reader.rows(last.order_by(claims.c.at.desc(), claims.c.touchpoint_id.desc()))
    return [row.person for row in found]


async def known_person(reader: Reader, root: str) -> KnownPerson | None:
    """Somebody as they are read, by the id that stands for them; None where there is nobody."""
    identity = await identity_of(reader, root)
    if identity is None:
        return None
    card = await reader.scalar(select(PEOPLE.c.card).where(PEOPLE.c.id == root))
    return KnownPerson(root, card, tuple(sorted(identity.aliases)), await _first_touch(reader, identity))


async def identity_of(reader: Reader, root: str) -> Identity | None:
    """What makes a person one, by the id that stands for them; None where there is nobody."""
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


async def owned(reader: Reader, identity: Identity, after: Moment | None, limit: int) -> list[StoredTouchpoint]:
    """What is theirs, in event time, then id."""
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
        touchpoints = await owned(reader, identity, after, _CHUNK)
        for touchpoint in touchpoints:
            if json.decode(touchpoint.body, type=_Typed).type in _ACTS:
                return touchpoint
        if len(touchpoints) < _CHUNK:
            return None
        after = (touchpoints[-1].occurred_at, touchpoints[-1].id)


async def claims(reader: Reader, components: Sequence[str]) -> list[Claim]:
    """Every claim of these components."""
    rows = await reader.rows(select(CLAIMS).where(reader.among(CLAIMS.c.component, components)))
    return [claim_of(row) for row in rows]


def claim_of(row: Row[Any]) -> Claim:
    """A claim of a row of the table."""
    return Claim(
        row.event_id, row.at, row.trusted, row.explicit, named(row.identifiers), row.source, row.verdict
    )  # fmt: skip


def named(text: str) -> tuple[Identifier, ...]:
    """The identifiers that a claim keeps as JSON."""
    return tuple(identifier(name) for name in json.decode(text, type=list[str]))


async def owners(reader: Reader, wanted: Sequence[Identifier]) -> list[str]:
    """Whose identifiers are, in this order; everybody's who claimed it, where one is contested."""
    rows = await reader.rows(select(IDENTIFIERS).where(reader.among(IDENTIFIERS.c.id, list(map(str, wanted)))))
    by_name = {row.id: row for row in rows if row.person is not None}
    found: list[str] = []
    for row in (by_name[str(one)] for one in wanted if str(one) in by_name):
        found += await claimants(reader, row.id) if row.contested else [row.person]
    return found


class _Typed(Struct):
    """As much of a touchpoint as tells whether somebody did something."""

    type: str
