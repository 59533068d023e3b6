"""A connection: uvicorn's protocol, but for what it says by itself.

Promises: what cannot be read as HTTP, what ends early and what is too much at once are answered with a problem; who
says that nothing more will come is still answered, and who sends while the server stops is, once more. Leaves out:
everything an app answers.
"""

import asyncio
from http import HTTPStatus
from typing import Final

from starlette.types import Receive, Scope, Send
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from shared.web import limits
from shared.web.ids import draw_request_id
from shared.web.problems import CONTENT_TYPE, RETRY_AFTER_SECONDS, Problem

_UNREADABLE: Final = Problem(
    HTTPStatus.BAD_REQUEST, "bad_http", "this cannot be read as HTTP: its head, its length, or the size of a chunk"
)
_ENDED: Final = Problem(HTTPStatus.BAD_REQUEST, "body_ended", "the body ended before its length, or its last chunk")


class Shared(ServerState):
    """What all connections of a server know: who the others are, and whether the server is about to stop."""

    def __init__(self) -> None:
        super().__init__()
        self.stopping = False
        self.left = asyncio.Event()
        """Is set when the last of them has gone."""


class Connection(HttpToolsProtocol):
    """One connection of a server. Where `doors` is true, problems carry `"success": false`."""

    doors = False
    server_state: Shared

    def __init__(
        self,
        config: Config,
        server_state: Shared,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._most = config.limit_concurrency or float("inf")
        self.limit_concurrency = None  # its answer is a plain text; ours is not

    def on_headers_complete(self) -> None:
        full = len(self.tasks) >= self._most or len(self.connections) >= self._most
        self.app = self._too_busy if full else self.config.loaded_app
        super().on_headers_complete()
        if self.server_state.stopping:
            self.cycle.keep_alive = False

    def say_goodbye(self) -> None:
        """Have the next answer, or the one that is due, be the last, and say so."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if not self.connections:
            self.server_state.left.set()

    def send_400_response(self, msg: str) -> None:
        self._refuse(_UNREADABLE)

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio asks for one; uvicorn says None
        """Whether there is still something to say to who will send no more."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            return False
        cycle.keep_alive = False
        if cycle.more_body and not cycle.response_started and not self.pipeline:
            cycle.disconnected = True
            cycle.message_event.set()
            self._refuse(_ENDED)
        return True

    def _refuse(self, problem: Problem) -> None:
        body = problem.body(door=self.doors)
        headers = [
            *self.server_state.default_headers,
            (b"content-type", CONTENT_TYPE.encode()),
            (b"content-length", b"%d" % len(body)),
            (b"x-request-id", draw_request_id().encode()),
            (b"connection", b"close"),
        ]
        head = b"".join([b"%b: %b\r\n" % header for header in headers])
        self.transport.write(b"".join((STATUS_LINE[problem.status], head, b"\r\n", body)))
        self.transport.close()

    async def _too_busy(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        self.logger.warning("Exceeded concurrency limit.")
        said = {"Retry-After": str(RETRY_AFTER_SECONDS), "Connection": "close", "X-Request-Id": draw_request_id()}
        busy = Problem(HTTPStatus.SERVICE_UNAVAILABLE, "busy", "too much at once; send it again", headers=said)
        await limits.answer(busy, send, door=self.doors)
