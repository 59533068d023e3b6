"""What happens to the people of one seed, and who has to come of it."""

from collections.abc import Iterable
from random import Random

from msgspec import json
from sqlalchemy import select

from services.ingest.domain.acts import OperatorAct
from services.ingest.store.tables import PEOPLE
from shared.contracts import topics
from shared.contracts.deals import CollectedDeal, DealContact, DealStatus
from shared.contracts.envelope import Event, encode
from shared.contracts.records import Outgoing
from shared.contracts.touchpoints import AccountRef, PersonIdentified
from shared.db.engine import Database
from tests.handlers.ingest.resolver import NOW, Collected, event_id, happened, resolving

_MOST = 1_000
_EVENTS = 20
_ACTS = ("Demo Requested", "Form Submitted", "Product Used")
_STATUSES: tuple[DealStatus, ...] = ("open", "won", "won")
Belongings = set[frozenset[str]]
Cards = set[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[AccountRef, ...]]]


def story(seed: int) -> list[Collected]:
    """Events of a few people who share browsers, addresses and companies, and are on a deal that is won; nobody
    else's."""
    chance = Random(seed)

    def one(kind: str, most: int) -> str:
        return f"{kind}{chance.randrange(most)}-{seed}"

    def address() -> str:
        return f"{one('e', 4)}@{chance.choice(hosts)}"

    hosts = (f"one{seed}.com", f"two{seed}.com", "gmail.com")
    events: list[Collected] = []
    for number in _numbers(seed):
        at, trusted, sort = chance.randrange(10), chance.random() < 0.5, chance.randrange(6)
        if sort < 2:
            events.append(happened(number, at=at, name=chance.choice(_ACTS), anonymous_id=one("b", 3)))
        elif sort < 4:
            said = {"user_id": one("u", 4)} if chance.random() < 0.5 else {"anonymous_id": one("b", 3)}
            events.append(happened(number, "identify", at=at, trusted=trusted, traits={"email": address()}, **said))
        elif sort < 5:
            whose = {"user_id": one("u", 4)} if trusted else {"anonymous_id": one("b", 3)}
            named = {"website": chance.choice(hosts)} if chance.random() < 0.5 else {}
            events.append(
                happened(number, "group", at=at, trusted=trusted, group_id=one("g", 2), traits=named, **whose)
            )
        else:
            account = AccountRef(id=one("g", 2), domain=chance.choice((None, hosts[0])))
            events.append(_deal(number, seed, at, chance.choice(_STATUSES), (address(), address()), account))
    return events


def _numbers(seed: int) -> range:
    return range(seed * _MOST, seed * _MOST + _EVENTS)


def _deal(
    number: int, seed: int, at: int, status: DealStatus, emails: tuple[str, ...], account: AccountRef
) -> CollectedDeal:
    return CollectedDeal(
        event_id=event_id(number), id=f"d-{seed}", version=number, source="crm", received_at=NOW, status=status,
        amount_minor=1_000, currency="EUR", created_at=NOW, occurred_at=NOW - 1_000_000 + at * 1_000,
        contacts=tuple(DealContact(email=email) for email in emails), account=account,
    )  # fmt: skip


def record(collected: Collected) -> Outgoing:
    """An event as its door publishes it, but on any partition: that is where races come from."""
    of, topic = ("touchpoint.collected", topics.TOUCHPOINTS_COLLECTED)
    name = collected.event_id if isinstance(collected, CollectedDeal) else collected.id
    if isinstance(collected, CollectedDeal):
        of, topic = ("deal.collected", topics.DEALS_COLLECTED)
    return Outgoing(topic.name, name.encode(), *encode(Event(name, of, "door", NOW, collected)))


def touchpoints(seeds: Iterable[int], *types: str) -> set[str]:
    """The ids of all touchpoints of these types in some stories."""
    events = (event for seed in seeds for event in story(seed))
    return {event.id for event in events if not isinstance(event, CollectedDeal) and event.type in types}


async def expected(seeds: Iterable[int], acts: Iterable[OperatorAct]) -> tuple[Belongings, Cards]:
    """Whose is what, and what cards say, where one process alone is told each story at once, then of the operators."""
    async with resolving() as resolver:
        for seed in seeds:
            await resolver.take(*story(seed))
        for act in acts:
            await resolver.decide(act)
        return await resolver.on_record(), await cards(resolver.database)


async def cards(ingest: Database) -> Cards:
    """Everybody as their card tells: addresses, user ids and accounts, the current one first."""
    async with ingest.read() as reader:
        rows = await reader.rows(select(PEOPLE.c.card).where(PEOPLE.c.into_id.is_(None)))
    found = (json.decode(row.card, type=PersonIdentified) for row in rows)
    return {(card.emails, card.user_ids, card.anonymous_ids, card.accounts) for card in found}
