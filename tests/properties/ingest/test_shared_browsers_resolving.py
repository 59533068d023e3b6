"""Whose card tells what an event says: that of whoever the event is, in any order and in any batches."""

import asyncio
from collections import defaultdict
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.handlers.ingest.resolver import Collected, Resolver, event_id, happened

BROWSERS = st.sampled_from(("b1", "b2"))
NAMED: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"at": st.integers(0, 9), "trusted": st.booleans(), "user_id": st.sampled_from(("u1", "u2", "u3"))},
    optional={"anonymous_id": BROWSERS},
)
UNNAMED: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries({"at": st.integers(0, 9), "anonymous_id": BROWSERS})


def story(calls: list[dict[str, Any]]) -> list[Collected]:
    """Of each call one that says a trait and one that names a group: each of a name of its own."""
    said = [happened(n, "identify", traits={event_id(n): True}, **call) for n, call in enumerate(calls, 100)]
    named = [happened(n, "group", group_id=event_id(n), **call) for n, call in enumerate(calls, 200)]
    return [*said, *named]


@settings(max_examples=100, deadline=None)
@given(st.lists(NAMED | UNNAMED, min_size=3, max_size=8), st.randoms(use_true_random=False))
def test_a_card_tells_what_the_events_of_its_person_say_and_nothing_else(
    resolver: Resolver, calls: list[dict[str, Any]], random: Random
) -> None:
    async def come() -> None:
        await resolver.forget()
        left = story(calls)
        random.shuffle(left)
        while left:
            batch = random.randint(1, len(left))
            await resolver.take(*left[:batch])
            left = left[batch:]

    asyncio.run(come())
    believed = resolver.believed()
    events: defaultdict[str, set[str]] = defaultdict(set)
    for one in believed.touchpoints.values():
        if one.person_id is not None:
            events[believed.person(one.person_id)].add(one.id)
    for person_id, card in believed.cards.items():
        if believed.person(person_id) == person_id:
            assert {*card.traits, *(account.id for account in card.accounts)} == events[person_id]
