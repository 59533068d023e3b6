"""What time causes: a call with `now`, in its own transaction, as often as something may be due.

Any number of workers may tick: the work is guarded by the state of its rows, never by who calls (state.md 9).
"""

import asyncio
from collections.abc import Awaitable, Callable

from shared.kernel.errors import TryLater
from shared.kernel.instant import Instant
from shared.observe import logs

Due = Callable[[Instant], Awaitable[int]]
"""Does what is due at an instant; answers how much that was."""

_log = logs.logger("tick")


class Ticker:
    """Calls one piece of timed work, again at once while there is some, else after `seconds` or when woken."""

    def __init__(self, name: str, due: Due, seconds: float, now: Callable[[], Instant]) -> None:
        self._name = name
        self._due = due
        self._seconds = seconds
        self._now = now
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Something may have fallen due: look now."""
        self._woken.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Tick until told to stop."""
        while not stopping.is_set():
            self._woken.clear()
            done = 0
            try:
                done = await self._due(self._now())
            except TryLater as error:
                _log.warning("tick.waits", name=self._name, reason=str(error))
            if not done:
                await self._rest(stopping)

    async def _rest(self, stopping: asyncio.Event) -> None:
        """Until it is time again, or woken; whoever is to stop does not wait for that."""
        waiting = [asyncio.ensure_future(event.wait()) for event in (self._woken, stopping)]
        try:
            await asyncio.wait(waiting, timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()
