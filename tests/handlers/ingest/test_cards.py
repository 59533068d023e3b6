"""What a card tells of somebody of whom more is told than it has room for."""

from collections.abc import AsyncIterator, Mapping
from itertools import permutations

import pytest
from sqlalchemy import func, select

from services.ingest.domain.limits import MOST_OF_A_KIND, MOST_TRAITS, TRAITS_BYTES
from services.ingest.store.tables import TRAITS
from shared.contracts.touchpoints import PersonIdentified
from shared.db.outbox import outgoing
from shared.log.sizes import MAX_RECORD_BYTES, refuse_oversized
from tests.handlers.ingest.resolver import Collected, Resolver, happened, resolving


@pytest.fixture
async def resolver() -> AsyncIterator[Resolver]:
    async with resolving() as opened:
        yield opened


def says(number: int, traits: Mapping[str, object]) -> Collected:
    return happened(number, "identify", at=number, trusted=True, user_id="u", traits=traits)


def many(kind: str, count: int, value: str) -> dict[str, str]:
    return {f"{kind}{number:03}": value for number in range(count)}


def card(resolver: Resolver) -> PersonIdentified:
    (card,) = resolver.believed().cards.values()
    return card


async def test_of_too_many_traits_the_latest_hold_and_those_we_know_by_name_in_any_order(resolver: Resolver) -> None:
    story = (
        says(1, {"title": "CTO", **many("old", 200, "x")}),
        says(2, many("some", 300, "x")),
        says(3, {**many("old", 50, "new"), **many("newest", 100, "x")}),
    )
    wanted = {"title": "CTO", **many("old", 50, "new"), **many("newest", 100, "x"), **many("some", 300, "x")}
    wanted |= {f"old{number:03}": "x" for number in range(50, 50 + MOST_TRAITS - len(wanted))}
    for calls in permutations(story):
        await resolver.forget()
        for one in calls:
            await resolver.take(one)
        told = card(resolver)
        assert (told.traits, told.flags) == (wanted, ("traits_cut",))


async def test_what_no_card_will_ever_tell_is_not_kept(resolver: Resolver) -> None:
    for number in range(1, 5):
        await resolver.take(says(number, many(f"n{number}-", 300, "x")))
        async with resolver.database.read() as reader:
            assert await reader.scalar(select(func.count()).select_from(TRAITS)) <= MOST_TRAITS + 1
    assert (len(card(resolver).traits), card(resolver).flags) == (MOST_TRAITS, ("traits_cut",))


async def test_a_card_is_no_larger_than_what_the_log_takes(resolver: Resolver) -> None:
    for number in range(1, 37):
        await resolver.take(says(number, many(f"n{number}-", 31, "x" * 900)))
    refuse_oversized((outgoing(emit) for emit in resolver.published), MAX_RECORD_BYTES)
    told = card(resolver)
    assert sum(map(len, told.traits.values())) < TRAITS_BYTES
    assert {name.partition("-")[0] for name in told.traits} == {"n36", "n35", "n34", "n33", "n32"}
    assert told.flags == ("traits_cut",)


async def test_a_card_names_so_many_addresses_and_says_that_there_are_more(resolver: Resolver) -> None:
    await resolver.take(*(says(n, {"email": f"{n:03}@acme.example"}) for n in range(1, MOST_OF_A_KIND + 1)))
    assert (len(card(resolver).emails), card(resolver).flags) == (MOST_OF_A_KIND, ())
    await resolver.take(says(999, {"email": "999@acme.example"}))
    assert (len(card(resolver).emails), card(resolver).flags) == (MOST_OF_A_KIND, ("names_cut",))


async def test_a_card_names_so_many_browsers_and_says_that_there_are_more(resolver: Resolver) -> None:
    def came(number: int) -> Collected:
        return happened(number, at=number, trusted=True, user_id="u", anonymous_id=f"browser-{number:03}")

    await resolver.take(*(came(number) for number in range(1, MOST_OF_A_KIND + 1)))
    assert (len(card(resolver).anonymous_ids), card(resolver).flags) == (MOST_OF_A_KIND, ())
    await resolver.take(came(999))
    assert (len(card(resolver).anonymous_ids), card(resolver).flags) == (MOST_OF_A_KIND, ("names_cut",))


async def test_whoever_has_room_is_flagged_with_nothing(resolver: Resolver) -> None:
    await resolver.take(says(1, many("n", MOST_TRAITS, "x")))
    assert (len(card(resolver).traits), card(resolver).flags) == (MOST_TRAITS, ())
