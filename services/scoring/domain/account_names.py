"""What the account of a lead may be asked for by: ids, names and domains, in lower case.

Told from the card alone. Leaves out which of its accounts is the current one: any of them finds the lead.
"""

from collections.abc import Iterable
from typing import Any, Protocol

from services.scoring.domain.facts import Card

LONGEST = 256
"""Longer names are asked for by nobody."""


class Named(Protocol):
    """An account as cards name it."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str | None: ...

    @property
    def domain(self) -> str | None: ...


def account_names(card: Card, accounts: Iterable[Named]) -> frozenset[str]:
    """The names of a card with these accounts."""
    company = card.traits.get("company")
    said: list[Any] = list(company.values()) if isinstance(company, dict) else [company]
    said += [part for account in accounts for part in (account.id, account.name, account.domain)]
    said += [address.rpartition("@")[2] for address in card.emails]
    return frozenset(folded for text in said if isinstance(text, str) and len(folded := text.casefold()) <= LONGEST)
