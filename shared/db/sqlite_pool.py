"""Connections to one SQLite file, which stay open between transactions: to open one takes longer than most of what is
asked of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from shared.db.sqlite_driver import Connection

_MOST_OPEN = 15
_MOST_IDLE = 5


class SqlitePool:
    """As many as are needed at once, up to fifteen; further ones wait."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._idle: list[Connection] = []
        self._free = asyncio.Semaphore(_MOST_OPEN)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """One for the block, which ends its transaction."""
        async with self._free:
            connection = self._idle.pop() if self._idle else await self._connect()
            try:
                yield connection
            finally:
                # Whose transaction could not be ended is not well: the file is opened anew.
                if connection.usable and len(self._idle) < _MOST_IDLE:
                    self._idle.append(connection)
                else:
                    connection.stop()

    def close(self) -> None:
        """Close what is idle."""
        while self._idle:
            self._idle.pop().stop()
