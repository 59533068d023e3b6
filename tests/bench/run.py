"""One run of the measurements: how much of everything, the real parts, and what is told to whoever waits."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.parts.engine import NotHere
from tests.parts.ladder import Ladder
from tests.parts.postgres import plain


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is done; times are seconds."""

    rounds: int
    round_seconds: float
    facts: int
    events: int
    latency_seconds: float
    part_seconds: float
    """No part goes on for longer."""


QUICK = Effort(rounds=3, round_seconds=1.5, facts=100_000, events=6_000, latency_seconds=8, part_seconds=75)
FULL = Effort(rounds=5, round_seconds=4.0, facts=3_000_000, events=20_000, latency_seconds=20, part_seconds=540)


@dataclass(frozen=True, slots=True)
class Section:
    """What a part has to say: a table, and what has to be known to read it."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Run:
    """What every part is given. `folder`: scratch, gone after the run."""

    effort: Effort
    folder: Path
    ladder: Ladder
    say: Callable[[str], None]

    async def kafka(self) -> str:
        """`host:port` of a real Kafka; raises NotHere."""
        return (await asyncio.to_thread(self.ladder.kafka)).bootstrap

    @asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """The address of a new PostgreSQL database, dropped with the block; raises NotHere."""
        server = await asyncio.to_thread(self.ladder.postgres)
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


__all__ = ["FULL", "QUICK", "Effort", "NotHere", "Run", "Section"]
