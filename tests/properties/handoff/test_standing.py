"""Whatever order merges, splits and what scoring says come in, a hand-off knows whether its promotion stands."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct, json, structs

from services.handoff.ports import Kept
from services.handoff.store.tables import HANDOFFS
from tests.handlers.handoff.scene import merged, qualified, scene, split, stages

ANA = qualified("ana")


class Life(NamedTuple):
    """What is said of somebody who was handed over, in some order, and whether the promotion stands in the end."""

    told: Sequence[Struct]
    stands: bool


def life(steps: Sequence[str]) -> Life:
    """As these steps have it. Scoring says a history wherever it is another than it last said of the same person."""
    stands, together = True, False
    links = 0
    said: dict[str, tuple[object, ...]] = {}
    versions = {"ana": 0, "bo": 0}
    told: list[Struct] = [ANA]
    for step in ("", *steps):
        if step == "link":
            together, links = not together, links + 1
            link = merged("ana", into="bo") if together else split("ana")
            told.append(structs.replace(link, version=links))
        elif step == "flip":
            stands = not stands
        roots = ("bo",) if together else ("ana", "bo")
        for root in roots:
            whole = together or root == "ana"
            history = ("mql" if whole and stands else "lead", whole, together)
            if said.get(root) != history:
                said[root], versions[root] = history, versions[root] + 1
                promotions = ("ana qualifies",) if whole else ()
                told.append(
                    stages(root, versions[root], history[0], promotions=promotions, also=("ana",) if together else ())
                )
    return Life(told, stands)


async def taken_back(batches: Sequence[Sequence[Struct]]) -> list[bool]:
    """Of each hand-off whether CRMs were told last that its promotion is gone."""
    with TemporaryDirectory() as folder:
        async with scene(Path(folder)) as here:
            for batch in batches:
                await here.happens(*batch)
            async with here.parts.database.read() as reader:
                rows = await reader.rows(HANDOFFS.select())
            return [json.decode(row.body, type=Kept).taken_back for row in rows]


@given(st.lists(st.sampled_from(["link", "flip"]), max_size=6).map(life), st.data())
@settings(max_examples=60)
def test_any_order_of_arrival_tells_whether_it_stands(lived: Life, data: st.DataObject) -> None:
    arriving = data.draw(st.permutations(lived.told))
    cuts = data.draw(st.sets(st.integers(1, len(arriving)), max_size=6))
    borders = [0, *sorted(cuts), len(arriving)]
    found = asyncio.run(taken_back([arriving[start:end] for start, end in pairwise(borders)]))
    assert found == [not lived.stands]
