"""What became of each lead, kept as a row: a batch says of whom something changed, a tick derives them.

Promises: whoever changes a fact of a lead says so in the same transaction, under every id that may be its row's; only
who holds that mark writes the row. So a row is of the last facts as soon as no mark is left. Leaves out: the sums.
"""

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

from msgspec import json
from sqlalchemy import Select, delete, func, select, union_all

from services.attribution.domain.quality import MEASURED, By
from services.attribution.domain.rules import Rules
from services.attribution.ports.leads import Changed
from services.attribution.store.lead_facts import Known, facts_of
from services.attribution.store.tables import (
    DIRTY_LEADS,
    HANDOFF_ACTS,
    LEAD_DEALS,
    LEADS,
    PROMOTIONS,
    STAGES,
    TOUCHES,
)
from shared.db.dialect import Upsert
from shared.db.engine import Database
from shared.db.people import roots_of
from shared.db.work import Reader, Work
from shared.kernel.instant import Instant

_LEADS_AT_ONCE = 200
"""Some ten milliseconds' work: so long does a batch wait that has news of one of them."""
_MARK = Upsert(DIRTY_LEADS, conflict=("person_id",), add=("times",))
"""The row is written also where it is there: a tick that is about to take it has to wait for the news."""
_KEEP = Upsert(LEADS, conflict=("person_id",), update=tuple(column.name for column in list(LEADS.columns)[1:]))
_KEEP_DEAL = Upsert(LEAD_DEALS, conflict=("deal_id",), update=("person_id",))


async def mark(work: Work, changed: Changed) -> None:
    """Remember of which leads something changed, so that they are derived again."""
    parts = _looked_for(work, changed)
    rows = await work.rows(union_all(*parts)) if parts else ()
    found = {*changed.named, *(row.person_id for row in rows if row.person_id is not None)}
    found.update([changed.members.get(person_id, person_id) for person_id in found])
    await _mark(work, found)


async def _mark(work: Work, people: Collection[str]) -> None:
    await work.write(_MARK, [(person_id, 1) for person_id in sorted(people)])


def _looked_for(reader: Reader, changed: Changed) -> list[Select[Any]]:
    """Of those who changed, who is or was a lead; and whose acts of sales may be somebody else's now."""
    parts: list[Select[Any]] = []
    if changed.members:
        ids = sorted(changed.members)
        parts += [select(table.c.person_id).where(reader.among(table.c.person_id, ids)) for table in (STAGES, LEADS)]
    acts, promoted = select(HANDOFF_ACTS.c.person_id), select(PROMOTIONS.c.person_id)
    if changed.touches:
        caused = reader.among(PROMOTIONS.c.cause_id, sorted(changed.touches))
        of_promotions = acts.join(PROMOTIONS, PROMOTIONS.c.id == HANDOFF_ACTS.c.promotion_id)
        parts += [of_promotions.where(caused), promoted.where(caused)]
    if changed.promotions:
        ids = sorted(changed.promotions)
        owners = select(TOUCHES.c.owner).join(PROMOTIONS, PROMOTIONS.c.cause_id == TOUCHES.c.id)
        parts.append(acts.where(reader.among(HANDOFF_ACTS.c.promotion_id, ids)))
        parts += [each.where(reader.among(PROMOTIONS.c.id, ids)) for each in (owners, promoted)]
    return parts


async def dirty(reader: Reader) -> int:
    """How many people are yet to be derived."""
    return int(await reader.scalar(select(func.count()).select_from(DIRTY_LEADS)))


class DerivingLeads:
    """Derives those of whom something changed, some at a call; any number of workers may."""

    def __init__(self, database: Database, rules: Rules) -> None:
        self._database = database
        self._rules = rules

    async def due(self, _now: Instant) -> int:
        """Derive the next ones; answers how many there were."""
        first = select(DIRTY_LEADS.c.person_id).order_by(DIRTY_LEADS.c.person_id).limit(_LEADS_AT_ONCE)
        async with self._database.read() as reader:
            waiting = [row.person_id for row in await reader.rows(first)]
            if not waiting:
                return 0
            stands = {*(await roots_of(reader, waiting)).values()}.difference(waiting)
        async with self._database.work() as work:
            # Who was merged has no row; whoever stands for them is another's to derive. They are marked before anything
            # is taken: a batch waits for marks in id order as well, and taking waits for nobody.
            await _mark(work, stands)
            wanted = first.where(work.among(DIRTY_LEADS.c.person_id, waiting))
            taken = [row.person_id for row in await work.locked(wanted, free=True)]
            roots = await roots_of(work, taken)
            # Who was merged since we looked is left for the next call.
            ids = [one for one in taken if roots[one] in stands or roots[one] in taken]
            await work.execute(delete(DIRTY_LEADS).where(work.among(DIRTY_LEADS.c.person_id, ids)))
            facts = await facts_of(work, [person_id for person_id in ids if roots[person_id] == person_id])
            await _keep(work, ids, await asyncio.to_thread(facts.leads, self._rules))
        return len(ids)


async def _keep(work: Work, ids: Sequence[str], leads: Sequence[Known]) -> None:
    """The rows of these people: those who are no leads have none, and an alias never has."""
    gone = sorted({*ids}.difference(lead.person_id for lead in leads))
    if gone:
        await work.execute(delete(LEADS).where(work.among(LEADS.c.person_id, gone)))
    await work.execute(delete(LEAD_DEALS).where(work.among(LEAD_DEALS.c.person_id, sorted(ids))))
    await work.write(_KEEP, [_row(lead) for lead in leads])
    await work.write(_KEEP_DEAL, sorted((deal_id, lead.person_id) for lead in leads for deal_id in lead.deals))


def _row(lead: Known) -> tuple[object, ...]:
    became = lead.became
    reasons = json.encode(became.reasons).decode() if became.reasons else None
    steps = (became.mql, became.accepted, became.rejected, became.contacted)
    told = (getattr(became.found[by], name, None) or "" for by in By for name in MEASURED)
    return lead.person_id, *lead.moments, *map(int, steps), reasons, became.heard_from or "", *told
