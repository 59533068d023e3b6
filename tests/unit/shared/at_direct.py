"""A server of two ways, direct and ASGI, and somebody who speaks to it in bytes."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from starlette.types import Receive, Scope, Send

from shared.web.direct import Answer, Respond, Whole
from shared.web.server import listen, port_of, serve

HEAD = b"POST /v1/hot HTTP/1.1\r\nHost: a\r\n"
WHOLE = HEAD + b"Content-Length: 5\r\n\r\nhello"


class Hot:
    """Answers at once, or when it is let go, with what it was asked, so many times."""

    paths = ("/v1/hot",)

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.asked: asyncio.Queue[Whole] = asyncio.Queue()
        self.header = (b"x-way", b"direct")
        self.answers = 1
        self._later: list[asyncio.Task[None]] = []

    def answer(self, request: Whole, respond: Respond) -> Iterator[None]:
        self.asked.put_nowait(request)
        yield
        if request.body == b"error":
            raise KeyError(request.body)
        body = request.body * self.answers
        answer = Answer(200, [self.header, (b"content-length", b"%d" % len(body))], body)
        if self.may_answer.is_set():
            respond(answer)
        else:
            self._later.append(asyncio.create_task(self._answer_when_it_may(answer, respond)))

    async def _answer_when_it_may(self, answer: Answer, respond: Respond) -> None:
        await self.may_answer.wait()
        respond(answer)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Says that the request went the ASGI way, and what its body was, where it is not answered before that came."""
    if scope["type"] == "lifespan":
        for word in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{word}.complete"})
        return
    body = b""
    while scope["path"] != "/v1/early":
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = [(b"x-way", b"asgi"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def read(self) -> tuple[str, bytes]:
        """Which way the next answer came, and its body."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        said = dict(line.split(": ", 1) for line in head.split("\r\n")[1:-2])
        return said["x-way"], await self.reader.readexactly(int(said["content-length"]))

    async def ask(self, *pieces: bytes) -> tuple[str, bytes]:
        """The answer to a request that is sent in pieces, each after the one before was taken."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            await asyncio.wait_for(turns(), 10)
        return await self.read()


async def turns() -> None:
    """Let a server in this loop take what was sent to it."""
    loop = asyncio.get_running_loop()
    for _ in range(20):
        woken = loop.create_future()
        loop.call_soon(woken.set_result, None)
        await woken


class Served:
    """A server and where it listens."""

    def __init__(self, hot: Hot, port: int, told: asyncio.Event, serving: asyncio.Task[None]) -> None:
        self.hot = hot
        self.port = port
        self.told = told
        self.serving = serving

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        async with asyncio.timeout(20):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                yield Client(reader, writer)
            finally:
                writer.close()


@asynccontextmanager
async def serving() -> AsyncIterator[Served]:
    """A server that listens, and stops after the block whatever it still owes."""
    hot, told = Hot(), asyncio.Event()
    listener = listen("127.0.0.1", 0)
    port = port_of(listener)
    running = asyncio.create_task(serve(app, listener, told, direct=hot))
    yield Served(hot, port, told, running)
    told.set()
    hot.may_answer.set()
    async with asyncio.timeout(20):
        await running
