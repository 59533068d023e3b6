"""A late fact may take a promotion out of a person's history of stages, and another one back into it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from services.handoff.domain.lead import Updated
from services.handoff.handlers import publishing
from services.handoff.handlers.held import Held
from shared.contracts.leads import LeadStageChanged

_QUALIFIED = frozenset({"mql", "sal", "sql", "opportunity", "customer", "repeat_customer", "advocate"})


def take_back(held: Held, changes: Iterable[LeadStageChanged], members: Mapping[str, str]) -> None:
    """Hold the newest histories against what is open: CRMs hear of each promotion that is gone, or there again."""
    newest = {one.person_id: one for one in sorted(changes, key=lambda one: one.version)}
    for whose, changed in sorted(newest.items()):
        if members[whose] != whose:
            continue  # The history of an alias: the one of whoever it stands for now decides.
        for kept in held.open(whose):
            holds = any(e.stage in _QUALIFIED and e.cycle >= kept.handoff.cycle for e in changed.history)
            known = kept.stages[0] == whose and changed.version <= kept.stages[1]
            if known or holds is not kept.taken_back:
                continue
            told, stages = replace(kept.brief, stage=changed.stage), (whose, changed.version)
            kept = held.act(replace(kept, taken_back=not holds, brief=told, stages=stages), Updated())
            reason = publishing.QUALIFIED_AGAIN if holds else publishing.NO_LONGER_QUALIFIED
            held.tell(publishing.Updated(reason), kept)
