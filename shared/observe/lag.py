"""How far a service is: what it has read of its topics, and what it still owes.

`caught_up` is decided here and nowhere else.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PartitionLag:
    """Where the group stands in a partition: the next offset to read, and the one after the last."""

    topic: str
    partition: int
    position: int
    end: int


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Webhooks on their way: `due` now or leased, and `waiting` for the time of their retry."""

    due: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Lag:
    """What a whole service has before it. `work`: dirty people and deals, due ticks, erasures, the spool."""

    topics: Sequence[PartitionLag]
    outbox: int
    work: int
    deliveries: Deliveries = Deliveries()

    @property
    def unread(self) -> int:
        """Records not yet read, over all partitions."""
        return sum(max(0, each.end - each.position) for each in self.topics)

    @property
    def caught_up(self) -> bool:
        """Nothing unread, nothing to send, nothing to do, nothing due; what waits for its retry does not count."""
        return not (self.unread or self.outbox or self.work or self.deliveries.due)
