"""One loop lets another go first: work that may come late takes what the other leaves, and never less than its share.

Only for work whose time of arrival decides nothing: what waits here is as if it had been sent later.
"""

from collections import deque
from collections.abc import Callable

from shared.kernel.instant import MINUTE, SECOND, Instant

_LATELY = SECOND
"""So long after the other loop had something to do, more is expected: a batch of its own may take as long."""
_BUSY = 0.04
"""The part of its time from which on the other loop has none to give. It tells load where a count of records cannot:
one that is slow has few of them. Two hundred events a second, in batches of twenty, take so much on an idle machine,
and more in smaller ones or where the cores are taken; one event a second takes a hundredth at most."""
_CHUNKS_A_SECOND = 5
"""A transaction has a price of its own: the share is taken in so many pieces, not record by record."""
_LATEST = 5 * MINUTE
"""What has waited for so long waits no more, whoever comes: a log keeps nothing for ever."""


class Pace:
    """How many records a loop may take now: while others come their share of `per_second`, else two seconds' share.

    The share grows as the other loop has time left: tenfold where it is busy for a 250th of it.
    """

    def __init__(self, per_second: int, now: Callable[[], Instant]) -> None:
        self._per_second = per_second
        self._chunk = max(1, per_second // _CHUNKS_A_SECOND)
        self._now = now
        self._others: deque[tuple[Instant, float]] = deque()
        """When the other loop ended a piece of work lately, and how many seconds that took."""
        self._next_at = now()
        self._late = False

    def others_took(self, seconds: float) -> None:
        """The other loop was busy for so long until now."""
        self._others.append((self._now(), seconds))

    def most(self) -> int:
        """How many records may be taken now; none where it is not time yet."""
        now = self._now()
        self._forget(now)
        if self._late or not self._others:
            return self._per_second * 2
        # It is never further ahead than a second, unless the clock was set back.
        return 0 if 0 < self._next_at - now <= SECOND else self._chunk

    def took(self, records: int, oldest: Instant) -> None:
        """So many records were taken, the oldest of which the log has had since `oldest`: it is time again when their
        share of a second has passed, or a whole one."""
        now = self._now()
        self._forget(now)
        self._late = now - oldest > _LATEST
        busy = sum(seconds for _, seconds in self._others) * SECOND / _LATELY
        share = self._per_second * max(1.0, _BUSY / busy) if busy else self._per_second * _BUSY * SECOND
        self._next_at = Instant(now + min(SECOND, max(1, int(records * SECOND / share))))

    def _forget(self, now: Instant) -> None:
        """What was not lately; a clock that was set back makes it all long ago."""
        while self._others and not 0 <= now - self._others[0][0] < _LATELY:
            self._others.popleft()
