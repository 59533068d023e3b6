"""Deals as collected at the doors, and as resolved: with people in place of addresses."""

from typing import Literal

from msgspec import Struct

from shared.contracts.touchpoints import AccountRef

DealStatus = Literal["open", "won", "lost"]
DealType = Literal["new", "renewal", "expansion"]


class DealContact(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A contact as the CRM names it: at least one of the identifiers is there."""

    email: str | None = None
    user_id: str | None = None
    crm_contact_id: str | None = None
    role: str | None = None


class CollectedDeal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`deal.collected`: one version of a deal, as posted. `version` is the sender's, else the time it speaks of."""

    event_id: str
    id: str
    version: int
    source: str
    received_at: int
    status: DealStatus
    amount_minor: int
    currency: str
    created_at: int
    occurred_at: int
    contacts: tuple[DealContact, ...] = ()
    closed_at: int | None = None
    name: str | None = None
    account: AccountRef | None = None
    stage: str | None = None
    owner: str | None = None
    lost_reason: str | None = None
    deal_type: DealType = "new"
    flags: tuple[str, ...] = ()


class DealPerson(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A person on a deal, and the role the CRM gives them."""

    person_id: str
    role: str | None = None


class Deal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`deal`: the whole state of a deal. The highest (version, revision) wins.

    `revision` counts how often the same version was published again because its people changed.
    """

    id: str
    version: int
    revision: int
    status: DealStatus
    amount_minor: int
    currency: str
    created_at: int
    occurred_at: int
    people: tuple[DealPerson, ...] = ()
    closed_at: int | None = None
    name: str | None = None
    account: AccountRef | None = None
    stage: str | None = None
    owner: str | None = None
    lost_reason: str | None = None
    deal_type: DealType = "new"
    flags: tuple[str, ...] = ()
