"""One run of the measurements: how much of everything, the real parts, and what is told to whoever waits."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tests.bench.processes import NotStarted
from tests.parts.engine import NotHere
from tests.parts.kafka import KafkaBroker
from tests.parts.ladder import Ladder
from tests.parts.postgres import PostgresServer, plain


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is done; times are seconds."""

    rounds: int
    round_seconds: float
    facts: int
    events: int
    latency_seconds: float
    paths: int
    step_seconds: float
    """No step of a part goes on for longer: one deployment, one store."""


QUICK = Effort(
    rounds=3, round_seconds=1, facts=100_000, events=6_000, latency_seconds=8, paths=100_000, step_seconds=90
)
FULL = Effort(
    rounds=5, round_seconds=4.0, facts=3_000_000, events=20_000, latency_seconds=20, paths=1_000_000, step_seconds=600
)


@dataclass(frozen=True, slots=True)
class Section:
    """What a part has to say: a table, and what has to be known to read it."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]] = ()
    notes: Sequence[str] = ()


class Parts:
    """Real ones: a PostgreSQL, started when first asked for and then the same, and new Kafkas; raises NotHere."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.ladder = Ladder(say)

    def new_kafka(self) -> KafkaBroker:
        """A broker that nobody else has."""
        return self.ladder.kafka(own=True)

    @cached_property
    def postgres(self) -> PostgresServer:
        """The server."""
        return self.ladder.postgres()


@dataclass(frozen=True, slots=True)
class Run:
    """What every part is given. `folder`: scratch, gone after the run."""

    effort: Effort
    folder: Path
    parts: Parts
    say: Callable[[str], None]
    unfinished: list[str] = field(default_factory=list)
    """What could not be measured, and why."""

    @asynccontextmanager
    async def step(self, name: str, notes: list[str]) -> AsyncIterator[None]:
        """A step of a part: past its deadline, or without what it needs, it ends with a note in place of figures."""
        try:
            async with asyncio.timeout(self.effort.step_seconds):
                yield
        except (TimeoutError, NotHere, NotStarted) as reason:
            why = str(reason) or f"the deadline of {self.effort.step_seconds:g} s was over"
            notes.append(f"Not measured to the end: {name} ({why}).")
            self.unfinished.append(notes[-1])

    @asynccontextmanager
    async def kafka(self) -> AsyncIterator[str]:
        """`host:port` of a real Kafka that is new: what it remembered of others would be worked first, and measured.

        It ends with the block; raises NotHere."""
        broker = await asyncio.to_thread(self.parts.new_kafka)
        try:
            yield broker.bootstrap
        finally:
            await asyncio.to_thread(broker.discard)

    @asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """The address of a new PostgreSQL database, dropped with the block; raises NotHere."""
        server = await asyncio.to_thread(lambda: self.parts.postgres)
        url = await server.fresh_database()
        try:
            yield plain(url)
        finally:
            await server.drop_database(url)

    def scratch(self, name: str) -> Path:
        """A new folder."""
        folder = self.folder / name
        folder.mkdir()
        return folder
