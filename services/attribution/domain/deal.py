"""A deal as attribution sees it: who was on it, what it brought, when it closed, and what came before it.

A won deal always has a `closed_at` here: whoever builds it falls back on when it was said to be won.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

ContactScope = Literal["explicit", "hybrid", "implicit"]


DealStatus = Literal["open", "won", "lost"]


@dataclass(frozen=True, slots=True)
class Contact:
    """A person on a deal, and the role the CRM gives them."""

    person_id: str
    role: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """The highest version of a deal; the amount is in minor units, times are milliseconds UTC."""

    id: str
    status: DealStatus
    amount_minor: int
    currency: str
    created_at: int
    closed_at: int | None = None
    stage: str | None = None
    """As the CRM names it."""
    account_id: str | None = None
    contacts: tuple[Contact, ...] = ()
    account_people: frozenset[str] = frozenset()
    """Everybody known to belong to the account."""


def close_of(status: DealStatus, closed_at: int | None, said_at: int) -> int | None:
    """When a deal closed: when it was said to be won or lost, where nothing else is known; never while it is open."""
    if status == "open":
        return None
    return said_at if closed_at is None else closed_at


def account_counts(roles: Iterable[str | None], scope: ContactScope) -> bool:
    """Whether the people of a deal's account count for it, whose contacts have these roles."""
    return scope == "implicit" or (scope == "hybrid" and not any(roles))


def people_in_scope(deal: Deal, scope: ContactScope) -> frozenset[str]:
    """Whose interactions count for a deal.

    `explicit`: the contacts with a role. `implicit`: all contacts and everybody of the account. `hybrid`: as
    `explicit` where any contact has a role, else as `implicit`.
    """
    if account_counts((contact.role for contact in deal.contacts), scope):
        return deal.account_people.union(contact.person_id for contact in deal.contacts)
    return frozenset(contact.person_id for contact in deal.contacts if contact.role)


def previous_close(deal: Deal, deals: Iterable[Deal]) -> int | None:
    """When the same buyer's purchase before this one closed; None where there was none.

    Deals closed at the same instant are one purchase in several parts: neither is before the other.
    """
    return max(
        (
            other.closed_at
            for other in deals
            if other.status == "won"
            and other.id != deal.id
            and other.closed_at is not None
            and (deal.closed_at is None or other.closed_at < deal.closed_at)
            and _same_buyer(deal, other)
        ),
        default=None,
    )


def _same_buyer(one: Deal, other: Deal) -> bool:
    """The same account; where one of the deals names none, a contact in common."""
    if one.account_id is not None and other.account_id is not None:
        return one.account_id == other.account_id
    return not {contact.person_id for contact in one.contacts}.isdisjoint(
        contact.person_id for contact in other.contacts
    )
