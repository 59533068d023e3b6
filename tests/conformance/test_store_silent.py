"""A PostgreSQL whose far end falls silent without a word, as where a host or the state of a firewall is lost."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from sqlalchemy import URL, make_url

from shared.db import outbox
from shared.db.engine import Database, open_database
from shared.kernel.errors import TryLater
from shared.testing.store_suite import IGNORE, SERVICE, make_tables, things, write

ANSWER_SECONDS = 1.0
"""Longer than a busy server takes for any statement here."""
SECONDS = 10.0


class Line:
    """Carries bytes to a server and back. What is open may fall silent; what is opened after that is carried again."""

    def __init__(self, url: URL) -> None:
        self._there = (url.host, url.port)
        self._age = 0
        self._carrying: set[asyncio.Task[None]] = set()
        self.unheard = b""
        """What was said to who is silent."""

    def fall_silent(self) -> None:
        """No byte of what is open arrives from now on, and neither does its end."""
        self._age += 1

    def carry(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Carry one connection, until both sides have closed it."""
        self._carrying.add(asyncio.create_task(self._carry(reader, writer)))

    async def _carry(self, reader: StreamReader, writer: StreamWriter) -> None:
        there, to = await asyncio.open_connection(*self._there)
        try:
            await asyncio.gather(self._pump(reader, to, self._age), self._pump(there, writer, self._age))
        finally:
            for one in (to, writer):
                one.close()
            await asyncio.gather(to.wait_closed(), writer.wait_closed(), return_exceptions=True)

    async def _pump(self, reader: StreamReader, writer: StreamWriter, age: int) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                if age == self._age:
                    writer.write(data)
                else:
                    self.unheard += data
        if age == self._age:
            writer.close()

    async def close(self) -> None:
        """Close what is still carried."""
        for task in self._carrying:
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)


@asynccontextmanager
async def told_to_try_later() -> AsyncIterator[None]:
    """A block that ends so, in time."""
    with pytest.raises(TryLater):
        async with asyncio.timeout(SECONDS):
            yield


@pytest.fixture
async def line(postgres_url: str) -> AsyncIterator[Line]:
    line = Line(make_url(postgres_url))
    yield line
    await line.close()


@pytest.fixture
async def database(postgres_url: str, line: Line) -> AsyncIterator[Database]:
    """A store with the suite's tables, reached over the line."""
    server = await asyncio.start_server(line.carry, "127.0.0.1", 0)
    url = make_url(postgres_url).set(host="127.0.0.1", port=server.sockets[0].getsockname()[1])
    database = open_database(
        url.render_as_string(hide_password=False), SERVICE, pool_size=4, answer_seconds=ANSWER_SECONDS
    )
    await make_tables(database)
    yield database
    await database.close()
    server.close()


async def test_who_asks_a_silent_server_is_told_once_and_then_has_a_new_session(database: Database, line: Line) -> None:
    await asyncio.gather(*(things(database) for _ in range(4)))
    line.fall_silent()
    async with told_to_try_later():
        await things(database)
    assert await things(database) == {}


async def test_what_a_silent_server_had_been_told_is_dropped_with_the_session(database: Database, line: Line) -> None:
    async with told_to_try_later(), database.work() as work:
        await work.write(IGNORE, [("a", "x", 1)])
        line.fall_silent()
        await work.write(IGNORE, [("b", "x", 1)])
    assert line.unheard
    assert b"ROLLBACK" not in line.unheard
    await write(database, IGNORE, ("c", "x", 1))
    assert set(await things(database)) == {"c"}


async def test_a_commit_that_a_silent_server_does_not_answer_is_for_later(database: Database, line: Line) -> None:
    async with told_to_try_later(), database.work() as work:
        await work.write(IGNORE, [("a", "x", 1)])
        line.fall_silent()
    assert await things(database) == {}


async def test_who_holds_a_lock_of_a_silent_server_is_told(database: Database, line: Line) -> None:
    async with told_to_try_later(), database.hold("relay") as held:
        assert held is not None
        line.fall_silent()
        async with held.read() as reader:
            await outbox.waiting(reader, 1)
    async with database.hold("another") as held:
        assert held is not None
