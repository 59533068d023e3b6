"""The deals of a batch: the highest version of each holds, its contacts become people.

A deal is published whole, again under its next revision whenever one of its contacts belongs to somebody else.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from msgspec import Struct, json, structs

from services.ingest.domain.accounts import AccountClaim
from services.ingest.domain.identifiers import email, plain
from services.ingest.domain.identity import Claim, Identifier, by_strength, identifier
from services.ingest.handlers import account_claims, publishing
from services.ingest.ports import Deals, StoredDeal
from shared.contracts.deals import CollectedDeal, DealContact, DealPerson
from shared.contracts.envelope import Emit


class _OnDeal(Struct, frozen=True):
    """A contact as published: the identifier that named them, who that was, and the role."""

    identifier: str
    person_id: str
    role: str | None = None


def contact_identifiers(contact: DealContact) -> tuple[Identifier, ...]:
    """What a contact is named by, the strongest first."""
    named = [
        plain("user_id", contact.user_id),
        plain("crm_contact_id", contact.crm_contact_id),
        email(contact.email),
    ]
    return by_strength(one for one in named if one is not None)


def claims_of(deal: CollectedDeal) -> list[Claim]:
    """Contacts are claims by a server key (state.md 4): each says that its identifiers are one person."""
    return [
        Claim(deal.event_id, deal.occurred_at, True, False, named, deal.source)
        for contact in deal.contacts
        if (named := contact_identifiers(contact))
    ]


class DealVersions:
    """The versions that arrived in a batch, and what becomes of the deals."""

    def __init__(self, deals: Deals) -> None:
        self._deals = deals
        self._arrived: list[CollectedDeal] = []

    def arrived(self, deal: CollectedDeal) -> None:
        """A version of a deal arrived."""
        self._arrived.append(deal)

    def claims(self) -> list[Claim]:
        """What the contacts claim: older versions claim as well, a claim stands."""
        return [claim for deal in self._arrived for claim in claims_of(deal)]

    def account_claims(self) -> list[AccountClaim]:
        """What the deals say of accounts, older versions too."""
        said = [account_claims.of_deal(deal, claims_of(deal)) for deal in self._arrived]
        return [claim for claim in said if claim is not None]

    async def close(
        self,
        owner: Callable[[Identifier], str],
        root: Callable[[str | None], str | None],
        moved: Collection[Identifier],
    ) -> list[Emit]:
        """Keep the highest versions, find the people, answer what is to be published."""
        strong = [member for member in moved if member.strong]
        stored = await self._deals.lock({deal.id for deal in self._arrived}, strong)
        newest = dict(stored)
        for deal in sorted(self._arrived, key=_order):
            if _order(deal) > (newest[deal.id].version, newest[deal.id].event_id):
                newest[deal.id] = _stored(deal, stored[deal.id], owner)
        for deal_id, before in stored.items():
            if newest[deal_id] is before and before.body:
                newest[deal_id] = _again(before, owner, root, frozenset(strong))
        changed = [deal for deal_id, deal in newest.items() if deal is not stored[deal_id]]
        await self._deals.keep(changed)
        return [published(deal) for deal in sorted(changed, key=lambda deal: deal.id)]


def _order(deal: CollectedDeal) -> tuple[int, str]:
    return deal.version, deal.event_id


def _stored(deal: CollectedDeal, before: StoredDeal, owner: Callable[[Identifier], str]) -> StoredDeal:
    named = [(contact_identifiers(contact), contact.role) for contact in deal.contacts]
    on_deal = [_OnDeal(str(ids[0]), owner(ids[0]), role) for ids, role in named if ids]
    contacts = tuple(ids[0] for ids, _ in named if ids)
    return StoredDeal(
        deal.id, deal.version, deal.event_id, before.revision + 1, json.encode(deal), json.encode(on_deal), contacts
    )


def _again(
    deal: StoredDeal,
    owner: Callable[[Identifier], str],
    root: Callable[[str | None], str | None],
    moved: frozenset[Identifier],
) -> StoredDeal:
    """The same version with the people its contacts are now; the very same object where nobody changed."""
    before = json.decode(deal.people, type=list[_OnDeal])
    after = [
        _OnDeal(one.identifier, owner(identifier(one.identifier)), one.role)
        if identifier(one.identifier) in moved and root(one.person_id) != owner(identifier(one.identifier))
        else one
        for one in before
    ]
    return deal if after == before else replace(deal, revision=deal.revision + 1, people=json.encode(after))


def erased_from(deal: StoredDeal, forgotten: Collection[Identifier]) -> StoredDeal:
    """The same version without the contacts who are called one of these; the very same object where there is none."""
    if not deal.body:
        return deal
    before = json.decode(deal.body, type=CollectedDeal)
    after = without_contacts(before, lambda member: member in forgotten)
    if after is before:
        return deal
    contacts = tuple(named[0] for contact in after.contacts if (named := contact_identifiers(contact)))
    people = [one for one in json.decode(deal.people, type=list[_OnDeal]) if identifier(one.identifier) in contacts]
    return replace(
        deal, revision=deal.revision + 1, body=json.encode(after), people=json.encode(people), contacts=contacts
    )


def without_contacts(deal: CollectedDeal, unwanted: Callable[[Identifier], bool]) -> CollectedDeal:
    """A deal without the contacts who are called something unwanted; the very same object where there is none."""
    contacts = tuple(one for one in deal.contacts if not any(map(unwanted, contact_identifiers(one))))
    return deal if len(contacts) == len(deal.contacts) else structs.replace(deal, contacts=contacts)


def published(deal: StoredDeal) -> Emit:
    """A deal with its people, as it is published."""
    people: Mapping[tuple[str, str | None], None] = dict.fromkeys(
        (one.person_id, one.role) for one in json.decode(deal.people, type=Sequence[_OnDeal])
    )
    on_deal = tuple(DealPerson(person_id=person_id, role=role) for person_id, role in people)
    return publishing.deal(json.decode(deal.body, type=CollectedDeal), deal.revision, on_deal)
