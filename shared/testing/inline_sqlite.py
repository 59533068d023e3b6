"""SQLite for simulations: the product's own driver, where each statement and each commit is a step.

A process that dies loses its connections, and with them all that it had not committed. Durability against power
cuts is left out: files are not synced.
"""

import asyncio
import sqlite3
from typing import Any

from shared.db import sqlite_driver
from shared.testing.chaos import current_process, step

_BUSY_SECONDS = 0.002
_MOST_BUSY_TURNS = 20_000


def inline_dbapi() -> Any:
    """What `open_database` takes as `dbapi`: SQLite whose every statement is a step."""
    return sqlite_driver.dbapi(Connection)


class Connection(sqlite_driver.Connection):
    """It lives as long as the process that opened it."""

    def __init__(self, path: str, **_options: Any) -> None:
        super().__init__(path, timeout=0)
        self._process = current_process()

    async def _open(self) -> "Connection":
        await step()
        _ = await super()._open()
        self._conn.execute("PRAGMA synchronous=OFF")
        if self._process is not None:
            self._process.hold(self.stop)
        return self

    async def step(self) -> None:
        """A step of the simulation, on a connection that is still there."""
        await step()
        self.refuse_dead()

    def refuse_dead(self) -> None:
        """Raises Crashed where the process is gone, and the connection with it."""
        if self._process is not None:
            self._process.refuse_dead()

    def cursor(self) -> sqlite_driver.Cursor:
        """A cursor."""
        self.refuse_dead()
        return super().cursor()

    async def begin(self, cursor: sqlite3.Cursor, sql: str) -> None:
        """Wait for whoever writes now, as SQLite itself does with its busy timeout."""
        await self.step()
        for _ in range(_MOST_BUSY_TURNS):
            try:
                cursor.execute(sql)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
            else:
                return
            await asyncio.sleep(_BUSY_SECONDS)
            self.refuse_dead()
        raise sqlite3.OperationalError("database is locked")

    async def commit(self) -> None:
        """Commit. To die right after it is what a caller has to survive who never heard of it."""
        await self.step()
        self._conn.commit()
        await self.step()
