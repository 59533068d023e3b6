"""Promotions that wait: of somebody who is in sales' hands already the next one waits until that hand-off has ended.

Promises: whatever came first, what a deal ended before a promotion is not in its way, and what sales or a deal ended
after it has answered it as well. Who waits goes with the person, through merges and splits.
Leaves out what ends a hand-off (folding.py), and who gets the next one (assigning.py).
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from services.handoff.handlers import deriving
from services.handoff.handlers.assigning import brief
from services.handoff.handlers.carding import with_card
from services.handoff.handlers.held import Held
from services.handoff.ports import Kept
from shared.contracts.leads import LeadQualified
from shared.kernel.keys import Key

ALL_OWNERS = Key("owner", "*")
"""Who chooses weighs all owners against each other, so nobody else may choose at the same time."""


def updated(kept: Kept, lead: LeadQualified) -> Kept:
    """An open hand-off with a further promotion: it tells what that one does, which waits."""
    told = replace(kept, brief=brief(lead), card_version=lead.card.version, taken_back=False)
    return _waits(told, lead)


def answered(kept: Kept, lead: LeadQualified) -> Kept:
    """A hand-off that ended after a promotion of which we only hear now: it waits, should the end be taken back."""
    return _waits(with_card(kept, lead.card), lead)


def without(kept: Kept, promotion_ids: Collection[str]) -> Kept:
    """A hand-off for which these promotions wait no longer."""
    return replace(kept, waiting=tuple(one for one in kept.waiting if one.promotion_id not in promotion_ids))


def due(held: Held, members: Mapping[str, str]) -> list[LeadQualified]:
    """The promotions that wait for nothing any more, or for somebody else's hand-off; they are taken out."""
    found: list[LeadQualified] = []
    for root in held.roots():
        of_root = held.of(root)
        free = not held.open(root)
        for kept in of_root:
            leads = [
                lead
                for lead in kept.waiting
                if members.get(lead.person_id, root) != root or (free and deriving.answer_of(of_root, lead.at) is None)
            ]
            if leads:
                found += leads
                held.keep(without(kept, {lead.promotion_id for lead in leads}))
    return found


def _waits(kept: Kept, lead: LeadQualified) -> Kept:
    others = without(with_card(kept, lead.card), {lead.promotion_id})
    return replace(others, waiting=(*others.waiting, lead))
