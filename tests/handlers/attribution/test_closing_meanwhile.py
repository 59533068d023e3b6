"""A month is closed while two workers derive its deals: what they write is frozen or added, never both or neither."""

import asyncio
from pathlib import Path

from tests.handlers.attribution.scene import Scene, deal, scene, touch
from tests.handlers.attribution.test_two_workers import work

MONTHS = ("2026-04", "2026-05", "2026-06", "2026-07", "2026-08", "2026-09")
"""Closed one a round; a round's deals are won in the middle of its month."""
DEALS = 8
"""Of each round."""
SECONDS = 60


def won_on(number: int) -> float:
    """The day in the middle of a round's month."""
    return 100 + 30.5 * number


async def close(stage: Scene, month: str, ready: asyncio.Barrier) -> None:
    """Close the month at the moment at which the workers begin."""
    await ready.wait()
    assert (await stage.post(f"/v1/periods/{month}/close")).status_code == 200


async def test_a_close_among_writers_loses_and_doubles_nothing(tmp_path: Path, postgres_url: str) -> None:
    async with scene(tmp_path, postgres_url) as one, asyncio.timeout(SECONDS):
        two = one.beside()
        for number, month in enumerate(MONTHS):
            names = [f"{number}-{n}" for n in range(DEALS)]
            await one.tell(*(touch(f"{name}-1", 1, name, channel="email") for name in names))
            await one.tell(*(deal(name, name, closed=won_on(number)) for name in names[::2]))
            await one.publish(*(deal(name, name, closed=won_on(number)) for name in names))
            await one.publish(*(touch(f"{name}-2", 2, name, channel="phone") for name in names))
            await one.publish(*(deal(name, name, closed=won_on(number), version=2, amount_minor=7) for name in names))
            ready = asyncio.Barrier(3)
            await asyncio.gather(work(one, ready), work(two, ready), close(one, month, ready))
        for month in MONTHS:
            await balanced(one, month)


async def balanced(stage: Scene, month: str) -> None:
    """As reported in a month, and what was added to it, is what is known of it now."""
    found = await stage.get(f"/v1/periods/{month}")
    span = {"from": found["from"], "to": found["to"]}
    sums = dict(await stage.report(view="as_reported", **span))
    for item in (await stage.get(f"/v1/periods/{month}/adjustments", limit="1000"))["items"]:
        sums[item["key"]] = sums.get(item["key"], 0) + item["amount_minor"]
    assert {key: amount for key, amount in sums.items() if amount} == await stage.report(**span)
