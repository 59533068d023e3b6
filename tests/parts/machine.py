"""What this machine has, and what it can be given: free ports, system packages, the cache folder."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.parts.engine import NotHere

Say = Callable[[str], None]
"""Tells the person at the terminal, now."""

_CONNECT_SECONDS = 2.0
_QUIET = {"DEBIAN_FRONTEND": "noninteractive"}


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface nobody listens on at this moment, each another one."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def listens(address: str) -> bool:
    """Whether somebody takes connections at `host:port`: far cheaper to ask often than what comes after it."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), _CONNECT_SECONDS).close()
    except OSError:
        return False
    return True


def cache_folder(name: str) -> Path:
    """Where what was fetched once is kept, outside the tree; made where it is not there."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = root / "throughline" / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    return folder


def install(packages: Sequence[str], say: Say) -> None:
    """Install system packages, after saying so; raises NotHere with the command where we may not."""
    command = f"apt-get install -y {' '.join(packages)}"
    if shutil.which("apt-get") is None:
        raise NotHere(f"install {' and '.join(packages)} by hand: this machine has no apt-get")
    prefix = _privilege()
    if prefix is None:
        raise NotHere(f"run it as root: {command}")
    say(f"installing what the tests need: {command}")
    with tempfile.TemporaryDirectory(prefix="throughline-apt-") as archives:
        # A folder of its own: two installs at once would fight over the usual one.
        apt = [*prefix, "apt-get", "-q", "-o", f"Dir::Cache::archives={archives}"]
        _run([*apt, "update"], f"{command} (the package lists could not be read)")
        _run([*apt, "install", "-y", "--no-install-recommends", *packages], command)


def _privilege() -> list[str] | None:
    """What stands before a command to run it as root: nothing, a sudo that asks nothing, or None."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n", "env", "DEBIAN_FRONTEND=noninteractive"]
    return None


def _run(command: Sequence[str], name: str) -> None:
    done = subprocess.run(command, env=os.environ | _QUIET, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotHere(f"failed: {name}: {done.stderr.strip()[-500:]}")
