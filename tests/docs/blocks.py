"""The code blocks of a page, and how one is run: as written, but for the folder, the ports and the keys."""

import os
import re
import socket
import subprocess
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SERVICES = ("ingest", "scoring", "handoff", "attribution")
_RUN_SECONDS = 90


def blocks(page: str, language: str) -> list[str]:
    """The blocks of a page in one language, in order."""
    return [code for found, code in _FENCED.findall((ROOT / page).read_text()) if found == language]


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for taken in sockets:
            taken.bind(("127.0.0.1", 0))
        return [int(taken.getsockname()[1]) for taken in sockets]


@dataclass(frozen=True, slots=True)
class Desk:
    """A folder like a fresh clone, with ports of its own: what a reader sits at."""

    folder: Path
    ports: Mapping[str, int]

    @classmethod
    def at(cls, folder: Path) -> "Desk":
        """A desk in an empty folder; the virtual environment and the make targets are this tree's."""
        for name in (".venv", "Makefile", "pyproject.toml", "requirements"):
            (folder / name).symlink_to(ROOT / name)
        return cls(folder, dict(zip(("8001", "8002", "8003", "8004"), free_ports(4), strict=True)))

    def environment(self) -> dict[str, str]:
        """What the reader's shell holds: the ports, and nothing of another deployment."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("THROUGHLINE_")}
        named = zip(_SERVICES, self.ports.values(), strict=True)
        return inherited | {f"THROUGHLINE_{name.upper()}_PORT": str(port) for name, port in named}

    def typed(self, code: str) -> str:
        """The code as this reader types it: with this desk's ports."""
        for port, ours in self.ports.items():
            code = code.replace(f"127.0.0.1:{port}", f"127.0.0.1:{ours}")
        return code

    def run(self, code: str, **more: str) -> str:
        """Run a block in a shell; answers what it printed. A line that fails fails the block."""
        ran = subprocess.run(  # noqa: S603 - the pages are ours
            ["/bin/bash", "-euo", "pipefail", "-c", self.typed(code)],
            cwd=self.folder,
            env=self.environment() | more,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_RUN_SECONDS,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def start(self, command: str, **more: str) -> "subprocess.Popen[bytes]":
        """Start a line that goes on: a service."""
        with (self.folder / "services.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - the pages are ours
                command.split(),
                cwd=self.folder,
                env=self.environment() | more,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
