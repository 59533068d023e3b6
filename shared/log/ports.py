"""The log as the rest of the house sees it: topics of partitions, each an order of records that lasts.

A driver keeps the order of what one caller publishes with one key. It never commits positions of its own:
where a group stands is the store's truth, asked for through `Locate` whenever a partition is assigned.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from shared.contracts.records import Outgoing, Partition, Record
from shared.kernel.errors import TryLater

__all__ = [
    "Bounds", "Heard", "Locate", "Log", "LogFeatures", "Outgoing", "Partition", "Record", "Sender", "Subscription"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class LogFeatures:
    """What a driver can do; the conformance suite asks for no more than this."""

    name: str
    durable: bool
    """What was published outlives the process."""
    shared: bool
    """Other processes may open the same log."""
    max_record_bytes: int
    delivery_seconds: float
    """After this long a publish has been written or never will be; a relay waits it out when it takes over."""
    discards: bool = False
    """Whether `discard` and `trim` delete; else records stay as long as the broker keeps them."""


class Bounds(NamedTuple):
    """What a partition holds: offsets from `first` up to, but not including, `end`."""

    first: int
    end: int


Locate = Callable[[frozenset[Partition]], Awaitable[Mapping[Partition, int]]]
"""Asked on every assignment: the next offset to read of each partition. It may raise PositionLost."""


class Subscription(Protocol):
    """One member of a consumer group."""

    async def poll(self, limit: int, wait_ms: int) -> Sequence[Record]:
        """Up to `limit` records over all partitions held, in order per partition; waits up to `wait_ms`
        where there is none. Raises TryLater where the log cannot answer, PositionLost where `locate` did."""
        ...

    def held(self) -> frozenset[Partition]:
        """The partitions this member may read now."""
        ...

    def seek(self, positions: Mapping[Partition, int]) -> None:
        """Read on from these offsets; partitions no longer held are passed over."""
        ...

    async def report(self, positions: Mapping[Partition, int]) -> None:
        """Tell the log where the group stands, for lag tools only; best effort, never raises."""
        ...

    async def close(self) -> None:
        """Leave the group; returns within a deadline whatever the log does."""
        ...


Heard = Callable[[TryLater | None], None]
"""Is told how a send ended: None where all of it is durable. Called once, on the event loop; it should not raise."""


class Sender(Protocol):
    """What takes records for good."""

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Durable when it returns. Raises TryLater where it may not be (some may have been written: the
        reader dedupes by id), Reject `event_too_large` where a record is over `max_record_bytes` (none
        of the call's records is then written)."""
        ...

    def send(self, records: Sequence[Outgoing], heard: Heard) -> None:
        """The same without waiting. What is known at once, TryLater or Reject, is raised, and nothing is written then;
        else `heard` is told. It costs a busy door less than a task and a future for each."""
        ...


class Log(Sender, Protocol):
    """A log of topics."""

    @property
    def features(self) -> LogFeatures: ...

    async def start(self, topics: Mapping[str, int]) -> None:
        """Open the log; make sure each topic is there with that many partitions and can be written.

        Raises TryLater where the log cannot be reached, ValueError where a topic has another number."""
        ...

    async def subscribe(
        self,
        group: str,
        topics: Iterable[str],
        locate: Locate,
        on_revoke: Callable[[], Awaitable[None]] | None = None,
    ) -> Subscription:
        """Join a group. `on_revoke` is awaited (for 5 s at most) before partitions are given up."""
        ...

    async def bounds(self, topics: Iterable[str]) -> Mapping[Partition, Bounds]:
        """What each partition of these topics holds now."""
        ...

    async def identity(self, topic: str) -> str:
        """A name of this very topic: one that is deleted and made again has another."""
        ...

    async def discard(self, before: Mapping[Partition, int]) -> None:
        """Keep no record before these offsets, and no byte of one; whoever still stands there loses its place.

        Nothing happens where a broker keeps records for its own time. Raises TryLater where it cannot be done now."""
        ...

    async def trim(self, read: Mapping[Partition, int], before: int) -> int:
        """Delete the records that lie before these offsets and are from before an instant; offsets stay. Answers how
        many were deleted.

        Nothing happens where a broker keeps records for its own time. Raises TryLater where it cannot be done now."""
        ...

    async def close(self) -> None:
        """Finish what is in flight and release everything; returns within a deadline."""
        ...
