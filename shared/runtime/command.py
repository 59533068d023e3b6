"""What is asked over HTTP and changes something: the same session as a batch, committed before the answer.

A 200 that is rolled back afterwards cannot happen: nothing is answered until this returns.
"""

from collections.abc import Callable
from typing import TypeVar

from shared.db import outbox
from shared.db.engine import Database
from shared.kernel.errors import NotLoaded, TryLater
from shared.kernel.instant import Instant
from shared.kernel.keys import Key
from shared.runtime.session import Open, S

R = TypeVar("R")
_MOST_REDOS = 20


async def perform(
    database: Database,
    open_session: Open[S],
    keys: frozenset[Key],
    act: Callable[[S], R],
    *,
    now: Callable[[], Instant],
    committed: Callable[[], None],
) -> R:
    """What `act` answers, once everything it did is committed. What it raises rolls all back and leaves."""
    for _ in range(_MOST_REDOS):
        try:
            async with database.work() as work:
                session = await open_session(work, keys, now())
                answer = act(session)
                await outbox.add(work, [outbox.outgoing(emit) for emit in await session.close()])
        except NotLoaded as missing:
            keys |= {key for key in missing.keys if isinstance(key, Key)}
        else:
            committed()
            return answer
    raise TryLater("keys kept changing while they were being locked")
