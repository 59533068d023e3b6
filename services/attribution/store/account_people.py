"""Who belongs to which account in SQL, and for which deals that counts.

A deal whose account's people count is written by one transaction at a time, which has the account alone and all of
its people; whoever joins an account shares its lock. So no touch and nobody who joins at the same moment is missed.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec import json
from sqlalchemy import Select, delete, literal_column, select

from services.attribution.ports import KeptCard, Moved
from services.attribution.store.tables import ACCOUNT_PEOPLE, CARDS, DEAL_PEOPLE, DEALS
from shared.db.dialect import Upsert
from shared.db.people import roots_of
from shared.db.work import Reader, Work

_KEEP_CARD = Upsert(CARDS, conflict=("person_id",), update=("version", "accounts", "persona"), newer=("version",))
_JOIN = Upsert(ACCOUNT_PEOPLE, conflict=("account", "person_id"))
_NOBODY: Any = literal_column("NULL").label("person_id")
_NO_DEAL: Any = literal_column("NULL").label("deal_id")
_NOT_KEPT = (-1, frozenset[str]())


def beside(reader: Reader, people: Collection[str], accounts: Collection[str]) -> Sequence[Select[Any]]:
    """Everyone on a deal with these people; the deals for which these people, or those of these accounts, count."""
    own, other = DEAL_PEOPLE.alias(), DEAL_PEOPLE.alias()
    named = select(other.c.person_id, _NO_DEAL).join_from(own, other, own.c.deal_id == other.c.deal_id)
    theirs = select(_NOBODY, DEALS.c.id.label("deal_id")).join(
        ACCOUNT_PEOPLE, ACCOUNT_PEOPLE.c.account == DEALS.c.people_of
    )
    whole = select(_NOBODY, DEALS.c.id.label("deal_id"))
    return (
        named.where(reader.among(own.c.person_id, sorted(people))),
        theirs.where(reader.among(ACCOUNT_PEOPLE.c.person_id, sorted(people))),
        whole.where(reader.among(DEALS.c.people_of, sorted(accounts))),
    )


def concerned(reader: Reader, accounts: Collection[str]) -> Sequence[Select[Any]]:
    """Everyone on a deal of these accounts, and everyone who belongs to one of them where that counts."""
    ids = sorted(accounts)
    named = select(DEAL_PEOPLE.c.person_id).join(DEALS, DEALS.c.id == DEAL_PEOPLE.c.deal_id)
    belonging = select(ACCOUNT_PEOPLE.c.person_id).join(DEALS, DEALS.c.people_of == ACCOUNT_PEOPLE.c.account)
    return (
        named.where(reader.among(DEALS.c.account_id, ids)),
        belonging.where(reader.among(ACCOUNT_PEOPLE.c.account, ids)),
    )


def counting(reader: Reader, people: Collection[str]) -> Select[Any]:
    """The deals for which these people count because of their account."""
    theirs = select(DEALS.c.id.label("deal_id")).join(ACCOUNT_PEOPLE, ACCOUNT_PEOPLE.c.account == DEALS.c.people_of)
    return theirs.where(reader.among(ACCOUNT_PEOPLE.c.person_id, sorted(people)))


async def keep_cards(work: Work, cards: Collection[KeptCard]) -> Moved:
    """Keep to which accounts people belong, by the highest version of each card."""
    ids = sorted(card.person_id for card in cards)
    rows = await work.rows(select(CARDS).where(work.among(CARDS.c.person_id, ids)))
    before = {row.person_id: (row.version, frozenset(json.decode(row.accounts, type=list[str]))) for row in rows}
    newer = [card for card in cards if card.version > before.get(card.person_id, _NOT_KEPT)[0]]
    kept = [(card.person_id, card.version, json.encode(sorted(card.accounts)).decode(), card.persona) for card in newer]
    await work.write(_KEEP_CARD, sorted(kept))
    moved = [card for card in newer if card.accounts != before.get(card.person_id, _NOT_KEPT)[1]]
    if not moved:
        return Moved()
    people = frozenset(card.person_id for card in moved)
    await work.execute(delete(ACCOUNT_PEOPLE).where(work.among(ACCOUNT_PEOPLE.c.person_id, sorted(people))))
    await work.write(_JOIN, sorted((account, card.person_id) for card in moved for account in card.accounts))
    left = {name for card in moved for name in before.get(card.person_id, _NOT_KEPT)[1] - card.accounts}
    return Moved(people, await _deals_of_people_of(work, left))


async def _deals_of_people_of(work: Work, accounts: Collection[str]) -> frozenset[str]:
    if not accounts:
        return frozenset()
    found = select(DEALS.c.id).where(work.among(DEALS.c.people_of, sorted(accounts)))
    return frozenset(row.id for row in await work.rows(found))


async def people_of(reader: Reader, accounts: Collection[str]) -> set[str]:
    """Everybody whose last card names one of these accounts, aliases too."""
    if not accounts:
        return set()
    found = select(ACCOUNT_PEOPLE.c.person_id).where(reader.among(ACCOUNT_PEOPLE.c.account, sorted(accounts)))
    return {row.person_id for row in await reader.rows(found)}


async def colleagues_of(reader: Reader, accounts: Collection[str]) -> Mapping[str, frozenset[str]]:
    """By account, everybody who belongs to it; an alias is told by the card of who stands for it."""
    if not accounts:
        return {}
    rows = await reader.rows(select(ACCOUNT_PEOPLE).where(reader.among(ACCOUNT_PEOPLE.c.account, sorted(accounts))))
    roots = await roots_of(reader, {row.person_id for row in rows})
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        if roots[row.person_id] == row.person_id:
            found[row.account].add(row.person_id)
    return {account: frozenset(people) for account, people in found.items()}
