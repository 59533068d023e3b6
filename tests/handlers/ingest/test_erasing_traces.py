"""What is kept of others names nobody who was erased: no trait, no card of an alias, no person without a name."""

from collections.abc import AsyncIterator

import pytest

from services.ingest.domain.acts import ActKind, OperatorAct
from services.ingest.domain.identity import Identifier
from shared.kernel.instant import Instant
from tests.handlers.ingest.resolver import NOW, Resolver, happened, resolving

ANA, BO = Identifier("user_id", "ana"), Identifier("user_id", "bo")
MAIL = Identifier("email", "canary@ex.org")
BROWSER = Identifier("anonymous_id", "canary-browser")


@pytest.fixture
async def resolver() -> AsyncIterator[Resolver]:
    async with resolving() as opened:
        yield opened


def act(kind: ActKind, second: int, *named: Identifier) -> OperatorAct:
    return OperatorAct(kind, named, Instant(NOW + second), "ops")


async def erase(resolver: Resolver, name: Identifier) -> None:
    async with resolver.database.read() as reader:
        person = await reader.scalar("SELECT person FROM identifiers WHERE id = :name", name=str(name))
    await resolver.erase(person)


async def test_an_address_that_turned_out_to_be_anothers_is_no_trait_any_more(resolver: Resolver) -> None:
    await resolver.take(happened(1, user_id="ana"))
    await resolver.take(happened(2, "identify", user_id="ana", traits={"email": MAIL.value}))
    await resolver.decide(act("split", 1, ANA, MAIL))
    await erase(resolver, MAIL)
    assert "canary" not in await resolver.kept()
    assert "canary" not in str([card for card in resolver.believed().cards.values() if card.user_ids])


async def test_the_card_of_an_alias_does_not_name_who_was_split_off_and_erased(resolver: Resolver) -> None:
    await resolver.take(happened(1, "identify", user_id="ana", traits={"email": MAIL.value}))
    await resolver.take(happened(2, user_id="bo"), happened(3, user_id="ana"))
    await resolver.decide(act("merge", 1, ANA, BO))
    await resolver.decide(act("split", 2, ANA, MAIL))
    await erase(resolver, MAIL)
    assert "canary" not in await resolver.kept()
    believed = resolver.believed()
    assert "canary" not in str([card for one, card in believed.cards.items() if one not in believed.erased])
