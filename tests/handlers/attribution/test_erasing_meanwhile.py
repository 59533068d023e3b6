"""Somebody is erased while their touches and merges arrive at another worker: nothing is lost, nobody is named."""

import asyncio
from pathlib import Path

from services.attribution.store.tables import METADATA
from shared.contracts.envelope import Emit
from shared.kernel.errors import TryLater
from shared.kernel.ids import derived
from tests.handlers.attribution.rebuilding import rebuilt_is_live
from tests.handlers.attribution.scene import Scene, deal, merged, person, scene, touch
from tests.handlers.erasing import cells, erasure, leaks

PEOPLE, ROUND = 36, 6
SECONDS = 40


def erased(number: int) -> list[Emit]:
    """Each of the two ids of somebody tells of the one erasure."""
    ids = [person(f"{side}-{number}") for side in ("left", "right")]
    return erasure(*ids, erasure_id=derived("erasure", str(number)))


async def work(stage: Scene, ready: asyncio.Barrier) -> None:
    """Turn, together with the other worker, until all is read: the answers to erasures wait for a relay."""
    await ready.wait()
    while any(one["position"] < one["end"] for one in (await stage.get("/v1/lag"))["topics"]):
        try:
            await stage.turn(5)
        except TryLater:
            continue


async def test_what_they_did_earns_the_same_whoever_is_first(tmp_path: Path, postgres_url: str) -> None:
    async with scene(tmp_path, postgres_url) as one, asyncio.timeout(SECONDS):
        two = one.beside()
        people = range(PEOPLE)
        await one.tell(*(touch(f"l-{number}-1", 1, f"left-{number}", channel="email") for number in people))
        await one.tell(*(deal(f"d-{number}", f"left-{number}") for number in people))
        for start in range(0, PEOPLE, ROUND):
            numbers = range(start, start + ROUND)
            await one.publish(*(event for number in numbers for event in erased(number)))
            await one.publish(*(merged(f"right-{number}", f"left-{number}") for number in numbers))
            await one.publish(*(touch(f"r-{number}-2", 2, f"right-{number}", channel="phone") for number in numbers))
            await one.publish(*(touch(f"l-{number}-3", 3, f"left-{number}", channel="event") for number in numbers))
            ready = asyncio.Barrier(2)
            await asyncio.gather(work(one, ready), work(two, ready))
        answers = [await one.earned(f"d-{number}", "linear") for number in people]
        assert await rebuilt_is_live(one)
        async with one.database.read() as reader:
            found = await cells(reader, METADATA)
    assert answers == [{"email": 33_34, "phone": 33_33, "event": 33_33}] * PEOPLE
    everybody = [person(f"{side}-{number}") for side in ("left", "right") for number in people]
    assert {name for name, _ in leaks(found, *everybody)} == {"people", "erased"}
