"""The same events, in whatever order and batches they come, give the same credits."""

import asyncio
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.envelope import Emit
from tests.handlers.attribution.scene import Json, card, deal, merged, scene, split, touch

STORY = (
    touch("t1", 1, "anon", channel="organic_search"),
    touch("t1", 1, "ana", channel="organic_search", revision=2),
    touch("t2", 2, "ben", channel="email"),
    touch("t3", 3, "cleo", channel="phone"),
    touch("t4", 12, "ana", channel="phone"),
    touch("t5", 14, "ben", channel="event"),
    touch("t5", 14, "ben", channel="event", revision=2, withdrawn=True),
    merged("ben", "ana"),
    merged("cleo", "ana"),
    split("cleo"),
    deal("d-1", closed=None, account="acme"),
    deal("d-1", "ana", "anon", closed=10, account="acme", version=2),
    deal("d-1", "ana", "cleo", closed=10, account="acme", version=2, revision=2, amount_minor=99_99),
    deal("d-2", "ben", closed=20, account="acme"),
    deal("d-3", "cleo", closed=30),
    deal("d-4", "ben", closed=40, account="globex", role=None),
    card("ana", "acme"),
    card("cleo", "globex", version=2),
    card("anon", "globex"),
    card("anon", "acme", "globex", version=2),
    touch("t6", 13, "anon", channel="chat"),
)
DEALS = ("d-1", "d-2", "d-3", "d-4")


@cache
def in_order() -> list[Json]:
    """What is answered where everything comes as it happened."""
    return asyncio.run(outcome([[event] for event in STORY]))


async def outcome(batches: Sequence[Sequence[Emit]]) -> list[Json]:
    """What is answered about every deal after these batches."""
    with TemporaryDirectory() as folder:
        async with scene(Path(folder)) as stage:
            for batch in batches:
                await stage.tell(*batch)
            asked = [f"/v1/deals/{deal_id}{part}" for deal_id in DEALS for part in ("", "/credits", "/why")]
            return [await stage.get(path) for path in (*asked, "/v1/attribution")]


@given(st.permutations(STORY), st.sets(st.integers(1, len(STORY) - 1), max_size=5))
@settings(max_examples=12)
def test_no_order_and_no_batch_makes_a_difference(events: list[Emit], cuts: set[int]) -> None:
    borders = [0, *sorted(cuts), len(events)]
    batches = [events[start:end] for start, end in pairwise(borders)]
    assert asyncio.run(outcome(batches)) == in_order()
