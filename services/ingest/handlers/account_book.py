"""The accounts of a batch: what is said of them is learned, and everybody's are told.

Promises: whoever's card names an account that changes is settled in the same batch. A batch that says nothing of
accounts, and touches nobody who has one, asks the store nothing.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from services.ingest.domain.accounts import (
    AccountClaim,
    Address,
    Directory,
    Membership,
    belongings,
    matches,
)
from services.ingest.domain.identity import Identifier
from services.ingest.domain.people import Moment
from services.ingest.ports import Accounts, Community, Graph
from services.ingest.settings import MailDomain, mail_domain
from shared.contracts.touchpoints import AccountRef
from shared.kernel.errors import NotLoaded
from shared.kernel.keys import Key


class AccountBook:
    """What a batch knows of accounts: `arrived`, then `open`, then as many `accounts_of` as there are people."""

    def __init__(self, accounts: Accounts, graph: Graph) -> None:
        self._accounts = accounts
        self._graph = graph
        self._claims: Sequence[AccountClaim] = ()
        self._changed_accounts: set[str] = set()
        self._changed_domains: set[str] = set()
        self._directory = Directory()

    async def arrived(self, claims: Sequence[AccountClaim], waiting: Collection[Identifier]) -> set[Identifier]:
        """Take what was said of accounts; answers the identifiers of everybody whom it may concern. `waiting`: nobody
        so far, under whom calls about a group came.

        Raises NotLoaded where somebody is not locked.
        """
        if not claims and not waiting:
            return set()
        self._claims = claims
        named = [
            Membership(member.identifier, claim.account_id, claim.source, member.statement)
            for claim in claims
            for member in claim.members
        ]
        joined = await self._graph.keep_memberships(named, waiting)
        before = await self._accounts.known(
            {claim.account_id for claim in claims}, {claim.domain for claim in claims if claim.domain is not None}
        )
        self._changed_accounts, self._changed_domains = _changes(before, before.learned(claims))
        return joined | await self._concerned()

    async def open(self, communities: Iterable[Community]) -> None:
        """Find the accounts that the people of communities may belong to, and write what was learned."""
        members = [member for community in communities for member in _members(community)]
        registered = {domain.registered for member in members if (domain := _domain(member)) is not None}
        account_ids = {one.account_id for community in communities for one in community.memberships}
        changing = bool(self._changed_accounts or self._changed_domains)
        if changing:
            registered |= _registered(name for claim in self._claims for name in (claim.account_id, claim.domain))
            account_ids |= {claim.account_id for claim in self._claims}
        if not registered and not account_ids:
            return
        before = self._directory = await self._accounts.hold(registered, account_ids, changing=changing)
        if changing:
            await self._concerned()  # Somebody may have come while we waited for the locks.
            self._directory = before.learned(self._claims)
            await self._keep(before)

    async def _concerned(self) -> set[Identifier]:
        if not self._changed_accounts and not self._changed_domains:
            return set()
        # An account that is called like a domain is that of every address there, whatever it says its domain is.
        registered = _registered(self._changed_domains | self._changed_accounts)
        found = await self._accounts.people_of(self._changed_accounts, registered)
        missing = [member for member in found if not self._graph.loaded(member)]
        if missing:
            raise NotLoaded(Key("identifier", str(member)) for member in missing)
        return found

    async def _keep(self, before: Directory) -> None:
        accounts, domains = _changes(before, self._directory)
        await self._accounts.keep(
            [self._directory.accounts[account_id] for account_id in accounts],
            [self._directory.holdings[domain] for domain in domains],
        )

    def accounts_of(
        self, members: Collection[Identifier], first: Mapping[Identifier, Moment], named: Sequence[Membership]
    ) -> tuple[AccountRef, ...]:
        """The accounts of a person with these identifiers who was `named` with some, the current one first."""
        addresses = addresses_of(members, first)
        if not named and not addresses:
            return ()
        found = belongings(matches(named, addresses, self._directory))
        return tuple(self._told(one.account_id, one.since) for one in found)

    def _told(self, account_id: str, since: int) -> AccountRef:
        account = self._directory.account(account_id)
        domain = mail_domain(account_id) if account.domain is None else None
        return AccountRef(
            id=account_id,
            name=None if account.name is None else account.name.value,
            domain=account.domain.value if account.domain is not None else None if domain is None else domain.host,
            since=since,
        )


def addresses_of(members: Iterable[Identifier], first: Mapping[Identifier, Moment]) -> list[Address]:
    """The e-mails among identifiers that name an account, each since its earliest event."""
    return [Address(member, *domain, *first[member]) for member in members if (domain := _domain(member)) is not None]


def _changes(before: Directory, after: Directory) -> tuple[set[str], set[str]]:
    """The accounts and the domains of which something is news."""
    accounts = {key for key, account in after.accounts.items() if before.accounts.get(key) != account}
    return accounts, {key for key, holding in after.holdings.items() if before.holdings.get(key) != holding}


def _members(community: Community) -> Iterable[Identifier]:
    yield from community.owners
    for claim in community.news:
        yield from claim.identifiers


def _domain(member: Identifier) -> MailDomain | None:
    return mail_domain(member.value) if member.kind == "email" else None


def _registered(hosts: Iterable[str | None]) -> set[str]:
    found = (mail_domain(host) for host in hosts if host is not None)
    return {domain.registered for domain in found if domain is not None}
