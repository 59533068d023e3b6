"""A unit of work: what may be read and written inside one transaction.

`Reader` reads. `Work` writes as well and has no commit: who opened it commits when its block ends well, and
rolls back when it does not. Infrastructure trouble leaves as TryLater, so it is never taken for poison.
"""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any

import asyncpg
from asyncpg import PostgresError
from sqlalchemy import ColumnElement, Executable, Row, Select
from sqlalchemy.sql.selectable import ReturnsRows

from shared.db.compiled import SHAPES, Compiled, Values
from shared.db.dialect import Upsert, among
from shared.db.sessions import OnPostgresql, Session, executable
from shared.kernel.errors import TryLater

_MOST_LOCKING = 256

_RETRY_STATES = ("40001", "40P01", "55P03", "57014", "25P03", "25006")
"""Serialisation, deadlock, lock not available, query cancelled, idle in transaction: all gone when done again. And read
only: a standby after a failover, or a server whose disk is full, until somebody puts it right."""
_LOST_CLASSES = ("08", "53", "57", "58", "XX")
"""Connection, resources, operator intervention, system, internal: the server is not well."""

TROUBLE = (PostgresError, asyncpg.InterfaceError, sqlite3.Error, OSError, TimeoutError)
"""What a database raises: its health, or a statement it refuses."""


def infrastructure(error: BaseException) -> bool:
    """Whether an error speaks of the database's health rather than of what was asked of it."""
    if isinstance(error, sqlite3.Error):
        return isinstance(error, sqlite3.OperationalError)
    if isinstance(error, asyncpg.DataError):
        return False  # The driver's word for a value that no column takes: sent again it is no other.
    if isinstance(error, PostgresError):
        return error.sqlstate in _RETRY_STATES or str(error.sqlstate)[:2] in _LOST_CLASSES
    return isinstance(error, TROUBLE)


class Reader:
    """Reads in one transaction: what it sees does not change between two statements on SQLite, and is what
    was committed before each statement on PostgreSQL."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.dialect = session.dialect

    async def rows(self, statement: Executable | str, **given: Any) -> Sequence[Row[Any]]:
        """All rows of a statement. One that is made once is given the values of its parameters by their names; a str
        is taken as SQL with `:name` parameters."""
        found = self._compiled(statement, given)
        if found is None:
            return await self._session.find(statement, given)
        compiled, values = found
        return compiled.rows.of(await self._session.fetch(compiled.sql, values))

    async def first(self, statement: Executable | str, **given: Any) -> Row[Any] | None:
        """The first row, or None."""
        return next(iter(await self.rows(statement, **given)), None)

    async def scalar(self, statement: Executable | str, **given: Any) -> Any:
        """The first column of the first row, or None."""
        row = await self.first(statement, **given)
        return None if row is None else row[0]

    def _compiled(self, statement: Executable | str, given: Mapping[str, Any]) -> tuple[Compiled, Values] | None:
        if not isinstance(statement, ReturnsRows):
            return None
        shapes = SHAPES[self.dialect]
        return shapes.constant(statement, given) if given else shapes.find(statement)

    def among(self, column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
        """The condition that a column is one of the values."""
        return among(column, values)


class Work(Reader):
    """Reads and writes in one transaction."""

    @property
    def locks(self) -> bool:
        """Whether rows are locked one by one. SQLite has one writer a file, who holds them all already."""
        return self.dialect == "postgresql"

    async def lock(self, wanted: Select[Any], *, shared: bool = False, **given: Any) -> Sequence[Row[Any]]:
        """As `locked`, where the rows are known already: without a statement where no row needs a lock."""
        return await self.locked(wanted, shared=shared, **given) if self.locks else ()

    async def locked(
        self, wanted: Select[Any], *, shared: bool = False, free: bool = False, **given: Any
    ) -> Sequence[Row[Any]]:
        """Rows, read and locked in the order of the statement; read alone where no row needs a lock.

        `shared`: others may hold them so as well, and nobody may change them. `free`: without those held by others.
        """
        locking = _locking if given else _locking.__wrapped__
        return await self.rows(locking(wanted, shared, free), **given)

    async def execute(self, statement: Executable | str, **given: Any) -> int:
        """Run a statement that writes; answers how many rows it touched. Values are given as to `rows`."""
        found = self._compiled(statement, given)
        if found is None:
            sql, values, _ = SHAPES[self.dialect].once(executable(statement), given)
            return await self._session.run(sql, values)
        compiled, values = found
        return await self._session.run(compiled.sql, values)

    async def write(self, upsert: Upsert, rows: Sequence[Sequence[Any]]) -> None:
        """Write rows in one statement, in the order given (sort them by key: others may write them too)."""
        if rows:
            await self._session.write(upsert, rows)

    async def append(self, upsert: Upsert, rows: Sequence[Sequence[Any]]) -> None:
        """Write rows that cannot be there yet, where there are many: a statement takes several times as long on
        PostgreSQL as its bulk load, which is part of the transaction all the same."""
        if not isinstance(self._session, OnPostgresql) or not rows:
            await self.write(upsert, rows)
            return
        await self._session.driver.copy_records_to_table(upsert.table.name, records=rows, columns=upsert.columns)

    async def write_new(self, upsert: Upsert, rows: Sequence[Sequence[Any]]) -> set[tuple[Any, ...]]:
        """Write rows that are not there yet; answers the keys (conflict columns) of those that were new.

        PostgreSQL says which by itself, also where another worker writes the same at this moment; SQLite has
        one writer, so looking first is enough."""
        if not rows:
            return set()
        columns = [upsert.table.columns[name] for name in upsert.conflict]
        if self.dialect == "postgresql":
            new = await self._session.fetch(upsert.returning, list(zip(*rows, strict=True)))
            keys = SHAPES[self.dialect].rows(upsert.conflict, [column.type for column in columns])
            return {tuple(row) for row in keys.of(new)}
        where = [upsert.columns.index(name) for name in upsert.conflict]
        by_key: dict[tuple[Any, ...], Sequence[Any]] = {}
        for row in rows:
            by_key.setdefault(tuple(row[i] for i in where), row)
        parts = {name: sorted({key[n] for key in by_key}) for n, name in enumerate(upsert.conflict)}
        for found in await self.rows(upsert.there, **parts):
            by_key.pop(tuple(found), None)
        await self.write(upsert, list(by_key.values()))
        return set(by_key)


@lru_cache(maxsize=_MOST_LOCKING)
def _locking(wanted: Select[Any], shared: bool, free: bool) -> Select[Any]:
    """Made once as well, of a statement that is."""
    return wanted.with_for_update(read=shared, skip_locked=free)


@asynccontextmanager
async def writing(session: Session, *, durable: bool) -> AsyncIterator[Work]:
    """A transaction that is committed where the block ends well."""
    async with _ended(session, session.commit):
        await session.begin_writing(durable=durable)
        yield Work(session)


@asynccontextmanager
async def reading(session: Session) -> AsyncIterator[Reader]:
    """A transaction that only reads: it is rolled back, so nothing stays of what was tried all the same."""
    async with _ended(session, session.rollback):
        await session.begin_reading()
        yield Reader(session)


@asynccontextmanager
async def _ended(session: Session, well: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """A transaction's end: as it is to be where the block ends well, else by rolling back. Of who is cancelled in the
    middle nobody knows what is still on its way, so the session is dropped; so it is where no answer came."""
    try:
        yield
        await well()
    except TimeoutError:
        session.drop()
        raise
    except Exception:
        await session.rollback()
        raise
    except BaseException:
        session.drop()
        raise


def translated(error: BaseException) -> BaseException:
    """TryLater for infrastructure trouble, else the error itself."""
    return TryLater(f"database: {type(error).__name__}") if infrastructure(error) else error
