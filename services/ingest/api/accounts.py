"""Accounts as they are known: by id or by domain, with their people, and with what makes them what they are."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from msgspec import json

from services.ingest.api.schemas import text
from services.ingest.domain.accounts import Match, Told, matches, standing
from services.ingest.domain.identity import Claim, Identifier, statement_id
from services.ingest.domain.mail_hosts import host_of
from services.ingest.domain.people import Moment, firsts
from services.ingest.domain.telling import withdrawn
from services.ingest.handlers.account_book import addresses_of
from services.ingest.ports import AccountReading, Card, KnownAccount
from services.ingest.settings import mail_domain, mail_hosts
from shared.contracts.touchpoints import PersonIdentified
from shared.kernel.errors import NotFound, Reject
from shared.web import paging
from shared.web.auth import Scope, require
from shared.web.paging import Page

Wanted = Annotated[str | None, Query(max_length=256)]


@dataclass(frozen=True, slots=True)
class AccountDetail:
    """An account. `domain` is what it first said to be its own; `domains` are those that it holds."""

    id: str
    name: str | None
    domain: str | None
    domains: list[str]


@dataclass(frozen=True, slots=True)
class AccountPerson:
    """Somebody who belongs to an account since a time. `current`: it is the first of theirs."""

    person_id: str
    emails: tuple[str, ...]
    since: str
    current: bool


@dataclass(frozen=True, slots=True)
class AccountWithPeople(AccountDetail):
    """An account with one page of its people."""

    people: Page[AccountPerson]


@dataclass(frozen=True, slots=True)
class SaidItem:
    """What an event said of an account: the `name` or the `domain` that counts, and by which rule."""

    what: str
    value: str
    rule: str
    trusted: bool
    event_id: str
    occurred_at: str


@dataclass(frozen=True, slots=True)
class AccountWhy:
    """Why an account is called what it is, and why domains are its own."""

    id: str
    said: list[SaidItem]


@dataclass(frozen=True, slots=True)
class MatchItem:
    """What an identifier says of somebody's account. Without one, `rule` is why: `free_mail`, `disposable` or
    `no_company`."""

    account_id: str | None
    rule: str
    identifier: str
    event_id: str
    occurred_at: str


def router(reading: AccountReading) -> APIRouter:
    """`/v1/accounts`, for tokens that may read."""
    routes = APIRouter(prefix="/v1/accounts", tags=["accounts"], dependencies=[require(Scope.READ)])

    @routes.get("")
    async def accounts(
        asked: paging.Asked, account_id: Annotated[Wanted, Query(alias="id")] = None, domain: Wanted = None
    ) -> Page[AccountDetail]:
        """The account of an id or of a domain, if there is one."""
        if (account_id is None) == (domain is None):
            raise Reject("one_account", "exactly one of id and domain is needed")
        after = asked.position(str)
        named = account_id if domain is None else await _at(reading, domain)
        known = None if named is None else await reading.account(named)
        found = [AccountDetail(*_shown(one)) for one in (known,) if one is not None]
        rest = [one for one in found if after is None or (one.id,) > after]
        return paging.page(rest, asked, lambda one: one, lambda one: (one.id,))

    @routes.get("/{account_id}")
    async def account(account_id: str, asked: paging.Asked) -> AccountWithPeople:
        """An account with its people."""
        known = await _known(reading, account_id)
        cards = await reading.people(account_id, _position(asked), asked.limit + 1)
        people = [_person(card, account_id) for card in cards]
        page = paging.page(people, asked, lambda one: one, lambda one: (one.person_id,))
        return AccountWithPeople(*_shown(known), people=page)

    @routes.get("/{account_id}/why")
    async def why(account_id: str) -> AccountWhy:
        """Which events say what an account is called, and which domains are its own."""
        known = await _known(reading, account_id)
        told = [("name", known.account.name)]
        told += [("domain", Told(held.domain, held.source)) for held in known.holdings]
        return AccountWhy(account_id, [_said(what, one) for what, one in told if one is not None])

    return routes


async def explained(
    reading: AccountReading, identifiers: Collection[Identifier], claims: Sequence[Claim]
) -> list[MatchItem]:
    """Why somebody with these identifiers belongs to which accounts, or by which of them to none, in event time;
    `claims` are all of the component."""
    first, silent = firsts(claims), frozenset(map(statement_id, withdrawn(claims)))
    addresses = addresses_of(identifiers, first)
    directory = await reading.directory({address.domain for address in addresses})
    found = matches(standing(await reading.memberships(identifiers), silent), addresses, directory)
    refused = [item for one in identifiers if (item := _refused(one, first)) is not None]
    return sorted([*map(_match, found), *refused], key=lambda item: (item.occurred_at, item.event_id, item.identifier))


async def _known(reading: AccountReading, account_id: str) -> KnownAccount:
    found = await reading.account(account_id)
    if found is None:
        raise NotFound
    return found


async def _at(reading: AccountReading, text_of_domain: str) -> str | None:
    domain = mail_domain(text_of_domain)
    if domain is None:
        return None
    return (await reading.directory([domain.registered])).account_at(*domain)


def _position(asked: paging.PageRequest) -> str | None:
    position = asked.position(str)
    if position is None:
        return None
    try:
        return str(UUID(str(position[0])))
    except ValueError:
        raise Reject("bad_cursor", "take the cursor from `next` of the page before", "after") from None


def _shown(known: KnownAccount) -> tuple[str, str | None, str | None, list[str]]:
    account = known.account
    called = mail_domain(account.id)
    own = account.domain.value if account.domain is not None else None if called is None else called.host
    name = None if account.name is None else account.name.value
    return account.id, name, own, [held.domain for held in known.holdings]


def _person(kept: Card, account_id: str) -> AccountPerson:
    card = json.decode(kept.body, type=PersonIdentified)
    (since,) = (one.since for one in card.accounts if one.id == account_id)
    return AccountPerson(card.person_id, card.emails, text(since or 0), card.accounts[0].id == account_id)


def _said(what: str, told: Told) -> SaidItem:
    source = told.source
    return SaidItem(what, told.value, source.rule, source.trusted, source.event_id, text(source.at))


def _match(match: Match) -> MatchItem:
    source = match.source
    return MatchItem(match.account_id, source.rule, str(match.identifier), source.event_id, text(source.at))


def _refused(member: Identifier, first: Mapping[Identifier, Moment]) -> MatchItem | None:
    if member.kind != "email" or mail_domain(member.value) is not None:
        return None
    host = host_of(member.value)
    why = "no_company" if host is None else mail_hosts().refusal(host)
    at, event_id = first[member]
    return MatchItem(None, why or "no_company", str(member), event_id, text(at))
