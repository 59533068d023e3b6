"""The deals in SQL: the highest version of each, and who is on it."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import delete, select

from services.ingest.domain.identity import Identifier, identifier
from services.ingest.ports import StoredDeal
from services.ingest.store.tables import DEAL_CONTACTS, DEALS
from shared.db.dialect import Upsert
from shared.db.work import Work

_KEEP = Upsert(DEALS, conflict=("id",), update=("version", "event_id", "revision", "body", "people"))
_CONTACTS = Upsert(DEAL_CONTACTS, conflict=("identifier", "deal_id"))
_ENSURE = Upsert(DEALS, conflict=("id",))
_NOTHING_YET = (-(2**62), "00000000-0000-0000-0000-000000000000", 0, "", "[]")
"""A deal that is only locked so far: any version is higher, and its body is empty."""


class SqlDeals:
    """The deals port over one transaction."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def lock(self, deal_ids: Collection[str], contacts: Collection[Identifier]) -> Mapping[str, StoredDeal]:
        """The deals of these ids and those on which these identifiers are contacts, locked."""
        work = self._work
        touched = set(deal_ids)
        if contacts:
            among = work.among(DEAL_CONTACTS.c.identifier, sorted(map(str, contacts)))
            touched |= {row.deal_id for row in await work.rows(select(DEAL_CONTACTS.c.deal_id).where(among))}
        if not touched:
            return {}
        await work.write(_ENSURE, [(deal_id, *_NOTHING_YET) for deal_id in sorted(deal_ids)])
        locking = select(DEALS).where(work.among(DEALS.c.id, sorted(touched))).order_by(DEALS.c.id)
        rows = await work.locked(locking)
        named: dict[str, list[Identifier]] = {row.id: [] for row in rows}
        for row in await work.rows(select(DEAL_CONTACTS).where(work.among(DEAL_CONTACTS.c.deal_id, sorted(named)))):
            named[row.deal_id].append(identifier(row.identifier))
        return {
            row.id: StoredDeal(
                row.id, row.version, row.event_id, row.revision, row.body.encode(), row.people.encode(),
                tuple(sorted(named[row.id])),
            )
            for row in rows
        }  # fmt: skip

    async def keep(self, deals: Sequence[StoredDeal]) -> None:
        """Leave deals as they are now."""
        if not deals:
            return
        ordered = sorted(deals, key=lambda deal: deal.id)
        await self._work.write(
            _KEEP,
            [(d.id, d.version, d.event_id, d.revision, d.body.decode(), d.people.decode()) for d in ordered],
        )
        among = self._work.among(DEAL_CONTACTS.c.deal_id, [deal.id for deal in ordered])
        await self._work.execute(delete(DEAL_CONTACTS).where(among))
        pairs = sorted({(str(member), deal.id) for deal in ordered for member in deal.contacts})
        await self._work.write(_CONTACTS, pairs)
