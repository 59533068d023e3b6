"""A process ends as a whole: well when it is asked to, with an error when a part of it dies."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.runtime.supervise import Part, Supervisor

SECONDS = 20.0


async def waits(stopping: asyncio.Event) -> None:
    """A part that ends when it is asked to."""
    await stopping.wait()


async def dies(_stopping: asyncio.Event) -> None:
    """A part that fails."""
    raise ValueError("it broke")


async def ends(_stopping: asyncio.Event) -> None:
    """A part that leaves though nobody asked."""


@pytest.mark.parametrize("part", [dies, ends])
async def test_the_end_of_one_part_ends_all_with_an_error(part: Part) -> None:
    supervisor = Supervisor()
    asked: list[bool] = []

    async def another(stopping: asyncio.Event) -> None:
        await stopping.wait()
        asked.append(True)

    supervisor.add("another", another)
    supervisor.add("part", part)
    assert supervisor.healthy()
    async with asyncio.timeout(SECONDS):
        assert await supervisor.run() == 1
    assert asked == [True]
    assert not supervisor.healthy()


@pytest.mark.parametrize("ask", [Supervisor.stop, lambda _: os.kill(os.getpid(), signal.SIGTERM)])
async def test_a_process_that_is_asked_to_stop_ends_well(ask: Callable[[Supervisor], None]) -> None:
    supervisor = Supervisor()

    async def asks(stopping: asyncio.Event) -> None:
        ask(supervisor)
        await stopping.wait()

    supervisor.add("waits", waits)
    supervisor.add("asks", asks)
    async with asyncio.timeout(SECONDS):
        assert await supervisor.run() == 0
    assert supervisor.healthy()


async def test_a_part_that_fails_while_it_stops_is_an_error() -> None:
    supervisor = Supervisor()

    async def fails_late(stopping: asyncio.Event) -> None:
        await stopping.wait()
        raise ValueError("on the way out")

    supervisor.add("waits", waits)
    supervisor.add("fails late", fails_late)
    supervisor.stop()
    async with asyncio.timeout(SECONDS):
        assert await supervisor.run() == 1


_PROCESS = """
import asyncio, sys
from shared.runtime.supervise import Supervisor
from tests.conformance.test_loop_supervise import dies, waits

async def up(stopping):
    print("up", flush=True)
    await (dies if "dies" in sys.argv else waits)(stopping)

supervisor = Supervisor()
supervisor.add("up", up)
sys.exit(asyncio.run(supervisor.run()))
"""


@pytest.mark.parametrize(("argument", "code"), [("waits", 0), ("dies", 1)])
async def test_the_process_tells_how_it_ended_by_its_exit_code(argument: str, code: int) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PROCESS, argument,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip
    async with asyncio.timeout(SECONDS):
        assert process.stdout is not None
        assert await process.stdout.readline() == b"up\n"
        if argument == "waits":
            process.terminate()
        assert await process.wait() == code
