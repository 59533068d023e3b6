"""The same facts of sales, deals, merges and splits make the same hand-offs, in any order and in any batches."""

import asyncio
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct, structs

from services.handoff.domain.lead import OPEN
from shared.contracts.deals import DealPerson
from tests.handlers.handoff.scene import MONDAY, Scene, deal, ident, merged, qualified, sales_act, scene, split

MINUTE = 60_000
CALL, LATER = (sales_act("bo", "call", MONDAY + minutes * MINUTE) for minutes in (2, 9))
WON, OTHER = deal("bo", "won", 1, MONDAY + 5 * MINUTE), deal("ana", "lost", 1, MONDAY + 7 * MINUTE)
FACTS: tuple[Struct, ...] = (
    CALL, structs.replace(CALL, revision=2, person_id=ident("ana")), structs.replace(CALL, revision=3, withdrawn=True),
    LATER, structs.replace(LATER, revision=2, person_id=ident("cai")), sales_act("cai", "call", MONDAY + MINUTE),
    WON, structs.replace(WON, version=2, status="lost", occurred_at=MONDAY + 6 * MINUTE),
    structs.replace(WON, revision=2, people=(DealPerson(person_id=ident("cai")),)), OTHER,
    structs.replace(OTHER, version=2, status="open"),
    merged("bo", into="ana"), split("bo"), merged("cai", into="bo"),
)  # fmt: skip
"""Whom a fact is of, and what it says, its later revisions and versions say otherwise."""
AND_A_HAND_OVER = (qualified("ana"), *FACTS)
ONE, TWO, THREE = qualified("ana", "one"), qualified("ana", "two", cycle=2), qualified("bo", "three")
PROMOTIONS: tuple[Struct, ...] = (
    ONE, TWO, THREE, structs.replace(qualified("cai", "three"), revision=2),
    structs.replace(qualified("bo", "two", cycle=2), revision=2), qualified("cai", "four", cycle=3),
    WON, structs.replace(WON, revision=2, people=(DealPerson(person_id=ident("cai")),)), OTHER,
    structs.replace(OTHER, version=2, status="won"), structs.replace(OTHER, version=3, status="open"),
    merged("bo", into="ana"), split("bo"), merged("cai", into="bo"),
)  # fmt: skip
"""Who qualified, and what was not the act of whom it was taken for: two promotions turn out to be somebody else's."""
SHOWN = ("person_id", "status", "attempts", "contacted_at", "reason", "ended_at")
Batches = tuple[tuple[int, ...], ...]
"""Which of the facts come together, by their numbers."""


async def qualify(here: Scene) -> None:
    for one in await here.handoffs():
        if one["status"] in ("assigned", "contacted"):
            await here.ask("POST", f"/v1/handoffs/{one['id']}/qualify")


async def ended(facts: Sequence[Struct], batches: Batches, *, handed_over: bool) -> list[Any]:
    """Where all hand-offs stand in the end; `handed_over`: two people are, and qualified, before anything else."""
    with TemporaryDirectory() as folder:
        async with scene(Path(folder)) as here:
            if handed_over:
                await here.happens(qualified("ana"))
                here.pass_time(1)
                await here.happens(qualified("bo"))
                await qualify(here)
            for batch in batches:
                await here.happens(*(facts[number] for number in batch))
            await qualify(here)
            return sorted([one[field] for field in SHOWN] for one in await here.handoffs())


@cache
def of_two(batches: Batches) -> list[Any]:
    return asyncio.run(ended(FACTS, batches, handed_over=True))


@cache
def of_one(batches: Batches) -> list[Any]:
    return asyncio.run(ended(AND_A_HAND_OVER, batches, handed_over=False))


async def in_hand(batches: Batches) -> list[str]:
    """Who is in sales' hands in the end."""
    with TemporaryDirectory() as folder:
        async with scene(Path(folder)) as here:
            for batch in batches:
                await here.happens(*(PROMOTIONS[number] for number in batch))
                here.pass_time(1)
            return sorted(one["person_id"] for one in await here.handoffs() if one["status"] in OPEN)


@cache
def of_promotions(batches: Batches) -> list[str]:
    return asyncio.run(in_hand(batches))


@st.composite
def told(draw: st.DrawFn, facts: Sequence[Struct]) -> Batches:
    """Some facts as they come: in any order, in any batches."""
    coming = draw(st.lists(st.sampled_from(range(len(facts))), unique=True, min_size=2))
    borders = [0, *sorted(draw(st.sets(st.integers(1, len(coming) - 1)))), len(coming)]
    return tuple(tuple(coming[start:end]) for start, end in pairwise(borders))


def at_once(batches: Batches) -> Batches:
    """The same facts in the order above, one batch."""
    return (tuple(sorted(number for batch in batches for number in batch)),)


@given(told(FACTS))
@settings(max_examples=15)
def test_two_hand_offs_end_the_same_in_any_order(batches: Batches) -> None:
    assert of_two(batches) == of_two(at_once(batches))


@given(told(AND_A_HAND_OVER))
@settings(max_examples=15)
def test_a_hand_over_may_come_anywhere_among_the_facts(batches: Batches) -> None:
    assert of_one(batches) == of_one(at_once(batches))


@given(told(PROMOTIONS))
@settings(max_examples=15)
def test_who_is_in_sales_hands_is_told_by_the_facts_alone(batches: Batches) -> None:
    assert of_promotions(batches) == of_promotions(at_once(batches))
