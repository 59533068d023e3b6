"""SQLite as SQLAlchemy's asyncio takes it: statements run where they are called.

A statement on a local file takes microseconds; to carry it to a thread and back, as aiosqlite does four times a
statement, takes milliseconds as soon as two threads want the interpreter. What waits for the disk goes to a thread
(a commit that syncs), and who waits for another process's lock asks again and again. One task at a time uses one.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Generator, Sequence
from types import SimpleNamespace
from typing import Any, TypeVar

from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_dbapi

_SYNCHRONOUS = "PRAGMA synchronous="
_SETTINGS = ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA foreign_keys=ON", "PRAGMA secure_delete=ON")
_BUSY_SECONDS = 0.01
_MOST_BUSY_TURNS = 3_000


T = TypeVar("T")


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


class Cursor:
    """A cursor with aiosqlite's methods."""

    def __init__(self, connection: "Connection", cursor: sqlite3.Cursor) -> None:
        self._connection = connection
        self._cursor = cursor
        self.arraysize = 1

    async def __aenter__(self) -> "Cursor":
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

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> "Cursor":
        """Run a statement."""
        if sql.startswith("BEGIN"):
            await self._connection.begin(sql)
        elif sql.startswith("PRAGMA"):
            self._cursor.execute(self._connection.heed(sql), parameters)
        else:
            await self._connection.step()
            self._cursor.execute(sql, parameters)
        return self

    async def executemany(self, sql: str, parameters: Sequence[Any]) -> "Cursor":
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


class _AtOnce:
    """Stands for the queue of aiosqlite's thread, which SQLAlchemy reaches for: what is put into it is done."""

    def put_nowait(self, work: tuple["asyncio.Future[Any]", Callable[[], Any]]) -> None:
        """Do it."""
        future, function = work
        future.set_result(function())


class Connection:
    """A connection with aiosqlite's methods; awaiting it opens it."""

    def __init__(self, path: str, **options: Any) -> None:
        self._path = path
        self._options = options
        self._conn: Any = None
        self._syncs = True
        self._tx = _AtOnce()
        self._thread = SimpleNamespace(daemon=True)

    def __await__(self) -> Generator[Any, None, "Connection"]:
        return self._open().__await__()

    async def _open(self) -> "Connection":
        options = self._options | {"check_same_thread": False, "timeout": 0, "isolation_level": None}
        self._conn = sqlite3.connect(self._path, **options)
        for setting in _SETTINGS:
            self._conn.execute(self.heed(setting))
        return self

    @property
    def usable(self) -> bool:
        """Whether it is open and in no transaction."""
        return self._conn is not None and not self._conn.in_transaction

    @property
    def _connection(self) -> Any:
        return self._conn

    @property
    def isolation_level(self) -> str | None:
        """sqlite3's own."""
        level: str | None = self._conn.isolation_level
        return level

    async def step(self) -> None:
        """What a simulation wants to know before each statement; nothing here."""

    def heed(self, sql: str) -> str:
        """A setting, to be run; notices whether commits are to wait for the disk."""
        if sql.startswith(_SYNCHRONOUS):
            self._syncs = not sql.endswith("NORMAL")
        return sql

    async def begin(self, sql: str = "BEGIN") -> None:
        """Begin; whoever writes now, in another process, is waited for. Raises OperationalError at the end of it."""
        await self.step()
        for _ in range(_MOST_BUSY_TURNS):
            try:
                self._conn.execute(sql)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
            else:
                return
            await asyncio.sleep(_BUSY_SECONDS)
        raise sqlite3.OperationalError("database is locked")

    async def begin_writing(self, *, durable: bool) -> None:
        """Begin as the file's one writer; a commit waits for the disk where it has to be durable."""
        if durable != self._syncs:
            self._conn.execute(self.heed(f"{_SYNCHRONOUS}{'FULL' if durable else 'NORMAL'}"))
        await self.begin("BEGIN IMMEDIATE")

    def cursor(self) -> Cursor:
        """A cursor."""
        return Cursor(self, self._conn.cursor())

    async def fetch(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        """All rows of a statement."""
        await self.step()
        rows: list[Any] = self._conn.execute(sql, parameters).fetchall()
        return rows

    async def described(self, sql: str, parameters: Sequence[Any]) -> tuple[list[str], list[Any]]:
        """All rows of a statement, after the names of their columns."""
        await self.step()
        cursor = self._conn.execute(sql, parameters)
        return [one[0] for one in cursor.description or ()], cursor.fetchall()

    async def run(self, sql: str, parameters: Sequence[Any]) -> int:
        """Run a statement that writes; answers how many rows it touched."""
        await self.step()
        count: int = self._conn.execute(sql, parameters).rowcount
        return count

    async def run_for_each(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        """Run a statement that writes for each of some rows; answers how many rows that touched."""
        await self.step()
        count: int = self._conn.executemany(sql, rows).rowcount
        return count

    async def create_function(self, *arguments: Any, **options: Any) -> None:
        """Add a function of ours to SQL."""
        self._conn.create_function(*arguments, **options)

    async def commit(self) -> None:
        """Commit; in a thread where it waits for the disk."""
        if not self._conn.in_transaction:
            return
        if self._syncs:
            await uninterrupted(asyncio.to_thread(self._conn.commit))
        else:
            self._conn.commit()

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


class Module:
    """The module `aiosqlite` as far as SQLAlchemy looks at it, with connections of some class."""

    DatabaseError = sqlite3.DatabaseError
    Error = sqlite3.Error
    IntegrityError = sqlite3.IntegrityError
    NotSupportedError = sqlite3.NotSupportedError
    OperationalError = sqlite3.OperationalError
    ProgrammingError = sqlite3.ProgrammingError
    sqlite_version = sqlite3.sqlite_version
    sqlite_version_info = sqlite3.sqlite_version_info

    def __init__(self, connection: type[Connection] = Connection) -> None:
        self.Connection = connection

    def connect(self, path: str, **options: Any) -> Any:
        """A connection that is opened when it is awaited."""
        return self.Connection(path, **options)


def dbapi(connection: type[Connection] = Connection) -> Any:
    """What SQLAlchemy takes as the module of its aiosqlite dialect."""
    return AsyncAdapt_aiosqlite_dbapi(Module(connection), sqlite3)  # type: ignore[arg-type]  # it looks like a module
