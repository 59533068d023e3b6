"""Around every request: an id on its answer, one wide line in the log, its time in the metrics.

The line names the route, never the path or the query, which hold what was asked for. Pure ASGI: nothing is
buffered, and a request that is cancelled is cancelled all the way down.
"""

import re
import time
from collections.abc import Iterable
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import FilteringBoundLogger

from shared.observe import wide
from shared.observe.metrics import Metrics
from shared.web.ids import draw_request_id

_CLIENT_ID: Final = re.compile(rb"[A-Za-z0-9-]{1,64}")
_UNROUTED: Final = "(none)"
_PROBES: Final = frozenset(("/healthz", "/readyz", "/metrics"))
_METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_UNANSWERED: Final = 500
"""What a request counts as that failed or was cut short before any answer of its own."""


class RequestRecord:
    """Outermost of our layers."""

    def __init__(self, app: ASGIApp, log: FilteringBoundLogger, metrics: Metrics) -> None:
        self._app = app
        self._log = log
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope["headers"])
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.bind_contextvars(request_id=request_id)
        status = _UNANSWERED

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            await send(message)

        started = time.perf_counter()
        method = scope["method"] if scope["method"] in _METHODS else "other"
        try:
            if scope["path"] in _PROBES:
                await self._app(scope, receive, sending)
            else:
                with wide.unit(self._log, "request", method=method) as line:
                    try:
                        await self._app(scope, receive, sending)
                    finally:
                        line.add(route=_route(scope), status=status)
        finally:
            seconds = time.perf_counter() - started
            self._metrics.requests.labels(method, _route(scope), status).observe(seconds)


def _request_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The client's own id where it is one that can do no harm, else a new one."""
    for name, value in headers:
        if name == b"x-request-id" and _CLIENT_ID.fullmatch(value):
            return value.decode()
    return draw_request_id()


def _route(scope: Scope) -> str:
    """The route's template; what no route knows may hold anything, and has no name."""
    path: object = getattr(scope.get("route"), "path", _UNROUTED)
    return str(path)
