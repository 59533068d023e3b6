"""What keeps a real part running where Docker answers: a container on ports of the loopback interface."""

import atexit
from collections.abc import Mapping

from docker.errors import DockerException
from docker.models.containers import Container
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from tests.parts.engine import NotHere

_STOP_SECONDS = 20
_LOG_LINES = 40


class Boxed:
    """An engine that is a container of a public image; `ports` maps its own ports to those of this machine."""

    def __init__(self, image: str, environment: Mapping[str, str], ports: Mapping[int, int]) -> None:
        # It removes what it made by itself; the usual reaper would be one more image to fetch.
        testcontainers_config.ryuk_disabled = True
        try:
            self._box = DockerContainer(image).with_envs(**environment)
        except DockerException as error:
            raise NotHere(f"no Docker engine answers ({error})") from error
        for inside, outside in ports.items():
            # Fixed, so that a part that was killed comes back where its clients look for it.
            self._box.with_bind_ports(f"{inside}/tcp", ("127.0.0.1", outside))
        self._container: Container | None = None
        atexit.register(self.discard)

    def launch(self) -> None:
        if self._container is not None:
            self._container.start()
            return
        try:
            self._box.start()
        except DockerException as error:
            raise NotHere(f"Docker cannot run {self._box.image} ({error})") from error
        self._container = self._box.get_wrapped_container()

    def kill(self) -> None:
        self._running().kill()

    def stop(self) -> None:
        self._running().stop(timeout=_STOP_SECONDS)

    def freeze(self) -> None:
        self._running().pause()

    def resume(self) -> None:
        self._running().unpause()

    def ended(self, within: float) -> bool:
        container = self._running()
        try:
            container.wait(timeout=within)
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
        atexit.unregister(self.discard)

    def _running(self) -> Container:
        if self._container is None:
            raise RuntimeError(f"{self._box.image} was never launched")
        return self._container
