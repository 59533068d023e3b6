"""Connections that stay open between transactions: to open one takes longer than most of what is asked of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from shared.db.sessions import Session

_PATIENCE_SECONDS = 5.0


class Pool:
    """As many as are needed at once, up to `most`, of which `idle` stay open while nobody needs them."""

    def __init__(self, connect: Callable[[], Awaitable[Session]], *, most: int, idle: int) -> None:
        self._connect = connect
        self._idle: list[Session] = []
        self._most_idle = idle
        self._free = asyncio.Semaphore(most)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """One for the block, which ends its transaction. Raises TimeoutError where none is free for five seconds."""
        await self._take_turn()
        try:
            session = self._pooled() or await self._connect()
            try:
                yield session
            except TimeoutError:
                self._drop_idle()  # Whoever does not answer on one does not on those that were open beside it.
                raise
            finally:
                self._put_back(session)
        finally:
            self._free.release()

    async def _take_turn(self) -> None:
        if not self._free.locked():  # the usual case, without a timer
            await self._free.acquire()
            return
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await self._free.acquire()

    def _pooled(self) -> Session | None:
        while self._idle:
            session = self._idle.pop()
            if session.usable:
                return session
            session.drop()  # The other side went away meanwhile.
        return None

    def _drop_idle(self) -> None:
        idle, self._idle = self._idle, []
        for session in idle:
            session.drop()

    def _put_back(self, session: Session) -> None:
        # Whose transaction could not be ended is not well: another one is opened in its place.
        if session.usable and len(self._idle) < self._most_idle:
            self._idle.append(session)
        else:
            session.drop()

    async def close(self) -> None:
        """Close what is idle; what is still in use is closed when it is put back."""
        idle, self._idle, self._most_idle = self._idle, [], 0
        # Whoever does not answer is cut off, and nobody could do anything else about it.
        await asyncio.gather(*(session.close() for session in idle), return_exceptions=True)
