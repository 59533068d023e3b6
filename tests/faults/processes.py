"""The services as processes of this machine: started, killed, frozen and told to die at a place, each by its own id.

A fleet is one deployment, however it is cut into processes; whatever it has started is dead when it is closed.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Event
from types import MappingProxyType

import httpx
import psutil

from tests.demo.deployment import PORTS, Deployment, Keys
from tests.parts.kafka import KafkaBroker
from tests.parts.machine import free_ports
from tests.parts.postgres import plain

ROOT = Path(__file__).parents[2]
DEAD = 137
"""What a process that was told to die at a place ends with, as a shell would say it of kill -9."""
EMBEDDED: Mapping[str, tuple[str, ...]] = MappingProxyType({"all": ()})
SPLIT: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "door": ("ingest:api",),
        "pages": ("scoring:api", "handoff:api", "attribution:api"),
        "ingest": ("ingest:worker",),
        "scoring": ("scoring:worker",),
        "handoff": ("handoff:worker",),
        "attribution": ("attribution:worker",),
    }
)
"""Every worker a process of its own: the processes by name, and what each runs."""
IN_THREE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "door": ("ingest:api",),
        "scoring": ("scoring:worker",),
        "others": ("ingest:worker", "scoring:api", "handoff", "attribution"),
    }
)
"""The door and one worker by themselves: half the processes to start where no more is asked for."""

_KEYS = Keys(write_key="wk_faults", server_key="sk_faults", admin_token="tl_faults")
_READY_SECONDS = 60.0
_STOP_SECONDS = 45.0
_LOOK_AGAIN_SECONDS = 0.1
_LOG_TAIL = 3_000


class Pause:
    """Waits between two looks at a condition, and fails where it took too long altogether."""

    def __init__(self, within: float) -> None:
        self._deadline = time.monotonic() + within
        self._never = Event()

    def wait(self, seconds: float, hoped_for: str) -> None:
        """Pass the time until the next look."""
        assert time.monotonic() < self._deadline, f"it never came to this: {hoped_for}"
        self._never.wait(seconds)


def until(condition: Callable[[], bool], hoped_for: str, within: float = _READY_SECONDS) -> None:
    """Return as soon as a condition holds; fails where it does not within so many seconds."""
    pause = Pause(within)
    while not condition():
        pause.wait(_LOOK_AGAIN_SECONDS, hoped_for)


class Process:
    """One process of a deployment. `health` is where it says that it is ready."""

    def __init__(self, arguments: Sequence[str], settings: Mapping[str, str], log: Path, health: Sequence[str]) -> None:
        self._arguments = arguments
        self._settings = settings
        self._log = log
        self._health = health
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, crash_at: str = "", freeze_at: str = "") -> None:
        """Start it, where asked so as to die or to stand still at a place; it is not ready yet."""
        assert not self.running(), "it is running already"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("THROUGHLINE_")}
        places = {"THROUGHLINE_CRASH_AT": crash_at, "THROUGHLINE_FREEZE_AT": freeze_at}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", "services", *self._arguments],
                cwd=ROOT,
                env=inherited | dict(self._settings) | places,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def running(self) -> bool:
        """Whether it has been started and has not ended; one that is frozen runs."""
        return self._process is not None and self.ended() is None

    def ready(self) -> bool:
        """Whether everything in it says that it is ready; fails where it has ended."""
        assert self.ended() is None, f"it ended with {self.ended()}: {self.said()}"
        try:
            return all(httpx.get(f"{url}/readyz", timeout=5.0, trust_env=False).is_success for url in self._health)
        except httpx.TransportError:
            return False

    def frozen(self) -> bool:
        """Whether it stands still."""
        return self._process is not None and psutil.Process(self._process.pid).status() == psutil.STATUS_STOPPED

    def memory(self) -> int:
        """Bytes it holds in memory."""
        assert self._process is not None, "it was never started"
        held: int = psutil.Process(self._process.pid).memory_info().rss
        return held

    def fences(self) -> int:
        """How often it was told by the store that somebody else has worked its partitions, since it was started."""
        try:
            told = httpx.get(f"{self._health[0]}/metrics", timeout=5.0, trust_env=False).text
        except httpx.TransportError:
            return 0
        found = re.search(r'^throughline_retries_total\{reason="Fenced"\} (\d+)', told, re.MULTILINE)
        return int(found[1]) if found else 0

    def ended(self, within: float = 0.0) -> int | None:
        """What it has ended with; none while it runs. Waits up to `within` seconds for its end."""
        if self._process is None:
            return None
        try:
            return self._process.wait(within) if within else self._process.poll()
        except subprocess.TimeoutExpired:
            return None

    def stop(self) -> int | None:
        """Ask it to end; what it ended with, none where it took longer than it may."""
        self.signal(signal.SIGTERM)
        return self.ended(_STOP_SECONDS)

    def kill(self) -> None:
        """End it at once."""
        self.signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; nothing where it has ended, for then its id may be somebody else's."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def said(self) -> str:
        """The end of what it has logged."""
        return self._log.read_text(errors="replace")[-_LOG_TAIL:] if self._log.exists() else ""


class Fleet:
    """A deployment in a folder of its own. Use it as a context."""

    def __init__(
        self, folder: Path, shape: Mapping[str, tuple[str, ...]] = EMBEDDED, settings: Mapping[str, str] | None = None
    ) -> None:
        ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        self._folder = folder
        self._settings = _settings(folder, ports) | dict(settings or {})
        self._ports = ports
        self.deployment = Deployment({name: f"http://127.0.0.1:{port}" for name, port in ports.items()}, _KEYS)
        self.processes: dict[str, Process] = {}
        self._commands: list[Process] = []
        for name, arguments in shape.items():
            self.add(name, arguments)

    def __enter__(self) -> "Fleet":
        return self

    def __exit__(self, *_: object) -> None:
        for process in (*self.processes.values(), *self._commands):
            process.kill()

    def add(self, name: str, arguments: Sequence[str]) -> Process:
        """A process more, not started yet. Each worker serves its health on a port nobody else has."""
        workers = [part.removesuffix(":worker") for part in arguments if part.endswith(":worker")]
        health = dict(zip(workers, free_ports(len(workers)), strict=True))
        apis = [part.removesuffix(":api") for part in arguments or PORTS if not part.endswith(":worker")]
        ports = [*health.values(), *(self._ports[api] for api in apis)]
        own = {f"THROUGHLINE_{worker.upper()}_WORKER_PORT": str(port) for worker, port in health.items()}
        urls = [f"http://127.0.0.1:{port}" for port in ports]
        process = Process(arguments, self._settings | own, self._folder / f"{name}.log", urls)
        self.processes[name] = process
        return process

    def start(self, crash_at: Mapping[str, str] | None = None) -> None:
        """Start every process and wait until those that are not to die are ready."""
        places = crash_at or {}
        for name, process in self.processes.items():
            process.start(places.get(name, ""))
        for name, process in self.processes.items():
            if name not in places:
                until(process.ready, f"{name} is ready")

    def run(self, *arguments: str) -> Process:
        """A command of ours on this deployment, started."""
        process = Process(arguments, self._settings, self._folder / "command.log", [])
        self._commands.append(process)
        process.start()
        return process


def on_kafka(broker: KafkaBroker, database: str) -> dict[str, str]:
    """The settings of a deployment on these two."""
    return {"THROUGHLINE_KAFKA": broker.bootstrap, "THROUGHLINE_DATABASE": plain(database)}


def _settings(folder: Path, ports: Mapping[str, int]) -> dict[str, str]:
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    return {f"THROUGHLINE_{name.upper()}_PORT": str(port) for name, port in ports.items()} | {
        "THROUGHLINE_DATA": str(data),
        "THROUGHLINE_WRITE_KEY": _KEYS.write_key,
        "THROUGHLINE_SERVER_KEY": _KEYS.server_key,
        "THROUGHLINE_ADMIN_TOKEN": _KEYS.admin_token,
        "THROUGHLINE_KAFKA_PARTITIONS": "4",
        "THROUGHLINE_METRICS_OPEN": "1",
        "THROUGHLINE_WEBHOOK_NETWORKS": "127.0.0.0/8",
        "THROUGHLINE_WEBHOOK_SCHEDULE": "0,0.2,0.5,1,2",
        "THROUGHLINE_WEBHOOK_LEASE": "2",
    }
