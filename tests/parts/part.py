"""What every real part can do: start, die, hang, and come back on the same data and address.

Its calls block: a test whose event loop must go on turning meanwhile makes them in a thread.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Self, TypeVar

from tests.parts.engine import Engine, NotHere

T = TypeVar("T")

_START_SECONDS = 90.0
_PACE_SECONDS = 0.1


class Part(ABC):
    """A real part; `engine` is None where somebody else runs it, who then also keeps it running."""

    def __init__(self, engine: Engine | None) -> None:
        self._engine = engine

    @abstractmethod
    def version(self) -> str:
        """Its version as far as it can be told, or an empty text where it does not answer now."""

    def start(self) -> None:
        """Start it, or start it again, and wait until it answers; raises NotHere with its log where it does not."""
        engine = self._own_engine()
        engine.launch()
        for _ in range(int(_START_SECONDS / _PACE_SECONDS)):
            if engine.ended(_PACE_SECONDS):
                raise NotHere(f"it ended at once: {engine.said()}")
            if self.version():
                return
        raise NotHere(f"it did not answer within {_START_SECONDS:.0f} s: {engine.said()}")

    def started(self) -> Self:
        """Itself, started for the first time; what cannot start leaves nothing behind."""
        try:
            self.start()
        except NotHere:
            self.discard()
            raise
        return self

    def kill(self) -> None:
        """`kill -9`: nothing is flushed that was not before."""
        self._own_engine().kill()

    def stop(self) -> None:
        """End it in good order."""
        self._own_engine().stop()

    def freeze(self) -> None:
        """Let it hang: connections stay open and nothing answers."""
        self._own_engine().freeze()

    def resume(self) -> None:
        """Let it go on after `freeze`."""
        self._own_engine().resume()

    def discard(self) -> None:
        """Kill it and forget its data; nothing where somebody else runs it."""
        if self._engine is not None:
            self._engine.discard()

    def _own_engine(self) -> Engine:
        if self._engine is None:
            raise RuntimeError("this part belongs to somebody else: a test may neither start nor end it")
        return self._engine


def answer_of(question: Coroutine[object, object, T]) -> T:
    """What a coroutine returns, run in a thread: the caller may have an event loop running in its own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, question).result()
