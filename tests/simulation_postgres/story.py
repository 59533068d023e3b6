"""What happens to the people of one seed, and who has to come of it."""

from collections.abc import Iterable
from random import Random

from msgspec import Raw, json
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
from tests.reference.handed import BY_SALES
from tests.reference.happened import Contact, Happening, Version

_MOST = 1_000
_EVENTS = 16
_LATER = 10
"""So many stories later somebody is met again, by then mostly handed over."""
_AGAIN = 0.3
_ACTS = ("Demo Requested", "Demo Requested", "Form Submitted", "Product Used")
_WRITES = Raw(json.encode({"kind": BY_SALES, "department": "sales"}))
_STATUSES: tuple[DealStatus, ...] = ("open", "won", "won", "lost")
Belongings = set[frozenset[str]]
Cards = set[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[AccountRef, ...]]]


def story(seed: int) -> list[Collected]:
    """Events of a few people who share browsers, addresses and companies, get mail of sales, and are on a deal that
    is won or lost; some are about those of an earlier story."""
    chance = Random(seed)
    return [_event(chance, number, seed) for number in _numbers(seed)]


def _event(chance: Random, number: int, seed: int) -> Collected:
    of = seed - _LATER if seed > _LATER and chance.random() < _AGAIN else seed

    def one(kind: str) -> str:
        return f"{kind}{chance.randrange(3)}-{of}"

    def address() -> str:
        return f"{one('e')}@{chance.choice(hosts)}"

    hosts = (f"one{of}.com", f"two{of}.com", "gmail.com")
    at, trusted, sort = chance.randrange(10), chance.random() < 0.5, chance.randrange(7)
    if sort < 2:
        form = Raw(json.encode({"email": address()} if chance.random() < 0.7 else {}))
        return happened(number, at=at, name=chance.choice(_ACTS), anonymous_id=one("b"), properties=form)
    if sort < 4:
        said = {"user_id": one("u")} if chance.random() < 0.5 else {"anonymous_id": one("b")}
        return happened(number, "identify", at=at, trusted=trusted, traits={"email": address()}, **said)
    if sort < 5:
        whose = {"user_id": one("u")} if trusted else {"anonymous_id": one("b")}
        named = {"website": chance.choice(hosts)} if chance.random() < 0.5 else {}
        return happened(number, "group", at=at, trusted=trusted, group_id=one("g"), traits=named, **whose)
    if sort < 6:
        return happened(number, at=at, trusted=True, user_id=one("u"), properties=_WRITES)
    account = AccountRef(id=one("g"), domain=chance.choice((None, hosts[0])))
    return _deal(number, seed, at, chance.choice(_STATUSES), (address(), address()), account)


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


def done_by_sales(seeds: Iterable[int]) -> list[Happening]:
    """What sales did in some stories, in the model's words."""
    events = (event for seed in seeds for event in story(seed) if not isinstance(event, CollectedDeal))
    return [
        Happening(event.id, event.timestamp, event.trusted, BY_SALES, user=event.user_id)
        for event in events
        if event.properties == _WRITES and event.timestamp is not None
    ]


def last_versions(seeds: Iterable[int]) -> list[Version]:
    """The versions of deals that hold, in the model's words."""
    events = (event for seed in seeds for event in story(seed) if isinstance(event, CollectedDeal))
    return list({deal.id: _version(deal) for deal in events}.values())


def _version(deal: CollectedDeal) -> Version:
    closed = None if deal.status == "open" else deal.occurred_at
    contacts = [Contact(contact.email) for contact in deal.contacts if contact.email is not None]
    return Version(
        deal.event_id, deal.id, deal.version, deal.occurred_at, deal.status, deal.created_at, closed,
        deal.amount_minor, contacts,
    )  # fmt: skip


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
