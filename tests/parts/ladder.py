"""Where the real parts come from: the environment, else Docker, else this machine; and what to say about it.

An address in the environment is taken at its word: where nothing answers there, no other way is tried.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from tests.parts import kafka, postgres
from tests.parts.engine import NotHere
from tests.parts.kafka import KafkaBroker
from tests.parts.machine import Say
from tests.parts.part import Part
from tests.parts.postgres import PostgresServer

P = TypeVar("P", bound=Part)

KAFKA_VARIABLE = "THROUGHLINE_TEST_KAFKA"
DATABASE_VARIABLE = "THROUGHLINE_TEST_DATABASE"


@dataclass(frozen=True, slots=True)
class Rung(Generic[P]):
    """One way to a part; `how` is how the last lines of a run name it."""

    how: str
    climb: Callable[[], P]


def climb(rungs: Sequence[Rung[P]]) -> tuple[P, str]:
    """The part of the first rung that holds, and how; raises NotHere with what was wrong with each."""
    reasons = []
    for rung in rungs:
        try:
            return rung.climb(), rung.how
        except NotHere as reason:
            reasons.append(f"{rung.how}: {reason}")
    raise NotHere("; ".join(reasons))


class Ladder:
    """The real parts of one test session: each is looked for once, when first asked for, and ended by `close`."""

    def __init__(self, say: Say) -> None:
        self.used: dict[str, str] = {}
        """What was found so far, in the words of the last lines: `Kafka` -> `4.3.1 (installed here)`."""
        self._say = say
        self._running: list[Part] = []

    def kafka(self, *, own: bool = False) -> KafkaBroker:
        """A broker for the whole session, or one of the caller's own that it may end; raises NotHere."""
        return self._find("Kafka", self._kafka_rungs(own=own))

    def postgres(self, *, own: bool = False) -> PostgresServer:
        """A server for the whole session, or one of the caller's own that it may end; raises NotHere."""
        return self._find("PostgreSQL", self._postgres_rungs(own=own))

    def close(self) -> None:
        """End everything that was started."""
        while self._running:
            self._running.pop().discard()

    def _find(self, name: str, rungs: Sequence[Rung[P]]) -> P:
        part, how = climb(rungs)
        self._running.append(part)
        self.used.setdefault(name, f"{part.version()} ({how})")
        return part

    def _kafka_rungs(self, *, own: bool) -> list[Rung[KafkaBroker]]:
        address = os.environ.get(KAFKA_VARIABLE)
        if address and not own:
            return [Rung(KAFKA_VARIABLE, lambda: kafka.given(address))]
        return [Rung("Docker", kafka.boxed), Rung("installed here", lambda: kafka.installed(self._say))]

    def _postgres_rungs(self, *, own: bool) -> list[Rung[PostgresServer]]:
        url = os.environ.get(DATABASE_VARIABLE)
        if url and not own:
            return [Rung(DATABASE_VARIABLE, lambda: postgres.given(url))]
        return [Rung("Docker", postgres.boxed), Rung("installed here", lambda: postgres.installed(self._say))]
