"""The accounts in SQL. They are locked after identifiers and components: domains first, then accounts, in id order.

Whoever writes a card shares the locks of what it names, so many may write at once; whoever changes an account or
the holder of a domain has them alone, and so sees everybody's card that names it.
"""

from collections.abc import Collection, Mapping
from typing import Any

from msgspec import json
from sqlalchemy import CompoundSelect, Row, select, union

from services.ingest.domain.accounts import Account, Directory, Holding, Source
from services.ingest.domain.identity import Identifier, identifier
from services.ingest.settings import mail_domain
from services.ingest.store.tables import ACCOUNT_DOMAINS, ACCOUNT_MEMBERS, ACCOUNTS, IDENTIFIERS
from shared.db.dialect import Upsert, among_given
from shared.db.work import Reader, Work

_BY_ID = select(ACCOUNTS).where(among_given(ACCOUNTS.c.id, "ids")).order_by(ACCOUNTS.c.id)
_UNDER = (
    select(ACCOUNT_DOMAINS)
    .where(among_given(ACCOUNT_DOMAINS.c.registered, "registered"))
    .order_by(ACCOUNT_DOMAINS.c.domain)
)
_ENSURE_DOMAINS = Upsert(ACCOUNT_DOMAINS, columns=("domain", "registered"), conflict=("domain",))
_ENSURE_ACCOUNTS = Upsert(ACCOUNTS, columns=("id",), conflict=("id",))
_KEEP_DOMAINS = Upsert(ACCOUNT_DOMAINS, conflict=("domain",), update=("account", "source"))
_KEEP_ACCOUNTS = Upsert(ACCOUNTS, conflict=("id",), update=("body",))


class SqlAccounts:
    """The accounts port over one transaction."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def known(self, account_ids: Collection[str], domains: Collection[str]) -> Directory:
        """These accounts, and who holds exactly these domains, at this moment."""
        work = self._work
        holdings: dict[str, Holding] = {}
        if domains:
            exactly = work.among(ACCOUNT_DOMAINS.c.domain, sorted(domains))
            holdings = holdings_of(await work.rows(select(ACCOUNT_DOMAINS).where(exactly)))
        return Directory(accounts_of(await work.rows(_BY_ID, ids=sorted(account_ids))), holdings)

    async def people_of(self, account_ids: Collection[str], registered: Collection[str]) -> set[Identifier]:
        """The identifiers by which somebody belongs to these accounts, or has an address under these domains."""
        return {identifier(row.id) for row in await self._work.rows(naming(self._work, account_ids, registered))}

    async def hold(self, registered: Collection[str], account_ids: Collection[str], *, changing: bool) -> Directory:
        """Lock these accounts, these registered domains and all under them, and the accounts that hold one."""
        work = self._work
        if changing:
            await self._ensure_domains(registered)
            await work.write(_ENSURE_ACCOUNTS, [(account_id,) for account_id in sorted(account_ids)])
        holdings = await self._hold_domains(registered, changing=changing)
        ids = {*account_ids, *registered, *(holding.account_id for holding in holdings.values())}
        rows = await work.locked(_BY_ID, shared=not changing, ids=sorted(ids))
        return Directory(accounts_of(rows), holdings)

    async def _hold_domains(self, registered: Collection[str], *, changing: bool) -> Mapping[str, Holding]:
        if not registered:
            return {}
        under = sorted(registered)
        rows = await self._work.locked(_UNDER, shared=not changing, registered=under)
        unseen = set(registered) - {row.domain for row in rows}
        if unseen:
            await self._ensure_domains(unseen)
            rows = await self._work.locked(_UNDER, shared=not changing, registered=under)
        return holdings_of(rows)

    async def _ensure_domains(self, registered: Collection[str]) -> None:
        await self._work.write(_ENSURE_DOMAINS, [(domain, domain) for domain in sorted(registered)])

    async def keep(self, accounts: Collection[Account], holdings: Collection[Holding]) -> None:
        """Leave accounts and domains as they are now."""
        held = [(one.domain, _registered(one.domain), one.account_id, _text(one.source)) for one in holdings]
        await self._work.write(_KEEP_DOMAINS, sorted(held))
        await self._work.write(_KEEP_ACCOUNTS, sorted((account.id, _text(account)) for account in accounts))


def naming(reader: Reader, account_ids: Collection[str], registered: Collection[str]) -> CompoundSelect[Any]:
    """The ids of identifiers that are members of accounts, or addresses under domains given or held by these."""
    ids = sorted(account_ids)
    given = select(IDENTIFIERS.c.id).where(reader.among(IDENTIFIERS.c.domain, sorted(registered)))
    held = select(IDENTIFIERS.c.id).join(ACCOUNT_DOMAINS, ACCOUNT_DOMAINS.c.registered == IDENTIFIERS.c.domain)
    members = select(ACCOUNT_MEMBERS.c.identifier).where(reader.among(ACCOUNT_MEMBERS.c.account, ids))
    return union(given, held.where(reader.among(ACCOUNT_DOMAINS.c.account, ids)), members)


def accounts_of(rows: Collection[Row[Any]]) -> dict[str, Account]:
    """The accounts of rows of the table, but for those that were only locked."""
    return {row.id: json.decode(row.body, type=Account) for row in rows if row.body is not None}


def holdings_of(rows: Collection[Row[Any]]) -> dict[str, Holding]:
    """Who holds which domain, of rows of the table."""
    return {
        row.domain: Holding(row.domain, row.account, json.decode(row.source, type=Source))
        for row in rows
        if row.account is not None
    }


def _registered(domain: str) -> str:
    found = mail_domain(domain)
    return domain if found is None else found.registered


def _text(value: object) -> str:
    return json.encode(value).decode()
