"""Leads with all that became of them, out of the facts, each under who they are known to be now.

Promises: reads whatever people are asked for in a few statements. Leaves out: which people, and what is kept of it.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from msgspec import json
from sqlalchemy import select

from services.attribution.domain.quality import Act, Became, Lead, became
from services.attribution.domain.rules import Rules
from services.attribution.domain.stages import Moments
from services.attribution.domain.touch import Touch, Why
from services.attribution.store.lifecycle import leads_of, moments_of
from services.attribution.store.tables import DEAL_PEOPLE, DEALS, HANDOFF_ACTS, PROMOTIONS, TOUCHES
from shared.db import refusals
from shared.db.people import by_root, members_of, roots_of
from shared.db.work import Reader


@dataclass(frozen=True, slots=True)
class Known:
    """A lead, by who they are now, and the won deals in which nobody became one before them."""

    person_id: str
    moments: Moments
    became: Became
    deals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeadFacts:
    """The facts of some people, as they lie in the store, by root."""

    moments: Mapping[str, Moments]
    members: Mapping[str, Sequence[str]]
    refused: Collection[str]
    touches: Mapping[str, Sequence[bytes]]
    """By owner: decoded by whoever has the time."""
    acts: Mapping[str, Sequence[Act]]
    deals: Mapping[str, Sequence[str]]

    def leads(self, rules: Rules) -> list[Known]:
        """Those who became leads, in the order of their ids."""
        return [
            Known(
                root,
                moments,
                became(self._lead(root, moments.lead, moments.mql), rules.journey.interactions),
                tuple(self.deals.get(root, ())),
            )
            for root, moments in sorted(self.moments.items())
            if moments.lead is not None
        ]

    def _lead(self, root: str, lead_at: int, mql_at: int | None) -> Lead:
        barred = Why.CONSENT if root in self.refused else None
        touches = (json.decode(body, type=Touch) for one in self.members[root] for body in self.touches.get(one, ()))
        return Lead(
            lead_at=lead_at,
            mql_at=mql_at,
            touches=tuple(replace(touch, person_id=root, barred=touch.barred or barred) for touch in touches),
            acts=tuple(self.acts.get(root, ())),
        )


async def facts_of(reader: Reader, roots: Collection[str]) -> LeadFacts:
    """The facts of people, by who they are now."""
    members = await members_of(reader, roots)
    return LeadFacts(
        await moments_of(reader, members),
        by_root(members),
        await refusals.refusing(reader, set(roots)),
        await _touches(reader, members),
        await _acts(reader, members),
        await _deals(reader, members),
    )


async def _touches(reader: Reader, members: Mapping[str, str]) -> Mapping[str, Sequence[bytes]]:
    owned = select(TOUCHES.c.owner, TOUCHES.c.body).where(reader.among(TOUCHES.c.owner, sorted(members)))
    found: defaultdict[str, list[bytes]] = defaultdict(list)
    for row in await reader.rows(owned):
        found[row.owner].append(row.body)
    return found


async def _acts(reader: Reader, members: Mapping[str, str]) -> Mapping[str, Sequence[Act]]:
    """By root: an act belongs to whoever owns what caused the promotion; where no touch is kept of that, to whom the
    promotion names, and to whom it names itself, while that is unknown."""
    ids = sorted(members)
    acts = select(HANDOFF_ACTS, TOUCHES.c.owner, PROMOTIONS.c.person_id.label("promoted"))
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
        *await reader.rows(of_names.where(reader.among(PROMOTIONS.c.person_id, ids))),
        *await reader.rows(of_names.where(reader.among(HANDOFF_ACTS.c.person_id, ids))),
    ]
    found: defaultdict[str, list[Act]] = defaultdict(list)
    for row in {(row.handoff_id, row.version): row for row in rows}.values():
        root = members.get(row.owner or row.promoted or row.person_id)
        if root is not None:
            found[root].append(Act(row.handoff_id, row.act, row.reason))
    return found


async def _deals(reader: Reader, members: Mapping[str, str]) -> Mapping[str, Sequence[str]]:
    """By root, the won deals in which nobody became a lead before them; at the same moment, the smaller id did."""
    won = select(DEALS.c.id, DEALS.c.closed_at).distinct()
    own = won.join(DEAL_PEOPLE, DEAL_PEOPLE.c.deal_id == DEALS.c.id).where(DEALS.c.status == "won")
    own = own.where(reader.among(DEAL_PEOPLE.c.person_id, sorted(members))).order_by(DEALS.c.id)
    closes = {row.id: row.closed_at for row in await reader.rows(own)}
    if not closes:
        return {}
    people = await reader.rows(select(DEAL_PEOPLE).where(reader.among(DEAL_PEOPLE.c.deal_id, list(closes))))
    roots = await roots_of(reader, {row.person_id for row in people})
    since = await leads_of(reader, await members_of(reader, set(roots.values())))
    leads: defaultdict[str, set[tuple[int, str]]] = defaultdict(set)
    for row in people:
        root = roots[row.person_id]
        if root in since:
            leads[row.deal_id].add((since[root], root))
    found: defaultdict[str, list[str]] = defaultdict(list)
    for deal_id, closed_at in closes.items():
        first = min(leads[deal_id], default=None)
        if first is not None and first[0] <= closed_at:
            found[first[1]].append(deal_id)
    return found
