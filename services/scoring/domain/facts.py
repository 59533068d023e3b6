"""What is known of one person: facts that have a time, and the card that has none.

Facts are folded in the order of their keys; the card is the whole latest state, so a changed card refolds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Key(NamedTuple):
    """Where a fact stands: event time (UTC ms), then its sort, then its id."""

    at: int
    rank: int
    id: str


_KNOWN, _TOUCH, _OUTCOME, _DEAL_OPENED, _DEAL_CLOSED = range(5)
"""At one instant: becoming known comes before the act that told it ("after or with"), answers after acts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """One touchpoint. `counts` is false for what may not move anything: bots, vanity, withdrawn, no consent.

    `promoted`: a `lead.qualified` was sent because of it. What was sent is a fact and moves with its touchpoint.
    """

    id: str
    occurred_at: int
    call_type: str
    kind: str
    name: str
    channel: str
    direction: str = "inbound"
    department: str = "marketing"
    page_path: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)
    counts: bool = True
    promoted: bool = False

    @property
    def key(self) -> Key:
        """Where it stands among the facts."""
        return Key(self.occurred_at, _TOUCH, self.id)

    @property
    def is_act(self) -> bool:
        """Whether something was done; identify, alias and group calls only say who somebody is."""
        return self.call_type in ("track", "page", "screen")


def forgotten(touch: Touch) -> Touch:
    """What stays of a touch of somebody who was erased: that there was one."""
    return Touch(id=touch.id, occurred_at=0, call_type="track", kind="erased", name="", channel="", counts=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What sales did with the lead: `act` as on the topic `handoffs`, `outcome` of a rejection by the charter.

    `version`, `owner` and `reason` are the hand-off's after it; it has a reason where it ended.
    """

    id: str
    at: int
    act: str
    outcome: str | None = None
    handoff_id: str | None = None
    version: int = 0
    owner: str | None = None
    reason: str | None = None

    @property
    def key(self) -> Key:
        """Where it stands among the facts."""
        return Key(self.at, _OUTCOME, self.id)


@dataclass(frozen=True, slots=True)
class Known:
    """From here on an e-mail or a phone is known; `id` is the event that told it."""

    id: str
    at: int

    @property
    def key(self) -> Key:
        """Where it stands among the facts."""
        return Key(self.at, _KNOWN, self.id)


@dataclass(frozen=True, slots=True)
class DealOpened:
    """A deal that this person is a contact of was created; `id` is the deal's."""

    id: str
    at: int

    @property
    def key(self) -> Key:
        """Where it stands among the facts."""
        return Key(self.at, _DEAL_OPENED, self.id)


@dataclass(frozen=True, slots=True)
class DealClosed:
    """That deal was won or lost."""

    id: str
    at: int
    won: bool

    @property
    def key(self) -> Key:
        """Where it stands among the facts."""
        return Key(self.at, _DEAL_CLOSED, self.id)


Fact = Touch | Outcome | Known | DealOpened | DealClosed


@dataclass(frozen=True, slots=True)
class DealFact:
    """A deal's highest version, as far as stages need it. `closed_at` is none while it is open."""

    id: str
    status: str
    created_at: int
    closed_at: int | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """Who the person is, whole and as of now. `known_since` and `known_by` come together or not at all."""

    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    crm_contact_ids: tuple[str, ...] = ()
    known_since: int | None = None
    known_by: str | None = None
    traits: Mapping[str, Any] = field(default_factory=dict)
    consent: Mapping[str, bool] = field(default_factory=dict)

    def allows(self, purpose: str) -> bool:
        """Whether a purpose was allowed, or never spoken of."""
        return self.consent.get(purpose, True)

    @property
    def reachable(self) -> bool:
        """Whether sales can do something with this person."""
        return bool(self.emails or self.phones or self.crm_contact_ids)


NOBODY = Card()


def deal_facts(deal: DealFact) -> tuple[Fact, ...]:
    """What a deal says in time. One that claims to close before it was created is created as it closes."""
    if deal.status == "open" or deal.closed_at is None:
        return (DealOpened(deal.id, deal.created_at),)
    opened = DealOpened(deal.id, min(deal.created_at, deal.closed_at))
    return (opened, DealClosed(deal.id, deal.closed_at, won=deal.status == "won"))


def in_order(
    card: Card, touches: Iterable[Touch], outcomes: Iterable[Outcome] = (), deals: Iterable[DealFact] = ()
) -> tuple[Fact, ...]:
    """All that has a time, the card's included, in the order it is folded in."""
    facts: list[Fact] = [*touches, *outcomes]
    for deal in deals:
        facts.extend(deal_facts(deal))
    if card.known_since is not None:
        facts.append(Known(card.known_by or "", card.known_since))
    return tuple(sorted(facts, key=lambda fact: fact.key))
