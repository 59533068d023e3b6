"""The HTTP server, inside a loop that is ours: several of them run in one process.

Promises: it listens before anything else starts, stops when told, says so on connections that are in use, and gives
open requests 15 seconds.
Leaves out signals, which belong to the process, and the access log, which would print query strings.
"""

import asyncio
import ctypes
import gc
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from starlette.types import ASGIApp
from uvicorn import Config, Server

from shared.web.connection import Connection, Shared
from shared.web.direct import Direct, answering
from shared.web.health import STOPPING

_BACKLOG: Final = 2_048
_SHUTDOWN_SECONDS: Final = 15
_GOODBYE_SECONDS: Final = 1.0
"""Who sends all the time has heard by then, in an answer, that the connection ends."""
_LAST_WORD_SECONDS: Final = 0.2
"""For the requests of those who were let in last."""
_KEEP_ALIVE_SECONDS: Final = 75
"""Longer than load balancers keep idle connections, so that it is they who close them. A head has as long to arrive."""
_MAX_CONNECTIONS: Final = 4_096
"""Past this the answer is 503, at once: a backstop, not a rate limit."""
_GC_THRESHOLDS: Final = (50_000, 20, 100)
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
"""As glibc's `malloc.h` has them."""
_KEPT_BYTES: Final = 64 * 1024 * 1024
_MAPPED_BYTES: Final = 8 * 1024 * 1024
"""Bodies, and what goes to the broker at once, are smaller."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one. Raises OSError where the address is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_BACKLOG)


def port_of(listener: socket.socket) -> int:
    """The port it listens on."""
    return int(listener.getsockname()[1])


async def serve(
    app: ASGIApp,
    listener: socket.socket,
    should_exit: asyncio.Event,
    *,
    direct: Direct | None = None,
    trusted_proxies: str = "",
) -> None:
    """Serve until told to exit, then finish what is open and run the app's shutdown; the listener is closed.

    `direct` answers what it can past the app. `trusted_proxies` (addresses with commas) may name the client in
    `X-Forwarded-For`. Raises RuntimeError where the app does not start.
    """
    server = _Server(_config(app, direct, trusted_proxies), should_exit)
    try:
        await server.serve(sockets=[listener])
    except SystemExit:
        raise RuntimeError("the application did not start") from None
    finally:
        for each in server.servers:
            each.close()
        listener.close()


def relax_garbage_collector() -> None:
    """Take what start-up made out of the collector's sight and let it run more rarely: its pauses were the p99."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)


def keep_freed_memory() -> None:
    """Keep what is freed for what comes next: given back after every other request, it is faulted in again each time.

    That was an eighth of what a batch cost. Where the C library is not glibc, nothing changes.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
        mallopt(_M_MMAP_THRESHOLD, _MAPPED_BYTES)


class _Server(Server):
    """Told to exit by an event; signals are left to the process."""

    def __init__(self, config: Config, should_exit: asyncio.Event) -> None:
        super().__init__(config)
        self.server_state: Shared = Shared()
        self.servers = []
        self._told = should_exit

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or self._told.is_set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, after connections were told so in an answer: who sends on one that is closed at that moment gets an
        error, and cannot know whether the request was taken."""
        self.server_state.stopping = True
        self.lifespan.state[STOPPING] = True
        for connection in self._connections():
            connection.say_goodbye()
        await self._until_all_left(_GOODBYE_SECONDS)
        for each in self.servers:
            each.close()
        await self._until_all_left(_LAST_WORD_SECONDS)
        await super().shutdown(sockets)

    def _connections(self) -> list[Connection]:
        return [each for each in self.server_state.connections if isinstance(each, Connection)]

    async def _until_all_left(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.server_state.connections:
                    self.server_state.left.clear()
                    await self.server_state.left.wait()


def _config(app: ASGIApp, direct: Direct | None, trusted_proxies: str) -> Config:
    return Config(
        app,
        http=Connection if direct is None else answering(direct),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=trusted_proxies or "",
        limit_concurrency=_MAX_CONNECTIONS,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )
