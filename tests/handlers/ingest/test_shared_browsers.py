"""What is said in a browser that several people use is of whoever used it then, as what is done there is."""

from collections.abc import AsyncIterator
from itertools import permutations

import pytest

from services.ingest.domain.limits import MOST_TRAITS
from shared.contracts.touchpoints import PersonIdentified
from tests.handlers.ingest.resolver import Collected, Resolver, happened, resolving

USERS = ("ana", "bo")


@pytest.fixture
async def resolver() -> AsyncIterator[Resolver]:
    async with resolving() as opened:
        yield opened


def logs_in(number: int, user: str) -> Collected:
    return happened(number, "identify", at=number, user_id=user, anonymous_id="kiosk")


def says(number: int, **traits: object) -> Collected:
    return happened(number, "identify", at=number, anonymous_id="kiosk", traits=traits)


def names(number: int, account: str) -> Collected:
    return happened(number, "group", at=number, anonymous_id="kiosk", group_id=account)


def card(resolver: Resolver, user: str) -> PersonIdentified:
    believed = resolver.believed()
    (found,) = (
        one for person, one in believed.cards.items() if user in one.user_ids and believed.person(person) == person
    )
    return found


def traits(resolver: Resolver) -> list[dict[str, object]]:
    return [dict(card(resolver, user).traits) for user in USERS]


def accounts(resolver: Resolver) -> list[list[str]]:
    return [[account.id for account in card(resolver, user).accounts] for user in USERS]


async def test_traits_are_of_whoever_was_named_there_last_before_they_were_said(resolver: Resolver) -> None:
    story = (says(1, city="Bonn"), logs_in(2, "ana"), says(3, title="CTO"), logs_in(4, "bo"), says(5, name="Bo"))
    for calls in permutations(story):
        await resolver.forget()
        for one in calls:
            await resolver.take(one)
        assert traits(resolver) == [{"city": "Bonn", "title": "CTO"}, {"name": "Bo"}]


async def test_accounts_are_of_whoever_was_named_there_last_before_they_were_named(resolver: Resolver) -> None:
    story = (names(1, "g1"), logs_in(2, "ana"), names(3, "g3"), logs_in(4, "bo"), names(5, "g5"))
    for calls in permutations(story):
        await resolver.forget()
        for one in calls:
            await resolver.take(one)
        assert accounts(resolver) == [["g3", "g1"], ["g5"]]


async def test_what_somebody_says_under_a_name_of_their_own_stays_theirs(resolver: Resolver) -> None:
    mine = happened(1, "identify", at=1, user_id="ana", anonymous_id="kiosk", traits={"name": "Ana"})
    await resolver.take(mine, logs_in(2, "bo"))
    await resolver.take(says(3, name="Bo"))
    assert traits(resolver) == [{"name": "Ana"}, {"name": "Bo"}]


async def test_whoever_has_a_browser_alone_has_all_that_is_said_there(resolver: Resolver) -> None:
    await resolver.take(says(1, city="Bonn"), names(2, "g1"), logs_in(3, "ana"), says(4, title="CTO"), names(5, "g2"))
    told = card(resolver, "ana")
    assert (told.traits, [account.id for account in told.accounts]) == ({"city": "Bonn", "title": "CTO"}, ["g2", "g1"])


async def test_somebody_who_turns_up_there_later_takes_what_was_said_since(resolver: Resolver) -> None:
    await resolver.take(logs_in(1, "ana"), says(3, name="Bo"), names(4, "g1"))
    await resolver.take(logs_in(2, "bo"))
    assert traits(resolver) == [{}, {"name": "Bo"}]
    assert accounts(resolver) == [[], ["g1"]]


async def test_of_more_than_is_kept_each_has_the_same_in_one_batch_and_in_many(resolver: Resolver) -> None:
    story = (
        logs_in(1, "ana"), says(2, **{f"old{number:03}": "x" for number in range(300)}),
        logs_in(3, "bo"), says(4, **{f"new{number:03}": "x" for number in range(300)}),
    )  # fmt: skip
    await resolver.take(*story)
    at_once = traits(resolver)
    assert [len(one) for one in at_once] == [MOST_TRAITS + 1 - 300, 300]
    for calls in permutations(story):
        await resolver.forget()
        for one in calls:
            await resolver.take(one)
        assert traits(resolver) == at_once
