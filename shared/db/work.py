"""A unit of work: what may be read and written inside one transaction.

`Reader` reads. `Work` writes as well and has no commit: who opened it commits when its block ends well, and
rolls back when it does not. Infrastructure trouble leaves as TryLater, so it is never taken for poison.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import asyncpg
from asyncpg import PostgresError
from sqlalchemy import ColumnElement, Executable, Row, Select, select, text
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import ReturnsRows

from shared.db.compiled import SHAPES, Compiled, Values
from shared.db.dialect import DialectName, Upsert, among
from shared.kernel.errors import TryLater

T = TypeVar("T")

_RETRY_STATES = ("40001", "40P01", "55P03", "57014", "25P03")
"""Serialisation, deadlock, lock not available, query cancelled, idle in transaction: all gone when done again."""
_LOST_CLASSES = ("08", "53", "57", "58", "XX")
"""Connection, resources, operator intervention, system, internal: the server is not well."""

TROUBLE = (
    DBAPIError,
    PoolTimeout,
    PostgresError,
    asyncpg.InterfaceError,
    AsyncAdapt_asyncpg_dbapi.Error,
    sqlite3.Error,
    OSError,
    TimeoutError,
)
"""What a database raises: its health, or a statement it refuses; through SQLAlchemy, its adapter, or by itself."""


def infrastructure(error: BaseException) -> bool:
    """Whether an error speaks of the database's health rather than of what was asked of it."""
    if isinstance(error, sqlite3.Error):
        return isinstance(error, sqlite3.OperationalError)
    if not isinstance(error, DBAPIError | PostgresError):
        return isinstance(error, TROUBLE)
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    state = getattr(error.orig if isinstance(error, DBAPIError) else error, "sqlstate", None)
    if state is not None:
        return state in _RETRY_STATES or state[:2] in _LOST_CLASSES
    return isinstance(error, OperationalError | InterfaceError)


async def uninterrupted(step: Awaitable[T]) -> T:
    """What a step answers; a cancellation meanwhile is heard only when it is done.

    What SQLite has begun in a thread cannot be called back. Left alone there, its connection would be dropped with
    the lock of the file, and the next writer would wait for the driver's whole patience."""
    task = asyncio.ensure_future(step)
    try:
        return await asyncio.shield(task)
    except BaseException:
        if not task.done():
            await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # Looked at, so that nobody reports it as never heard: what was raised here goes on.
        raise


class Reader:
    """Reads in one transaction: what it sees does not change between two statements on SQLite, and is what
    was committed before each statement on PostgreSQL."""

    def __init__(self, connection: AsyncConnection, dialect: DialectName) -> None:
        self._connection = connection
        self._connected: Any = None
        self.dialect = dialect

    async def rows(self, statement: Executable | str, **parameters: Any) -> Sequence[Row[Any]]:
        """All rows of a statement; a str is taken as SQL with `:name` parameters."""
        found = self._compiled(statement, parameters)
        if found is None:
            return (await self._run(statement, parameters)).all()
        compiled, values = found
        return compiled.rows.of(await self._fetch(compiled.sql, values))

    async def first(self, statement: Executable | str, **parameters: Any) -> Row[Any] | None:
        """The first row, or None."""
        return next(iter(await self.rows(statement, **parameters)), None)

    async def scalar(self, statement: Executable | str, **parameters: Any) -> Any:
        """The first column of the first row, or None."""
        row = await self.first(statement, **parameters)
        return None if row is None else row[0]

    async def _run(self, statement: Executable | str, parameters: Any) -> CursorResult[Any]:
        executable = text(statement) if isinstance(statement, str) else statement
        return await self._connection.execute(executable, parameters or None)

    def _compiled(self, statement: Executable | str, parameters: Any) -> tuple[Compiled, Values] | None:
        if parameters or not isinstance(statement, ReturnsRows):
            return None
        return SHAPES[self.dialect].find(statement)

    async def _fetch(self, sql: str, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
        driver = await self._driver()
        found: Sequence[Sequence[Any]] = await (
            driver.fetch(sql, *values) if self.dialect == "postgresql" else driver.fetch(sql, values)
        )
        return found

    async def _driver(self) -> Any:
        """The driver's own connection, in this transaction."""
        if self._connected is None:
            raw = await self._connection.get_raw_connection()
            adapter: Any = raw.dbapi_connection
            if self.dialect == "postgresql" and adapter._transaction is None:  # noqa: SLF001
                # It begins with the first statement that goes through it: this may be none of them.
                await adapter._start_transaction()  # noqa: SLF001
            self._connected = raw.driver_connection
        return self._connected

    def among(self, column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
        """The condition that a column is one of the values."""
        return among(column, values)


class Work(Reader):
    """Reads and writes in one transaction."""

    @property
    def locks(self) -> bool:
        """Whether rows are locked one by one. SQLite has one writer a file, who holds them all already."""
        return self.dialect == "postgresql"

    async def lock(self, wanted: Select[Any], *, shared: bool = False) -> Sequence[Row[Any]]:
        """As `locked`, where the rows are known already: without a statement where no row needs a lock."""
        return await self.locked(wanted, shared=shared) if self.locks else ()

    async def locked(self, wanted: Select[Any], *, shared: bool = False, free: bool = False) -> Sequence[Row[Any]]:
        """Rows, read and locked in the order of the statement; read alone where no row needs a lock.

        `shared`: others may hold them so as well, and nobody may change them. `free`: without those held by others.
        """
        return await self.rows(wanted.with_for_update(read=shared, skip_locked=free))

    async def execute(self, statement: Executable | str, **parameters: Any) -> int:
        """Run a statement that writes; answers how many rows it touched."""
        found = self._compiled(statement, parameters)
        if found is None:
            return (await self._run(statement, parameters)).rowcount
        compiled, values = found
        driver = await self._driver()
        if self.dialect == "postgresql":
            said: str = await driver.execute(compiled.sql, *values)
            return int(said.rpartition(" ")[2])
        touched: int = await driver.run(compiled.sql, values)
        return touched

    async def write(self, upsert: Upsert, rows: Sequence[Sequence[Any]]) -> None:
        """Write rows in one statement, in the order given (sort them by key: others may write them too)."""
        if not rows:
            return
        driver = await self._driver()
        if self.dialect == "postgresql":
            await driver.execute(upsert.in_bulk, *zip(*rows, strict=True))
        else:
            await driver.run_for_each(upsert.one_by_one, rows)

    async def append(self, upsert: Upsert, rows: Sequence[Sequence[Any]]) -> None:
        """Write rows that cannot be there yet, where there are many: a statement takes several times as long on
        PostgreSQL as its bulk load, which is part of the transaction all the same."""
        if self.dialect != "postgresql" or not rows:
            await self.write(upsert, rows)
            return
        driver = await self._driver()
        await driver.copy_records_to_table(upsert.table.name, records=rows, columns=upsert.columns)

    async def write_new(self, upsert: Upsert, rows: Sequence[Sequence[Any]]) -> set[tuple[Any, ...]]:
        """Write rows that are not there yet; answers the keys (conflict columns) of those that were new.

        PostgreSQL says which by itself, also where another worker writes the same at this moment; SQLite has
        one writer, so looking first is enough."""
        if not rows:
            return set()
        columns = [upsert.table.columns[name] for name in upsert.conflict]
        if self.dialect == "postgresql":
            new = await self._fetch(upsert.returning, list(zip(*rows, strict=True)))
            keys = SHAPES[self.dialect].rows(upsert.conflict, [column.type for column in columns])
            return {tuple(row) for row in keys.of(new)}
        where = [upsert.columns.index(name) for name in upsert.conflict]
        by_key: dict[tuple[Any, ...], Sequence[Any]] = {}
        for row in rows:
            by_key.setdefault(tuple(row[i] for i in where), row)
        # By all columns: the last one alone is found in no index that begins with another.
        wanted = [self.among(column, sorted({key[n] for key in by_key})) for n, column in enumerate(columns)]
        for found in await self.rows(select(*columns).where(*wanted)):
            by_key.pop(tuple(found), None)
        await self.write(upsert, list(by_key.values()))
        return set(by_key)


@asynccontextmanager
async def alone(connection: AsyncConnection, dialect: DialectName) -> AsyncIterator[Work]:
    """The transaction of a file's one writer: each of its steps is done before a cancellation is heard."""
    try:
        _ = await uninterrupted(connection.begin())
        yield Work(connection, dialect)
    except BaseException:
        await uninterrupted(connection.rollback())
        raise
    await uninterrupted(connection.commit())


def translated(error: BaseException) -> BaseException:
    """TryLater for infrastructure trouble, else the error itself."""
    return TryLater(f"database: {type(error).__name__}") if infrastructure(error) else error
