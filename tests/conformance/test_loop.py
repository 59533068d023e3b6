"""The loop, the inbox, the relay and commands on both stores."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from shared.contracts.records import Outgoing
from shared.db import outbox
from shared.db.engine import Database, open_database, sqlite_url
from shared.runtime.relay import Relay
from shared.testing.inbox_suite import InboxSuite
from shared.testing.loop_suite import COUNTED, LoopSuite, World
from shared.testing.relay_suite import RelaySuite
from shared.testing.store_suite import SERVICE, Opened, make_tables


@asynccontextmanager
async def store_at(url: str) -> AsyncIterator[Opened]:
    """The store at an address, with the tables of the suites."""
    async with AsyncExitStack() as stack:

        def open_one() -> Database:
            database = open_database(url, SERVICE, pool_size=4)
            stack.push_async_callback(database.close)
            return database

        await make_tables(open_one())
        yield open_one


class OnSqlite:
    @pytest.fixture
    async def opened(self, tmp_path: Path) -> AsyncIterator[Opened]:
        async with store_at(sqlite_url(tmp_path, SERVICE)) as opened:
            yield opened


class OnPostgresql:
    @pytest.fixture
    async def opened(self, postgres_url: str) -> AsyncIterator[Opened]:
        async with store_at(postgres_url) as opened:
            yield opened


class TestLoopOnSqlite(OnSqlite, LoopSuite): ...


class TestLoopOnPostgresql(OnPostgresql, LoopSuite): ...


class TestRelayOnSqlite(OnSqlite, RelaySuite):
    async def test_nothing_leaves_before_what_led_to_it_is_on_disk(self, world: World, tmp_path: Path) -> None:
        relay, written = Relay(world.log, world.database), tmp_path / f"{SERVICE}.db-wal"
        async with world.database.hold("outbox") as held:
            assert held is not None
            await relay.take_over(held)
            for value in (b"1", b"2"):
                async with world.database.work(durable=False) as work:
                    await outbox.add(work, [Outgoing(COUNTED, b"k", value)])
                before = written.stat().st_size
                assert await Relay(world.log, world.database).turn(held) > 0
                assert written.stat().st_size > before, "SQLite syncs no commit that writes nothing"


class TestRelayOnPostgresql(OnPostgresql, RelaySuite): ...


class TestInboxOnSqlite(OnSqlite, InboxSuite): ...


class TestInboxOnPostgresql(OnPostgresql, InboxSuite): ...
