"""What is asked of a connection in its transaction, on either kind of database.

A connection of SQLite is the driver's own, past SQLAlchemy's pool and transactions, which take several times what it
takes itself. One of PostgreSQL is SQLAlchemy's, and what is compiled goes past it to the driver.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Executable, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db import sqlite_driver
from shared.db.compiled import SHAPES, Rows, Values
from shared.db.dialect import DialectName, Upsert

Found = Sequence[Any]
"""Rows: by place and by name."""


class Transaction(Protocol):
    """A connection in its transaction."""

    dialect: DialectName

    async def fetch(self, sql: str, values: Values) -> Sequence[Sequence[Any]]:
        """What a statement finds, as the driver has it."""
        ...

    async def run(self, sql: str, values: Values) -> int:
        """Run a statement that writes; answers how many rows it touched."""
        ...

    async def find(self, statement: Executable | str, given: Mapping[str, Any]) -> Found:
        """What a statement finds that cannot be compiled once for all."""
        ...

    async def touch(self, statement: Executable | str, given: Mapping[str, Any]) -> int:
        """How many rows a statement touches that cannot be compiled once for all."""
        ...

    async def write(self, upsert: Upsert, rows: Sequence[Sequence[Any]]) -> None:
        """Write rows in one statement."""
        ...


class OnSqlite:
    """A transaction on a file."""

    dialect: DialectName = "sqlite"

    def __init__(self, connection: sqlite_driver.Connection) -> None:
        self._connection = connection

    async def fetch(self, sql: str, values: Values) -> Sequence[Sequence[Any]]:
        """What a statement finds, as the driver has it."""
        return await self._connection.fetch(sql, values)

    async def run(self, sql: str, values: Values) -> int:
        """Run a statement that writes; answers how many rows it touched."""
        return await self._connection.run(sql, values)

    async def find(self, statement: Executable | str, given: Mapping[str, Any]) -> Found:
        """What a statement finds that cannot be compiled once for all."""
        sql, values, rows = SHAPES["sqlite"].once(_executable(statement), given)
        names, found = await self._connection.described(sql, values)
        return (rows or _as_found(names)).of(found)

    async def touch(self, statement: Executable | str, given: Mapping[str, Any]) -> int:
        """How many rows a statement touches that cannot be compiled once for all."""
        sql, values, _ = SHAPES["sqlite"].once(_executable(statement), given)
        return await self._connection.run(sql, values)

    async def write(self, upsert: Upsert, rows: Sequence[Sequence[Any]]) -> None:
        """Write rows, one after the other."""
        await self._connection.run_for_each(upsert.one_by_one, rows)


class OnPostgresql:
    """A transaction of SQLAlchemy's."""

    dialect: DialectName = "postgresql"

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._connected: Any = None

    async def fetch(self, sql: str, values: Values) -> Sequence[Sequence[Any]]:
        """What a statement finds, as the driver has it."""
        driver = await self.driver()
        found: Sequence[Sequence[Any]] = await driver.fetch(sql, *values)
        return found

    async def run(self, sql: str, values: Values) -> int:
        """Run a statement that writes; answers how many rows it touched."""
        driver = await self.driver()
        said: str = await driver.execute(sql, *values)
        return int(said.rpartition(" ")[2])

    async def find(self, statement: Executable | str, given: Mapping[str, Any]) -> Found:
        """What a statement finds that cannot be compiled once for all."""
        return (await self._connection.execute(_executable(statement), given or None)).all()

    async def touch(self, statement: Executable | str, given: Mapping[str, Any]) -> int:
        """How many rows a statement touches that cannot be compiled once for all."""
        return (await self._connection.execute(_executable(statement), given or None)).rowcount

    async def write(self, upsert: Upsert, rows: Sequence[Sequence[Any]]) -> None:
        """Write rows, whose columns are arrays."""
        driver = await self.driver()
        await driver.execute(upsert.in_bulk, *zip(*rows, strict=True))

    async def driver(self) -> Any:
        """The driver's own connection, in this transaction."""
        if self._connected is None:
            raw = await self._connection.get_raw_connection()
            adapter: Any = raw.dbapi_connection
            if adapter._transaction is None:  # noqa: SLF001
                # It begins with the first statement that goes through it: this may be none of them.
                await adapter._start_transaction()  # noqa: SLF001
            self._connected = raw.driver_connection
        return self._connected


def _executable(statement: Executable | str) -> Executable:
    return text(statement) if isinstance(statement, str) else statement


def _as_found(names: Sequence[str]) -> Rows:
    return SHAPES["sqlite"].rows(names, ())
