"""Operators among the events: what is true in the end does not depend on what arrived first.

120 stories of up to 22 events and 4 decisions, each in three orders and other batches: 360 permutations of the whole
resolver. tests/properties/ingest/test_identity_claims.py has 3,000 more of the rules alone, operators among them.
"""

import asyncio
from collections.abc import Sequence
from itertools import combinations
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.domain.acts import ActKind, OperatorAct
from services.ingest.domain.identity import Identifier, by_strength
from services.ingest.handlers.deal_versions import claims_of
from services.ingest.handlers.understanding import understand
from shared.contracts.deals import CollectedDeal
from tests.handlers.ingest.resolver import NOW, Believer, Collected, Resolver
from tests.properties.ingest.test_identity_resolving import stories

KINDS: st.SearchStrategy[ActKind] = st.sampled_from(("merge", "split", "accept", "refuse"))
Story = tuple[list[Collected], list[OperatorAct]]


def named_by(event: Collected) -> list[tuple[Identifier, ...]]:
    """What an event says are one."""
    if isinstance(event, CollectedDeal):
        return [claim.identifiers for claim in claims_of(event)]
    return [understand(event).identifiers]


@st.composite
def operated(draw: st.DrawFn) -> Story:
    """A story, and decisions on what is said in it and on anybody else in it."""
    events = draw(stories())
    said = [named for event in events for named in named_by(event) if len(named) > 1]
    members = sorted({member for event in events for named in named_by(event) for member in named})
    said += [by_strength(pair) for pair in combinations(members, 2)]
    if not said:
        return events, []
    decisions = draw(st.lists(st.tuples(KINDS, st.sampled_from(said)), max_size=4))
    return events, [OperatorAct(kind, named, NOW + n, "ops") for n, (kind, named) in enumerate(decisions)]


async def _told(resolver: Resolver, story: Story, random: Random | None) -> tuple[Believer, set[frozenset[str]]]:
    """What is true once all has come: as it is told, or shuffled, a decision as soon as it can be made."""
    await resolver.forget()
    events, acts = story
    rest = list(events) if random is None else random.sample(events, len(events))
    waiting = list(acts) if random is None else random.sample(acts, len(acts))
    while rest or waiting:
        size = len(rest) if random is None else random.randint(1, 4)
        await resolver.take(*rest[:size])
        del rest[:size]
        if random is None or random.random() < 0.5 or not rest:
            waiting = await _decided(resolver, waiting)
    return resolver.believed(), await resolver.on_record()


async def _decided(resolver: Resolver, waiting: Sequence[OperatorAct]) -> list[OperatorAct]:
    """Decide what speaks of people who are known; answers what has to wait."""
    known = await resolver.known()
    for act in waiting:
        if known.issuperset(act.identifiers):
            await resolver.decide(act)
    return [act for act in waiting if not known.issuperset(act.identifiers)]


@settings(max_examples=120)
@given(operated(), st.randoms(use_true_random=False))
def test_events_and_decisions_in_any_order_give_the_same_people(
    resolver: Resolver, story: Story, random: Random
) -> None:
    at_once, there = asyncio.run(_told(resolver, story, None))
    for _ in range(2):
        shuffled, also_there = asyncio.run(_told(resolver, story, random))
        assert also_there == there == shuffled.belongings()
        assert shuffled.emails() == at_once.emails()
        assert shuffled.on_deals() == at_once.on_deals()
