"""Sums that were kept while deals came, changed and went are those that a rebuild gives, to the last unit."""

import asyncio
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.envelope import Emit
from tests.handlers.attribution.rebuilding import rebuilt_is_live
from tests.handlers.attribution.scene import deal, merged, scene, split, touch

RATES = "2025-01-01,USD,0.3"
STORY = (
    touch("t1", 1, "anon", channel="organic_search", campaign={"name": "Spring", "source": "mail"}),
    touch("t1", 1, "ana", channel="organic_search", revision=2),
    touch("t2", 2, "ben", channel="email"),
    touch("t3", 12, "ana", channel="phone"),
    merged("ben", "ana"),
    split("ben"),
    deal("d-1", closed=None),
    deal("d-1", "ana", "ben", closed=10, version=2, currency="USD"),
    deal("d-1", "ana", "ben", closed=40, version=3, currency="USD", amount_minor=99_99),
    deal("d-2", "ben", closed=20),
    deal("d-2", "ben", closed=20, version=2, currency="CHF"),
    deal("d-2", "ben", closed=20, version=3, amount_minor=7),
    deal("d-3", "ana", closed=20),
    deal("d-3", "ana", closed=21, version=2, status="lost"),
)


async def outcome(events: list[Emit], borders: list[int]) -> bool:
    """Whether sums are those of a rebuild after these batches."""
    with TemporaryDirectory() as folder:
        async with scene(Path(folder), rates=RATES) as stage:
            for start, end in pairwise(borders):
                await stage.tell(*events[start:end])
            return await rebuilt_is_live(stage)


@given(st.permutations(STORY), st.sets(st.integers(1, len(STORY) - 1), max_size=6))
@settings(max_examples=12)
def test_live_sums_are_those_of_a_rebuild_in_any_order(events: list[Emit], cuts: set[int]) -> None:
    assert asyncio.run(outcome(events, [0, *sorted(cuts), len(events)]))


async def test_live_sums_are_those_of_a_rebuild_on_postgres(tmp_path: Path, postgres_url: str) -> None:
    async with scene(tmp_path, postgres_url, rates=RATES) as stage:
        for event in STORY:
            await stage.tell(event)
        assert await rebuilt_is_live(stage)
