"""Time has passed: hand-offs that nobody answered by `accept_by` are said to be breached, exactly once each.

Whoever looks first does it; who comes second finds nothing left. Leaves out reassigning.
"""

from collections.abc import Awaitable, Callable, Sequence

from services.handoff.handlers.handing import Handing
from shared.kernel.instant import Instant
from shared.kernel.keys import Key

AT_ONCE = 500
Due = Callable[[Instant, int], Awaitable[Sequence[tuple[str, str]]]]
"""The hand-offs that are due, as (id, person id), at most so many."""
Perform = Callable[[frozenset[Key], Callable[[Handing], int]], Awaitable[int]]
"""Does something in a session with these people locked."""


class Breach:
    """The tick of the promise to accept."""

    def __init__(self, due: Due, perform: Perform) -> None:
        self._due = due
        self._perform = perform

    async def due(self, now: Instant) -> int:
        """Say what is due; answers how many breaches that were. Raises TryLater."""
        found = await self._due(now, AT_ONCE)
        if not found:
            return 0
        keys = frozenset(Key("person", person_id) for _, person_id in found)
        return await self._perform(keys, lambda session: sum(session.due(handoff_id) for handoff_id, _ in found))
