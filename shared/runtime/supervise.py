"""Everything a process runs, under one roof: when one part dies, all stop and the process ends with an error.

A consumer that is dead behind a healthy face is the worst of states, so it cannot exist: `/healthz` asks here.
"""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from time import monotonic

from shared.observe import logs

Part = Callable[[asyncio.Event], Coroutine[None, None, None]]
"""Runs until the event it is given is set; what it raises ends the process."""

STOP_SECONDS = 20.0
_BEAT_SECONDS = 1.0
_STALE_SECONDS = 10.0
_log = logs.logger("supervise")


class Supervisor:
    """Runs named parts until one ends, or until a signal says stop."""

    def __init__(self) -> None:
        self._parts: list[tuple[str, Part]] = []
        self._stopping = asyncio.Event()
        self._died: str | None = None
        self._beat = monotonic()

    def add(self, name: str, part: Part) -> None:
        """A part to run."""
        self._parts.append((name, part))

    def stop(self) -> None:
        """Ask every part to end."""
        self._stopping.set()

    def healthy(self) -> bool:
        """Whether the event loop turns and no part has died."""
        return self._died is None and monotonic() - self._beat < _STALE_SECONDS

    async def run(self) -> int:
        """Run until stopped; the exit code: 0 where every part ended because it was asked to, else 1."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        tasks = {asyncio.create_task(part(self._stopping), name=name) for name, part in self._parts}
        heart = asyncio.create_task(self._keep_beating())
        try:
            await self._watch(tasks)
        finally:
            heart.cancel()
        return 0 if self._died is None else 1

    async def _watch(self, tasks: set["asyncio.Task[None]"]) -> None:
        asked = asyncio.create_task(self._asked())
        done, running = await asyncio.wait({*tasks, asked}, return_when=asyncio.FIRST_COMPLETED)
        self._note(done - {asked})
        self._stopping.set()
        if running - {asked}:
            done, late = await asyncio.wait(running - {asked}, timeout=STOP_SECONDS)
            self._note(done)
            for task in late:
                _log.error("supervise.late", part=task.get_name())
                task.cancel()
        await asked

    async def _asked(self) -> None:
        await self._stopping.wait()

    def _note(self, done: set["asyncio.Task[None]"]) -> None:
        for task in done:
            error = None if task.cancelled() else task.exception()
            if error is not None:
                self._died = task.get_name()
                _log.error("supervise.died", part=task.get_name(), error=type(error).__name__, exc_info=error)
            elif not self._stopping.is_set():
                self._died = task.get_name()
                _log.error("supervise.ended", part=task.get_name())

    async def _keep_beating(self) -> None:
        while True:
            self._beat = monotonic()
            await asyncio.sleep(_BEAT_SECONDS)
