"""Time, as the racing processes have it: one instant that all agree on, and pauses that widen what can go wrong."""

import asyncio

from shared.kernel.instant import Instant

NOW = Instant(1_795_302_296_000)
"""The instant every process takes for now: what is derived must not depend on the machine's clock."""


async def pause(seconds: float) -> None:
    """Let others go on for so long: a race is made likely, nothing is waited for."""
    try:
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()
    except TimeoutError:
        return
