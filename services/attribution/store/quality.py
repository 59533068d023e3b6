"""Leads with all that became of them, out of the facts: some at a time, each under who they are known to be now.

Nothing is kept beside the facts, so no merge, split or late fact has to be followed. Pages are of one moment each.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from msgspec import json
from sqlalchemy import Row, Select, select

from services.attribution.domain.quality import Act, Lead, Purchase
from services.attribution.domain.touch import Touch
from services.attribution.store.lifecycle import leads_of, qualified_of
from services.attribution.store.tables import DEAL_PEOPLE, DEALS, HANDOFF_ACTS, PROMOTIONS, STAGES, TOUCHES
from shared.db.engine import Database
from shared.db.people import by_root, members_of, roots_of
from shared.db.work import Reader

_LEADS_AT_ONCE = 500
"""With some dozens of touches each, a page is a few megabytes and holds up the loop for no more than an instant."""


class SqlQuality:
    """The quality port over a service's store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def leads(self, since: int | None, until: int | None) -> AsyncIterator[Sequence[Lead]]:
        """Everybody who became a lead at this time or later, and before that one; each once, some at a time."""
        seen: set[str] = set()
        after: str | None = None
        while True:
            async with self._database.read() as reader:
                rows = await reader.rows(_said_to_be_leads(since, until, after))
                roots = set((await roots_of(reader, [row.person_id for row in rows])).values()) - seen
                page = await _page(reader, roots)
            if not rows:
                return
            seen |= roots
            after = rows[-1].person_id
            found = await asyncio.to_thread(page.leads)
            yield [
                lead
                for lead in found
                if (since is None or lead.lead_at >= since) and (until is None or lead.lead_at < until)
            ]


@dataclass(frozen=True, slots=True)
class _Page:
    """The facts of some people, as they lie in the store, by root."""

    lead_at: Mapping[str, int]
    qualified_at: Mapping[str, int]
    members: Mapping[str, Sequence[str]]
    touches: Mapping[str, Sequence[bytes]]
    """By owner: decoded by whoever has the time."""
    acts: Mapping[str, Sequence[Act]]
    purchases: Mapping[str, Sequence[Purchase]]

    def leads(self) -> list[Lead]:
        """Those who became leads."""
        return [
            Lead(
                lead_at=moment,
                qualified_at=self.qualified_at.get(root),
                touches=tuple(
                    replace(json.decode(body, type=Touch), person_id=root)
                    for member in self.members[root]
                    for body in self.touches.get(member, ())
                ),
                acts=tuple(self.acts.get(root, ())),
                purchases=tuple(self.purchases.get(root, ())),
            )
            for root, moment in self.lead_at.items()
        ]


def _said_to_be_leads(since: int | None, until: int | None, after: str | None) -> Select[Any]:
    wanted = select(STAGES.c.person_id).where(STAGES.c.lead_at.is_not(None))
    if since is not None:
        wanted = wanted.where(STAGES.c.lead_at >= since)
    if until is not None:
        wanted = wanted.where(STAGES.c.lead_at < until)
    if after is not None:
        wanted = wanted.where(STAGES.c.person_id > after)
    return wanted.order_by(STAGES.c.person_id).limit(_LEADS_AT_ONCE)


async def _page(reader: Reader, roots: Collection[str]) -> _Page:
    members = await members_of(reader, roots)
    return _Page(
        await leads_of(reader, members),
        await qualified_of(reader, members),
        by_root(members),
        await _touches(reader, members),
        await _acts(reader, members),
        await _purchases(reader, members),
    )


async def _touches(reader: Reader, members: Mapping[str, str]) -> Mapping[str, Sequence[bytes]]:
    owned = select(TOUCHES.c.owner, TOUCHES.c.body).where(reader.among(TOUCHES.c.owner, sorted(members)))
    found: defaultdict[str, list[bytes]] = defaultdict(list)
    for row in await reader.rows(owned):
        found[row.owner].append(row.body)
    return found


async def _acts(reader: Reader, members: Mapping[str, str]) -> Mapping[str, Sequence[Act]]:
    """By root: an act belongs to whoever owns what caused the promotion; to whom it names, where that is unknown."""
    ids = sorted(members)
    acts = select(HANDOFF_ACTS, TOUCHES.c.owner)
    of_touches = acts.join_from(TOUCHES, PROMOTIONS, PROMOTIONS.c.cause_id == TOUCHES.c.id).join(
        HANDOFF_ACTS, HANDOFF_ACTS.c.promotion_id == PROMOTIONS.c.id
    )
    of_names = (
        acts.select_from(HANDOFF_ACTS)
        .outerjoin(PROMOTIONS, PROMOTIONS.c.id == HANDOFF_ACTS.c.promotion_id)
        .outerjoin(TOUCHES, TOUCHES.c.id == PROMOTIONS.c.cause_id)
    )
    rows = [
        *await reader.rows(of_touches.where(reader.among(TOUCHES.c.owner, ids))),
        *await reader.rows(of_names.where(reader.among(HANDOFF_ACTS.c.person_id, ids))),
    ]
    found: defaultdict[str, list[Act]] = defaultdict(list)
    for row in {(row.handoff_id, row.version): row for row in rows}.values():
        root = members.get(row.owner or row.person_id)
        if root is not None:
            found[root].append(Act(row.handoff_id, row.act, row.reason))
    return found


async def _purchases(reader: Reader, members: Mapping[str, str]) -> Mapping[str, Sequence[Purchase]]:
    """By root, the won deals in which nobody became a lead before them; at the same moment, the smaller id did."""
    won = select(DEALS.c.id, DEALS.c.amount_minor, DEALS.c.currency, DEALS.c.closed_at).distinct()
    own = won.join(DEAL_PEOPLE, DEAL_PEOPLE.c.deal_id == DEALS.c.id).where(DEALS.c.status == "won")
    deals = await reader.rows(own.where(reader.among(DEAL_PEOPLE.c.person_id, sorted(members))))
    if not deals:
        return {}
    on_deals = select(DEAL_PEOPLE).where(reader.among(DEAL_PEOPLE.c.deal_id, sorted(deal.id for deal in deals)))
    people = await reader.rows(on_deals)
    roots = await roots_of(reader, {row.person_id for row in people})
    became = await leads_of(reader, await members_of(reader, set(roots.values())))
    leads: defaultdict[str, set[tuple[int, str]]] = defaultdict(set)
    for row in people:
        root = roots[row.person_id]
        if root in became:
            leads[row.deal_id].add((became[root], root))
    return _by_first_lead(deals, leads)


def _by_first_lead(
    deals: Sequence[Row[Any]], leads: Mapping[str, Collection[tuple[int, str]]]
) -> Mapping[str, Sequence[Purchase]]:
    found: defaultdict[str, list[Purchase]] = defaultdict(list)
    for deal in deals:
        first = min(leads.get(deal.id, ()), default=None)
        if first is not None and first[0] <= deal.closed_at:
            found[first[1]].append(Purchase(deal.amount_minor, deal.currency, deal.closed_at))
    return found
