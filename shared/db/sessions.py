"""A connection as the unit of work uses it: begin, ask, end. One kind for each kind of database.

SQLAlchemy's own pool, transactions and execution are passed by: around what a database does itself they take several
times as long (docs/decisions/0020-statements.md). Leaves out what a statement is in SQL: compiled.py.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import asyncpg
from sqlalchemy import Executable, text

from shared.db import sqlite_driver
from shared.db.compiled import SHAPES, Values
from shared.db.dialect import DialectName, Upsert

_CLOSE_SECONDS = 2.0

Given = Mapping[str, Any]
"""Values of a statement's parameters, by their names."""


class Session(Protocol):
    """A connection. What it finds are rows: by place and by name."""

    dialect: DialectName

    @property
    def usable(self) -> bool:
        """Whether it is open and in no transaction."""
        ...

    async def begin_reading(self) -> None:
        """Begin what is going to be rolled back."""
        ...

    async def begin_writing(self, *, durable: bool) -> None:
        """Begin; where it need not be durable a commit may leave it to a later one to outlive a power cut."""
        ...

    async def commit(self) -> None:
        """Commit."""
        ...

    async def rollback(self) -> None:
        """Roll back; never raises, but is dropped where it cannot be done."""
        ...

    async def close(self) -> None:
        """Close in good order."""
        ...

    def drop(self) -> None:
        """Close at once; what was not committed is rolled back."""
        ...

    async def fetch(self, sql: str, values: Values) -> Sequence[Sequence[Any]]:
        """What a statement finds, as the driver has it."""
        ...

    async def run(self, sql: str, values: Values) -> int:
        """Run a statement that writes; answers how many rows it touched."""
        ...

    async def find(self, statement: Executable | str, given: Given) -> Sequence[Any]:
        """What a statement finds that cannot be compiled once for all."""
        ...

    async def write(self, upsert: Upsert, rows: Sequence[Sequence[Any]]) -> None:
        """Write rows in one statement."""
        ...


class OnSqlite:
    """A connection to a file."""

    dialect: DialectName = "sqlite"

    def __init__(self, connection: sqlite_driver.Connection) -> None:
        self._connection = connection

    @property
    def usable(self) -> bool:
        """Whether it is open and in no transaction."""
        return self._connection.usable

    async def begin_reading(self) -> None:
        """Begin; what is seen from the first statement on does not change."""
        await self._connection.begin()

    async def begin_writing(self, *, durable: bool) -> None:
        """Begin as the file's one writer."""
        await self._connection.begin_writing(durable=durable)

    async def commit(self) -> None:
        """Commit."""
        await self._connection.commit()

    async def rollback(self) -> None:
        """Roll back."""
        try:
            await self._connection.rollback()
        except sqlite3.Error:
            self.drop()

    async def close(self) -> None:
        """Close."""
        await self._connection.close()

    def drop(self) -> None:
        """Close at once."""
        self._connection.stop()

    async def fetch(self, sql: str, values: Values) -> Sequence[Sequence[Any]]:
        """What a statement finds, as the driver has it."""
        return await self._connection.fetch(sql, values)

    async def run(self, sql: str, values: Values) -> int:
        """Run a statement that writes; answers how many rows it touched."""
        return await self._connection.run(sql, values)

    async def find(self, statement: Executable | str, given: Given) -> Sequence[Any]:
        """What a statement finds that cannot be compiled once for all."""
        sql, values, rows = SHAPES[self.dialect].once(executable(statement), given)
        names, found = await self._connection.described(sql, values)
        return (rows or SHAPES[self.dialect].rows(names, ())).of(found)

    async def write(self, upsert: Upsert, rows: Sequence[Sequence[Any]]) -> None:
        """Write rows, one after the other."""
        await self._connection.run_for_each(upsert.one_by_one, rows)


class OnPostgresql:
    """A connection to a server."""

    dialect: DialectName = "postgresql"

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.driver = connection

    @property
    def usable(self) -> bool:
        """Whether it is open and in no transaction. Where the server went away the driver has heard of it."""
        return not (self.driver.is_closed() or self.driver.is_in_transaction())

    async def begin_reading(self) -> None:
        """Begin; each statement sees what was committed before it."""
        await self.driver.execute("BEGIN")

    async def begin_writing(self, *, durable: bool) -> None:
        """Begin."""
        await self.driver.execute("BEGIN")

    async def commit(self) -> None:
        """Commit; raises InterfaceError where a statement had failed, which the server answers by rolling back."""
        if await self.driver.execute("COMMIT") != "COMMIT":
            raise asyncpg.InterfaceError("the transaction had failed")

    async def rollback(self) -> None:
        """Roll back."""
        try:
            if self.driver.is_in_transaction():
                await self.driver.execute("ROLLBACK")
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            self.drop()

    async def close(self) -> None:
        """Say good-bye and close; raises TimeoutError where the server does not answer, when it is closed as well."""
        await self.driver.close(timeout=_CLOSE_SECONDS)

    def drop(self) -> None:
        """Close at once; the server hears of it."""
        self.driver.terminate()

    async def fetch(self, sql: str, values: Values) -> Sequence[Sequence[Any]]:
        """What a statement finds, as the driver has it."""
        found: Sequence[Sequence[Any]] = await self.driver.fetch(sql, *values)
        return found

    async def run(self, sql: str, values: Values) -> int:
        """Run a statement that writes; answers how many rows it touched."""
        told = (await self.driver.execute(sql, *values)).rpartition(" ")[2]
        return int(told) if told.isdigit() else 0

    async def find(self, statement: Executable | str, given: Given) -> Sequence[Any]:
        """What a statement finds that cannot be compiled once for all."""
        sql, values, rows = SHAPES[self.dialect].once(executable(statement), given)
        found = await self.driver.fetch(sql, *values)
        names = list(found[0].keys()) if found else ()
        return (rows or SHAPES[self.dialect].rows(names, ())).of(found)

    async def write(self, upsert: Upsert, rows: Sequence[Sequence[Any]]) -> None:
        """Write rows, whose columns are arrays."""
        await self.driver.execute(upsert.in_bulk, *zip(*rows, strict=True))


def executable(statement: Executable | str) -> Executable:
    """A str is SQL with `:name` parameters."""
    return text(statement) if isinstance(statement, str) else statement
