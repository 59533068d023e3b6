"""Whatever order somebody's events and their erasure come in: every sum is what it was, and nobody is named."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.attribution.domain.interactions import InteractionRules, forgotten, interactions, why_not
from services.attribution.domain.touch import Touch
from services.attribution.store.tables import METADATA
from shared.contracts import topics
from shared.contracts.envelope import Emit
from tests.handlers.attribution.books_of_all import sums
from tests.handlers.attribution.rebuilding import rebuilt_is_live
from tests.handlers.attribution.scene import card, deal, merged, person, scene, split, touch
from tests.handlers.attribution.test_erasing import ERASED, SAID
from tests.handlers.attribution.test_erasing import STORY as TOLD
from tests.handlers.erasing import cells, leaks
from tests.properties.attribution.strategies import touches

STORY = (
    *TOLD,
    touch("t5", 5, "cleo", channel="chat", **SAID),
    touch("t5", 5, "bo", channel="chat", revision=2, **SAID),
    touch("t6", 6, "bo", channel="email", kind="email_clicked", **SAID),
    touch("t6", 6, "cleo", channel="email", kind="email_clicked", revision=2),
    merged("cleo", "ana"),
    split("cleo"),
    card("ana", "acme", version=2),
)  # fmt: skip
AGAIN = deal("d-1", "cleo", account="acme", revision=2)
"""The deal as ingest publishes it once its contact is erased."""
RULES = InteractionRules()


def by_deal(events: Sequence[Emit]) -> Iterator[Emit]:
    """The same, each deal's in the order of their revisions: the log keeps those in order."""
    waiting: defaultdict[str, list[Emit]] = defaultdict(list)
    for event in events:
        if event.topic == topics.DEALS.name:
            waiting[event.key].append(event)
    for deals in waiting.values():
        deals.sort(key=lambda event: -getattr(event.event.data, "revision", 0))
    return (waiting[event.key].pop() if event.topic == topics.DEALS.name else event for event in events)


async def outcome(batches: Sequence[Sequence[Emit]]) -> tuple[dict[str, Any], list[Any]]:
    """Every sum after these batches, and what is stored of every deal."""
    with TemporaryDirectory() as folder:
        async with scene(Path(folder)) as stage:
            for batch in batches:
                await stage.tell(*batch)
            assert await rebuilt_is_live(stage)
            async with stage.database.read() as reader:
                found = await cells(reader, METADATA)
            if any(event in ERASED for batch in batches for event in batch):
                assert leaks(found) == []
                assert {name for name, _ in leaks(found, person("ana"), person("bo"))} == {"people", "erased"}
            return await sums(stage), await stage.derived()


@cache
def alive() -> dict[str, Any]:
    """Every sum where nobody is erased."""
    return asyncio.run(outcome([STORY]))[0]


@cache
def in_order() -> list[Any]:
    """What is stored of every deal where everything comes as it happened."""
    return asyncio.run(outcome([[event] for event in (*STORY, *ERASED, AGAIN)]))[1]


@given(st.permutations((*STORY, *ERASED, AGAIN)), st.sets(st.integers(1, len(STORY)), max_size=6))
@settings(max_examples=20)
def test_an_erasure_in_any_order_changes_no_sum(events: list[Emit], cuts: set[int]) -> None:
    borders = [0, *sorted(cuts), len(events)]
    told = list(by_deal(events))
    found, derived = asyncio.run(outcome([told[start:end] for start, end in pairwise(borders)]))
    assert found == alive()
    assert derived == in_order()


@given(touches())
def test_what_is_forgotten_of_touches_makes_the_same_interactions(found: list[Touch]) -> None:
    blank = [forgotten(one, RULES) for one in found]
    assert [why_not(one, RULES) for one in blank] == [why_not(one, RULES) for one in found]
    before, after = (
        [(one.occurred_at, one.kind, one.kinds, one.channel, one.campaign, len(one.touches)) for one in each]
        for each in (interactions(found, RULES), interactions(blank, RULES))
    )
    assert after == before
