"""A real server on loopback starts, answers, and stops when it is told."""

import asyncio
import gc
import io
import logging
import platform
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx
import pytest
import structlog
from fastapi import APIRouter, FastAPI

from shared.observe import logs
from shared.observe.lag import Lag
from shared.observe.metrics import Metrics
from shared.web import server
from shared.web.app import build_app
from shared.web.auth import Tokens
from shared.web.credentials import Credentials
from shared.web.health import Health
from shared.web.server import listen, port_of, relax_garbage_collector, serve

CANARY = "pii-canary-7f3@example.test"
TOKENS = Tokens.of(Credentials("wk_1", "sk_1", "tl_1", "secret"))


async def lag() -> Lag:
    return Lag([], outbox=0, work=0)


def app_with_trouble() -> FastAPI:
    router = APIRouter()

    @router.get("/v1/trouble/{what}")
    async def trouble(what: str) -> None:
        raise KeyError(what)

    return build_app("ingest", [router], TOKENS, Health(Metrics(), lag))


_FAULTS = """
from resource import RUSAGE_SELF, getrusage
from shared.web.server import keep_freed_memory
def take(times):
    for _ in range(times):
        bytearray(b"x" * (1 << 20))
keep_freed_memory()
take(3)
before = getrusage(RUSAGE_SELF).ru_minflt
take(20)
print(getrusage(RUSAGE_SELF).ru_minflt - before)
"""
"""Prints how many pages were faulted in for two large blocks that were taken before, twenty times."""


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = (root.handlers, root.level)
    stream = io.StringIO()
    logs.configure("info", stream)
    yield stream
    root.handlers, root.level = before
    structlog.reset_defaults()


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    listener = listen("127.0.0.1", 0)
    address = f"http://127.0.0.1:{port_of(listener)}"
    should_exit = asyncio.Event()
    serving = asyncio.create_task(serve(app, listener, should_exit))
    try:
        yield address
    finally:
        should_exit.set()
        async with asyncio.timeout(10):
            await serving


async def said(address: str, request: bytes) -> bytes:
    """All that is said to these bytes, up to the end of the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(address).port)
    writer.write(request)
    async with asyncio.timeout(10):
        told = await reader.read()
    writer.close()
    await writer.wait_closed()
    return told


async def test_two_servers_in_one_process_answer_and_stop(log: io.StringIO) -> None:
    handler = signal.getsignal(signal.SIGTERM)
    async with served(app_with_trouble()) as one, served(app_with_trouble()) as other, httpx.AsyncClient() as client:
        assert (await client.get(f"{one}/healthz", timeout=10)).status_code == 200
        assert (await client.get(f"{other}/readyz", timeout=10)).json() == {"ready": True, "checks": {}}
        assert signal.getsignal(signal.SIGTERM) is handler
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"{one}/healthz")


async def test_who_asks_while_it_ends_hears_that_it_is_not_ready(log: io.StringIO) -> None:
    listener = listen("127.0.0.1", 0)
    should_exit = asyncio.Event()
    serving = asyncio.create_task(serve(app_with_trouble(), listener, should_exit))
    async with asyncio.timeout(10), httpx.AsyncClient(base_url=f"http://127.0.0.1:{port_of(listener)}") as client:
        while (answer := await client.get("/readyz")).is_success:
            should_exit.set()
        await serving
    assert (answer.status_code, answer.headers["connection"]) == (503, "close")
    assert answer.json() == {"ready": False, "checks": {"process": "it was told to end"}}


async def test_an_unforeseen_error_leaves_no_trace_of_what_was_sent(log: io.StringIO) -> None:
    async with served(app_with_trouble()) as address, httpx.AsyncClient() as client:
        answer = await client.get(f"{address}/v1/trouble/{CANARY}?e={CANARY}", timeout=10)
    assert answer.status_code == 500
    assert "server" not in answer.headers
    assert '"types":["KeyError"]' in log.getvalue()
    assert answer.headers["x-request-id"] in log.getvalue()
    assert "pii-canary" not in answer.text + log.getvalue()


async def test_a_body_too_large_is_answered_without_being_read(log: io.StringIO) -> None:
    async with served(app_with_trouble()) as address:
        told = await said(address, b"POST /v1/lag HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n")
    assert told.startswith(b"HTTP/1.1 413")


async def test_a_head_gets_the_head_of_the_answer_and_the_connection_goes_on(log: io.StringIO) -> None:
    async with served(app_with_trouble()) as address:
        once = b"HEAD /healthz HTTP/1.1\r\nHost: a\r\n"
        told = await said(address, once + b"\r\n" + once + b"Connection: close\r\n\r\n")
    assert told.count(b"HTTP/1.1 200") == told.count(b"content-length: 14\r\n") == 2
    assert b"alive" not in told


async def test_what_is_no_http_is_told_so_in_a_problem(log: io.StringIO) -> None:
    async with served(app_with_trouble()) as address:
        told = await said(address, b"GET /healthz HTTP/1.1\r\nHost a\r\n\r\n")
    assert told.startswith(b"HTTP/1.1 400")
    assert b"content-type: application/problem+json\r\n" in told
    assert b"x-request-id: " in told
    assert b"success" not in told


async def test_too_much_at_once_is_told_so_in_a_problem(log: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_MAX_CONNECTIONS", 1)
    async with served(app_with_trouble()) as address, httpx.AsyncClient() as client:
        answer = await client.get(f"{address}/healthz", timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "2"
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("said_so_far", [b"", b"\r\n\r\n"])
async def test_who_connects_and_says_nothing_is_left(
    log: io.StringIO, monkeypatch: pytest.MonkeyPatch, said_so_far: bytes
) -> None:
    monkeypatch.setattr(server, "_KEEP_ALIVE_SECONDS", 0.1)
    async with served(app_with_trouble()) as address:
        assert await said(address, said_so_far) == b""


@pytest.mark.parametrize("head", [b"G", b"GET /healthz HTTP/1.1\r\nHost: a\r\n"])
async def test_a_head_that_does_not_arrive_in_time_is_told_so(
    log: io.StringIO, monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    monkeypatch.setattr(server, "_KEEP_ALIVE_SECONDS", 0.3)
    async with served(app_with_trouble()) as address:
        told = await said(address, head)
    assert told.startswith(b"HTTP/1.1 408")
    assert b"content-type: application/problem+json\r\n" in told
    assert b"connection: close\r\n" in told
    assert b'"code":"too_slow"' in told


async def test_connections_that_say_nothing_make_room_for_those_who_do(
    log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_KEEP_ALIVE_SECONDS", 1.0)
    monkeypatch.setattr(server, "_MAX_CONNECTIONS", 3)
    async with served(app_with_trouble()) as address, httpx.AsyncClient() as client, asyncio.timeout(10):
        silent = [await asyncio.open_connection("127.0.0.1", httpx.URL(address).port) for _ in range(3)]
        assert (await client.get(f"{address}/healthz")).status_code == 503
        for reader, writer in silent:
            assert await reader.read() == b""
            writer.close()
        assert (await client.get(f"{address}/healthz")).status_code == 200


async def test_an_app_that_does_not_start_is_an_error_and_frees_the_port(log: io.StringIO) -> None:
    def broken(_app: FastAPI) -> AbstractAsyncContextManager[None]:
        raise OSError(CANARY)

    listener = listen("127.0.0.1", 0)
    port = port_of(listener)
    app = build_app("ingest", [], TOKENS, Health(Metrics(), lag), lifespan=broken)
    with pytest.raises(RuntimeError, match="did not start"):
        await serve(app, listener, asyncio.Event())
    listen("127.0.0.1", port).close()
    assert "pii-canary" not in log.getvalue()


async def test_a_server_that_is_cancelled_frees_its_port(log: io.StringIO) -> None:
    listener = listen("127.0.0.1", 0)
    port = port_of(listener)
    serving = asyncio.create_task(serve(app_with_trouble(), listener, asyncio.Event()))
    async with httpx.AsyncClient() as client:
        await client.get(f"http://127.0.0.1:{port}/healthz", timeout=10)
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_a_port_that_is_taken_is_said_at_once() -> None:
    with listen("127.0.0.1", 0) as first, pytest.raises(OSError, match="in use"):
        listen("127.0.0.1", port_of(first))


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library has no such setting")
def test_memory_that_is_freed_is_kept_for_what_comes_next() -> None:
    """In a process of its own: how a process allocates is not changed back."""
    command = (sys.executable, "-c", _FAULTS)
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603 - our own code
    assert int(done.stdout) < 1_000, "given back each time they are some 9,000"


def test_what_start_up_made_is_frozen() -> None:
    before = gc.get_threshold()
    try:
        relax_garbage_collector()
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold() == (50_000, 20, 100)
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
