"""One loop lets another go first: work that may come late takes what the other leaves, and never less than its share.

Only for work whose time of arrival decides nothing: what waits here is as if it had been sent later.
"""

from collections.abc import Callable

from shared.kernel.instant import SECOND, Instant

_LATELY = SECOND
"""So long after the other loop had something to do, more is expected: a batch of its own may take as long."""
_CHUNKS_A_SECOND = 5
"""A transaction has a price of its own: the share is taken in so many pieces, not record by record."""


class Pace:
    """How many records a loop may take now: while others come its share of `per_second`, else two seconds' share."""

    def __init__(self, per_second: int, now: Callable[[], Instant]) -> None:
        self._per_second = per_second
        self._chunk = max(1, per_second // _CHUNKS_A_SECOND)
        self._now = now
        self._others_at: Instant | None = None
        self._next_at = now()

    def others_came(self) -> None:
        """The other loop has something to do."""
        self._others_at = self._now()

    def most(self) -> int:
        """How many records may be taken now; none where it is not time yet."""
        now = self._now()
        if self._others_at is None or not 0 <= now - self._others_at < _LATELY:
            return self._per_second * 2
        # It is never further ahead than a second, unless the clock was set back.
        return 0 if 0 < self._next_at - now <= SECOND else self._chunk

    def took(self, records: int) -> None:
        """So many records were taken: it is time again when their share of a second has passed, or a whole one."""
        self._next_at = Instant(self._now() + min(SECOND, records * SECOND // self._per_second))
