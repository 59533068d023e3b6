"""Somebody was erased: sales has them no more, and of what came of them in this batch nothing is kept.

Promises: nobody erased is handed over by what waited, and nobody else waits any longer for a hand-off of theirs.
Leaves out what the store removes beside hand-offs, and the receipts (handing.py).
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from services.handoff.domain import messages
from services.handoff.domain.lead import Closed, forgotten
from services.handoff.handlers import publishing
from services.handoff.handlers.carding import nameless
from services.handoff.handlers.held import Held
from services.handoff.ports import Kept, KeptDeal, Message, SalesAct
from shared.contracts.erasing import stand_ins
from shared.contracts.leads import LeadQualified
from shared.contracts.touchpoints import PersonErased
from shared.kernel.instant import Instant

Gone = Mapping[str, str]
"""The ids that were erased, with what stands in for each."""


def part(held: Held, gone: Gone, now: Instant) -> tuple[list[Message], dict[str, LeadQualified]]:
    """Part with the hand-offs of the erased; answers what CRMs are told, and the promotions of others that waited for
    the end of one."""
    theirs = [one for one in held.kept.values() if one.handoff.person_id in gone]
    freed = leads_left(_by_id(lead for kept in theirs for lead in kept.waiting), gone)
    told = [_part_with(held, kept, gone[kept.handoff.person_id], now) for kept in theirs]
    for kept in [*held.kept.values()]:
        waiting = tuple(leads_left(_by_id(kept.waiting), gone).values())
        left = replace(kept, waiting=waiting, refused_by=tuple(gone.get(one, one) for one in kept.refused_by))
        # Who was taken for them for a while may have been handed over with what was known of them.
        if kept.brief.person.id in gone:
            left = replace(left, brief=messages.nothing(kept.handoff.person_id), card_version=0, trail=())
        if left != kept:
            held.keep(left)
    return told, freed


def _by_id(leads: Iterable[LeadQualified]) -> dict[str, LeadQualified]:
    return {lead.promotion_id: lead for lead in leads}


def _part_with(held: Held, kept: Kept, stand_in: str, now: Instant) -> Message:
    """One hand-off: ended, told to CRMs by ids alone, kept for the clocks and counts."""
    if kept.handoff.is_open:
        kept = held.act(kept, Closed("erased"))
    held.keep(Kept(forgotten(kept.handoff, stand_in), messages.nothing(stand_in), 0, ()))
    return publishing.erased(kept.handoff, now)


def handoffs_of(held: Held, erasure: PersonErased) -> int:
    """How many hand-offs are kept under what stands in for the erased."""
    ours = {*stand_ins(erasure).values()}
    return sum(one.handoff.person_id in ours for one in held.kept.values())


def leads_left(leads: Mapping[str, LeadQualified], gone: Gone) -> dict[str, LeadQualified]:
    """The promotions of others; those that came with the card of somebody erased say nothing of them."""
    return {
        one: nameless(lead) if lead.card.person_id in gone else lead
        for one, lead in leads.items()
        if lead.person_id not in gone
    }


def acts_left(acts: Mapping[str, SalesAct], gone: Gone) -> dict[str, SalesAct]:
    """What sales did, where it did so with the erased as with nobody."""
    return {one: act.forgotten(gone[act.person_id]) if act.person_id in gone else act for one, act in acts.items()}


def deals_left(deals: Mapping[str, KeptDeal], gone: Gone) -> dict[str, KeptDeal]:
    """The deals, without the erased."""
    return {one: replace(deal, people=tuple(p for p in deal.people if p not in gone)) for one, deal in deals.items()}
