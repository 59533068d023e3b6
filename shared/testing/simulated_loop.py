"""An event loop in which no time passes but that which somebody waits for.

Promises: the same program takes the same steps on every run; a wait of an hour costs nothing; a wait that nothing
can ever end is an error. Leaves out: threads, sockets, files and signals.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

R = TypeVar("R")


class Stuck(RuntimeError):
    """Everybody waits, and nobody is left who could wake them."""


class _Leap:
    """Stands where a selector does: instead of waiting for the world it moves the clock to the next timer."""

    def __init__(self) -> None:
        self.now = 0.0

    def select(self, timeout: float | None) -> list[object]:
        """Let `timeout` seconds be over; no event ever comes from outside."""
        if timeout is None:
            raise Stuck("every task waits for another one")
        self.now += timeout
        return []

    def close(self) -> None:
        """Nothing is held."""


class SimulatedLoop(asyncio.BaseEventLoop):
    """A loop whose `time()` starts at 0 and leaps from timer to timer."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = _Leap()

    def time(self) -> float:
        """Simulated seconds since the loop was made."""
        return self._selector.now

    def _process_events(self, event_list: list[object]) -> None:
        """The base class asks for this; there are no events."""

    def _write_to_self(self) -> None:
        """The base class wakes its selector by this; ours never sleeps."""


def simulate(main: Coroutine[Any, Any, R], expected: type[BaseException] | None = None) -> R:
    """What `main` answers, run in simulated time. Errors of the `expected` kind that nobody hears are no news: the
    task that would have heard them died with its process."""

    def report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if expected is None or not isinstance(context.get("exception"), expected):
            loop.default_exception_handler(context)

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.get_loop().set_exception_handler(report)
        return runner.run(main)
