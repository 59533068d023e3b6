"""Who refuses to be handed to sales is taken off its hands, and stays so whoever they turn out to be.

Promises: a hand-off has ended for as long as anybody is its person who has refused it, and goes on where a split takes
the last of them away: merge then split leaves it as if there had been no merge. Allowing it again brings nothing back
that sales was told of; what it was not told of is withheld until then (docs/decisions/0012-consent-of-people.md).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from msgspec import structs

from services.handoff.domain.lead import Closed, Reopened
from services.handoff.handlers import publishing
from services.handoff.handlers.held import Held
from services.handoff.ports import Kept, Ledger
from shared.contracts.leads import LeadQualified
from shared.contracts.touchpoints import PersonIdentified


async def heed(held: Held, ledger: Ledger, roots: Collection[str], members: Mapping[str, str]) -> None:
    """Have hand-offs know who refuses; those that are open end with it, and CRMs are told."""
    handed = sorted(root for root in roots if held.of(root))
    if not handed:
        return
    refusing = await ledger.refusing(handed)
    for root in handed:
        for kept in held.of(root):
            by = _refused_by(kept)
            if root in refusing and root not in by:
                kept = replace(kept, refused_by=(*by, root))
                held.keep(kept)
            if kept.handoff.is_open and _is_refused(kept, root, members):
                kept = held.act(kept, Closed(publishing.CONSENT))
                held.tell(publishing.Updated(publishing.CONSENT), kept)


def go_on(held: Held, roots: Collection[str], members: Mapping[str, str]) -> set[str]:
    """What ended with refusals goes on where all who refused are somebody else by now. Answers these hand-offs."""
    found = [
        kept
        for root in roots
        for kept in held.of(root)
        if kept.handoff.reason == publishing.CONSENT and not _is_refused(kept, root, members)
    ]
    return {held.act(kept, Reopened()).handoff.id for kept in found}


def renewed(lead: LeadQualified, cards: Iterable[PersonIdentified], root: str) -> LeadQualified:
    """A promotion that is withheld, with the newest card of whoever it is of by now."""
    newest = max((card for card in cards if card.person_id == root), key=lambda card: card.version, default=lead.card)
    news = lead.card.person_id != root or newest.version > lead.card.version
    return structs.replace(lead, card=newest) if news else lead


def _is_refused(kept: Kept, root: str, members: Mapping[str, str]) -> bool:
    return any(members.get(one) == root for one in _refused_by(kept))


def _refused_by(kept: Kept) -> tuple[str, ...]:
    """One that ended with a refusal before it was kept whose that was: whoever was handed over."""
    if kept.refused_by or kept.handoff.reason != publishing.CONSENT:
        return kept.refused_by
    return (kept.handoff.person_id,)
