"""PostgreSQL under the store's suite, and what only a server does: sessions that die, locks between processes."""

# ruff: noqa: PT012 - a unit of work is a block, and it is its end that fails

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from typing import Any

import asyncpg
import pytest
from sqlalchemy import select

from shared.db import outbox
from shared.db.engine import Database, Held, open_database
from shared.db.work import Work
from shared.kernel.errors import TryLater
from shared.testing.store_suite import (
    IGNORE,
    REPLACE,
    SERVICE,
    THINGS,
    Opened,
    StoreSuite,
    make_tables,
    outgoing,
    things,
    write,
)
from tests.parts.machine import free_ports

SECONDS = 20.0
_END_OTHERS = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE pid <> pg_backend_pid() AND datname = current_database()"
)


async def end_all_others(database: Database) -> None:
    """Kill every session on the database but the one that asks."""
    async with database.work() as work:
        await work.rows(_END_OTHERS)


def listen_in(work: Work) -> list[str]:
    """The first word of all that the session of a unit of work asks of the server; it is told a moment later."""
    asked: list[str] = []
    session: Any = work._session  # noqa: SLF001 - to listen in
    session.driver.add_query_logger(lambda query: asked.append(query.query.split()[0].rstrip(";")))
    return asked


async def until_waits(database: Database) -> None:
    """Return once some session waits for a lock."""
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    async with asyncio.timeout(SECONDS):
        while True:
            async with database.read() as reader:
                if await reader.scalar(waits):
                    return


class TestPostgresqlStore(StoreSuite):
    @pytest.fixture
    async def opened(self, postgres_url: str) -> AsyncIterator[Opened]:
        async with AsyncExitStack() as stack:

            def open_one() -> Database:
                database = open_database(postgres_url, SERVICE, pool_size=4)
                stack.push_async_callback(database.close)
                return database

            await make_tables(open_one())
            yield open_one

    async def test_a_row_of_a_slow_transaction_is_sent_though_later_ids_went_first(self, opened: Opened) -> None:
        slow, quick = opened(), opened()
        async with slow.work() as lingering:
            await outbox.add(lingering, [outgoing("slow")])
            async with quick.work() as work:
                await outbox.add(work, [outgoing("quick")])
            async with quick.work() as work:
                (first,) = await outbox.waiting(work, 9)
                await outbox.sent(work, [first.id])
        async with quick.work() as work:
            (second,) = await outbox.waiting(work, 9)
        assert (first.record.value, second.record.value) == (b"quick", b"slow")
        assert second.id < first.id

    async def test_a_lock_is_one_processs_alone_and_the_next_ones_when_it_lets_go(self, opened: Opened) -> None:
        one, other = opened(), opened()
        async with one.hold("relay") as held:
            assert held is not None
            async with other.hold("relay") as refused, other.hold("another") as free:
                assert refused is None
                assert free is not None
        assert await _is_free(other)

    async def test_a_lock_is_let_go_where_its_holder_fails(self, opened: Opened) -> None:
        one, other = opened(), opened()
        with pytest.raises(ValueError, match="no"):
            async with one.hold("relay"):
                raise ValueError("no")
        assert await _is_free(other)

    async def test_whoever_lost_the_lock_can_no_longer_work_under_it(self, opened: Opened) -> None:
        one, other = opened(), opened()
        with pytest.raises(TryLater):
            async with one.hold("relay") as held:
                assert held is not None
                await end_all_others(other)
                async with other.hold("relay") as taken:
                    assert taken is not None
                    async with held.work() as work:
                        await work.write(IGNORE, [("a", "x", 1)])
        assert await things(other) == {}

    async def test_work_whose_session_was_killed_is_for_later_and_the_store_goes_on(self, opened: Opened) -> None:
        one, other = opened(), opened()
        with pytest.raises(TryLater):
            async with one.work() as work:
                await work.write(IGNORE, [("a", "x", 1)])
                await end_all_others(other)
                await work.write(IGNORE, [("b", "x", 1)])
        await write(one, IGNORE, ("c", "x", 1))
        assert set(await things(one)) == {"c"}

    async def test_a_commit_whose_session_was_killed_is_for_later(self, opened: Opened) -> None:
        one, other = opened(), opened()
        with pytest.raises(TryLater):
            async with one.work() as work:
                await work.write(IGNORE, [("a", "x", 1)])
                await end_all_others(other)
        assert await things(other) == {}

    async def test_a_pool_of_killed_sessions_heals_by_itself(self, opened: Opened) -> None:
        one, other = opened(), opened()
        await asyncio.gather(*(things(one) for _ in range(4)))
        await end_all_others(other)
        await asyncio.gather(*(things(one) for _ in range(4)))

    async def test_the_server_is_asked_nothing_but_the_transaction_itself(self, opened: Opened) -> None:
        database = opened()
        async with database.work() as work:
            asked = listen_in(work)
            await work.write(IGNORE, [("a", "x", 1)])  # the driver has asked for the types by now
        await write(database, IGNORE, ("b", "x", 1))
        await things(database)
        await things(database)  # the driver tells a moment later
        since = asked.index("COMMIT")
        assert asked[since : since + 7] == ["COMMIT", "BEGIN", "INSERT", "COMMIT", "BEGIN", "SELECT", "ROLLBACK"]

    async def test_a_look_under_a_lock_is_one_statement(self, opened: Opened) -> None:
        async with opened().hold("relay") as held:
            assert held is not None
            async with held.work() as work:
                asked = listen_in(work)
                await work.write(IGNORE, [("a", "x", 1)])
            async with held.read() as reader:
                await outbox.waiting(reader, 9)
            for _ in range(2):  # the driver tells a moment later
                async with held.work() as work:
                    await work.write(IGNORE, [("b", "x", 1)])
        since = asked.index("COMMIT")
        assert asked[since : since + 5] == ["COMMIT", "SELECT", "BEGIN", "INSERT", "COMMIT"]

    async def test_two_who_wait_for_each_other_are_told_to_try_later(self, opened: Opened) -> None:
        database = opened()
        await write(database, IGNORE, ("a", "x", 0), ("b", "x", 0))
        both_hold = asyncio.Barrier(2)

        async def takes(first: str, second: str) -> None:
            async with database.work() as work:
                await work.write(REPLACE, [(first, "y", 1)])
                async with asyncio.timeout(SECONDS):
                    await both_hold.wait()
                await work.write(REPLACE, [(second, "y", 1)])

        ends = await asyncio.gather(takes("a", "b"), takes("b", "a"), return_exceptions=True)
        assert [type(end) for end in ends if end is not None] == [TryLater]

    async def test_a_statement_that_takes_too_long_is_for_later(self, opened: Opened) -> None:
        database = opened()
        with pytest.raises(TryLater):
            async with database.work() as work:
                await work.execute("SET LOCAL statement_timeout = '10ms'")
                await work.rows("SELECT pg_sleep(10)")
        assert await things(database) == {}

    async def test_a_lock_that_is_not_had_in_time_is_for_later(self, opened: Opened) -> None:
        database = opened()
        await write(database, IGNORE, ("a", "x", 0))
        async with database.work() as holder:
            await holder.write(REPLACE, [("a", "y", 1)])
            with pytest.raises(TryLater):
                async with database.work() as work:
                    await work.execute("SET LOCAL lock_timeout = '10ms'")
                    await work.write(REPLACE, [("a", "z", 1)])

    async def test_a_server_that_takes_no_writes_for_now_is_for_later(self, opened: Opened) -> None:
        database = opened()
        with pytest.raises(TryLater):
            async with database.work() as work:
                await work.execute("SET TRANSACTION READ ONLY")  # as all are on a standby
                await work.write(IGNORE, [("a", "x", 1)])
        await write(database, IGNORE, ("b", "x", 1))
        assert set(await things(database)) == {"b"}

    async def test_a_server_that_is_not_there_is_for_later(self) -> None:
        (port,) = free_ports(1)
        database = open_database(f"postgresql://nobody@127.0.0.1:{port}/nothing", SERVICE)
        for door in (database.work, database.read):
            with pytest.raises(TryLater):
                async with door():
                    raise AssertionError
        with pytest.raises(TryLater):
            async with database.hold("relay"):
                raise AssertionError
        await database.close()

    async def test_a_statement_that_is_wrong_is_nobodys_fault_but_ours(self, opened: Opened) -> None:
        database = opened()
        for wrong in ("SELECT nothing FROM things", "INSERT INTO things (id) VALUES ('a')", "SELECT 1 / 0"):
            with pytest.raises(Exception, match=r"nothing|null value|division") as refused:
                async with database.work() as work:
                    await work.rows(wrong)
            assert not isinstance(refused.value, TryLater)

    async def test_a_value_that_no_column_takes_is_nobodys_fault_but_ours(self, opened: Opened) -> None:
        database = opened()
        with pytest.raises(asyncpg.DataError):
            await write(database, IGNORE, ("a", "x", 2**70))
        assert await things(database) == {}

    async def test_what_had_failed_is_not_taken_for_committed(self, opened: Opened) -> None:
        database = opened()
        with pytest.raises(TryLater):
            async with database.work() as work:
                await work.write(IGNORE, [("a", "x", 1)])
                with suppress(asyncpg.PostgresError):
                    await work.rows("SELECT 1 / 0")
        assert await things(database) == {}

    async def test_who_finds_no_session_free_is_told_to_try_later(self, opened: Opened) -> None:
        database = opened()
        async with AsyncExitStack() as stack:
            for _ in range(8):
                await stack.enter_async_context(database.read())
            with pytest.raises(TryLater):
                await things(database)
        assert await things(database) == {}

    async def test_work_cancelled_while_it_waits_for_a_lock_gives_its_session_back(self, opened: Opened) -> None:
        one, other = opened(), opened()
        await write(one, IGNORE, ("a", "x", 0))
        async with one.work() as holder:
            await holder.locked(select(THINGS))
            for _ in range(10):
                waiting = asyncio.create_task(write(other, REPLACE, ("a", "y", 1)))
                await until_waits(one)
                waiting.cancel()
                await asyncio.wait([waiting])
                assert waiting.cancelled()
        await write(other, REPLACE, ("a", "z", 2))
        assert await things(one) == {"a": ("z", 2)}


async def _is_free(database: Database) -> bool:
    """Whether the lock can be had soon: it goes with its session, whose end the server has to notice."""
    held: Held | None = None
    with suppress(TimeoutError):
        async with asyncio.timeout(10):
            while held is None:
                async with database.hold("relay") as held:
                    pass
    return held is not None
