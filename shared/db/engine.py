"""A service's store: SQLite in one file, or PostgreSQL in one schema, behind the same three doors.

`work()` commits when its block ends well; `read()` never writes; `hold()` is a lock that one process of all
has, on a connection of its own. SQLite has one writer a file: writers queue in the process.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import Any
from zlib import crc32

from sqlalchemy import URL, Connection, NullPool, event, make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shared.db import sqlite_driver
from shared.db.dialect import DialectName
from shared.db.sqlite_pool import SqlitePool
from shared.db.transactions import OnPostgresql
from shared.db.work import TROUBLE, Reader, Work, reading, translated, writing

_IN_MEMORY = ":memory:"
_POOL_SIZE = 10
_SERVER_SETTINGS = {
    "application_name": "throughline",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "15s",
    "jit": "off",
    # A plan that is kept was made for ten values and a table as small as it was then: for thousands it reads the
    # table once for each, until the statistics are renewed.
    "plan_cache_mode": "force_custom_plan",
}


class Held:
    """A lock that is held, and a connection to work on while it is."""

    def __init__(self, database: "Database", connection: AsyncConnection | None) -> None:
        self._database = database
        self._connection = connection

    @asynccontextmanager
    async def work(self) -> AsyncIterator[Work]:
        """A unit of work on the connection that holds the lock: it fails where the lock was lost."""
        if self._connection is None:
            async with self._database.work() as work:
                yield work
            return
        try:
            _ = await self._connection.execution_options(isolation_level="READ COMMITTED")
            async with self._connection.begin():
                yield Work(OnPostgresql(self._connection))
        except TROUBLE as error:
            raise translated(error) from error

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Reader]:
        """Reads on the same connection. On PostgreSQL each statement by itself: it sees what was committed before it
        either way, and a transaction around it is two more round trips."""
        if self._connection is None:
            async with self._database.read() as reader:
                yield reader
            return
        try:
            _ = await self._connection.execution_options(isolation_level="AUTOCOMMIT")
            async with self._connection.begin():
                yield Reader(OnPostgresql(self._connection))
        except TROUBLE as error:
            raise translated(error) from error


class Database:
    """One service's store. Made by `open_database`."""

    def __init__(
        self,
        url: URL,
        service: str,
        *,
        pool_size: int = _POOL_SIZE,
        file_driver: type[sqlite_driver.Connection] = sqlite_driver.Connection,
    ) -> None:
        self.url = url
        self.service = service
        self.syncs = self.dialect == "postgresql"
        """Whether every commit outlives a power cut, also of a unit of work that need not."""
        self._pool_size = pool_size
        self._file_driver = file_driver
        self._writer = asyncio.Lock()
        self._files = SqlitePool(lambda: file_driver(url.database or _IN_MEMORY))

    @property
    def dialect(self) -> DialectName:
        """What kind of database it is."""
        return "sqlite" if self.url.get_backend_name() == "sqlite" else "postgresql"

    @cached_property
    def engine(self) -> AsyncEngine:
        """SQLAlchemy's own. A SQLite file needs one for its migrations alone."""
        if self.dialect == "sqlite":
            engine = create_async_engine(self.url, module=sqlite_driver.dbapi(self._file_driver), poolclass=NullPool)
            event.listen(engine.sync_engine, "begin", _begin_sqlite)
            return engine
        engine = create_async_engine(
            self.url.set(drivername="postgresql+asyncpg"),
            pool_size=self._pool_size,
            max_overflow=self._pool_size,
            pool_timeout=5,
            connect_args={"server_settings": _SERVER_SETTINGS | {"search_path": self.service}, "timeout": 5},
        )
        event.listen(engine.sync_engine, "checkout", _refuse_closed)
        return engine

    @asynccontextmanager
    async def work(self, *, durable: bool = True) -> AsyncIterator[Work]:
        """A unit of work: committed when the block ends, rolled back when it raises; TryLater where the
        database is not well (the commit itself may then have happened: positions tell).

        One that is not `durable` outlives the process, and a power cut only once a later one that is has
        committed to the same store: enough for what the log would tell again, before anybody has heard of it."""
        try:
            if self.dialect == "sqlite":
                async with self._writer, self._files.connection() as file, writing(file, durable=durable) as work:
                    yield work
            else:
                async with self.engine.begin() as connection:
                    yield Work(OnPostgresql(connection))
        except TROUBLE as error:
            raise translated(error) from error

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Reader]:
        """A transaction that only reads: it is rolled back, so nothing stays of what was tried all the same."""
        try:
            if self.dialect == "sqlite":
                async with self._files.connection() as file, reading(file) as reader:
                    yield reader
            else:
                async with self.engine.connect() as connection:
                    _ = await connection.begin()
                    yield Reader(OnPostgresql(connection))
        except TROUBLE as error:
            raise translated(error) from error

    @asynccontextmanager
    async def hold(self, name: str) -> AsyncIterator[Held | None]:
        """The lock of that name, or None where another process has it. On SQLite this process always has it."""
        if self.dialect == "sqlite":
            yield Held(self, None)
            return
        number = crc32(f"{self.service}.{name}".encode())
        try:
            async with self.engine.connect() as connection:
                async with connection.begin():
                    reader = Reader(OnPostgresql(connection))
                    got = await reader.scalar("SELECT pg_try_advisory_lock(:number)", number=number)
                if not got:
                    yield None
                    return
                try:
                    yield Held(self, connection)
                finally:
                    # The lock belongs to the session, so the session goes with it: it must not return to the pool.
                    await connection.invalidate()
        except TROUBLE as error:
            raise translated(error) from error

    @asynccontextmanager
    async def quiet(self) -> AsyncIterator[None]:
        """Nobody of this process writes to a SQLite file while the block runs."""
        async with self._writer:
            yield

    async def close(self) -> None:
        """Give every connection back."""
        self._files.close()
        if self.dialect == "postgresql":
            await self.engine.dispose()


def sqlite_url(folder: Path, service: str) -> str:
    """The URL of a service's file in a data folder."""
    return f"sqlite+aiosqlite:///{folder / service}.db"


def open_database(url: str, service: str, **how: Any) -> Database:
    """The store of a service. `url`: `sqlite+aiosqlite:///FILE` or `postgresql://...` (its schema is the
    service's name). `how`: as Database takes it."""
    return Database(make_url(url), service, **how)


def _refuse_closed(connection: Any, _record: object, _proxy: object) -> None:
    # The driver has heard of it where the server went away. A look at each (`pool_pre_ping`) is three round trips.
    if connection.driver_connection.is_closed():
        raise InvalidatePoolError


def _begin_sqlite(connection: Connection) -> None:
    # The driver begins nothing by itself.
    writes = connection.get_execution_options().get("throughline_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
