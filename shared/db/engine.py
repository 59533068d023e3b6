"""A service's store: SQLite in one file, or PostgreSQL in one schema, behind the same three doors.

`work()` commits when its block ends well; `read()` never writes; `hold()` is a lock that one process of all
has, on a connection of its own. SQLite has one writer a file: writers queue in the process.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from zlib import crc32

from sqlalchemy import Connection, event, make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shared.db import sqlite_driver
from shared.db.dialect import DialectName
from shared.db.work import TROUBLE, Reader, Work, alone, translated

_WRITES = {"throughline_writes": True}
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
                yield Work(self._connection, self._database.dialect)
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
                yield Reader(self._connection, self._database.dialect)
        except TROUBLE as error:
            raise translated(error) from error


class Database:
    """One service's store. Made by `open_database`."""

    def __init__(self, engine: AsyncEngine, dialect: DialectName, service: str) -> None:
        self.engine = engine
        self.dialect = dialect
        self.service = service
        self.syncs = dialect == "postgresql"
        """Whether every commit outlives a power cut, also of a unit of work that need not."""
        self._writer = asyncio.Lock()

    @asynccontextmanager
    async def work(self, *, durable: bool = True) -> AsyncIterator[Work]:
        """A unit of work: committed when the block ends, rolled back when it raises; TryLater where the
        database is not well (the commit itself may then have happened: positions tell).

        One that is not `durable` outlives the process, and a power cut only once a later one that is has
        committed to the same store: enough for what the log would tell again, before anybody has heard of it."""
        try:
            if self.dialect == "sqlite":
                async with self._writer, self.engine.connect() as connection:
                    writing = await connection.execution_options(**_WRITES, throughline_durable=durable)
                    async with alone(writing, self.dialect) as work:
                        yield work
            else:
                async with self.engine.begin() as connection:
                    yield Work(connection, self.dialect)
        except TROUBLE as error:
            raise translated(error) from error

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Reader]:
        """A transaction that only reads: it is rolled back, so nothing stays of what was tried all the same."""
        try:
            async with self.engine.connect() as connection:
                _ = await connection.begin()
                yield Reader(connection, self.dialect)
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
                    reader = Reader(connection, self.dialect)
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
        await self.engine.dispose()


def sqlite_url(folder: Path, service: str) -> str:
    """The URL of a service's file in a data folder."""
    return f"sqlite+aiosqlite:///{folder / service}.db"


def open_database(url: str, service: str, *, pool_size: int = 10, dbapi: Any = None) -> Database:
    """The store of a service. `url`: `sqlite+aiosqlite:///FILE` or `postgresql://...` (its schema is the
    service's name). `dbapi` replaces the SQLite driver, for simulations."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_async_engine(parsed, module=dbapi or sqlite_driver.dbapi())
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return Database(engine, "sqlite", service)
    engine = create_async_engine(
        parsed.set(drivername="postgresql+asyncpg"),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=5,
        connect_args={"server_settings": _SERVER_SETTINGS | {"search_path": service}, "timeout": 5},
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return Database(engine, "postgresql", service)


def _refuse_closed(connection: Any, _record: object, _proxy: object) -> None:
    # The driver has heard of it where the server went away. A look at each (`pool_pre_ping`) is three round trips.
    if connection.driver_connection.is_closed():
        raise InvalidatePoolError


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver must not begin transactions by itself: `_begin_sqlite` says which kind it is.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("throughline_writes"):
        connection.exec_driver_sql("BEGIN")
        return
    wanted = "FULL" if options.get("throughline_durable", True) else "NORMAL"
    if connection.info.get("synchronous", "FULL") != wanted:
        connection.exec_driver_sql(f"PRAGMA synchronous={wanted}")
        connection.info["synchronous"] = wanted
    connection.exec_driver_sql("BEGIN IMMEDIATE")
