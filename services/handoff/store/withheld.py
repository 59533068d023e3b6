"""Promotions of people who refuse to be handed to sales, in SQL: kept until they allow it, or are somebody else."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import json
from sqlalchemy import delete, select

from services.handoff.handlers.carding import nameless
from services.handoff.store.tables import WITHHELD
from shared.contracts.leads import LeadQualified
from shared.db.dialect import Upsert, among_given
from shared.db.work import Work

_KEEP = Upsert(WITHHELD, conflict=("id",), update=("person_id", "about", "revision", "body"))
_BY_ID = select(WITHHELD).where(among_given(WITHHELD.c.id, "ids"))
_THEIRS = select(WITHHELD.c.body).where(among_given(WITHHELD.c.person_id, "people"))
_ABOUT = select(WITHHELD.c.person_id, WITHHELD.c.body).where(among_given(WITHHELD.c.about, "people"))


async def find(work: Work, promotion_ids: Sequence[str]) -> Mapping[str, LeadQualified]:
    """Those of these promotions that are withheld."""
    return {row.id: _lead(row.body) for row in await work.rows(_BY_ID, ids=promotion_ids)}


async def of(work: Work, person_ids: Collection[str]) -> Sequence[LeadQualified]:
    """What is withheld of these people."""
    return [_lead(row.body) for row in await work.rows(_THEIRS, people=sorted(person_ids))]


async def keep(work: Work, leads: Iterable[LeadQualified]) -> None:
    """Keep promotions, or how they are now."""
    rows = ((one.promotion_id, one.person_id, one.card.person_id, one.revision, json.encode(one)) for one in leads)
    await work.write(_KEEP, sorted(rows))


async def remove(work: Work, promotion_ids: Collection[str]) -> None:
    """These are withheld no longer."""
    if promotion_ids:
        await work.execute(delete(WITHHELD).where(work.among(WITHHELD.c.id, sorted(promotion_ids))))


async def told_of(work: Work, person_ids: Sequence[str]) -> set[str]:
    """Of whom promotions are withheld that came with the card of one of these people."""
    return {row.person_id for row in await work.rows(_ABOUT, people=person_ids)}


async def forget(work: Work, person_ids: Sequence[str]) -> None:
    """What is withheld of others tells nothing of these people any more."""
    told = [_lead(row.body) for row in await work.rows(_ABOUT, people=person_ids)]
    await keep(work, map(nameless, told))


def _lead(body: bytes) -> LeadQualified:
    return json.decode(body, type=LeadQualified)
