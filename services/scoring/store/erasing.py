"""Erasure in SQL: nothing that scoring kept of somebody stays but the ids of what they did, which names nobody.

That a promotion was sent because of it stays as well, and what sales answered: it is a fact of the touch, which may
turn out to be somebody else's."""

from collections.abc import Mapping, Sequence

from msgspec import json
from sqlalchemy import and_, select, update

from services.scoring.domain.facts import Touch, forgotten
from services.scoring.ports import Removal
from services.scoring.store.tables import CARDS, DEAL_PEOPLE, LEAD_ACCOUNTS, LEADS, TOUCHES
from shared.contracts import topics
from shared.contracts.envelope import decode
from shared.contracts.erasing import stand_ins
from shared.contracts.leads import LeadQualified
from shared.contracts.topics import TYPES
from shared.contracts.touchpoints import PersonErased
from shared.db import erased, outbox
from shared.db.dialect import Upsert
from shared.db.work import Work

_BLANK = Upsert(TOUCHES, conflict=("id",), update=("owner", "occurred_at", "body", "promoted_as"))


async def erase(work: Work, erasures: Sequence[PersonErased]) -> Removal:
    """Remove what is kept of people; answers what went, without erasures that were carried out before."""
    unsent: dict[str, str | None] = {}
    rows: dict[str, Mapping[str, int]] = {}
    for erasure in await erased.begin(work, erasures):
        rows[erasure.erasure_id] = await _remove(work, sorted(stand_ins(erasure)), unsent)
    return Removal(rows, unsent)


async def _remove(work: Work, ids: Sequence[str], unsent: dict[str, str | None]) -> Mapping[str, int]:
    owned = await work.rows(select(TOUCHES).where(work.among(TOUCHES.c.owner, ids)))
    withdrawn, causes = await _withdraw(work, ids)
    unsent.update((touch_id, owner) for touch_id, owner in causes.items() if owner not in ids)
    blank = [
        (row.id, None, row.revision, 0, _blank(row.body), row.promotion_id, None)
        for row in sorted(owned, key=lambda row: row.id)
    ]
    await work.write(_BLANK, blank)
    removed = await erased.forget_records(work, ids)
    removed["touches"] = len(owned)
    removed |= await erased.remove(work, (CARDS, LEAD_ACCOUNTS, LEADS, DEAL_PEOPLE), ids)
    removed["outbox"] += withdrawn
    return removed


def _blank(body: bytes) -> bytes:
    return json.encode(forgotten(json.decode(body, type=Touch)))


async def _withdraw(work: Work, ids: Sequence[str]) -> tuple[int, Mapping[str, str | None]]:
    """Promotions that wait are not sent, whoever's the touch is by now: they carry the whole card. What is said of
    stages carries none, and attribution counts with it. Answers how many went, and the touches with their owners, but
    for those because of which somebody else was handed over since."""
    records = await outbox.withdraw(work, topics.LEADS.name, ids, "lead.qualified")
    told = [decode(one.value, one.headers, TYPES).data for one in records]
    unsent = sorted(lead.promotion_id for lead in told if isinstance(lead, LeadQualified))
    caused = and_(work.among(TOUCHES.c.promotion_id, unsent), work.among(TOUCHES.c.promoted_as, ids))
    causes = {row.id: row.owner for row in await work.rows(select(TOUCHES.c.id, TOUCHES.c.owner).where(caused))}
    await work.execute(update(TOUCHES).where(caused).values(promotion_id=None))
    return len(records), causes
