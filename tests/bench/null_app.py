"""The measure of the doors: an app that reads the body and answers, on the same server with the same settings.

Run as a program with a port; SIGTERM ends it.
"""

import asyncio
import signal
import sys
from typing import Any

import uvloop

from shared.web.server import keep_freed_memory, listen, relax_garbage_collector, serve

_HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"16")]
_BODY = b'{"success":true}'


async def null_app(scope: Any, receive: Any, send: Any) -> None:
    """Read all, say yes."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    while (await receive()).get("more_body"):
        continue
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _BODY})


async def _lifespan(receive: Any, send: Any) -> None:
    for stage in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{stage}.complete"})


async def main(port: int) -> None:
    """Serve until SIGTERM."""
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    relax_garbage_collector()
    keep_freed_memory()
    await serve(null_app, listen("127.0.0.1", port), stopping)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
