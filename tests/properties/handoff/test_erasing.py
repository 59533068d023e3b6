"""Whatever order somebody's events and their erasure come in, hand-off ends with nothing of them in sales' hands."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct, structs

from services.handoff.store.tables import METADATA
from tests.handlers.erasing import cells, leaks
from tests.handlers.handoff.scene import MONDAY, Scene, ident, merged, qualified, scene, split, stages
from tests.handlers.handoff.test_erasing import CALL, ERASED, PERSON, QUALIFIED

STORY: tuple[Struct, ...] = (
    QUALIFIED, QUALIFIED.card, CALL, qualified("bo"), merged("bo", "ana"), stages("bo", 2, "mql"),
    structs.replace(merged("bo", "ana"), into_id=PERSON, version=2), structs.replace(CALL, revision=2),
    qualified("cleo"), structs.replace(merged("cleo", "ana"), into_id=PERSON), split("cleo"),
    ERASED, structs.replace(ERASED, at=MONDAY + 1),
)  # fmt: skip


async def known(here: Scene) -> tuple[object, ...]:
    """Who but Cleo is in sales' hands, what is answered about everybody, and what is left of the erased."""
    async with here.parts.database.read() as reader:
        left = leaks(await cells(reader, METADATA))
    in_hand = {one["person_id"] for one in await here.handoffs() if one["status"] != "closed"} - {ident("cleo")}
    people = (PERSON, ident("bo"), ident("cleo"))
    answers = [(await here.ask("GET", f"/v1/handoffs?person_id={one}")).status_code for one in people]
    return in_hand, answers, left


async def outcome(batches: Sequence[Sequence[Struct]]) -> tuple[object, ...]:
    """What is known after these batches."""
    with TemporaryDirectory() as folder:
        async with scene(Path(folder)) as here:
            for batch in batches:
                await here.happens(*batch)
            return await known(here)


@given(st.permutations(STORY), st.sets(st.integers(1, len(STORY) - 1), max_size=6))
@settings(max_examples=15)
def test_an_erasure_in_any_order_leaves_nothing_in_hand(events: list[Struct], cuts: set[int]) -> None:
    borders = [0, *sorted(cuts), len(events)]
    found = asyncio.run(outcome([events[start:end] for start, end in pairwise(borders)]))
    assert found == (set(), [410, 410, 200], [])
