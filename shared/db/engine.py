"""A service's store: SQLite in one file, or PostgreSQL in one schema, behind the same three doors.

`work()` commits when its block ends well; `read()` never writes; `hold()` is a lock that one process of all
has, on a connection of its own. SQLite has one writer a file: writers queue in the process.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any
from zlib import crc32

import asyncpg
from sqlalchemy import URL, Connection, NullPool, event, make_url
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.db import sqlite_driver
from shared.db.dialect import DialectName
from shared.db.pool import Pool
from shared.db.sessions import OnPostgresql, OnSqlite, Session
from shared.db.work import TROUBLE, Reader, Work, reading, translated, writing

_IN_MEMORY = ":memory:"
_POOL_SIZE = 10
_TRY_LOCK = "SELECT pg_try_advisory_lock(:number)"
_CONNECT_SECONDS = 5
_STATEMENT_SECONDS = 30
"""The server ends what takes longer."""
ANSWER_SECONDS = _STATEMENT_SECONDS + 5.0
"""Who has not answered by then, a little after it would have ended the statement, is not there any more."""
_ASYNCPG: Any = asyncpg_dialect.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves its dialects untyped
_SERVER_SETTINGS = {
    "application_name": "throughline",
    "statement_timeout": f"{_STATEMENT_SECONDS}s",
    "idle_in_transaction_session_timeout": "15s",
    "jit": "off",
    # A plan that is kept was made for ten values and a table as small as it was then: for thousands it reads the
    # table once for each, until the statistics are renewed.
    "plan_cache_mode": "force_custom_plan",
}


class Held:
    """A lock that is held, and the session that holds it; none on SQLite."""

    def __init__(self, database: "Database", session: Session | None) -> None:
        self._database = database
        self._session = session

    @asynccontextmanager
    async def work(self) -> AsyncIterator[Work]:
        """A unit of work on the connection that holds the lock: it fails where the lock was lost."""
        try:
            async with writing(self._session, durable=True) if self._session else self._database.work() as work:
                yield work
        except TROUBLE as error:
            raise translated(error) from error

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Reader]:
        """Reads on the same connection. On PostgreSQL each statement by itself: it sees what was committed before it
        either way, and a transaction around it is two more round trips."""
        if self._session is None:
            async with self._database.read() as reader:
                yield reader
            return
        try:
            yield Reader(self._session)
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
        answer_seconds: float = ANSWER_SECONDS,
        file_driver: type[sqlite_driver.Connection] = sqlite_driver.Connection,
    ) -> None:
        self.url = url
        self.service = service
        self.dialect = dialect_of(url)
        self.syncs = self.dialect == "postgresql"
        """Whether every commit outlives a power cut, also of a unit of work that need not."""
        self._answer_seconds = answer_seconds
        self._file_driver = file_driver
        self._writer = asyncio.Lock()
        connect = self._open_file if self.dialect == "sqlite" else self._connect
        self._pool = Pool(connect, most=2 * pool_size, idle=pool_size)

    @property
    def engine(self) -> AsyncEngine:
        """SQLAlchemy's own, for migrations: each of its connections is opened for one use."""
        if self.dialect == "sqlite":
            engine = create_async_engine(self.url, module=sqlite_driver.dbapi(self._file_driver), poolclass=NullPool)
            event.listen(engine.sync_engine, "begin", _begin_sqlite)
            return engine
        return create_async_engine(
            self.url.set(drivername="postgresql+asyncpg"), poolclass=NullPool, connect_args=self._connecting()
        )

    @asynccontextmanager
    async def work(self, *, durable: bool = True) -> AsyncIterator[Work]:
        """A unit of work: committed when the block ends, rolled back when it raises; TryLater where the
        database is not well (the commit itself may then have happened: positions tell).

        One that is not `durable` outlives the process, and a power cut only once a later one that is has
        committed to the same store: enough for what the log would tell again, before anybody has heard of it."""
        try:
            async with (
                self._writer if self.dialect == "sqlite" else nullcontext(),
                self._pool.session() as session,
                writing(session, durable=durable) as work,
            ):
                yield work
        except TROUBLE as error:
            raise translated(error) from error

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Reader]:
        """A transaction that only reads: it is rolled back, so nothing stays of what was tried all the same."""
        try:
            async with self._pool.session() as session, reading(session) as reader:
                yield reader
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
            async with self._pool.session() as session:
                others = False
                try:
                    others = not await Reader(session).scalar(_TRY_LOCK, number=number)
                    yield None if others else Held(self, session)
                finally:
                    # The lock belongs to the session, so the session goes with it: it must not return to the pool.
                    if not others:
                        session.drop()
        except TROUBLE as error:
            raise translated(error) from error

    async def _open_file(self) -> Session:
        return OnSqlite(await self._file_driver(self.url.database or _IN_MEMORY))

    async def _connect(self) -> Session:
        _, how = _ASYNCPG.create_connect_args(self.url)
        return OnPostgresql(await asyncpg.connect(**how, **self._connecting()))

    def _connecting(self) -> dict[str, Any]:
        settings = _SERVER_SETTINGS | {"search_path": self.service}
        return {
            "server_settings": settings,
            "timeout": _CONNECT_SECONDS,
            "command_timeout": self._answer_seconds,
        }

    @asynccontextmanager
    async def quiet(self) -> AsyncIterator[None]:
        """Nobody of this process writes to a SQLite file while the block runs."""
        async with self._writer:
            yield

    async def close(self) -> None:
        """Close every connection that is idle."""
        await self._pool.close()


def sqlite_url(folder: Path, service: str) -> str:
    """The URL of a service's file in a data folder."""
    return f"sqlite+aiosqlite:///{folder / service}.db"


def open_database(
    url: str,
    service: str,
    *,
    pool_size: int = _POOL_SIZE,
    answer_seconds: float = ANSWER_SECONDS,
    file_driver: type[sqlite_driver.Connection] = sqlite_driver.Connection,
) -> Database:
    """The store of a service. `url`: `sqlite+aiosqlite:///FILE` or `postgresql://...` (its schema is the service's
    name). `pool_size`: sessions that stay open; twice as many may be at once. `answer_seconds`: how long a server
    is waited for. `file_driver`: another one for SQLite."""
    return Database(make_url(url), service, pool_size=pool_size, answer_seconds=answer_seconds, file_driver=file_driver)


def dialect_of(url: URL) -> DialectName:
    """What kind of database an address is of."""
    return "sqlite" if url.get_backend_name() == "sqlite" else "postgresql"


def _begin_sqlite(connection: Connection) -> None:
    # The driver begins nothing by itself.
    writes = connection.get_execution_options().get("throughline_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
