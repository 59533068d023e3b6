"""How late the event loop runs: what a blocked loop costs everybody on it.

Leaves out what to do about it: the supervisor asks `turning`, alerts read the metric.
"""

import asyncio
from typing import Final

from shared.observe.metrics import Metrics

_EVERY: Final = 0.5
_STUCK: Final = 5.0


class LoopWatch:
    """Measures the lag of the loop it runs on, every half second."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._turned: float | None = None

    async def run(self, stopping: asyncio.Event) -> None:
        """Measure until told to stop."""
        loop = asyncio.get_running_loop()
        while not stopping.is_set():
            started = loop.time()
            await asyncio.sleep(_EVERY)
            self._turned = loop.time()
            self._metrics.loop_lag.set(max(0.0, self._turned - started - _EVERY))

    def turning(self) -> bool:
        """Whether the loop turned in the last five seconds, as far as anybody has looked."""
        return self._turned is None or asyncio.get_running_loop().time() - self._turned < _STUCK
