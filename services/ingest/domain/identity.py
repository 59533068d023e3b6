"""Who is who: people as a view of the claims that stand (state.md 3, rulings 12 to 14).

A claim says that the identifiers of one event are one person. `resolve` takes all claims of a component at
once, in one order, so it cannot matter when or where they arrived. It returns what is true; it changes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

IdentifierKind = Literal["user_id", "crm_contact_id", "email", "phone", "anonymous_id"]

STRENGTH: tuple[IdentifierKind, ...] = ("user_id", "crm_contact_id", "email", "phone", "anonymous_id")
"""Strongest first. All but the anonymous id are strong: they name a person rather than a browser."""
_RANK = {kind: rank for rank, kind in enumerate(STRENGTH)}


class Identifier(NamedTuple):
    """One way in which somebody is named; the value is normalised."""

    kind: IdentifierKind
    value: str

    @property
    def strong(self) -> bool:
        """Whether it names a person rather than a browser."""
        return self.kind != "anonymous_id"

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


def identifier(text: str) -> Identifier:
    """The identifier of its text form, `kind:value`."""
    kind, _, value = text.partition(":")
    if kind not in _RANK:
        raise ValueError("unknown kind of identifier")
    return Identifier(kind, value)


def by_strength(identifiers: Iterable[Identifier]) -> tuple[Identifier, ...]:
    """Identifiers once each, the strongest first."""
    return tuple(sorted(set(identifiers), key=lambda i: (_RANK[i.kind], i.value)))


@dataclass(frozen=True, slots=True)
class Claim:
    """An event says that these identifiers, strongest first, are one person.

    `explicit` is an alias or a merge that somebody asked for; else the link is implied by the event alone.
    """

    event_id: str
    at: int
    trusted: bool
    explicit: bool
    identifiers: tuple[Identifier, ...]
    source: str = ""

    @property
    def order(self) -> tuple[bool, int, str, tuple[Identifier, ...]]:
        """Server, source and import claims first, then write-key ones; each in event time, then id. One event may
        make several claims (the contacts of a deal): then what they name decides."""
        return (not self.trusted, self.at, self.event_id, self.identifiers)


@dataclass(frozen=True, slots=True)
class Review:
    """A claim that was not followed: it would have joined two people who must not be joined by it."""

    event_id: str
    why: Literal["two_user_ids", "two_vouched_people"]


@dataclass(slots=True)
class _Group:
    members: set[Identifier] = field(default_factory=set)
    vouched: bool = False

    def kinds(self) -> set[IdentifierKind]:
        return {member.kind for member in self.members if member.strong}

    def has_user_id(self) -> bool:
        return any(member.kind == "user_id" for member in self.members)


@dataclass(frozen=True, slots=True)
class Resolution:
    """The people of a component: each a set of identifiers, every identifier in exactly one.

    A contested anonymous id was claimed by people who may not be joined: whose an event is under it is told
    by the time of the event (`owner_of`). It is listed in the group that came first in the order of claims.
    """

    groups: tuple[frozenset[Identifier], ...]
    contested: frozenset[Identifier]
    reviews: tuple[Review, ...]


def resolve(claims: Iterable[Claim]) -> Resolution:
    """The people that a set of claims makes; the order in which they are given does not matter."""
    return _Resolving(claims).resolution()


class _Resolving:
    """One pass over the claims, in their order."""

    def __init__(self, claims: Iterable[Claim]) -> None:
        self._claims = sorted(claims, key=lambda claim: claim.order)
        self._vouched = {i for claim in self._claims if claim.trusted for i in claim.identifiers}
        self._group: dict[Identifier, _Group] = {}
        self._contested: set[Identifier] = set()
        self._reviews: list[Review] = []

    def resolution(self) -> Resolution:
        for claim in self._claims:
            self._follow(claim)
        distinct = {id(group): group for group in self._group.values()}
        groups = sorted((frozenset(group.members) for group in distinct.values()), key=min)
        return Resolution(tuple(groups), frozenset(self._contested), tuple(self._reviews))

    def _follow(self, claim: Claim) -> None:
        for member in claim.identifiers:
            if member not in self._group:
                self._group[member] = _Group({member}, member in self._vouched)
        head, *others = claim.identifiers
        for other in others:
            if other.strong or not head.strong:
                self._join_named(head, other, claim)
            else:
                self._join_through_browser(head, other, claim)

    def _join_named(self, head: Identifier, other: Identifier, claim: Claim) -> None:
        """One event names both: they are one person, unless that breaks a limit."""
        one, two = self._group[head], self._group[other]
        if one is two:
            return
        if not claim.explicit and one.has_user_id() and two.has_user_id():
            self._reviews.append(Review(claim.event_id, "two_user_ids"))
        elif self._welds(one, two, claim):
            self._reviews.append(Review(claim.event_id, "two_vouched_people"))
        else:
            self._unite(one, two)

    def _join_through_browser(self, head: Identifier, browser: Identifier, claim: Claim) -> None:
        """A browser joins what it claims, but never two people with different values of one strong kind."""
        one, two = self._group[head], self._group[browser]
        if one is two or browser in self._contested:
            return
        if not claim.explicit and one.kinds() & two.kinds():
            self._contested.add(browser)
        elif self._welds(one, two, claim):
            self._contested.add(browser)
            self._reviews.append(Review(claim.event_id, "two_vouched_people"))
        else:
            self._unite(one, two)

    @staticmethod
    def _welds(one: _Group, two: _Group, claim: Claim) -> bool:
        return not claim.trusted and one.vouched and two.vouched

    def _unite(self, one: _Group, two: _Group) -> None:
        if len(one.members) < len(two.members):
            one, two = two, one
        one.members |= two.members
        one.vouched |= two.vouched
        for member in two.members:
            self._group[member] = one


class BrowserClaim(NamedTuple):
    """An event under an anonymous id that names somebody: (event time, event id) and who."""

    at: int
    event_id: str
    named: Identifier


def owner_of(anonymous: Sequence[BrowserClaim], at: int, event_id: str) -> Identifier | None:
    """Whose an event under a contested anonymous id is: whoever claimed it last before that event, and before
    the first claim the first claimant (ruling 14). None where nobody ever claimed it."""
    ordered = sorted(anonymous)
    if not ordered:
        return None
    before = [claim for claim in ordered if (claim.at, claim.event_id) <= (at, event_id)]
    return (before[-1] if before else ordered[0]).named
