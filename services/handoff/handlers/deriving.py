"""What stored facts make of a hand-off, whatever came first: when sales was in touch, and the deal that ended it.

Leaves out what sales says of it by the API: that is a fact of the hand-off itself.
"""

from collections.abc import Iterable, Sequence

from services.handoff.domain.lead import Closed, Ending, Handoff
from services.handoff.ports import Kept, SalesAct
from shared.kernel.instant import Instant
from shared.kernel.stand_ins import stands_in

CONTACTS = frozenset({"call", "email_sent", "email_replied", "meeting_held", "demo_held"})
"""Acts of sales that are a contact by themselves. `prospected` is none: it only tells whose the person is."""


def is_contact(act: SalesAct) -> bool:
    """Whether it is one by itself."""
    return act.counts and act.kind in CONTACTS


def contacts(handoff: Handoff, acts: Iterable[SalesAct]) -> list[Instant]:
    """When sales was in touch while the person was theirs, by what it did with anybody who is this person.

    One that ended with a merge has what it would have without: what was done with whom it was handed over as."""
    merged, end = handoff.reason == "merged", handoff.ended_at
    theirs = (act for act in acts if is_contact(act) and act.occurred_at >= handoff.assigned_at)
    if merged:
        return [act.occurred_at for act in theirs if act.person_id == handoff.person_id]
    return [act.occurred_at for act in theirs if end is None or act.occurred_at <= end]


def has_contacts(handoff: Handoff) -> bool:
    """Whether touchpoints may show any: of somebody erased it stays as it was."""
    return not stands_in(handoff.person_id)


def ends_with_deals(handoff: Handoff) -> bool:
    """Whether sales has not ended it: a deal does, and may have been taken back."""
    if stands_in(handoff.person_id):
        return False
    return handoff.is_open or handoff.reason == "merged" or ended_by(handoff) is not None


def ended_by(handoff: Handoff) -> Closed | None:
    """How a deal has ended it; None where none has."""
    if handoff.status != "closed":
        return None
    match handoff.reason:
        case "won" | "lost" as reason:
            return Closed(reason, handoff.ended_at)
        case _:
            return None


def promoted_at(kept: Kept) -> Instant:
    """When its promotion was."""
    return kept.handoff.assigned_at if kept.promoted_at is None else kept.promoted_at


def answer_of(hand_offs: Sequence[Kept], promoted: int) -> Kept | None:
    """The hand-off that has answered a promotion of that time, the last of several: sales, a deal or a refusal ended it
    then or later. None where none has."""
    return next((one for one in reversed(hand_offs) if _answers(one, promoted)), None)


def _answers(kept: Kept, promoted: int) -> bool:
    handoff = kept.handoff
    ended = handoff.status in ("rejected", "recycled") or handoff.reason in ("won", "lost", "consent")
    return ended and handoff.ended_at is not None and promoted <= handoff.ended_at


def gives_way(kept: Kept, older: Sequence[Kept]) -> bool:
    """Whether a hand-off that is open, or ended with a merge, is second to an older one of the person: that is open, or
    its deal has answered this promotion too. Where it ended with a merge, sales may have answered it as well."""
    promoted = promoted_at(kept)
    if kept.handoff.is_open:
        return any(one.handoff.is_open or (ended_by(one.handoff) and _answers(one, promoted)) for one in older)
    return any(one.handoff.is_open or _answers(one, promoted) for one in older)


def ending(kept: Kept, deals: Iterable[Ending]) -> Closed | None:
    """How it ended with the first deal that closed after it was handed over; None where none has. A won one makes a
    customer of whoever is on it; a lost one came of it only where sales had qualified it."""
    counted = ("won",) if kept.handoff.qualified_at is None else ("won", "lost")
    # Of a deal that is dated ahead the next promotion may be later than its end, and be handed over before.
    since = max(kept.handoff.assigned_at, promoted_at(kept))
    came_of_it = [deal for deal in deals if deal.at >= since and deal.status in counted]
    first = min(came_of_it, key=lambda deal: (deal.at, deal.deal_id), default=None)
    return None if first is None else Closed(first.status, first.at)
