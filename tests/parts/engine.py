"""What keeps a real part running: a process of this machine.

Promises that whatever it started is dead when this interpreter ends, and never touches anything else.
"""

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Protocol

_LOG_TAIL = 4_000
_STOP_SECONDS = 20.0


class NotHere(Exception):
    """A part cannot be had this way; the text says why."""


class Engine(Protocol):
    """Runs one part; what the part has stored outlives every call but `discard`."""

    def launch(self) -> None:
        """Start it, or start it again on the same data and ports."""
        ...

    def kill(self) -> None:
        """End it at once, as a machine that loses power would."""
        ...

    def stop(self) -> None:
        """Ask it to end in good order, and wait until it has."""
        ...

    def freeze(self) -> None:
        """Let it hang: connections stay open and nothing answers."""
        ...

    def resume(self) -> None:
        """Let it go on after `freeze`."""
        ...

    def ended(self, within: float) -> bool:
        """Whether it has ended; waits up to `within` seconds for that, so a caller can pace itself by it."""
        ...

    def said(self) -> str:
        """The end of what it has logged."""
        ...

    def discard(self) -> None:
        """Kill it and forget its data; may be called twice."""
        ...


class Program:
    """An engine that is a program here, in a process group of its own and with a folder of its own.

    `stop_signal` asks for a good end; `user` is who runs it where that is not us.
    """

    def __init__(self, name: str, *, stop_signal: signal.Signals = signal.SIGTERM, user: str | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"throughline-{name}-"))
        self.command: tuple[str, ...] = ()
        self._name = name
        self._stop_signal = stop_signal
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None
        self._log = self.folder / "output.log"
        if user is not None:
            shutil.chown(self.folder, user, user)
        atexit.register(self.discard)

    def run(self, *command: str) -> str:
        """What a command that prepares the folder prints; raises NotHere with its output where it fails."""
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, check=False, user=self._user, group=self._user
        )
        if done.returncode != 0:
            raise NotHere(f"{command[0]} failed: {(done.stderr or done.stdout).strip()[-_LOG_TAIL:]}")
        return done.stdout.strip()

    def launch(self) -> None:
        if self._process is not None:
            raise RuntimeError(f"{self._name} is running already")
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=self._user,
                group=self._user,
            )

    def kill(self) -> None:
        # The whole group: a server's children would otherwise go on writing for a while.
        self._signal(signal.SIGKILL)
        self._reap()

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.send_signal(self._stop_signal)
        if self.ended(_STOP_SECONDS):
            self._reap()
        else:
            self.kill()

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)
        # A thread on another core goes on for a moment, and may still answer.
        deadline = time.monotonic() + _STOP_SECONDS
        while self._process is not None and not _all_stopped(self._process.pid):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self._name} does not stand still")

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def ended(self, within: float) -> bool:
        if self._process is None:
            return True
        try:
            self._process.wait(within)
        except subprocess.TimeoutExpired:
            return False
        return True

    def said(self) -> str:
        return self._log.read_text(errors="replace")[-_LOG_TAIL:] if self._log.exists() else ""

    def discard(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self.discard)

    def _signal(self, number: signal.Signals) -> None:
        # An id is only ours until its process is reaped: `poll` first, so that no stranger's group is hit.
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, number)

    def _reap(self) -> None:
        if self._process is not None:
            self._process.wait()
            self._process = None


def _all_stopped(pid: int) -> bool:
    """Whether every thread of a process stands still."""
    try:
        told = [task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/stat")]
    except OSError:  # one has just ended: so they do not
        return False
    return all(one.rpartition(")")[2].split()[0] in "Tt" for one in told)
