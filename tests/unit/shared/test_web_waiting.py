"""A connection is left when nothing whole has come over it for as long as one may rest."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from shared.web import server
from tests.unit.shared.at_direct import HEAD, WHOLE, Served, serving


@pytest.fixture
async def served(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    monkeypatch.setattr(server, "_KEEP_ALIVE_SECONDS", request.param)
    async with serving() as found:
        yield found


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


@pytest.mark.parametrize("served", [0.1], indirect=True)
async def test_a_connection_that_waits_for_its_answer_does_not_rest(served: Served) -> None:
    async with served.client() as client:
        await client.ask(WHOLE)
        served.hot.may_answer.clear()
        client.writer.write(WHOLE)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.reader.read(1), 0.3)
        served.hot.may_answer.set()
        assert await client.read() == ("direct", b"hello")


@pytest.mark.parametrize("served", [0.3], indirect=True)
@pytest.mark.parametrize("after", [b"", WHOLE, WHOLE.replace(b"/v1/hot", b"/v1/cold")])
@pytest.mark.parametrize("head", [HEAD, HEAD[:1]])
async def test_a_head_that_is_not_whole_in_time_is_refused(served: Served, after: bytes, head: bytes) -> None:
    async with served.client() as client:
        if after:
            await client.ask(after)
        client.writer.write(head)
        answered = await client.reader.read()
    assert answered.startswith(b"HTTP/1.1 408")
    assert b'"success":false' in answered


@pytest.mark.parametrize("served", [0.2], indirect=True)
@pytest.mark.parametrize("after", [b"", WHOLE, WHOLE.replace(b"/v1/hot", b"/v1/cold")])
async def test_empty_lines_are_no_head_and_keep_no_connection(served: Served, after: bytes) -> None:
    async with served.client() as client:
        if after:
            await client.ask(after)
        client.writer.write(b"\r\n")
        assert await client.reader.read() == b""


@pytest.mark.parametrize("served", [0.2], indirect=True)
async def test_a_head_that_comes_by_the_byte_has_no_more_time(served: Served) -> None:
    async with served.client() as client:
        client.writer.write(HEAD + b"X-Some: ")
        first = b""
        while not first:
            client.writer.write(b"v")
            with suppress(TimeoutError):
                first = await asyncio.wait_for(client.reader.read(9), 0.02)
    assert first == b"HTTP/1.1 "


@pytest.mark.parametrize("served", [0.2], indirect=True)
async def test_a_head_behind_an_answer_under_way_waits_for_that_first(served: Served) -> None:
    served.hot.may_answer.clear()
    async with served.client() as client:
        client.writer.write(WHOLE + HEAD)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.reader.read(1), 0.5)
        served.hot.may_answer.set()
        assert await client.read() == ("direct", b"hello")
        assert (await client.reader.read()).startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize("served", [1.0], indirect=True)
async def test_a_head_begun_after_a_rest_has_its_own_time(served: Served) -> None:
    loop = asyncio.get_running_loop()
    async with served.client() as client:
        await client.ask(WHOLE)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.reader.read(1), 0.6)
        begins = loop.time()
        client.writer.write(HEAD)
        assert (await client.reader.read()).startswith(b"HTTP/1.1 408")
        assert loop.time() - begins > 0.8


@pytest.mark.parametrize("served", [0.2], indirect=True)
async def test_what_is_left_of_a_body_that_was_answered_keeps_no_connection(served: Served) -> None:
    async with served.client() as client:
        client.writer.write(HEAD.replace(b"/hot", b"/early") + b"Content-Length: 5\r\n\r\nhe")
        assert await client.read() == ("asgi", b"")
        client.writer.write(b"l")
        assert await client.reader.read() == b""
