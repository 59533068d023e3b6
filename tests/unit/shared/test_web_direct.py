"""Requests that come whole are answered past ASGI, and all others as if nobody did that."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
import structlog
from starlette.types import Receive, Scope, Send

from shared.observe import logs
from shared.web import server
from shared.web.direct import Answer, Whole
from shared.web.server import listen, port_of, serve

HEAD = b"POST /v1/hot HTTP/1.1\r\nHost: a\r\n"
WHOLE = HEAD + b"Content-Length: 5\r\n\r\nhello"


class Hot:
    """Answers at once, or when it is let go, with what it was asked."""

    paths = ("/v1/hot",)

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.asked: asyncio.Queue[Whole] = asyncio.Queue()
        self.header = (b"x-way", b"direct")

    async def answer(self, request: Whole) -> Answer:
        self.asked.put_nowait(request)
        await self.may_answer.wait()
        if request.body == b"error":
            raise KeyError(request.body)
        return Answer(200, [self.header, (b"content-length", b"%d" % len(request.body))], request.body)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Says that the request went the ASGI way, and what its body was."""
    if scope["type"] == "lifespan":
        for word in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{word}.complete"})
        return
    body = b""
    while True:
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
            await asyncio.wait_for(_turns(), 10)
        return await self.read()


async def _turns() -> None:
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


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = (root.handlers, root.level)
    stream = io.StringIO()
    logs.configure("info", stream)
    yield stream
    root.handlers, root.level = before
    structlog.reset_defaults()


@pytest.fixture
async def served(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    monkeypatch.setattr(server, "_KEEP_ALIVE_SECONDS", getattr(request, "param", 75))
    hot, told = Hot(), asyncio.Event()
    listener = listen("127.0.0.1", 0)
    port = port_of(listener)
    serving = asyncio.create_task(serve(app, listener, told, direct=hot))
    yield Served(hot, port, told, serving)
    told.set()
    hot.may_answer.set()
    async with asyncio.timeout(20):
        await serving


async def test_a_whole_request_is_answered_past_the_app(served: Served) -> None:
    async with served.client() as client:
        asked = WHOLE.replace(b"/hot", b"/hot?k=1").replace(b"Host", b"X-Some: v\r\nHost")
        assert await client.ask(asked) == ("direct", b"hello")
        assert await client.ask(WHOLE) == ("direct", b"hello")
    request = served.hot.asked.get_nowait()
    assert (request.path, request.query, request.body) == ("/v1/hot", b"k=1", b"hello")
    assert (request.headers[b"x-some"], request.headers[b"content-length"]) == (b"v", b"5")


async def test_a_chunked_body_in_one_piece_is_whole(served: Served) -> None:
    async with served.client() as client:
        chunks = b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
        assert await client.ask(HEAD + chunks) == ("direct", b"hello")


@pytest.mark.parametrize(
    "request_bytes",
    [
        WHOLE.replace(b"/v1/hot", b"/v1/cold"),
        WHOLE.replace(b"/v1/hot", b"/v1/hot/"),
        WHOLE.replace(b"POST", b"PUT"),
        WHOLE.replace(b"Host", b"Connection: close\r\nHost"),
        WHOLE.replace(b"HTTP/1.1", b"HTTP/1.0"),
    ],
)
async def test_what_is_no_plain_post_to_a_direct_path_goes_to_the_app(served: Served, request_bytes: bytes) -> None:
    async with served.client() as client:
        assert await client.ask(request_bytes) == ("asgi", b"hello")


@pytest.mark.parametrize("cut", [3, len(HEAD), len(WHOLE) - 5, len(WHOLE) - 2])
async def test_a_request_in_pieces_arrives_whole_whichever_way_it_goes(served: Served, cut: int) -> None:
    async with served.client() as client:
        _, body = await client.ask(WHOLE[:cut], WHOLE[cut:])
        assert body == b"hello"
        assert await client.ask(WHOLE) == ("direct", b"hello")


async def test_a_body_that_is_still_on_its_way_goes_to_the_app(served: Served) -> None:
    async with served.client() as client:
        client.writer.write(WHOLE[:-2])
        await client.writer.drain()
        await _turns()
        client.writer.write(WHOLE[-2:])
        assert await client.read() == ("asgi", b"hello")


async def test_a_sender_who_asks_first_is_told_to_go_on(served: Served) -> None:
    async with served.client() as client:
        client.writer.write(HEAD + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        assert (await client.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
        client.writer.write(b"hello")
        assert await client.read() == ("asgi", b"hello")


async def test_pipelined_requests_are_answered_in_their_order(served: Served) -> None:
    served.hot.may_answer.clear()
    async with served.client() as client:
        client.writer.write(WHOLE + WHOLE.replace(b"hello", b"world") + WHOLE.replace(b"hello", b"third"))
        await served.hot.asked.get()
        served.hot.may_answer.set()
        assert [await client.read() for _ in range(3)] == [
            ("direct", b"hello"), ("asgi", b"world"), ("asgi", b"third"),
        ]  # fmt: skip
        assert await client.ask(WHOLE) == ("direct", b"hello")


async def test_a_server_that_stops_waits_for_the_answer_it_owes(served: Served) -> None:
    served.hot.may_answer.clear()
    async with served.client() as client:
        client.writer.write(WHOLE)
        await served.hot.asked.get()
        served.told.set()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(served.serving), 0.3)
        served.hot.may_answer.set()
        answered = await client.reader.read()
    assert answered.endswith(b"hello")
    assert b"connection: close" in answered


@pytest.mark.parametrize("path", [b"/v1/hot", b"/v1/cold"])
async def test_a_server_that_stops_answers_once_more_on_a_connection_that_rests(served: Served, path: bytes) -> None:
    """Who sends on it at that moment would find it closed, and not know whether the request was taken."""
    asked = WHOLE.replace(b"/v1/hot", path)
    async with served.client() as client, served.client() as fresh:
        await client.ask(asked)
        served.told.set()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.reader.read(1), 0.3)
        for one in (client, fresh):
            one.writer.write(asked)
            answered = await one.reader.read()
            assert answered.startswith(b"HTTP/1.1 200")
            assert b"connection: close" in answered
        async with asyncio.timeout(1):
            await served.serving


async def test_who_connects_to_a_server_that_stops_is_told_to_leave(served: Served) -> None:
    async with served.client() as resting:
        await resting.ask(WHOLE)
        served.told.set()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(resting.reader.read(1), 0.3)
        async with served.client() as late:
            late.writer.write(WHOLE)
            answered = await late.reader.read()
        assert answered.startswith(b"HTTP/1.1 200")
        assert b"connection: close" in answered


async def test_a_server_that_stops_does_not_wait_for_who_says_nothing(served: Served) -> None:
    async with served.client() as silent:
        await silent.ask(WHOLE)
        served.told.set()
        async with asyncio.timeout(5):
            await served.serving
        assert await silent.reader.read() == b""


async def test_a_sender_who_hangs_up_harms_nobody(served: Served, log: io.StringIO) -> None:
    served.hot.may_answer.clear()
    async with served.client() as gone:
        gone.writer.write(WHOLE)
        await served.hot.asked.get()
    served.hot.may_answer.set()
    async with served.client() as client:
        assert await client.ask(WHOLE) == ("direct", b"hello")
    assert "Exception" not in log.getvalue()


async def test_an_error_is_one_request_and_leaves_no_trace_of_what_was_sent(served: Served, log: io.StringIO) -> None:
    async with served.client() as client:
        client.writer.write(WHOLE.replace(b"hello", b"error"))
        answered = await client.reader.read()
        assert answered.startswith(b"HTTP/1.1 500")
        assert b"connection: close" in answered
    assert '"types":["KeyError"]' in log.getvalue()
    async with served.client() as client:
        assert await client.ask(WHOLE) == ("direct", b"hello")


async def test_a_header_cannot_begin_another(served: Served, log: io.StringIO) -> None:
    served.hot.header = (b"x-way", b"direct\r\nset-cookie: a")
    async with served.client() as client:
        client.writer.write(WHOLE)
        assert b"set-cookie" not in await client.reader.read()


async def test_what_is_no_http_is_refused(served: Served, log: io.StringIO) -> None:
    async with served.client() as client:
        client.writer.write(b"POST /v1/hot HTTP/1.1\r\nContent-Length: x\r\n\r\nhello")
        answered = await client.reader.read()
    assert answered.startswith(b"HTTP/1.1 400")
    assert b"content-type: application/problem+json\r\n" in answered
    assert b"x-request-id: " in answered
    assert b'"success":false' in answered
    assert served.hot.asked.empty()


@pytest.mark.parametrize("path", [b"/v1/hot", b"/v1/cold"])
async def test_who_says_that_nothing_more_will_come_is_still_answered(served: Served, path: bytes) -> None:
    served.hot.may_answer.clear()
    async with served.client() as client:
        client.writer.write(WHOLE.replace(b"/v1/hot", path))
        client.writer.write_eof()
        await _turns()
        served.hot.may_answer.set()
        answered = await client.reader.read()
    assert answered.startswith(b"HTTP/1.1 200")
    assert answered.endswith(b"hello")


@pytest.mark.parametrize(
    "body", [b"Content-Length: 5\r\n\r\nhell", b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"]
)
async def test_a_body_that_ends_early_is_refused_at_once(served: Served, body: bytes) -> None:
    async with served.client() as client:
        client.writer.write(HEAD + body)
        client.writer.write_eof()
        answered = await client.reader.read()
    assert answered.startswith(b"HTTP/1.1 400")
    assert b'"success":false' in answered
    assert served.hot.asked.empty()


async def test_what_is_answered_already_is_not_refused_for_its_early_end(served: Served) -> None:
    async with served.client() as client:
        assert await client.ask(WHOLE) == ("direct", b"hello")
        client.writer.write_eof()
        assert await client.reader.read() == b""


@pytest.mark.parametrize("served", [0.2], indirect=True)
@pytest.mark.parametrize("path", [b"/v1/hot", b"/v1/cold"])
async def test_a_connection_is_closed_when_it_has_rested(served: Served, path: bytes) -> None:
    loop = asyncio.get_running_loop()
    async with served.client() as client:
        for _ in range(3):
            await client.ask(WHOLE.replace(b"/v1/hot", path))
        rests = loop.time()
        assert await client.reader.read() == b""
        assert loop.time() - rests > 0.1


@pytest.mark.parametrize("served", [0.05], indirect=True)
async def test_a_connection_that_waits_for_its_answer_does_not_rest(served: Served) -> None:
    async with served.client() as client:
        await client.ask(WHOLE)
        served.hot.may_answer.clear()
        client.writer.write(WHOLE)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.reader.read(1), 0.3)
        served.hot.may_answer.set()
        assert await client.read() == ("direct", b"hello")
