"""Deals and touches of the same people, taken by two workers at the same moment: no deal misses a touch."""

import asyncio
from pathlib import Path

from shared.kernel.errors import TryLater
from tests.handlers.attribution.scene import Scene, deal, scene, touch

PAIRS = 40
SECONDS = 30


async def work(stage: Scene, idle: asyncio.Barrier) -> None:
    """Turn until both workers have found nothing to do."""
    await idle.wait()
    while not (await stage.get("/v1/lag"))["caught_up"]:
        try:
            await stage.turn(5)
        except TryLater:
            continue


async def test_a_touch_that_comes_at_the_same_moment_as_its_deal_is_credited(tmp_path: Path, postgres_url: str) -> None:
    people = [f"p{number}" for number in range(2 * PAIRS)]
    deals = [deal(f"d-{n}", people[n], people[-1 - n], account=f"a-{n % 7}", closed=100) for n in range(PAIRS)]
    touches = [touch(f"{who}-{day}", day, who, channel=("email", "phone")[day - 1]) for day in (1, 2) for who in people]
    async with scene(tmp_path, postgres_url) as one, asyncio.timeout(SECONDS):
        two = one.beside()
        for start in range(0, PAIRS, 10):
            await one.publish(*deals[start : start + 10], *touches[start * 4 : start * 4 + 40])
            idle = asyncio.Barrier(2)
            await asyncio.gather(work(one, idle), work(two, idle))
        answers = [await one.earned(f"d-{number}", "linear") for number in range(PAIRS)]
    assert answers == [{"email": 50_00, "phone": 50_00}] * PAIRS
