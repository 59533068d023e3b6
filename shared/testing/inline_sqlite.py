"""SQLite for simulations: the product's own driver, where each statement and each commit is a step.

A process that dies loses its connections, and with them all that it had not committed. Durability against power
cuts is left out: files are not synced.
"""

import sqlite3
from typing import Any

from shared.db import sqlite_driver
from shared.testing.chaos import current_process, step


class InlineConnection(sqlite_driver.Connection):
    """What `open_database` takes as `file_driver`. It lives as long as the process that opened it."""

    def __init__(self, path: str, **_options: Any) -> None:
        super().__init__(path)
        self._process = current_process()

    async def _open(self) -> "InlineConnection":
        await step()
        _ = await super()._open()
        if self._process is not None:
            self._process.hold(self.stop)
        return self

    async def step(self) -> None:
        """A step of the simulation, on a connection that is still there."""
        await step()
        self.refuse_dead()

    def heed(self, sql: str) -> str:
        """Nothing is synced; and settings are no step: a store that was open before is set up already."""
        return "PRAGMA synchronous=OFF" if super().heed(sql).startswith("PRAGMA synchronous") else sql

    def refuse_dead(self) -> None:
        """Raises Crashed where the process is gone, and the connection with it."""
        if self._process is not None:
            self._process.refuse_dead()

    async def begin(self, sql: str = "BEGIN") -> None:
        """Begin. Who dies while another one writes finds the connection closed, which is no fault of the store's."""
        try:
            await super().begin(sql)
        except sqlite3.ProgrammingError:
            self.refuse_dead()
            raise

    def cursor(self) -> sqlite_driver.Cursor:
        """A cursor."""
        self.refuse_dead()
        return _Cursor(self, self._conn.cursor())

    @property
    def lost(self) -> bool:
        """Whether the process that opened it is no more."""
        return self._process is not None and self._process.dead

    async def commit(self) -> None:
        """Commit. To die right after it is what a caller has to survive who never heard of it."""
        await self.step()
        self._conn.commit()
        await self.step()


class _Cursor(sqlite_driver.Cursor):
    """A cursor that the dead need not close: it went with their connection."""

    def __init__(self, connection: InlineConnection, cursor: sqlite3.Cursor) -> None:
        super().__init__(connection, cursor)
        self._opened = connection

    async def close(self) -> None:
        """Let go of the result."""
        if not self._opened.lost:
            await super().close()
