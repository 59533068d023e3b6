"""Who is who: people as a view of the claims that stand (state.md 3, rulings 12 to 14).

A claim says that the identifiers of one event are one person. `resolve` takes all claims of a component at
once, in one order, so it cannot matter when or where they arrived. It returns what is true; it changes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NamedTuple

from shared.kernel.ids import derived
from shared.kernel.instant import MINUTE

IdentifierKind = Literal["user_id", "crm_contact_id", "email", "phone", "anonymous_id"]

STRENGTH: tuple[IdentifierKind, ...] = ("user_id", "crm_contact_id", "email", "phone", "anonymous_id")
"""Strongest first. All but the anonymous id are strong: they name a person rather than a browser."""
_RANK = {kind: rank for rank, kind in enumerate(STRENGTH)}
_NAMED_BY_US: frozenset[IdentifierKind] = frozenset({"user_id", "crm_contact_id"})
"""Given by a system that keeps accounts of people: such an id joins any number of addresses (state.md 3)."""
_ADDRESSES: frozenset[IdentifierKind] = frozenset({"email", "phone"})


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


@lru_cache(maxsize=20_000)
def identifier(text: str) -> Identifier:
    """The identifier of its text form, `kind:value`."""
    kind, _, value = text.partition(":")
    if kind not in _RANK:
        raise ValueError("unknown kind of identifier")
    return Identifier(kind, value)


def by_strength(identifiers: Iterable[Identifier]) -> tuple[Identifier, ...]:
    """Identifiers once each, the strongest first."""
    return tuple(sorted(set(identifiers), key=lambda i: (_RANK[i.kind], i.value)))


Verdict = Literal["stands", "withdrawn"]
Why = Literal["two_user_ids", "two_vouched_people", "too_many_of_a_kind", "too_many_merges", "too_many_at_once"]


def statement_id(identifiers: Iterable[Identifier]) -> str:
    """The id of what a claim says, whoever says it: these identifiers, strongest first, are one person."""
    return derived("statement", *map(str, identifiers))


@dataclass(frozen=True, slots=True)
class Claim:
    """An event says that these identifiers, strongest first, are one person.

    `explicit` is an alias or a merge that somebody asked for; else the link is implied by the event alone.
    `verdict` is set where an operator says it, or takes it back for everybody who says the same.
    """

    event_id: str
    at: int
    trusted: bool
    explicit: bool
    identifiers: tuple[Identifier, ...]
    source: str = ""
    verdict: Verdict | None = None

    @property
    def order(self) -> tuple[int, int, str, tuple[Identifier, ...]]:
        """Server, source and import claims first, then write-key ones; each in event time, then id. One event may
        make several claims (the contacts of a deal): then what they name decides. Operators speak last: what they
        join has been told apart by everybody else before."""
        rank = 2 if self.verdict else 0 if self.trusted else 1
        return rank, self.at, self.event_id, self.identifiers

    @property
    def statement(self) -> str | None:
        """The id of what it says; None where it names one identifier, and so joins nothing."""
        return statement_id(self.identifiers) if len(self.identifiers) > 1 else None


@dataclass(frozen=True, slots=True)
class PersonLimits:
    """How much one person may hold before another claim looks like a shared name rather than a person.

    An operator's word is above them. A second `user_id` always needs an explicit claim. E-mails and phones are only
    counted where nothing but other addresses and browsers names them: a user id or a CRM id joins any number. Of the
    browsers a minute of event time only those count that public keys tell of: nobody fills in a hundred forms so fast.
    """

    crm_contact_id: int = 50
    email: int = 50
    phone: int = 50
    anonymous_id: int = 1_000
    merges: int = 50
    browsers_a_minute: int = 100

    def of(self, kind: IdentifierKind) -> int | None:
        """How many of a kind; None where another rule counts them."""
        return None if kind == "user_id" else int(getattr(self, kind))


DEFAULT_LIMITS = PersonLimits()


@dataclass(frozen=True, slots=True)
class Review:
    """A claim that was not followed: it would have joined two people who must not be joined by it."""

    claim: Claim
    why: Why


@dataclass(slots=True)
class _Group:
    members: set[Identifier]
    vouched: bool
    counts: dict[IdentifierKind, int]
    merges: int = 0
    """How often two people became one in it."""
    known: bool = False
    """Whether an earlier claim named somebody of it."""
    lately: list[int] = field(default_factory=list)
    """When public keys gave it browsers, up to a minute before the last time that they did."""

    def kinds(self) -> set[IdentifierKind]:
        return {kind for kind in self.counts if kind != "anonymous_id"}

    def has_user_id(self) -> bool:
        return "user_id" in self.counts


@dataclass(frozen=True, slots=True)
class Resolution:
    """The people of a component: each a set of identifiers, every identifier in exactly one.

    A contested anonymous id was claimed by people who may not be joined: whose an event is under it is told
    by the time of the event (`owner_of`). It is listed in the group that came first in the order of claims.
    """

    groups: tuple[frozenset[Identifier], ...]
    contested: frozenset[Identifier]
    not_followed: frozenset[Claim]
    reviews: tuple[Review, ...]
    """What was not followed and is still worth a look: other claims have not made one of those people since.
    One a statement."""
    withdrawn: frozenset[str]
    """The statements that an operator took back."""


def resolve(claims: Iterable[Claim], limits: PersonLimits = DEFAULT_LIMITS) -> Resolution:
    """The people that a set of claims makes; the order in which they are given does not matter."""
    return _Resolving(claims, limits).resolution()


def verdicts(claims: Iterable[Claim]) -> dict[tuple[Identifier, ...], Claim]:
    """What operators decided of each statement they spoke of: the last word in time, then id, holds."""
    last: dict[tuple[Identifier, ...], Claim] = {}
    for claim in claims:
        before = last.get(claim.identifiers)
        if claim.verdict and (before is None or (before.at, before.event_id) < (claim.at, claim.event_id)):
            last[claim.identifiers] = claim
    return last


class _Resolving:
    """One pass over the claims, in their order."""

    def __init__(self, claims: Iterable[Claim], limits: PersonLimits) -> None:
        claims = tuple(claims)
        decided = verdicts(claims)
        self._withdrawn = {named for named, word in decided.items() if word.verdict == "withdrawn"}
        said = [claim for claim in claims if claim.verdict is None]
        said += [word for word in decided.values() if word.verdict == "stands"]
        self._claims = sorted(said, key=lambda claim: claim.order)
        # An operator's word joins and vouches for nobody: it would tear apart what others say who are heard before.
        self._vouched = {i for claim in said if claim.trusted and not claim.verdict for i in claim.identifiers}
        self._limits = limits
        self._group: dict[Identifier, _Group] = {}
        self._contested: set[Identifier] = set()
        self._not_followed: set[Claim] = set()
        self._reviews: dict[tuple[Identifier, ...], Review] = {}

    def resolution(self) -> Resolution:
        for claim in self._claims:
            self._follow(claim)
        distinct = {id(group): group for group in self._group.values()}
        return Resolution(
            tuple(sorted((frozenset(group.members) for group in distinct.values()), key=min)),
            frozenset(self._contested),
            frozenset(self._not_followed),
            tuple(review for review in self._reviews.values() if not self._one(review.claim)),
            frozenset(map(statement_id, self._withdrawn)),
        )

    def _one(self, claim: Claim) -> bool:
        return len({id(self._group[member]) for member in claim.identifiers}) == 1

    def _follow(self, claim: Claim) -> None:
        for member in claim.identifiers:
            if member not in self._group:
                self._group[member] = _Group({member}, member in self._vouched, {member.kind: 1})
        # What is withdrawn joins nobody, and still names them all.
        if claim.identifiers not in self._withdrawn:
            head, *others = claim.identifiers
            for other in others:
                self._join(head, other, claim)
        for member in claim.identifiers:
            self._group[member].known = True

    def _join(self, head: Identifier, other: Identifier, claim: Claim) -> None:
        one, two = self._group[head], self._group[other]
        if one is two:
            return
        if claim.verdict:
            self._unite(one, two, claim)
        elif other.strong or not head.strong:
            self._join_named(one, two, claim)
        elif other not in self._contested:
            self._join_through_browser(one, other, claim)

    def _join_named(self, one: _Group, two: _Group, claim: Claim) -> None:
        """One event names both: they are one person, unless that breaks a limit."""
        why = self._obstacle(one, two, claim)
        if why:
            self._refuse(claim, why)
        else:
            self._unite(one, two, claim)

    def _join_through_browser(self, one: _Group, browser: Identifier, claim: Claim) -> None:
        """A browser joins what it claims, but never two people with different values of one strong kind."""
        two = self._group[browser]
        why = self._obstacle(one, two, claim) or self._rush(one, two, claim)
        if not claim.explicit and one.kinds() & two.kinds():
            self._contested.add(browser)
            if why == "two_user_ids":
                self._refuse(claim, why)
        elif why:
            if two.kinds() or why == "two_vouched_people":
                self._contested.add(browser)
            self._refuse(claim, why)
        else:
            self._unite(one, two, claim)
            if not claim.trusted:
                self._group[browser].lately.append(claim.at)

    def _rush(self, one: _Group, two: _Group, claim: Claim) -> Why | None:
        """Whether a public key has given somebody too many browsers in the minute before. Its claims are heard in event
        time, so what counts is the same whatever arrived first."""
        if claim.trusted:
            return None
        for group in (one, two):
            group.lately = [at for at in group.lately if at > claim.at - MINUTE]
        return "too_many_at_once" if len(one.lately) + len(two.lately) >= self._limits.browsers_a_minute else None

    def _obstacle(self, one: _Group, two: _Group, claim: Claim) -> Why | None:
        """What speaks against following a claim that says that two are one."""
        if not claim.explicit and one.has_user_id() and two.has_user_id():
            return "two_user_ids"
        if not claim.trusted and one.vouched and two.vouched:
            return "two_vouched_people"
        unbounded = _ADDRESSES if claim.identifiers[0].kind in _NAMED_BY_US else frozenset[IdentifierKind]()
        for kind in (one.counts.keys() & two.counts.keys()) - unbounded:
            limit = self._limits.of(kind)
            if limit is not None and one.counts[kind] + two.counts[kind] > limit:
                return "too_many_of_a_kind"
        if _people_merge(one, two, claim) and one.merges + two.merges + 1 > self._limits.merges:
            return "too_many_merges"
        return None

    def _refuse(self, claim: Claim, why: Why) -> None:
        self._not_followed.add(claim)
        self._reviews.setdefault(claim.identifiers, Review(claim, why))

    def _unite(self, one: _Group, two: _Group, claim: Claim) -> None:
        if len(one.members) < len(two.members):
            one, two = two, one
        one.merges += two.merges + _people_merge(one, two, claim)
        one.members |= two.members
        one.vouched |= two.vouched
        one.known |= two.known
        one.lately += two.lately
        for kind, count in two.counts.items():
            one.counts[kind] = one.counts.get(kind, 0) + count
        for member in two.members:
            self._group[member] = one


def _people_merge(one: _Group, two: _Group, claim: Claim) -> bool:
    """Whether two people become one: both have a name, and somebody asked for it or both were known before."""
    named = bool(one.kinds()) and bool(two.kinds())
    return named and (claim.explicit or (one.known and two.known))


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
