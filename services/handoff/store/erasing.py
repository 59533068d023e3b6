"""Erasure in SQL: what was sent about somebody goes, and what sales did with them; the hand-offs themselves are written
by the batch (handlers/handing.py), which ends them first."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import delete, or_, select

from services.handoff.ports import SalesAct
from services.handoff.store import withheld
from services.handoff.store.tables import (
    ACTS,
    DEAL_PEOPLE,
    DELIVERIES,
    HANDOFFS,
    REFUSALS,
    SALES_ACTS,
    STANDINGS,
    WITHHELD,
)
from shared.contracts.erasing import stand_ins
from shared.contracts.touchpoints import PersonErased
from shared.db import erased
from shared.db.dialect import Upsert
from shared.db.work import Work
from shared.kernel.errors import NotLoaded
from shared.kernel.keys import Key

_BLANK = Upsert(SALES_ACTS, conflict=("id",), update=("person_id", "occurred_at", "kind", "actor", "counts"))


async def erase(
    work: Work, erasures: Sequence[PersonErased], loaded: Collection[str], locked: Collection[str]
) -> Mapping[str, dict[str, int]]:
    """Remove what is kept of people; answers by erasure how many rows of each store went, without those that were
    carried out before. Raises NotLoaded where a hand-off that tells of them is not `loaded`, or what is withheld is of
    somebody who is not `locked`."""
    begun = await erased.begin(work, erasures)
    ids = sorted({one for erasure in begun for one in stand_ins(erasure)})
    about = select(HANDOFFS.c.id, HANDOFFS.c.person_id).where(work.among(HANDOFFS.c.about, ids))
    others = {row.person_id for row in await work.rows(about) if row.id not in loaded}
    others |= await withheld.told_of(work, ids) - {*ids, *locked}
    if others:
        raise NotLoaded(Key("person", person_id) for person_id in others)
    return {erasure.erasure_id: await _remove(work, stand_ins(erasure)) for erasure in begun}


async def _remove(work: Work, gone: Mapping[str, str]) -> dict[str, int]:
    ids = sorted(gone)
    handed = select(HANDOFFS.c.id).where(work.among(HANDOFFS.c.person_id, ids))
    handoffs = sorted(row.id for row in await work.rows(handed))
    sent = or_(work.among(DELIVERIES.c.person_id, ids), work.among(DELIVERIES.c.handoff_id, handoffs))
    # In the order in which answers to them are recorded, so that the two wait for each other and never for ever.
    await work.lock(select(DELIVERIES.c.id).where(sent).order_by(DELIVERIES.c.endpoint_id, DELIVERIES.c.id))
    acts = await work.rows(select(SALES_ACTS).where(work.among(SALES_ACTS.c.person_id, ids)))
    blank = [SalesAct(*tuple(row)).forgotten(gone[row.person_id]) for row in acts]
    rows = [(a.id, a.person_id, a.revision, a.occurred_at, a.kind, a.actor, a.counts) for a in blank]
    await work.write(_BLANK, sorted(rows))
    removed = await erased.forget_records(work, ids)
    removed |= await erased.remove(work, (DEAL_PEOPLE, REFUSALS, STANDINGS, WITHHELD), ids)
    await withheld.forget(work, ids)
    removed["sales_acts"] = len(acts)
    removed["deliveries"] = await work.execute(delete(DELIVERIES).where(sent))
    removed["acts"] = await work.execute(delete(ACTS).where(work.among(ACTS.c.handoff_id, handoffs)))
    return removed
