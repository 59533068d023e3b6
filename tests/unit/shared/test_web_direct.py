"""Requests that come whole are answered past ASGI, and all others as if nobody did that."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Iterator
from socket import SO_LINGER, SOL_SOCKET
from struct import pack

import pytest
import structlog

from shared.observe import logs
from shared.web import server
from tests.unit.shared.at_direct import HEAD, WHOLE, Served, serving, turns


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
async def served() -> AsyncIterator[Served]:
    async with serving() as found:
        yield found


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
        await turns()
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
        assert b'"success":false' in answered
        assert b'"code":"internal"' in answered
    assert '"types":["KeyError"]' in log.getvalue()
    async with served.client() as client:
        assert await client.ask(WHOLE) == ("direct", b"hello")


async def test_requests_whose_senders_are_gone_still_count_as_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_MAX_CONNECTIONS", 3)
    async with serving() as served:
        served.hot.may_answer.clear()
        for _ in range(3):
            async with served.client() as gone:
                gone.writer.write(WHOLE)
                await served.hot.asked.get()
                # A reset; a sender who only closes is still waited for.
                gone.writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, pack("ii", 1, 0))
            await turns()
        async with served.client() as client:
            client.writer.write(WHOLE)
            assert (await client.reader.read()).startswith(b"HTTP/1.1 503")
        served.hot.may_answer.set()
        await turns()
        async with served.client() as client:
            assert await client.ask(WHOLE) == ("direct", b"hello")


async def test_who_asks_in_the_same_moment_as_somebody_that_fails_is_answered(served: Served, log: io.StringIO) -> None:
    async with served.client() as before, served.client() as failing, served.client() as after:
        before.writer.write(WHOLE)
        failing.writer.write(WHOLE.replace(b"hello", b"error"))
        after.writer.write(WHOLE)
        assert await before.read() == await after.read() == ("direct", b"hello")
        assert (await failing.reader.read()).startswith(b"HTTP/1.1 500")


async def test_who_reads_no_answers_is_not_answered_on_and_on(served: Served) -> None:
    served.hot.answers = 100_000  # times what was sent: more than a socket takes, after some
    async with served.client() as client:
        for _ in range(60):
            client.writer.write(WHOLE)
            await client.writer.drain()
            await turns()
        answered = [await client.read() for _ in range(60)]
    ways = [way for way, _ in answered]
    assert ways[0] == "direct"
    assert "asgi" in ways  # where an app waits until what was said before has been read
    assert {body.count(b"hello") for way, body in answered if way == "direct"} == {100_000}


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
        await turns()
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
