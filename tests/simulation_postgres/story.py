"""What happens to the people of one seed, and who has to come of it."""

from collections.abc import Iterable
from random import Random

from shared.contracts import topics
from shared.contracts.deals import CollectedDeal, DealContact, DealStatus
from shared.contracts.envelope import Event, encode
from shared.contracts.records import Outgoing
from tests.handlers.ingest.resolver import NOW, Collected, event_id, happened, resolving

_MOST = 1_000
_EVENTS = 20
_ACTS = ("Demo Requested", "Form Submitted", "Product Used")
_STATUSES: tuple[DealStatus, ...] = ("open", "won", "won")
Belongings = set[frozenset[str]]


def story(seed: int) -> list[Collected]:
    """Events of a few people who share browsers and addresses, and are on a deal that is won; nobody else's."""
    chance = Random(seed)

    def one(kind: str, most: int) -> str:
        return f"{kind}{chance.randrange(most)}-{seed}"

    def address() -> str:
        return f"{one('e', 4)}@example.com"

    events: list[Collected] = []
    for number in _numbers(seed):
        at, trusted, sort = chance.randrange(10), chance.random() < 0.5, chance.randrange(5)
        if sort < 2:
            events.append(happened(number, at=at, name=chance.choice(_ACTS), anonymous_id=one("b", 3)))
        elif sort < 4:
            said = {"user_id": one("u", 4)} if chance.random() < 0.5 else {"anonymous_id": one("b", 3)}
            events.append(happened(number, "identify", at=at, trusted=trusted, traits={"email": address()}, **said))
        else:
            events.append(_deal(number, seed, at, chance.choice(_STATUSES), (address(), address())))
    return events


def _numbers(seed: int) -> range:
    return range(seed * _MOST, seed * _MOST + _EVENTS)


def _deal(number: int, seed: int, at: int, status: DealStatus, emails: tuple[str, ...]) -> CollectedDeal:
    return CollectedDeal(
        event_id=event_id(number), id=f"d-{seed}", version=number, source="crm", received_at=NOW, status=status,
        amount_minor=1_000, currency="EUR", created_at=NOW, occurred_at=NOW - 1_000_000 + at * 1_000,
        contacts=tuple(DealContact(email=email) for email in emails),
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


async def expected(seeds: Iterable[int]) -> Belongings:
    """Whose is what where one process alone is told each story, in order and at once."""
    found: Belongings = set()
    async with resolving() as resolver:
        for seed in seeds:
            await resolver.forget()
            await resolver.take(*story(seed))
            found |= await resolver.on_record()
    return found
