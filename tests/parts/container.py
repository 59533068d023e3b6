"""What keeps a real part running where Docker answers: a container on ports of the loopback interface."""

import atexit
import os
import socket
from collections.abc import Mapping

import docker
from docker.errors import DockerException
from docker.models.containers import Container

from tests.parts.engine import NotHere

_UNIX = "unix://"
_USUAL_ADDRESS = f"{_UNIX}/var/run/docker.sock"
_STOP_SECONDS = 20
_LOG_LINES = 40


class Boxed:
    """An engine that is a container of a public image; `ports` maps its own ports to those of this machine."""

    def __init__(self, image: str, environment: Mapping[str, str], ports: Mapping[int, int]) -> None:
        if not _engine_listens():
            raise NotHere("no Docker engine answers")
        try:
            self._client = docker.from_env()
        except DockerException as error:
            raise NotHere(f"no Docker engine answers: {error}") from error
        self._image = image
        self._environment = dict(environment)
        # Fixed ports, so that a part that was killed comes back where its clients look for it.
        self._ports = {f"{inside}/tcp": ("127.0.0.1", outside) for inside, outside in ports.items()}
        self._container: Container | None = None
        atexit.register(self.discard)

    def launch(self) -> None:
        if self._container is not None:
            self._container.start()
            return
        try:
            self._container = self._client.containers.run(
                self._image, environment=self._environment, ports=self._ports, detach=True
            )
        except DockerException as error:
            raise NotHere(f"Docker cannot run {self._image}: {error}") from error

    def kill(self) -> None:
        self._made().kill()

    def stop(self) -> None:
        self._made().stop(timeout=_STOP_SECONDS)

    def freeze(self) -> None:
        self._made().pause()

    def resume(self) -> None:
        self._made().unpause()

    def ended(self, within: float) -> bool:
        try:
            self._made().wait(timeout=within)
        except OSError:
            return False
        return True

    def said(self) -> str:
        if self._container is None:
            return ""
        return bytes(self._container.logs(tail=_LOG_LINES)).decode(errors="replace")

    def discard(self) -> None:
        if self._container is not None:
            self._container.remove(force=True, v=True)
            self._container = None
        self._client.close()
        atexit.unregister(self.discard)

    def _made(self) -> Container:
        if self._container is None:
            raise RuntimeError(f"{self._image} was never launched")
        return self._container


def _engine_listens() -> bool:
    """Whether somebody listens at Docker's own socket; the client would leave one of its own open where nobody does."""
    address = os.environ.get("DOCKER_HOST", _USUAL_ADDRESS)
    if not address.startswith(_UNIX):
        return True
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(address.removeprefix(_UNIX)) == 0
