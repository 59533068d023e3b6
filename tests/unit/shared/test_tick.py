"""Timed work: when it is done again, and how it ends."""

import asyncio

from shared.kernel.instant import Instant
from shared.runtime.tick import Ticker

_HOUR = 3_600.0
_SECONDS = 5


class Counting:
    """Has something to do a number of times, and tells when it has nothing left."""

    def __init__(self, times: int) -> None:
        self.left = times
        self.idle = asyncio.Event()

    async def due(self, _now: Instant) -> int:
        if not self.left:
            self.idle.set()
            return 0
        self.left -= 1
        return 1


async def ended(work: Counting, ticker: Ticker) -> bool:
    """Run it until there is nothing left to do, then tell it to stop."""
    stopping = asyncio.Event()
    async with asyncio.timeout(_SECONDS), asyncio.TaskGroup() as running:
        running.create_task(ticker.run(stopping))
        await work.idle.wait()
        stopping.set()
    return not work.left


async def test_work_that_is_left_is_done_without_a_rest() -> None:
    work = Counting(3)
    assert await ended(work, Ticker("counting", work.due, _HOUR, lambda: Instant(0)))


async def test_a_rest_of_an_hour_ends_when_the_process_does() -> None:
    work = Counting(0)
    assert await ended(work, Ticker("counting", work.due, _HOUR, lambda: Instant(0)))


async def test_who_is_woken_looks_at_once() -> None:
    work = Counting(0)
    ticker = Ticker("counting", work.due, _HOUR, lambda: Instant(0))
    stopping = asyncio.Event()
    async with asyncio.timeout(_SECONDS), asyncio.TaskGroup() as running:
        running.create_task(ticker.run(stopping))
        await work.idle.wait()
        work.idle.clear()
        ticker.wake()
        await work.idle.wait()
        stopping.set()
