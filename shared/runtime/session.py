"""What a service gives the loop: how an event names its keys, how it is taken, and how a batch is closed.

A session is one batch's work in memory: opened by locking and loading the keys, filled by handlers (plain
functions), closed by deriving each touched row once and writing all in bulk.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from shared.contracts.envelope import Emit
from shared.contracts.topics import Topic
from shared.db.work import Work
from shared.kernel.instant import Instant
from shared.kernel.keys import Key
from shared.observe.metrics import Metrics
from shared.runtime.pace import Pace


class Session(Protocol):
    """One batch's work."""

    async def close(self) -> Sequence[Emit]:
        """Derive what was touched, write it, and answer what is to be published."""
        ...


S = TypeVar("S", bound=Session)
GATHER_MS = 5

Open = Callable[[Work, frozenset[Key], Instant], Awaitable[S]]
"""Locks and loads keys; raises NotLoaded where that leads to keys nobody named (an alias's root)."""


@dataclass(frozen=True, slots=True)
class On(Generic[S]):
    """One row of a worker's table: what an event of a type may touch, and what is done with it.

    `inbox` is set where the handler stores no fact under the event's own id: the loop then sees to it that
    an event has its effect once.
    """

    keys: Callable[[Any], Iterable[Key]]
    handle: Callable[[Any, S], None]
    inbox: bool = False


def _measure_nothing(_session: Session, _metrics: Metrics) -> None:
    return


@dataclass(frozen=True, slots=True)
class Consuming(Generic[S]):
    """All that the loop needs to know of a service."""

    group: str
    topics: tuple[Topic, ...]
    handlers: Mapping[str, On[S]]
    """By event type. A type that the topic carries and that is not here is passed over."""
    open: Open[S]
    measure: Callable[[S, Metrics], None] = _measure_nothing
    """Counts what a session came to, once it is committed."""
    gather_ms: int = GATHER_MS
    """How long a small batch waits for more. Where nobody waits for what comes of it, longer: fewer transactions."""
    pace: Pace | None = None
    """Where another loop goes first."""
    ahead_of: Pace | None = None
    """The pace of a loop that this one goes before: it is told how long each batch takes that has keys."""
