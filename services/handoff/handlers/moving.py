"""A promotion that was handed over turns out to be somebody else's: the touch that caused it is theirs.

Leaves out what becomes of it there, beside what else they have (folding.py, waiting.py).
"""

from collections.abc import Mapping
from dataclasses import replace

from services.handoff.domain.lead import Moved
from services.handoff.handlers import waiting
from services.handoff.handlers.assigning import brief
from services.handoff.handlers.carding import with_card
from services.handoff.handlers.held import Held
from services.handoff.ports import Kept
from shared.contracts.leads import LeadQualified


def move(held: Held, kept: Kept, lead: LeadQualified, members: Mapping[str, str]) -> set[str] | None:
    """Have a promotion's own hand-off be of whoever the promotion is of by now; answers it where CRMs are to be told,
    or nothing where it is the same person's under another id. None where the promotion waited for another hand-off: it
    waits there no more, and is to be handed over as a new one."""
    if kept.handoff.promotion_id != lead.promotion_id:
        held.keep(waiting.without(kept, {lead.promotion_id}))
        return None
    told = {kept.handoff.id} if members[lead.person_id] != members[kept.handoff.person_id] else set[str]()
    held.act(replace(with_card(kept, lead.card), brief=brief(lead)), Moved(lead.person_id, lead.cycle))
    return told
