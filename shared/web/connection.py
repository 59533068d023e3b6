"""A connection: uvicorn's protocol, but for what it says by itself.

Promises: what cannot be read as HTTP, what ends early, a head that is too slow and what is too much at once are
answered with a problem; who brings none is left; who says that nothing more will come is still answered, and who sends
while the server stops is, once more. Leaves out: everything an app answers, and how long a body may take.
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
_LATE: Final = Problem(HTTPStatus.REQUEST_TIMEOUT, "too_slow", "the head of the request did not arrive in time")
_ENDED: Final = Problem(HTTPStatus.BAD_REQUEST, "body_ended", "the body ended before its length, or its last chunk")


class Shared(ServerState):
    """What all connections of a server know: who the others are, and whether the server is about to stop."""

    def __init__(self) -> None:
        super().__init__()
        self.stopping = False
        self.left = asyncio.Event()
        """Is set when the last of them has gone."""
        self.owed: set[Connection] = set()
        """Connections whose request is under way without a task; the request may outlive them."""


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
        self._waits_since: float | None = None
        """For a whole head: since it began, or since there was nothing else to wait for."""
        self._in_head = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._wait_for_a_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._begin_head()

    def on_headers_complete(self) -> None:
        self._end_head()
        self.app = self._too_busy if self._is_full() else self.config.loaded_app
        super().on_headers_complete()
        if self.server_state.stopping:
            self.cycle.keep_alive = False

    def say_goodbye(self) -> None:
        """Have the next answer, or the one that is due, be the last, and say so."""
        if self._owes_an_answer():
            self.cycle.keep_alive = False

    def on_response_complete(self) -> None:
        if self.pipeline:
            super().on_response_complete()
            return
        self.server_state.total_requests += 1
        if not self.transport.is_closing():
            self.flow.resume_reading()
            self._wait_for_a_head()

    def timeout_keep_alive_handler(self) -> None:
        """Look at what happened since: there is one timer for a connection, not one for each answer."""
        self.timeout_keep_alive_task = None
        if self._waits_since is None or self._owes_an_answer():
            return
        left = self._waits_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._look_again_in(left)
        elif self._in_head and not self.transport.is_closing():
            self._refuse(_LATE)
        else:
            super().timeout_keep_alive_handler()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        super()._unset_keepalive_if_required()
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

    def _is_full(self) -> bool:
        most = self._most
        return len(self.connections) >= most or len(self.tasks) + len(self.server_state.owed) >= most

    def _begin_head(self) -> None:
        self._in_head = True
        self._waits_since = self.loop.time()

    def _end_head(self) -> None:
        self._in_head = False
        self._waits_since = None

    def _wait_for_a_head(self) -> None:
        self._waits_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._look_again_in(self.timeout_keep_alive)

    def _look_again_in(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _unset_keepalive_if_required(self) -> None:
        """Bytes are no reason to wait longer: a head is."""

    def _owes_an_answer(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

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
