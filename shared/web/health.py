"""How a process is: alive, ready, measured, caught up.

`/healthz` asks no dependency, so that an outage elsewhere restarts nobody. `/readyz` names every check in
its answer, and that the process ends, where it does. What the checks are is the wiring's business; each gets two
seconds, as has the lag in `/metrics`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from shared.kernel.errors import ThroughlineError
from shared.observe.lag import Lag
from shared.observe.metrics import CONTENT_TYPE, Metrics
from shared.web.auth import Scope, require

Check = Callable[[], Awaitable[str | None]]
"""None where all is well, else what is not, in words that hold no personal data."""

STOPPING: Final = "stopping"
"""What the server sets in the state that requests share, when it was told to end: from then on it is not ready."""
_CHECK_SECONDS: Final = 2.0
_OK: Final = "ok"


@dataclass(frozen=True, slots=True)
class Health:
    """What a process can be asked about itself."""

    metrics: Metrics
    lag: Callable[[], Awaitable[Lag]]
    alive: Callable[[], bool] = lambda: True
    checks: Mapping[str, Check] = field(default_factory=dict)
    metrics_open: bool = False


def health_router(health: Health) -> APIRouter:
    """`/healthz` and `/readyz` for all; `/metrics` and `/v1/lag` for tokens that may read, unless they are open."""
    router = APIRouter(tags=["health"])
    readers = [] if health.metrics_open else [require(Scope.READ)]

    @router.get("/healthz", responses={503: {"description": "The process does not do its work any more."}})
    async def healthz() -> Response:
        alive = health.alive()
        return JSONResponse({"alive": alive}, 200 if alive else 503)

    @router.get("/readyz", responses={503: {"description": "Not ready: some check is not ok."}})
    async def readyz(request: Request) -> Response:
        results = await asyncio.gather(*map(_ask, health.checks.values()))
        checks = dict(zip(health.checks, results, strict=True))
        if hasattr(request.state, STOPPING):
            checks["process"] = "it was told to end"
        ready = all(result == _OK for result in checks.values())
        return JSONResponse({"ready": ready, "checks": checks}, 200 if ready else 503)

    @router.get("/metrics", dependencies=readers)
    async def metrics() -> Response:
        # Where the store cannot be asked, what does not need it is told all the same.
        with suppress(TimeoutError, ThroughlineError, OSError):
            async with asyncio.timeout(_CHECK_SECONDS):
                health.metrics.observe_lag(await health.lag())
        return Response(health.metrics.text(), media_type=CONTENT_TYPE)

    @router.get("/v1/lag", dependencies=readers)
    async def lag() -> dict[str, object]:
        found = await health.lag()
        health.metrics.observe_lag(found)
        return {"caught_up": found.caught_up} | asdict(found)

    return router


async def _ask(check: Check) -> str:
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            return await check() or _OK
    except TimeoutError:
        return "no answer in time"
    except (ThroughlineError, OSError) as error:
        return type(error).__name__
