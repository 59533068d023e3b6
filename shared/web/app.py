"""The HTTP side of a service: its routers behind one set of layers, and the switch to its hot paths.

Layers are pure ASGI, from the outside in: request record, limits, HEAD, problems, routes. Every route is in
`/openapi.json`; there are no pages that load scripts from elsewhere.
"""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import MappingProxyType
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.observe import logs
from shared.web import openapi, problems
from shared.web.auth import Tokens
from shared.web.head import HeadAsGet
from shared.web.health import Health, health_router
from shared.web.limits import RequestLimits
from shared.web.requests import RequestRecord

VERSION: Final = "1"
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def _no_lifespan(_app: FastAPI) -> AsyncIterator[None]:
    yield


def build_app(
    title: str,
    routers: Iterable[APIRouter],
    tokens: Tokens,
    health: Health,
    *,
    doors: Collection[str] = (),
    lifespan: Lifespan = _no_lifespan,
    elsewhere: Mapping[str, Any] = MappingProxyType({}),
) -> FastAPI:
    """The app of a service. Errors on the paths in `doors` are answered as senders of events expect them; `elsewhere`
    are paths that are answered past the app, as `/openapi.json` tells them."""
    app = FastAPI(
        title=title,
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        strict_content_type=False,
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        middleware=[
            Middleware(RequestRecord, log=logs.logger(title), metrics=health.metrics),
            Middleware(RequestLimits, doors=frozenset(doors)),
            Middleware(HeadAsGet),
        ],
    )
    app.state.tokens = tokens
    problems.install(app, frozenset(doors))
    app.include_router(health_router(health))
    for router in routers:
        app.include_router(router)
    described = app.openapi
    app.openapi = lambda: openapi.told(described(), elsewhere)  # type: ignore[method-assign]  # FastAPI's own way
    return app


class PathSwitch:
    """Sends requests for the hot paths to one app, past all layers; everything else, lifespan too, to the other."""

    def __init__(self, first: ASGIApp, paths: Iterable[str], rest: ASGIApp) -> None:
        self._first = first
        self._paths = frozenset(paths)
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] in self._paths:
            await self._first(scope, receive, send)
        else:
            await self._rest(scope, receive, send)
