"""Erasure in SQL: what somebody did stays and goes on earning what it earned, but is nobody's any more.

All that is kept under an id of theirs comes to lie under what stands in for it. Journeys, credits and open deals are
derived again from that, by the batch. Leaves out what months were closed with: it names nobody.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from msgspec import json
from msgspec.structs import replace
from sqlalchemy import Table, select

from services.attribution.domain.touch import Touch
from services.attribution.store.tables import (
    ACCOUNT_PEOPLE,
    ADJUSTMENTS,
    CARDS,
    CREDIT_CHANGES,
    DEAL_LEAVERS,
    DEAL_PEOPLE,
    DEALS,
    DIRTY_LEADS,
    HANDOFF_ACTS,
    LEAD_DEALS,
    LEADS,
    PROMOTIONS,
    REFUSALS,
    STAGES,
    TOUCHES,
)
from shared.contracts.deals import Deal, DealPerson
from shared.contracts.erasing import stand_ins
from shared.contracts.leads import StageEntry, without_causes
from shared.contracts.touchpoints import PersonErased
from shared.db import erased
from shared.db.dialect import Upsert
from shared.db.work import Work
from shared.kernel.stand_ins import stand_in

_Forget = Callable[[Touch], Touch]
_BLANK = Upsert(TOUCHES, conflict=("id",), update=("owner", "body"))
_ON_DEAL = Upsert(DEALS, columns=tuple(column.name for column in DEALS.columns), conflict=("id",), update=("body",))
_STAGED = Upsert(STAGES, conflict=("person_id",), update=("body",))
_JOIN = Upsert(DEAL_PEOPLE, conflict=("person_id", "deal_id"))
_RENAMED = (CARDS, ACCOUNT_PEOPLE, REFUSALS, STAGES, PROMOTIONS, HANDOFF_ACTS)


async def erase(work: Work, erasures: Sequence[PersonErased], forget: _Forget) -> Mapping[str, Mapping[str, int]]:
    """Have all that is kept of people be of what stands in for them; answers by erasure how many rows of each store,
    without those that were carried out before."""
    begun = await erased.begin(work, erasures)
    return {erasure.erasure_id: await _forget(work, stand_ins(erasure), forget) for erasure in begun}


async def _forget(work: Work, gone: Mapping[str, str], forget: _Forget) -> Mapping[str, int]:
    ids = sorted(gone)
    removed = await erased.forget_records(work, ids)
    touches = await _forget_touches(work, gone, forget)
    # What became of them as a lead is derived again, of what stands in for them.
    await erased.remove(work, (LEADS, LEAD_DEALS, DIRTY_LEADS), ids)
    removed |= {"touches": len(touches), "deals": await _rename_on_deals(work, gone)}
    for table in (ADJUSTMENTS, CREDIT_CHANGES):
        await _rename_told(work, table, touches)
    await _forget_causes(work, ids)
    return removed | await erased.rename(work, _RENAMED, ids)


async def _forget_touches(work: Work, gone: Mapping[str, str], forget: _Forget) -> Sequence[str]:
    """Answers the ids of their touches. Under these the rows stay, so that a revision that comes late is known."""
    rows = await work.rows(select(TOUCHES).where(work.among(TOUCHES.c.owner, sorted(gone))))
    blank = [
        (row.id, gone[row.owner], row.revision, row.occurred_at, json.encode(forget(json.decode(row.body, type=Touch))))
        for row in sorted(rows, key=lambda row: row.id)
    ]
    await work.write(_BLANK, blank)
    return [row[0] for row in blank]


async def _forget_causes(work: Work, ids: Sequence[str]) -> None:
    """Of their stages stays when each was entered, and not because of what."""
    rows = await work.rows(select(STAGES).where(work.among(STAGES.c.person_id, ids)).order_by(STAGES.c.person_id))
    blank = [(*row[:-1], json.encode(without_causes(json.decode(row.body, type=list[StageEntry])))) for row in rows]
    await work.write(_STAGED, blank)


async def _rename_on_deals(work: Work, gone: Mapping[str, str]) -> int:
    """Answers on how many deals they are, or would be, had the revision that took them off not come first. They have
    left those for good: versions that are still to come know it."""
    ids = sorted(gone)
    named = select(DEAL_PEOPLE.c.deal_id).where(work.among(DEAL_PEOPLE.c.person_id, ids))
    left = select(DEAL_LEAVERS).where(work.among(DEAL_LEAVERS.c.person_id, ids))
    leavers: defaultdict[str, list[DealPerson]] = defaultdict(list)
    for row in await work.rows(left.order_by(DEAL_LEAVERS.c.person_id, DEAL_LEAVERS.c.role)):
        leavers[row.deal_id].append(DealPerson(person_id=row.person_id, role=row.role or None))
    on_deals = {row.deal_id for row in await work.rows(named)} | leavers.keys()
    # Nobody's lock holds a deal of which this was the last contact: a version under way would get its old body back.
    rows = await work.locked(select(DEALS).where(work.among(DEALS.c.id, sorted(on_deals))).order_by(DEALS.c.id))
    deals = [_renamed(json.decode(row.body, type=Deal), leavers[row.id], gone) for row in rows]
    await work.write(_ON_DEAL, [(*row[:-1], json.encode(deal)) for row, deal in zip(rows, deals, strict=True)])
    await erased.remove(work, (DEAL_PEOPLE,), ids)
    await erased.rename(work, (DEAL_LEAVERS,), ids)
    await work.write(_JOIN, sorted({(one.person_id, deal.id) for deal in deals for one in deal.people}))
    return len(deals)


def _renamed(deal: Deal, leavers: Sequence[DealPerson], gone: Mapping[str, str]) -> Deal:
    there = {one.person_id for one in deal.people}
    every = (*deal.people, *(one for one in leavers if one.person_id not in there))
    people = (DealPerson(person_id=gone.get(one.person_id, one.person_id), role=one.role) for one in every)
    return replace(deal, people=tuple(dict.fromkeys(people)))


async def _rename_told(work: Work, table: Table, touches: Sequence[str]) -> None:
    """What touches are said to have changed is said of what they are called now."""
    rows = await work.rows(select(table).where(work.among(table.c.event_id, touches)))
    names = [column.name for column in table.columns]
    keep = Upsert(table, conflict=[column.name for column in table.primary_key], update=("event_id",))
    place = names.index("event_id")
    await work.write(keep, sorted((*row[:place], stand_in(row[place]), *row[place + 1 :]) for row in rows))
