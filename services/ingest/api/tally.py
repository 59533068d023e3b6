"""What a door counts: how much it took, and what it refused and why."""

from collections import Counter
from collections.abc import Iterable

from shared.observe.metrics import Metrics


class Tally:
    """The counts of one door."""

    def __init__(self, metrics: Metrics, door: str) -> None:
        self._accepted = metrics.accepted.labels(door)
        self._rejected = metrics.rejected
        self._door = door

    def took(self, events: int) -> None:
        """The log has these events."""
        self._accepted.inc(events)

    def refused(self, codes: Iterable[str]) -> None:
        """These were refused, each with the code of its reason; a request refused whole is one."""
        for code, times in Counter(codes).items():
            self._rejected.labels(self._door, code).inc(times)
