"""Owners in SQL: the charter's at first, then as they are put."""

from collections.abc import Mapping, Sequence

from msgspec import json
from sqlalchemy import select, update

from services.handoff.ports import Seat
from services.handoff.settings import Terms, owner_of
from services.handoff.store.tables import OWNERS
from shared.contracts.charter import Owner
from shared.db.dialect import Upsert
from shared.db.engine import Database
from shared.db.work import Reader, Work

_IN_ORDER = select(OWNERS).order_by(OWNERS.c.id)
_SEED = Upsert(OWNERS, conflict=("id",))
_PUT = Upsert(OWNERS, conflict=("id",), update=("body",))


async def lock(work: Work, terms: Terms) -> None:
    """Make sure that there are owners, and lock them all, in id order."""
    if not await work.locked(_IN_ORDER):
        await work.write(_SEED, [_row(owner) for owner in sorted(terms.team, key=lambda owner: owner.id)])
        await work.lock(_IN_ORDER)


async def seats(reader: Reader, terms: Terms) -> Mapping[str, Seat]:
    """All owners with what the rota gave them; the charter's where the store has none yet."""
    rows = await reader.rows(_IN_ORDER)
    found = [(Owner.model_validate_json(row.body), row.assigned) for row in rows] or [(one, 0) for one in terms.team]
    return {owner.id: Seat(owner_of(owner, terms.hours), assigned) for owner, assigned in found}


def _row(owner: Owner) -> tuple[str, int, bytes]:
    return owner.id, 0, json.encode(owner.model_dump(mode="json"))


class SqlTeam:
    """The team port."""

    def __init__(self, database: Database, terms: Terms) -> None:
        self._database = database
        self._terms = terms

    async def all(self) -> Sequence[Owner]:
        """Every owner, by id."""
        async with self._database.read() as reader:
            rows = await reader.rows(_IN_ORDER)
        found = [Owner.model_validate_json(row.body) for row in rows]
        return found or sorted(self._terms.team, key=lambda owner: owner.id)

    async def put(self, owner: Owner) -> None:
        """Add or replace an owner. The rota starts afresh: who is new must not have to catch up with the others."""
        async with self._database.work() as work:
            await lock(work, self._terms)
            await work.write(_PUT, [_row(owner)])
            await work.execute(update(OWNERS).values(assigned=0))
