"""SQLite for simulations: what SQLAlchemy takes for aiosqlite, run in the calling task, with no thread.

Each statement and each commit is a step of the simulation. A process that dies loses its connections, and with them
all that it had not committed. Durability against power cuts is left out: files are not synced.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Generator, Sequence
from types import SimpleNamespace
from typing import Any

from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_dbapi

from shared.testing.chaos import current_process, step

_BUSY_SECONDS = 0.002
_MOST_BUSY_TURNS = 20_000


def inline_dbapi() -> Any:
    """What `open_database` takes as `dbapi`: SQLite whose every statement is a step."""
    return AsyncAdapt_aiosqlite_dbapi(_Module(), sqlite3)  # type: ignore[arg-type]  # an object that looks like the module


class _Cursor:
    """aiosqlite's cursor."""

    def __init__(self, connection: "Connection", cursor: sqlite3.Cursor) -> None:
        self._connection = connection
        self._cursor = cursor
        self.arraysize = 1

    async def __aenter__(self) -> "_Cursor":
        return self

    @property
    def description(self) -> Any:
        """The columns of the result."""
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        """How many rows the statement touched."""
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        """The row that was inserted last."""
        return self._cursor.lastrowid

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> "_Cursor":
        """Run a statement."""
        if sql.startswith("PRAGMA"):
            self._cursor.execute(sql.replace("synchronous=FULL", "synchronous=OFF"), parameters)
        elif sql.startswith("BEGIN"):
            await self._connection.step()
            await self._begin(sql)
        else:
            await self._connection.step()
            self._cursor.execute(sql, parameters)
        return self

    async def executemany(self, sql: str, parameters: Sequence[Any]) -> "_Cursor":
        """Run a statement for each row."""
        await self._connection.step()
        self._cursor.executemany(sql, parameters)
        return self

    async def fetchall(self) -> list[Any]:
        """All rows."""
        return self._cursor.fetchall()

    async def close(self) -> None:
        """Let go of the result."""
        self._cursor.close()

    async def _begin(self, sql: str) -> None:
        """Wait for whoever writes now, as SQLite itself does with its busy timeout."""
        for _ in range(_MOST_BUSY_TURNS):
            try:
                self._cursor.execute(sql)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
            else:
                return
            await asyncio.sleep(_BUSY_SECONDS)
            self._connection.refuse_dead()
        raise sqlite3.OperationalError("database is locked")


class _AtOnce:
    """Stands for the queue of aiosqlite's thread: what is put into it is done."""

    def put_nowait(self, work: tuple["asyncio.Future[Any]", Callable[[], Any]]) -> None:
        future, function = work
        future.set_result(function())


class Connection:
    """aiosqlite's connection; awaiting it opens it. It lives as long as the process that opened it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._process = current_process()
        self._conn: Any = None
        self._tx = _AtOnce()
        self._thread = SimpleNamespace(daemon=True)

    def __await__(self) -> Generator[Any, None, "Connection"]:
        return self._open().__await__()

    @property
    def _connection(self) -> Any:
        return self._conn

    @property
    def isolation_level(self) -> str | None:
        """sqlite3's own."""
        level: str | None = self._conn.isolation_level
        return level

    async def step(self) -> None:
        """A step of the simulation, on a connection that is still there."""
        await step()
        self.refuse_dead()

    def refuse_dead(self) -> None:
        """Raises Crashed where the process is gone, and the connection with it."""
        if self._process is not None:
            self._process.refuse_dead()

    async def _open(self) -> "Connection":
        await step()
        self._conn = sqlite3.connect(self._path, timeout=0, check_same_thread=False)
        if self._process is not None:
            self._process.hold(self.stop)
        return self

    def cursor(self) -> _Cursor:
        """A cursor."""
        self.refuse_dead()
        return _Cursor(self, self._conn.cursor())

    async def create_function(self, *arguments: Any, **options: Any) -> None:
        """Add a function of ours to SQL."""
        self._conn.create_function(*arguments, **options)

    async def commit(self) -> None:
        """Commit. To die right after it is what a caller has to survive who never heard of it."""
        await self.step()
        self._conn.commit()
        await self.step()

    async def rollback(self) -> None:
        """Roll back."""
        if self._conn is not None:
            self._conn.rollback()

    async def close(self) -> None:
        """Close; what was not committed is rolled back."""
        self.stop()

    def stop(self) -> None:
        """Close without a wait."""
        if self._conn is not None:
            self._conn.close()
            self._conn = None


class _Module:
    """The module `aiosqlite` as far as SQLAlchemy looks at it."""

    Connection: type = Connection
    DatabaseError = sqlite3.DatabaseError
    Error = sqlite3.Error
    IntegrityError = sqlite3.IntegrityError
    NotSupportedError = sqlite3.NotSupportedError
    OperationalError = sqlite3.OperationalError
    ProgrammingError = sqlite3.ProgrammingError
    sqlite_version = sqlite3.sqlite_version
    sqlite_version_info = sqlite3.sqlite_version_info

    def connect(self, path: str, **_options: Any) -> Any:
        """A connection that is opened when it is awaited."""
        return Connection(path)
