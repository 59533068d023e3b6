"""Somebody is erased: what they did, what they were called and who they were goes, in one transaction.

Promises: all other people are left as if nothing that names the erased had ever come, but that claims which named
others too still speak of those. Leaves out what other services hold: `person.erased` asks them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from services.ingest.domain.erasure import Remains, without
from services.ingest.domain.identity import DEFAULT_LIMITS, PersonLimits
from services.ingest.handlers import publishing
from services.ingest.handlers.deal_versions import erased_from, published
from services.ingest.handlers.resolving import Resolving
from services.ingest.ports import Community, Identity, Record
from services.ingest.ports.erasures import Forgetting
from shared.contracts.envelope import Emit
from shared.contracts.touchpoints import PersonIdentified
from shared.kernel.ids import derived


class Erasing:
    """The session that erases one person, locked with everything that they are called."""

    def __init__(self, record: Record, forgetting: Forgetting, now: int, limits: PersonLimits = DEFAULT_LIMITS) -> None:
        self._record = record
        self._forgetting = forgetting
        self._now = now
        self._limits = limits

    async def erase(self, identity: Identity) -> Sequence[Emit]:
        """Erase them; answers what is to be published."""
        person_ids = frozenset((identity.person_id, *identity.aliases))
        (community,) = await self._record.graph.communities(identity.identifiers, ())
        remains = without(
            person_ids, community.owners, community.contested, community.claims, community.people, self._limits
        )
        erasure_id = erasure_of(identity.person_id)
        emptied = await self._forgetting.touchpoints(remains)
        emits = [publishing.touchpoint(one) for one in emptied.withdrawn]
        emits += await self._forget_contacts(remains)
        blank = _blank_cards(community, remains)
        consents = {member: said for member, said in community.consents.items() if member not in remains.forgotten}
        left = await self._forgetting.consents(consents, emptied.ids)
        await self._forgetting.graph(remains, identity.components)
        await self._forgetting.cards(blank)
        if remains.kept or remains.rewritten:
            resolving = Resolving(self._record, self._now, self._limits)
            buried = dict.fromkeys(remains.person_ids, erasure_id)
            rest = replace(_rest(community, remains, emptied.ids, blank), consents=left)
            emits += await resolving.settle_again(rest, buried)
        # After they became aliases: before, they would be taken for the cards of people.
        emits += [publishing.identified(card, self._now) for card in blank]
        await self._forgetting.settle(erasure_id, remains, identity.person_id)
        return [*emits, *publishing.erased(erasure_id, identity.person_id, remains.person_ids, self._now)]

    async def _forget_contacts(self, remains: Remains) -> Iterable[Emit]:
        """Take them off their deals, which are published again without them."""
        near = {member for claim in remains.gone for member in claim.identifiers if member.strong}
        stored = await self._record.deals.lock((), sorted(near | {one for one in remains.forgotten if one.strong}))
        changed = [after for deal in stored.values() if (after := erased_from(deal, remains.forgotten)) is not deal]
        await self._record.deals.keep(changed)
        self._forgetting.removed("deal_contacts", len(changed))
        return [published(deal) for deal in sorted(changed, key=lambda deal: deal.id)]


def erasure_of(person_id: str) -> str:
    """The id of the erasure of somebody: nobody is erased twice."""
    return derived("erasure", person_id)


def _blank_cards(community: Community, remains: Remains) -> Sequence[PersonIdentified]:
    """The cards of aliases, with nothing on them: they are of the day of the merge, and may name whoever was taken for
    the same person. Whoever is split off gets a new one."""
    kept = (community.cards.get(one) for one in sorted(remains.aliases))
    return [publishing.blank(card) for card in kept if card is not None and card.body]


def _rest(
    community: Community, remains: Remains, emptied: frozenset[str], blank: Sequence[PersonIdentified]
) -> Community:
    """The community of all others, with what is left of mixed claims as its news, nothing that `emptied` events said of
    anybody, and aliases with `blank` cards."""
    owners = {member: owner for member, owner in community.owners.items() if member not in remains.forgotten}
    kept = set(remains.kept)
    cards = {**community.cards, **{card.person_id: publishing.kept(card) for card in blank}}
    return replace(
        community,
        news=remains.rewritten,
        claims=remains.kept,
        people=remains.people,
        owners=owners,
        contested=community.contested - remains.forgotten,
        traits=[one for one in community.traits if one.identifier in owners and one.event_id not in emptied],
        cards={one: card for one, card in cards.items() if one in remains.people},
        reviews=[review for review in community.reviews if review.claim in kept],
        memberships=[
            one for one in community.memberships if one.identifier in owners and one.statement not in remains.withdrawn
        ],
    )
