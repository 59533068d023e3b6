"""Processes that may die at any await, all of it told by a seed.

A process is a set of tasks. `step` stands at every point where one meets the world (a statement, a commit, a call
to the log): it lets others run, and sometimes it is the last thing that the process does. What is dead stays dead:
each further step of it raises `Crashed`, its tasks are cancelled, and what it held (connections) is dropped as it is.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextvars import ContextVar, copy_context
from random import Random
from typing import Any

_LONGEST_DELAY = 0.004
_IMMEDIATE = 0.7
"""This share of steps only lets the others have their turn; the rest takes some time as well."""
_EXTRA = (0.0, 0.05, 0.2, 0.5)
"""Shares of steps that take some turns more, one of which each further schedule draws: as if something more had been
looked up there."""
_MOST_TURNS = 4


class Crashed(BaseException):
    """The process is no more. Not an `Exception`: nothing that handles errors may handle this."""


class Chaos:
    """Chance, from one seed: how long things take, which step kills, and who stands still for how long.

    A seed has as many schedules as are wanted: with each the same things are met at other moments."""

    def __init__(
        self, seed: int, schedule: int = 1, *, crash_chance: float, stall_chance: float, stall_seconds: float
    ) -> None:
        self.random = Random(seed if schedule == 1 else f"{seed}, schedule {schedule}")  # noqa: S311  seeded: the point
        self._extra = 0.0 if schedule == 1 else self.random.choice(_EXTRA)
        self.crashes = 0
        self.stalls = 0
        self._crash_chance = crash_chance
        self._stall_chance = stall_chance
        self._stall_seconds = stall_seconds
        self.calmed = False

    def calm(self) -> None:
        """No crash and no stall from now on."""
        self.calmed = True
        self._crash_chance = self._stall_chance = 0.0

    def strikes(self) -> bool:
        """Whether a process dies now."""
        struck = self.random.random() < self._crash_chance
        self.crashes += struck
        return struck

    async def delay(self) -> None:
        """What one meeting with the world takes; mostly no time at all."""
        if self._extra and self.random.random() < self._extra:
            for _ in range(self.random.randint(1, _MOST_TURNS)):
                await asyncio.sleep(0)
        drawn = self.random.random()
        await asyncio.sleep(0 if drawn < _IMMEDIATE else (drawn - _IMMEDIATE) * _LONGEST_DELAY)

    async def stall(self) -> None:
        """Sometimes stand still for long, as a stopped process does: others take over meanwhile."""
        if self.random.random() < self._stall_chance:
            self.stalls += 1
            await asyncio.sleep(self._stall_seconds)

    async def pause(self, longest: float) -> None:
        """Let up to so many seconds pass."""
        await asyncio.sleep(self.random.random() * longest)


class Process:
    """One simulated process; `name` is for messages. Made anew after each crash."""

    def __init__(self, name: str, chaos: Chaos) -> None:
        self.name = name
        self.chaos = chaos
        self.dead = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: list[Callable[[], None]] = []

    def hold(self, drop: Callable[[], None]) -> None:
        """Have `drop` called when the process ends: what the machine takes back from it."""
        self._held.append(drop)

    def refuse_dead(self) -> None:
        """Raises Crashed where the process is no more."""
        if self.dead:
            raise Crashed(self.name)

    async def run(self, parts: Sequence[Coroutine[Any, Any, None]]) -> None:
        """Run parts until all have ended. Raises what a living one raised; a crash ends it without a word."""
        context = copy_context()
        context.run(_current.set, self)
        loop = asyncio.get_running_loop()
        self._tasks = {loop.create_task(part, context=context) for part in parts}
        _, running = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_EXCEPTION)
        if running:
            self.kill()
            await asyncio.wait(running)
        self._drop_all()
        errors = [error for task in self._tasks if not task.cancelled() and (error := task.exception()) is not None]
        for error in errors:
            if not isinstance(error, Crashed):
                raise error

    def kill(self) -> None:
        """End it at once: no tidying up."""
        self.dead = True
        self._drop_all()
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()

    def _drop_all(self) -> None:
        while self._held:
            self._held.pop()()


_current: ContextVar[Process | None] = ContextVar("process", default=None)


def current_process() -> Process | None:
    """The process that runs now; None outside of any."""
    return _current.get()


async def step() -> None:
    """One meeting with the world. Outside of any process it only lets others run."""
    process = _current.get()
    if process is None:
        await asyncio.sleep(0)
        return
    process.refuse_dead()
    await process.chaos.delay()
    if not process.dead and process.chaos.strikes():
        process.kill()
    process.refuse_dead()


async def stall() -> None:
    """A step before which the process may stand still for long."""
    process = _current.get()
    if process is not None:
        await process.chaos.stall()
    await step()
