"""The stack of docker-compose.yml under a name, keys, ports and an image of its own, beside whatever else runs.

What it has started is gone after `down`, volumes and image too.
"""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.demo.deployment import PORTS, Deployment, compose
from tests.parts.engine import NotHere
from tests.parts.machine import free_ports

ROOT = Path(__file__).parents[2]
PYTHON_IMAGE = os.environ.get("PYTHON_IMAGE", "python:3.11-slim-bookworm")
BASES = (PYTHON_IMAGE, "apache/kafka:4.3.1", "postgres:16")
SERVICES = ("ingest", "ingest-worker", "scoring", "handoff", "attribution")
_TAG = "test"
IMAGE = f"throughline:{_TAG}"
_HEALTHY_SECONDS = 300
_COMMAND_SECONDS = 600


def look_for_engine() -> None:
    """Return where an engine answers that has the public images, or can get them; else raises NotHere."""
    try:
        said = docker("version", "--format", "{{.Server.Version}}", check=False)
    except OSError as error:
        raise NotHere("there is no docker command") from error
    if said.returncode != 0:
        raise NotHere("no Docker engine answers")
    if docker("compose", "version", check=False).returncode != 0:
        raise NotHere("docker has no compose plugin")
    for image in BASES:
        if docker("image", "inspect", image, check=False).returncode != 0:
            pulled = docker("pull", "-q", image, check=False)
            if pulled.returncode != 0:
                raise NotHere(f"the engine has no {image}: {pulled.stderr.strip()[-200:]}")


def docker(
    *arguments: str, check: bool = True, environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run docker at the root of the tree; where it fails and `check`, the test fails with what it said."""
    ran = subprocess.run(  # noqa: S603 - the arguments are ours
        ["docker", *arguments],  # noqa: S607 - docker is wherever it is
        cwd=ROOT,
        env=_clean() | dict(environment or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_COMMAND_SECONDS,
        check=False,
    )
    if check and ran.returncode != 0:
        raise AssertionError(f"docker {' '.join(arguments)} ended with {ran.returncode}: {ran.stderr[-3000:]}")
    return ran


def make_env(file: Path) -> None:
    """What `make up` does first: keys in a file, where there are none yet."""
    subprocess.run([ROOT / "deploy/compose/make-env.sh", file], env=_clean(), check=True, capture_output=True)  # noqa: S603 - ours


def settings_of(file: Path) -> dict[str, str]:
    """The variables that an env file holds."""
    lines = file.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


class Stack:
    """One run of the stack; `folder` takes its env file."""

    def __init__(self, folder: Path) -> None:
        self._env_file = folder / "env"
        self._name = f"throughline-test-{os.getpid()}"
        make_env(self._env_file)
        ports = zip(PORTS, free_ports(len(PORTS)), strict=True)
        with self._env_file.open("a") as file:
            file.write(f"THROUGHLINE_TAG={_TAG}\n")
            file.writelines(f"THROUGHLINE_{service.upper()}_PORT={port}\n" for service, port in ports)
        self.settings = settings_of(self._env_file)

    def up(self, *only: str) -> None:
        """Start everything, or one part again, and return when it is healthy."""
        wait = ("--wait", "--wait-timeout", str(_HEALTHY_SECONDS))
        self._compose("up", "-d", *wait, *(("--no-deps", *only) if only else ("--build",)))

    def kill(self, part: str) -> None:
        """`kill -9` to everything in one container."""
        self._compose("kill", part)

    def down(self) -> None:
        """End it and forget what it has stored."""
        self._compose("down", "--volumes", "--remove-orphans", "--timeout", "30")
        docker("image", "rm", "--force", IMAGE)

    def logs(self) -> str:
        """The end of what each part has said."""
        return self._compose("logs", "--no-color", "--tail", "40").stdout

    def container(self, part: str) -> str:
        """The id of a part's container."""
        return self._compose("ps", "--all", "--quiet", part).stdout.strip()

    def left_over(self) -> list[str]:
        """The containers and volumes that carry its name."""
        label = ("--filter", f"label=com.docker.compose.project={self._name}", "--quiet")
        return docker("ps", "--all", *label).stdout.split() + docker("volume", "ls", *label).stdout.split()

    def deployment(self) -> Deployment:
        """Where its services are, and their keys."""
        return compose(self._env_file)

    def gateway(self) -> str:
        """The address of this machine that handoff knows as host.docker.internal."""
        return self.settings["THROUGHLINE_WEBHOOK_NETWORKS"].removesuffix("/32")

    def _compose(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return docker("compose", "--env-file", str(self._env_file), "--project-name", self._name, *arguments)


def _clean() -> dict[str, str]:
    # Compose lets the shell overrule the file: what it says of another deployment must not get in.
    ours = ("THROUGHLINE_", "POSTGRES_", "COMPOSE_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
