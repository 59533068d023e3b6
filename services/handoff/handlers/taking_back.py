"""A late fact may take a promotion out of a person's history of stages, and another one back into it.

Whether a promotion stands is what scoring said last of whoever it is of by now; said of fewer or more ids than these
are here, it decides nothing: a merge or a split is on its way to one of the two, and what follows it is said anew.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from services.handoff.domain.lead import Updated
from services.handoff.handlers import publishing
from services.handoff.handlers.held import Held
from services.handoff.ports import Kept, Ledger, Standing
from shared.contracts.leads import coverage


async def take_back(held: Held, ledger: Ledger, roots: Collection[str], members: Mapping[str, str]) -> dict[str, str]:
    """Hold the open hand-offs of these people against what scoring said last. Answers those of which it says otherwise
    than CRMs have heard, with the reason to be told: the promotion is gone, or there again."""
    told: dict[str, str] = {}
    open_ones = [root for root in roots if held.open(root)]
    if not open_ones:
        return told
    covers = coverage(members)
    for said in await ledger.standings(open_ones):
        if said.covers != covers[said.person_id]:
            continue
        for kept in held.open(said.person_id):
            if (stands := _stands(kept, said)) is kept.taken_back:
                told_now = replace(kept, taken_back=not stands, brief=replace(kept.brief, stage=said.stage))
                held.act(told_now, Updated())
                told[kept.handoff.id] = publishing.QUALIFIED_AGAIN if stands else publishing.NO_LONGER_QUALIFIED
    return told


def _stands(kept: Kept, said: Standing) -> bool:
    """Whether the promotion of a hand-off stands, or a later one that waits for its end."""
    promotions = (kept.handoff.promotion_id, *(lead.promotion_id for lead in kept.waiting))
    return any(said.promotions.get(one, False) for one in promotions)
