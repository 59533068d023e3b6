"""Starts every service of this tree as one child process, and ends it again.

It touches only the process it has started, and leaves nothing of it behind.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from threading import Event

import httpx

from tests.demo.deployment import PORTS, Deployment, Keys, NotReady

_ROOT = Path(__file__).parents[2]
_READY_SECONDS = 60.0
_STOP_SECONDS = 25.0
_LOOK_AGAIN_SECONDS = 0.1
_LOG_TAIL = 3_000


class Services:
    """The embedded deployment: one process, its data in one folder."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._log = data / "services.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, interrupted: Event) -> Deployment:
        """Start and wait until every service is ready; raises NotReady where one is not."""
        ports = dict(zip((*PORTS, "alignment"), _free_ports(len(PORTS) + 1), strict=True))
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "services"],
                cwd=_ROOT,
                env=_environment(self._data, ports),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for us to hear; the services then end in good order.
                start_new_session=True,
            )
        urls = {service: f"http://127.0.0.1:{ports[service]}" for service in PORTS}
        deadline = time.monotonic() + _READY_SECONDS
        for url in urls.values():
            while not _is_ready(url):
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise NotReady(f"{url} is not ready:\n{self._said()}")
                if interrupted.wait(_LOOK_AGAIN_SECONDS):
                    raise KeyboardInterrupt
        credentials = json.loads((self._data / "credentials.json").read_text())
        return Deployment(urls, Keys(**{field.name: credentials[field.name] for field in fields(Keys)}))

    def stop(self) -> int | None:
        """End the process in good order and answer its exit code; none where it had to be killed."""
        if self._process is None:
            return 0
        process, self._process = self._process, None
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            return process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return None

    def _said(self) -> str:
        return self._log.read_text(errors="replace")[-_LOG_TAIL:]


def _environment(data: Path, ports: dict[str, int]) -> dict[str, str]:
    # What the shell says of another deployment must not lead this one astray.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("THROUGHLINE_")}
    return (
        inherited
        | {f"THROUGHLINE_{service.upper()}_PORT": str(port) for service, port in ports.items()}
        | {
            "THROUGHLINE_DATA": str(data),
            "THROUGHLINE_WEBHOOK_NETWORKS": "127.0.0.0/8",
            "THROUGHLINE_WEBHOOK_SCHEDULE": "0,1,2,4,8,16",
        }
    )


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for taken in sockets:
            taken.bind(("127.0.0.1", 0))
        return [int(taken.getsockname()[1]) for taken in sockets]


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=5.0, trust_env=False).is_success
    except httpx.TransportError:
        return False
