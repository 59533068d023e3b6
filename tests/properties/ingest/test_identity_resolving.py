"""The whole resolver, event by event and batch by batch: what it says in the end does not depend on arrival."""

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.deals import CollectedDeal, DealContact
from tests.handlers.ingest.resolver import NOW, Believer, Collected, Resolver, event_id, happened

Call = st.SearchStrategy[dict[str, Any]]
USERS, BROWSERS = st.sampled_from(("u1", "u2", "u3")), st.sampled_from(("b1", "b2"))
EMAILS = st.sampled_from(("one@example.com", "two@example.com", "three@example.com"))
MOMENTS = st.integers(0, 8)
PAGES: Call = st.fixed_dictionaries(
    {"of": st.just("track"), "at": MOMENTS, "trusted": st.booleans(), "anonymous_id": BROWSERS}
)
IDENTIFIES: Call = st.fixed_dictionaries(
    {"of": st.just("identify"), "at": MOMENTS, "trusted": st.booleans()},
    optional={"user_id": USERS, "anonymous_id": BROWSERS, "traits": st.fixed_dictionaries({"email": EMAILS})},
)
ALIASES: Call = st.fixed_dictionaries(
    {"of": st.just("alias"), "at": MOMENTS, "trusted": st.booleans(), "user_id": USERS, "previous_id": USERS | BROWSERS}
)
GROUPS: Call = st.fixed_dictionaries(
    {
        "of": st.just("group"), "at": MOMENTS, "trusted": st.booleans(),
        "group_id": st.sampled_from(("g1", "g2", "gmail.com")),
    },
    optional={"user_id": USERS, "anonymous_id": BROWSERS},
)  # fmt: skip
CONTACTS = st.builds(DealContact, email=EMAILS, crm_contact_id=st.none() | st.sampled_from(("c1", "c2")))
DEALS = st.tuples(st.sampled_from(("d1", "d2")), MOMENTS, st.lists(CONTACTS, max_size=2).map(tuple))


@st.composite
def stories(draw: st.DrawFn) -> list[Collected]:
    """Events of a few people who share browsers, addresses, groups and deals."""
    calls = draw(st.lists(PAGES | IDENTIFIES | ALIASES | GROUPS, min_size=4, max_size=18))
    events: list[Collected] = [happened(number, **call) for number, call in enumerate(calls, 1)]
    for number, (deal, at, contacts) in enumerate(draw(st.lists(DEALS, max_size=4))):
        version = CollectedDeal(
            event_id=event_id(900 + number), id=deal, version=number, source="crm", received_at=NOW, status="open",
            amount_minor=1, currency="EUR", created_at=NOW, occurred_at=NOW - 1_000_000 + at * 1_000, contacts=contacts,
        )  # fmt: skip
        events.append(version)
    return events


async def _resolved(resolver: Resolver, batches: Sequence[Sequence[Collected]]) -> tuple[Believer, set[frozenset[str]]]:
    await resolver.forget()
    for batch in batches:
        await resolver.take(*batch)
    await _refuse_broken(resolver)
    return resolver.believed(), await resolver.on_record()


async def _refuse_broken(resolver: Resolver) -> None:
    believed, aliases = resolver.believed(), await resolver.aliases()
    assert await resolver.on_record() == believed.belongings()
    for person_id in aliases:
        trail = [person_id]
        while (into := aliases[trail[-1]]) is not None:
            assert into not in trail
            trail.append(into)
        assert believed.person(person_id) == trail[-1]


def _batches(events: Sequence[Collected], random: Random) -> list[list[Collected]]:
    batches: list[list[Collected]] = [[]]
    for event in random.sample(events, len(events)):
        batches[-1].append(event)
        if random.random() < 0.4:
            batches.append([])
    return batches


@settings(max_examples=250)
@given(stories(), st.randoms(use_true_random=False))
def test_any_order_and_any_batches_give_every_touchpoint_to_the_same_person(
    resolver: Resolver, events: list[Collected], random: Random
) -> None:
    in_order, there = asyncio.run(_resolved(resolver, [events]))
    shuffled, also_there = asyncio.run(_resolved(resolver, _batches(events, random)))
    assert also_there == there
    assert shuffled.belongings() == in_order.belongings()
    assert shuffled.emails() == in_order.emails()
    assert shuffled.on_deals() == in_order.on_deals()


@settings(max_examples=50)
@given(stories(), st.randoms(use_true_random=False))
def test_what_arrives_again_is_not_published_again(resolver: Resolver, events: list[Collected], random: Random) -> None:
    async def again() -> None:
        await _resolved(resolver, _batches(events, random))
        for batch in _batches(events, random):
            assert await resolver.take(*batch) == []

    asyncio.run(again())
