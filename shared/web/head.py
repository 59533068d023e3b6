"""HEAD, wherever there is GET: probes and proxies ask so.

Promises: the answer is that of a GET, its headers too, without the body.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ROUTE = "route"


class HeadAsGet:
    """Has a HEAD answered by the route of the GET; the server still knows it as a HEAD."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        asked = {**scope, "method": "GET"}
        try:
            await self._app(asked, receive, sending)
        finally:
            if _ROUTE in asked:
                scope[_ROUTE] = asked[_ROUTE]
