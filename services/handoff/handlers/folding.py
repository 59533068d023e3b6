"""Hand-offs are held against all stored facts of the person: what deals and sales' touchpoints make of them.

Promises: the same facts give the same hand-off, whatever came first; nothing is read where no hand-off can change.
Leaves out the rules (deriving.py).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from services.handoff.domain.lead import Closed, Contacted, Ending, Reopened, Updated, noted
from services.handoff.handlers import deriving, publishing
from services.handoff.handlers.held import Held
from services.handoff.ports import Kept, Ledger, SalesAct


async def follow_deals(held: Held, ledger: Ledger, roots: Collection[str], members: Mapping[str, str]) -> set[str]:
    """A hand-off ends with the deal that came of it, and goes on where that is taken back; CRMs are told, where sales
    never said that there is something to sell. Answers whose did either: until then, or from now on, other contacts
    count."""
    asked = {root: [kept for kept in held.of(root) if deriving.ends_with_deals(kept.handoff)] for root in roots}
    if not any(asked.values()):
        return set()
    endings: defaultdict[str, list[Ending]] = defaultdict(list)
    for one in await ledger.endings(_ids(asked, members)):
        endings[members[one.person_id]].append(one)
    return {root for root, hand_offs in asked.items() for kept in hand_offs if _followed(held, kept, endings[root])}


def one_at_a_time(held: Held, root: str) -> list[Kept]:
    """Of the hand-offs of a person an older one comes first; what ended with a merge and is second to none goes on.
    Answers those that did either."""
    changed: list[Kept] = []
    hand_offs = held.of(root)
    for number, kept in enumerate(hand_offs):
        second = deriving.gives_way(kept, hand_offs[:number])
        if kept.handoff.is_open and second:
            hand_offs[number] = held.act(kept, Closed("merged"))
        elif kept.handoff.reason == "merged" and not second:
            hand_offs[number] = held.act(kept, Reopened())
        else:
            continue
        changed.append(hand_offs[number])
    return changed


def _followed(held: Held, kept: Kept, deals: Iterable[Ending]) -> bool:
    """Have a hand-off end as its deals say; answers whether it did not."""
    ending = deriving.ending(kept, deals)
    if ending == deriving.ended_by(kept.handoff):
        return False
    after = kept if kept.handoff.is_open else held.act(kept, Reopened())
    if ending is not None:
        after = held.act(after, ending)
    if after.handoff.qualified_at is None and (kept.handoff.is_open or after.handoff.is_open):
        held.tell(publishing.Updated(), after)
    return True


async def note_contacts(
    held: Held, ledger: Ledger, roots: Collection[str], members: Mapping[str, str], parted: Collection[str]
) -> None:
    """Hand-offs have the contacts that all stored acts of sales show; where there turns out to have been none, CRMs
    are told: with the split, where it is one of those that `parted`."""
    asked = {root: [kept for kept in held.of(root) if deriving.has_contacts(kept.handoff)] for root in roots}
    since = min((kept.handoff.assigned_at for each in asked.values() for kept in each), default=None)
    if since is None:
        return
    acts: defaultdict[str, list[SalesAct]] = defaultdict(list)
    for one in await ledger.sales_acts(_ids(asked, members), since):
        acts[members[one.person_id]].append(one)
    for root, all_of_them in asked.items():
        for before in all_of_them:
            after = note(held, before, acts[root])
            lost = before.handoff.contacted_at is not None and after.handoff.contacted_at is None
            if lost and after.handoff.is_open and after.handoff.id not in parted:
                held.tell(publishing.Updated(), after)


def note(held: Held, kept: Kept, acts: Iterable[SalesAct]) -> Kept:
    """The hand-off with the contacts among these acts of sales."""
    before, after = kept.handoff, noted(kept.handoff, deriving.contacts(kept.handoff, acts))
    if after == before:
        return kept
    return held.say(replace(kept, handoff=after), Contacted if after.attempts > before.attempts else Updated)


def _ids(asked: Mapping[str, list[Kept]], members: Mapping[str, str]) -> list[str]:
    """Whoever is one of these people."""
    return [member for member, root in members.items() if asked.get(root)]
