"""Two resolvers at the same moment, on one domain: one learns whose it is, the other meets somebody with an address."""

import asyncio

from services.ingest.wiring import MIGRATIONS
from shared.contracts.deals import CollectedDeal
from shared.contracts.touchpoints import AccountRef
from shared.db.engine import open_database
from shared.db.migrate import migrate
from tests.handlers.ingest.resolver import NOW, Believer, Collected, Resolver, event_id, happened

DOMAINS, ROUND, SECONDS = 48, 6, 60


def met(number: int, name: str = "ana") -> Collected:
    """Somebody at the domain of this number."""
    traits = {"email": f"{name}@d{number}.com"}
    event = number if name == "ana" else 2_000 + number
    return happened(event, "identify", trusted=True, at=1, traits=traits, user_id=f"{name}-{number}")


def claimed(number: int) -> Collected:
    """The domain of this number is an account's."""
    return CollectedDeal(
        event_id=event_id(1_000 + number), id=f"d{number}", version=1, source="crm", received_at=NOW, status="open",
        amount_minor=1, currency="EUR", created_at=NOW, occurred_at=NOW,
        account=AccountRef(id=f"crm-{number}", domain=f"d{number}.com"),
    )  # fmt: skip


def told(*resolvers: Resolver) -> dict[str, list[str]]:
    """The accounts of each user, as somebody believes who hears all of them."""
    believer = Believer()
    for emit in (emit for resolver in resolvers for emit in resolver.published):
        believer.hear(emit)
    return {card.user_ids[0]: [account.id for account in card.accounts] for card in believer.cards.values()}


async def test_whoever_comes_while_a_domain_is_claimed_belongs_to_the_account(postgres_url: str) -> None:
    database = open_database(postgres_url, "ingest")
    await migrate(database, MIGRATIONS)
    one, two = Resolver(database), Resolver(database)
    # Somebody is there before: to insert a domain is a lock by itself, and would hide one that is missing.
    await one.take(*(met(number, "bea") for number in range(DOMAINS)))
    async with asyncio.timeout(SECONDS):
        for start in range(0, DOMAINS, ROUND):
            numbers = range(start, start + ROUND)
            await asyncio.gather(one.take(*map(met, numbers)), two.take(*map(claimed, reversed(numbers))))
    await database.close()
    assert told(one, two) == {
        f"{name}-{number}": [f"crm-{number}"] for name in ("ana", "bea") for number in range(DOMAINS)
    }


async def test_claims_of_one_domain_that_come_at_once_have_one_holder(postgres_url: str) -> None:
    database = open_database(postgres_url, "ingest")
    await migrate(database, MIGRATIONS)
    one, two = Resolver(database), Resolver(database)
    await one.take(met(1), met(2))
    group = happened(5, "group", at=3, group_id="g", traits={"domain": "d1.com"}, user_id="ana-2")
    async with asyncio.timeout(SECONDS):
        await asyncio.gather(one.take(claimed(1)), two.take(group))
    await database.close()
    assert told(one, two) == {"ana-1": ["crm-1"], "ana-2": ["g", "d2.com"]}
