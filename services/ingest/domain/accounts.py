"""Which account a person belongs to, and why: told from what was said of accounts, in one order.

An account is named by a CRM or by a group call, or else by the domain of an address. Who says it first holds a
domain, trusted senders before write keys; the last to say it gives a name. Leaves out which hosts name an account
at all (mail_hosts.py).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from services.ingest.domain.identity import Identifier
from services.ingest.domain.mail_hosts import upwards

Rule = Literal["crm_id", "group", "domain"]


class Source(NamedTuple):
    """Who says something of an account: by which rule, whether it can be trusted, in which event and when."""

    rule: Rule
    trusted: bool
    at: int
    event_id: str


class Member(NamedTuple):
    """Somebody whom an event names together with an account: by the strongest identifier, in a statement of who they
    are (its id)."""

    identifier: Identifier
    statement: str


@dataclass(frozen=True, slots=True)
class AccountClaim:
    """An event names an account, says what it is called and which domain is its own, and who belongs to it."""

    account_id: str
    source: Source
    name: str | None = None
    domain: str | None = None
    members: tuple[Member, ...] = ()


class Told(NamedTuple):
    """A value, and who said it."""

    value: str
    source: Source


@dataclass(frozen=True, slots=True)
class Account:
    """An account as it is known: what it was last called, and the domain that it first said to be its own."""

    id: str
    name: Told | None = None
    domain: Told | None = None


class Holding(NamedTuple):
    """A domain is an account's, because of what somebody said."""

    domain: str
    account_id: str
    source: Source

    @property
    def order(self) -> tuple[bool, bool, int, str, str]:
        """The least one holds the domain: trusted claims first, then accounts with an id of their own, then event
        time and id."""
        source = self.source
        return not source.trusted, self.account_id == self.domain, source.at, source.event_id, self.account_id


class Membership(NamedTuple):
    """An event names whoever holds an identifier together with an account, in a statement of who they are."""

    identifier: Identifier
    account_id: str
    source: Source
    statement: str

    @property
    def order(self) -> tuple[int, str]:
        """The least one of an identifier, an account, a sort of sender and a statement is kept."""
        return self.source.at, self.source.event_id


class Address(NamedTuple):
    """An e-mail of a person at a host that names an account, known since an event."""

    identifier: Identifier
    host: str
    domain: str
    at: int
    event_id: str


class Match(NamedTuple):
    """Somebody belongs to an account since an event, which named it by a rule together with an identifier."""

    account_id: str
    identifier: Identifier
    source: Source


@dataclass(frozen=True, slots=True)
class Directory:
    """The accounts and who holds which domain, as far as they were asked for."""

    accounts: Mapping[str, Account] = field(default_factory=dict)
    holdings: Mapping[str, Holding] = field(default_factory=dict)

    def learned(self, claims: Iterable[AccountClaim]) -> "Directory":
        """What is known after these claims; the order in which they come does not matter."""
        accounts, holdings = dict(self.accounts), dict(self.holdings)
        for claim in claims:
            accounts[claim.account_id] = _told(accounts.get(claim.account_id, Account(claim.account_id)), claim)
            if claim.domain is not None:
                held = Holding(claim.domain, claim.account_id, claim.source)
                holdings[held.domain] = min(holdings.get(held.domain, held), held, key=lambda one: one.order)
        return Directory(accounts, holdings)

    def account_at(self, host: str, domain: str) -> str:
        """The account of an address: of the closest domain above it that one holds, else named by the registered."""
        held = (self.holdings.get(above) for above in upwards(host, domain))
        return next((one.account_id for one in held if one is not None), domain)

    def account(self, account_id: str) -> Account:
        """What is known of an account."""
        return self.accounts.get(account_id, Account(account_id))


def _told(account: Account, claim: AccountClaim) -> Account:
    source = claim.source
    if claim.name is not None:
        named = Told(claim.name, source)
        account = replace(account, name=max(account.name or named, named, key=_latest))
    if claim.domain is not None:
        at = Told(claim.domain, source)
        account = replace(account, domain=min(account.domain or at, at, key=_earliest))
    return account


def _latest(told: Told) -> tuple[bool, int, str, str]:
    return told.source.trusted, told.source.at, told.source.event_id, told.value


def _earliest(told: Told) -> tuple[bool, int, str, str]:
    return not told.source.trusted, told.source.at, told.source.event_id, told.value


def standing(memberships: Iterable[Membership], withdrawn: Collection[str]) -> list[Membership]:
    """What memberships are left once these statements are withdrawn: the earliest of an identifier, an account and a
    sort of sender. An event that was wrong about who somebody is tells nobody's account."""
    earliest: dict[tuple[Identifier, str, Rule, bool], Membership] = {}
    for one in sorted(memberships, key=lambda one: one.order):
        if one.statement not in withdrawn:
            earliest.setdefault((one.identifier, one.account_id, one.source.rule, one.source.trusted), one)
    return list(earliest.values())


def matches(memberships: Iterable[Membership], addresses: Iterable[Address], directory: Directory) -> Sequence[Match]:
    """Why somebody belongs to which accounts: once for each identifier and rule, in event time, then id."""
    named = [Match(one.account_id, one.identifier, one.source) for one in memberships]
    by_domain = [
        Match(directory.account_at(one.host, one.domain), one.identifier, Source("domain", False, one.at, one.event_id))
        for one in addresses
    ]
    return sorted({*named, *by_domain}, key=lambda match: (match.source.at, match.source.event_id, match))


class Belonging(NamedTuple):
    """Somebody belongs to an account, since a time (UTC ms)."""

    account_id: str
    since: int


def belongings(found: Iterable[Match]) -> tuple[Belonging, ...]:
    """The accounts of somebody, the current one first.

    What a trusted sender named comes before what a write key did, a domain last; of each the newest first.
    """
    since: dict[str, int] = {}
    rank: dict[str, int] = {}
    for match in found:
        account_id, source = match.account_id, match.source
        since[account_id] = min(since.get(account_id, source.at), source.at)
        rank[account_id] = min(rank.get(account_id, 2), 2 if source.rule == "domain" else int(not source.trusted))
    ordered = sorted(since, key=lambda account_id: (rank[account_id], -since[account_id], account_id))
    return tuple(Belonging(account_id, since[account_id]) for account_id in ordered)
