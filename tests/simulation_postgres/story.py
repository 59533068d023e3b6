"""What happens to the people of one seed, and what has to come of it."""

from random import Random

from shared.contracts.deals import CollectedDeal, DealContact
from tests.handlers.ingest.resolver import NOW, Collected, event_id, happened, resolving

_MOST = 1_000
Belongings = set[frozenset[str]]


def story(seed: int) -> list[Collected]:
    """Some twenty events of a few people who share browsers and addresses, and are on a deal; nobody else's."""
    chance = Random(seed)

    def one(kind: str, most: int) -> str:
        return f"{kind}{chance.randrange(most)}-{seed}"

    def address() -> str:
        return f"{one('e', 4)}@example.com"

    events: list[Collected] = []
    for number in range(seed * _MOST, seed * _MOST + 20):
        at, trusted, sort = chance.randrange(10), chance.random() < 0.5, chance.randrange(5)
        if sort < 2:
            events.append(happened(number, at=at, anonymous_id=one("b", 3)))
        elif sort < 4:
            said = {"user_id": one("u", 4)} if chance.random() < 0.5 else {"anonymous_id": one("b", 3)}
            events.append(happened(number, "identify", at=at, trusted=trusted, traits={"email": address()}, **said))
        else:
            events.append(_deal(number, seed, at, (address(), address())))
    return events


def _deal(number: int, seed: int, at: int, emails: tuple[str, ...]) -> CollectedDeal:
    return CollectedDeal(
        event_id=event_id(number), id=f"d-{seed}", version=number, source="crm", received_at=NOW, status="open",
        amount_minor=1, currency="EUR", created_at=NOW, occurred_at=NOW - 1_000_000 + at * 1_000,
        contacts=tuple(DealContact(email=email) for email in emails),
    )  # fmt: skip


def of_seed(seed: int, everything: Belongings) -> Belongings:
    """What belongs to the people of one seed."""
    ours = {event_id(number) for number in range(seed * _MOST, seed * _MOST + 20)}
    return {together for together in everything if together & ours}


async def expected(seeds: range) -> dict[int, Belongings]:
    """What one process makes of each story, told in order and at once."""
    found: dict[int, Belongings] = {}
    async with resolving() as resolver:
        for seed in seeds:
            await resolver.forget()
            await resolver.take(*story(seed))
            found[seed] = await resolver.on_record()
    return found
