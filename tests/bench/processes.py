"""Processes that are measured: started from this tree, asked what they use, and ended whatever happens.

Nothing is touched that was not started here.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from tests.parts.machine import listens

ROOT = Path(__file__).parents[2]
WRITE_KEY = "wk_bench"
SERVER_KEY = "sk_bench"
ADMIN_TOKEN = "tl_bench"
_KEYS = {
    "THROUGHLINE_WRITE_KEY": WRITE_KEY,
    "THROUGHLINE_SERVER_KEY": SERVER_KEY,
    "THROUGHLINE_ADMIN_TOKEN": ADMIN_TOKEN,
    "THROUGHLINE_SECRET": "0" * 64,
}
_READY_SECONDS = 60.0
_STOP_SECONDS = 20.0
_LOOK_AGAIN_SECONDS = 0.1
_LOG_TAIL = 2_000
_MB = 1 << 20


class NotStarted(Exception):
    """A process did not get ready; the text holds the end of what it said."""


class Running:
    """A process that listens. With no `/readyz` (`bare`) it is ready as soon as it does."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, log: Path, *, bare: bool) -> None:
        self.port = port
        self._bare = bare
        self._process = process
        self._seen = psutil.Process(process.pid)
        self._log = log

    def cpu_seconds(self) -> float:
        """User and system time of all its threads so far."""
        times = self._seen.cpu_times()
        return float(times.user + times.system)

    def resident_mb(self) -> float:
        """What it holds in memory now."""
        return float(self._seen.memory_info().rss) / _MB

    async def ready(self) -> None:
        """Return when it is ready; raises NotStarted where it is not within a minute."""
        deadline = time.monotonic() + _READY_SECONDS
        while not await self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise NotStarted(self._log.read_text(errors="replace")[-_LOG_TAIL:])
            await pause(_LOOK_AGAIN_SECONDS)

    def stop(self) -> None:
        """End it in good order, else at once."""
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    async def _answers(self) -> bool:
        if self._bare:
            return listens(f"127.0.0.1:{self.port}")
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
                return (await client.get(f"http://127.0.0.1:{self.port}/readyz")).is_success
        except httpx.TransportError:
            return False


@contextmanager
def running(
    *arguments: str, port: int, folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """A `python -m ...` of this tree that will listen at a port, ended with the block.

    With no environment of a deployment it is a bare server."""
    log = folder / f"{'-'.join(arguments[1:]).replace(':', '-') or arguments[0]}.log"
    one = Running(_started(arguments, environment or {}, log), port, log, bare=environment is None)
    try:
        yield one
    finally:
        one.stop()


def _started(arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> "subprocess.Popen[bytes]":
    with log.open("ab") as said:
        return subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env=_inherited() | dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


async def program(module: str, *arguments: str) -> bytes:
    """What a module of this tree prints when it is run; it is killed where the caller stops waiting."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, cwd=ROOT, env=_inherited(), stdout=asyncio.subprocess.PIPE
    )
    try:
        printed, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return printed


def deployment(folder: Path, ports: Mapping[str, int], **more: str) -> dict[str, str]:
    """The environment of a deployment with its data in a folder; `more` are settings by their short names."""
    named = {f"THROUGHLINE_{service.upper()}_PORT": str(port) for service, port in ports.items()}
    settings = {f"THROUGHLINE_{name.upper()}": value for name, value in more.items()}
    return {**_KEYS, "THROUGHLINE_DATA": str(folder), **named, **settings}


async def pause(seconds: float) -> None:
    """Let time pass between two looks at something, or two requests."""
    try:
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()
    except TimeoutError:
        return


def _inherited() -> dict[str, str]:
    # What the shell says of another deployment must not lead this one astray.
    return {name: value for name, value in os.environ.items() if not name.startswith("THROUGHLINE_")}
