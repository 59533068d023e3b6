"""A late fact may take a promotion out of a person's history of stages, or into another cycle, and another one back.

Whether a promotion stands, and in which cycle, is what scoring said last of whoever it is of by now; said of fewer or
more ids than these are here, it decides nothing: a merge or a split is on its way to one of the two, and what follows
it is said anew.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from services.handoff.domain.lead import Updated
from services.handoff.handlers import publishing
from services.handoff.handlers.held import Held
from services.handoff.ports import Kept, Ledger, Standing
from shared.contracts.leads import coverage


async def take_back(held: Held, ledger: Ledger, roots: Collection[str], members: Mapping[str, str]) -> dict[str, str]:
    """Hold the hand-offs of these people against what scoring said last. Answers those open ones of which it says
    otherwise than CRMs have heard, with the reason to be told: the promotion is gone, or there again."""
    told: dict[str, str] = {}
    handed = [root for root in roots if held.of(root)]
    if not handed:
        return told
    covers = coverage(members)
    for said in await ledger.standings(handed):
        if said.covers != covers[said.person_id]:
            continue
        _count(held, said)
        for kept in held.open(said.person_id):
            if (stands := _stands(kept, said)) is kept.taken_back:
                told_now = replace(kept, taken_back=not stands, brief=replace(kept.brief, stage=said.stage))
                held.act(told_now, Updated())
                told[kept.handoff.id] = publishing.QUALIFIED_AGAIN if stands else publishing.NO_LONGER_QUALIFIED
    return told


def _count(held: Held, said: Standing) -> None:
    """Number the hand-offs of a person by the cycles that their promotions fall into, those that ended as well."""
    for kept in held.of(said.person_id):
        handoff = kept.handoff
        if (cycle := said.cycles.get(handoff.promotion_id, handoff.cycle)) != handoff.cycle:
            held.keep(replace(kept, handoff=replace(handoff, cycle=cycle)))


def _stands(kept: Kept, said: Standing) -> bool:
    """Whether the promotion of a hand-off stands, or a later one that waits for its end."""
    promotions = (kept.handoff.promotion_id, *(lead.promotion_id for lead in kept.waiting))
    return any(said.promotions.get(one, False) for one in promotions)
