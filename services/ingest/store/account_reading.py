"""What the API reads of accounts; each call is a read of its own, and nothing here writes.

Who belongs to an account is told by cards: identifiers lead to those who may, and their cards say who does.
"""

from collections.abc import Collection, Sequence
from typing import Any

from msgspec import json
from sqlalchemy import Row, or_, select

from services.ingest.domain.accounts import Account, Directory, Holding, Membership
from services.ingest.domain.identity import Identifier
from services.ingest.ports import Card, KnownAccount
from services.ingest.settings import mail_domain
from services.ingest.store import memberships
from services.ingest.store.accounts import accounts_of, holdings_of, naming
from services.ingest.store.identities import identity_of
from services.ingest.store.tables import ACCOUNT_DOMAINS, ACCOUNTS, BROWSER_CLAIMS, IDENTIFIERS, PEOPLE, TOUCHPOINTS
from shared.contracts.touchpoints import PersonIdentified
from shared.db.engine import Database
from shared.db.work import Reader

_CHUNK = 200
"""So many people are looked through at a time; nearly all of them belong to the account."""


class SqlAccountReading:
    """The port of reading accounts over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def account(self, account_id: str) -> KnownAccount | None:
        """What was said of an account, or what the domain it is called by tells."""
        async with self._database.read() as reader:
            found = accounts_of(await reader.rows(select(ACCOUNTS).where(ACCOUNTS.c.id == account_id)))
            held = select(ACCOUNT_DOMAINS).where(ACCOUNT_DOMAINS.c.account == account_id)
            holdings = sorted(holdings_of(await reader.rows(held)).values(), key=lambda one: one.order)
        if not found and not await self.people(account_id, None, 1):
            return None
        return KnownAccount(found.get(account_id, Account(account_id)), holdings)

    async def people(self, account_id: str, after: str | None, limit: int) -> Sequence[Card]:
        """The cards of everybody who belongs to an account, in the order of their ids."""
        found: list[Card] = []
        async with self._database.read() as reader:
            while len(found) < limit:
                chunk = await _candidates(reader, account_id, after)
                found += [Card(one.card_version, one.card) for one in chunk if _belongs(one.card, account_id)]
                if len(chunk) < _CHUNK:
                    break
                after = chunk[-1].id
        return found[:limit]

    async def directory(self, registered: Collection[str]) -> Directory:
        """Who holds what under these registered domains."""
        async with self._database.read() as reader:
            under = reader.among(ACCOUNT_DOMAINS.c.registered, sorted(registered))
            rows = await reader.rows(select(ACCOUNT_DOMAINS).where(under))
        holdings: dict[str, Holding] = holdings_of(rows)
        return Directory({}, holdings)

    async def memberships(self, identifiers: Collection[Identifier]) -> Sequence[Membership]:
        """Which accounts whoever has these identifiers was named with: in a browser that several share, by events of
        theirs."""
        async with self._database.read() as reader:
            named = select(IDENTIFIERS.c.person).where(IDENTIFIERS.c.id == str(min(identifiers)))
            identity = await identity_of(reader, await reader.scalar(named))
            if identity is None:
                return ()
            found = await memberships.of(reader, identity.identifiers | identity.contested)
            shared = sorted(one.source.event_id for one in found if one.identifier in identity.contested)
            owned = reader.among(TOUCHPOINTS.c.person, [identity.person_id, *identity.aliases])
            events = select(TOUCHPOINTS.c.id).where(reader.among(TOUCHPOINTS.c.id, shared), owned)
            theirs = {row.id for row in await reader.rows(events)} if shared else frozenset[str]()
        return [one for one in found if one.identifier not in identity.contested or one.source.event_id in theirs]


async def _candidates(reader: Reader, account_id: str, after: str | None) -> Sequence[Row[Any]]:
    """People with an identifier that leads to the account, in the order of their ids."""
    domain = mail_domain(account_id)
    leading = naming(reader, [account_id], () if domain is None else (domain.registered,)).subquery()
    # Whoever was named in a browser that leads there may have said it, whosever the browser is.
    named = select(BROWSER_CLAIMS.c.holder).where(BROWSER_CLAIMS.c.browser.in_(select(leading.c.id)))
    led = or_(IDENTIFIERS.c.id.in_(select(leading.c.id)), IDENTIFIERS.c.id.in_(named))
    theirs = select(IDENTIFIERS.c.person).where(led)
    found = select(PEOPLE).where(PEOPLE.c.id.in_(theirs)).order_by(PEOPLE.c.id).limit(_CHUNK)
    return await reader.rows(found if after is None else found.where(PEOPLE.c.id > after))


def _belongs(card: str, account_id: str) -> bool:
    return any(account.id == account_id for account in json.decode(card, type=PersonIdentified).accounts)
