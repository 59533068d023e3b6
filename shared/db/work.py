"""A unit of work: what may be read and written inside one transaction.

`Reader` reads. `Work` writes as well and has no commit: who opened it commits when its block ends well, and
rolls back when it does not. Infrastructure trouble leaves as TryLater, so it is never taken for poison.
"""

from collections.abc import Sequence
from typing import Any

import asyncpg
from asyncpg import PostgresError
from sqlalchemy import ColumnElement, Executable, Row, Select, select, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.dialect import DialectName, Upsert, among
from shared.kernel.errors import TryLater

_RETRY_STATES = ("40001", "40P01", "55P03", "57014", "25P03")
"""Serialisation, deadlock, lock not available, query cancelled, idle in transaction: all gone when done again."""
_LOST_CLASSES = ("08", "53", "57", "58", "XX")
"""Connection, resources, operator intervention, system, internal: the server is not well."""


TROUBLE = (DBAPIError, PoolTimeout, PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
"""What a database raises: its health, or a statement it refuses. While it starts up, asyncpg's own errors too."""


def infrastructure(error: BaseException) -> bool:
    """Whether an error speaks of the database's health rather than of what was asked of it."""
    if not isinstance(error, DBAPIError | PostgresError):
        return isinstance(error, TROUBLE)
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    state = getattr(error.orig if isinstance(error, DBAPIError) else error, "sqlstate", None)
    if state is not None:
        return state in _RETRY_STATES or state[:2] in _LOST_CLASSES
    return isinstance(error, OperationalError | InterfaceError)


class Reader:
    """Reads in one transaction: what it sees does not change between two statements on SQLite, and is what
    was committed before each statement on PostgreSQL."""

    def __init__(self, connection: AsyncConnection, dialect: DialectName) -> None:
        self._connection = connection
        self.dialect = dialect

    async def rows(self, statement: Executable | str, **parameters: Any) -> Sequence[Row[Any]]:
        """All rows of a statement; a str is taken as SQL with `:name` parameters."""
        executable = text(statement) if isinstance(statement, str) else statement
        return (await self._connection.execute(executable, parameters or None)).all()

    async def first(self, statement: Executable | str, **parameters: Any) -> Row[Any] | None:
        """The first row, or None."""
        executable = text(statement) if isinstance(statement, str) else statement
        return (await self._connection.execute(executable, parameters or None)).first()

    async def scalar(self, statement: Executable | str, **parameters: Any) -> Any:
        """The first column of the first row, or None."""
        row = await self.first(statement, **parameters)
        return None if row is None else row[0]

    def among(self, column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
        """The condition that a column is one of the values."""
        return among(self.dialect, column, values)


class Work(Reader):
    """Reads and writes in one transaction."""

    @property
    def locks(self) -> bool:
        """Whether rows are locked one by one. SQLite has one writer a file, who holds them all already."""
        return self.dialect == "postgresql"

    async def lock(self, wanted: Select[Any]) -> Sequence[Row[Any]]:
        """Lock rows in the order of the statement, and answer them; nothing where no row needs a lock."""
        return await self.rows(wanted.with_for_update()) if self.locks else ()

    async def execute(self, statement: Executable | str, **parameters: Any) -> int:
        """Run a statement that writes; answers how many rows it touched."""
        executable = text(statement) if isinstance(statement, str) else statement
        return (await self._connection.execute(executable, parameters or None)).rowcount

    async def write(self, upsert: Upsert, rows: Sequence[Sequence[Any]]) -> None:
        """Write rows in one statement, in the order given (sort them by key: others may write them too)."""
        if rows:
            sql = upsert.postgresql if self.dialect == "postgresql" else upsert.sqlite
            await self._connection.execute(text(sql), upsert.parameters(self.dialect, rows))

    async def write_new(self, upsert: Upsert, rows: Sequence[Sequence[Any]]) -> set[tuple[Any, ...]]:
        """Write rows that are not there yet; answers the keys (conflict columns) of those that were new.

        PostgreSQL says which by itself, also where another worker writes the same at this moment; SQLite has
        one writer, so looking first is enough."""
        if not rows:
            return set()
        columns = [upsert.table.columns[name] for name in upsert.conflict]
        if self.dialect == "postgresql":
            statement = text(f"{upsert.postgresql} RETURNING {', '.join(upsert.conflict)}").columns(*columns)
            new = await self._connection.execute(statement, upsert.parameters(self.dialect, rows))
            return {tuple(row) for row in new}
        where = [upsert.columns.index(name) for name in upsert.conflict]
        by_key: dict[tuple[Any, ...], Sequence[Any]] = {}
        for row in rows:
            by_key.setdefault(tuple(row[i] for i in where), row)
        known = await self.rows(select(*columns).where(self.among(columns[-1], [key[-1] for key in by_key])))
        for found in known:
            by_key.pop(tuple(found), None)
        await self.write(upsert, list(by_key.values()))
        return set(by_key)


def translated(error: BaseException) -> BaseException:
    """TryLater for infrastructure trouble, else the error itself."""
    return TryLater(f"database: {type(error).__name__}") if infrastructure(error) else error
