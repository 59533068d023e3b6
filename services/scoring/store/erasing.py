"""Erasure in SQL: nothing that scoring kept of somebody stays but the ids of what they did, which names nobody."""

from collections.abc import Mapping, Sequence

from msgspec import json
from sqlalchemy import delete, select

from services.scoring.domain.facts import Touch, forgotten
from services.scoring.domain.promotion import promotion_id
from services.scoring.store.tables import CARDS, DEAL_PEOPLE, LEAD_ACCOUNTS, LEADS, OUTCOMES, TOUCHES
from shared.contracts import topics
from shared.contracts.erasing import stand_ins
from shared.contracts.touchpoints import PersonErased
from shared.db import erased, outbox
from shared.db.dialect import Upsert
from shared.db.work import Work

_BLANK = Upsert(TOUCHES, conflict=("id",), update=("owner", "occurred_at", "body", "promotion_id"))


async def erase(work: Work, erasures: Sequence[PersonErased]) -> Mapping[str, Mapping[str, int]]:
    """Remove what is kept of people; answers by erasure how many rows of each store went, without those that were
    carried out before."""
    begun = await erased.begin(work, erasures)
    return {erasure.erasure_id: await _remove(work, sorted(stand_ins(erasure))) for erasure in begun}


async def forget_outcomes(work: Work, touch_ids: Sequence[str]) -> int:
    """Remove what sales did with leads because of these touches; answers how many rows went."""
    ids = [promotion_id(touch_id) for touch_id in touch_ids]
    return await work.execute(delete(OUTCOMES).where(work.among(OUTCOMES.c.promotion_id, ids)))


async def _remove(work: Work, ids: Sequence[str]) -> Mapping[str, int]:
    owned = await work.rows(select(TOUCHES).where(work.among(TOUCHES.c.owner, ids)))
    answered = await forget_outcomes(work, [row.id for row in owned])
    blank = [
        (row.id, None, row.revision, 0, json.encode(forgotten(json.decode(row.body, type=Touch))), None)
        for row in sorted(owned, key=lambda row: row.id)
    ]
    await work.write(_BLANK, blank)
    removed = await erased.forget_records(work, ids)
    removed |= {"touches": len(owned), "outcomes": answered}
    removed |= await erased.remove(work, (CARDS, LEAD_ACCOUNTS, LEADS, DEAL_PEOPLE), ids)
    # It carries the whole card. What is said of stages carries none, and attribution counts with it.
    removed["outbox"] += await outbox.withdraw(work, topics.LEADS.name, ids, "lead.qualified")
    return removed
