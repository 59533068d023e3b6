"""What ingest needs of its store to erase people and to keep out what comes of them later."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from services.ingest.domain.consent import Statements
from services.ingest.domain.erasure import Remains
from services.ingest.domain.identity import Identifier
from shared.contracts.erasures import ErasureDone
from shared.contracts.touchpoints import CollectedTouchpoint, PersonIdentified, Touchpoint


class Erasures(Protocol):
    """Who was erased, as far as a batch has to know."""

    def suppressed(self, member: Identifier) -> bool:
        """Whether an identifier of the batch is one under which nothing may be taken."""
        ...

    async def keep_out(self, calls: Sequence[CollectedTouchpoint]) -> None:
        """Put on record that these came and were not taken, and nothing of what was in them."""
        ...

    async def erased(self, person_ids: Collection[str]) -> Mapping[str, str]:
        """Which of these are ids of somebody who was erased, each with the erasure."""
        ...

    async def speaking(self, bodies: Mapping[str, str]) -> set[str]:
        """The keys of those texts that speak of somebody who was erased."""
        ...

    async def tidy(self) -> None:
        """Let go of names of the batch that nothing was taken under: they came beside suppressed ones."""
        ...

    async def answered(self, answers: Sequence[ErasureDone]) -> None:
        """Keep what other services have removed."""
        ...


class Line(NamedTuple):
    """A line of a receipt: how many rows of a store were removed, or made anonymous, last at a time (UTC ms)."""

    service: str
    store: str
    removed: int
    at: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """An erasure, as far as it is. `due_at`: when it ends at the latest, where a broker's retention decides."""

    id: str
    lines: Sequence[Line]
    finished_at: int | None
    due_at: int | None


class Cleaning(Protocol):
    """Takes what was deleted out of the files of a whole deployment, and out of its log."""

    async def begin(self) -> None:
        """Note what is on its way to the log by now."""
        ...

    async def read_up(self) -> bool:
        """Whether all services have read what the log held once everything noted had come there."""
        ...

    async def clean(self) -> bool:
        """Clean the files of all stores, then the log of what it held; False where somebody still reads there."""
        ...


class Emptied(NamedTuple):
    """The touchpoints that hold nothing any more, and of these what is to be published to whom they were: somebody
    else, with their next revision."""

    ids: frozenset[str]
    withdrawn: Sequence[Touchpoint]


class Forgetting(Protocol):
    """Takes what is held of one person out of the store; each answers how many rows that were, by table."""

    async def touchpoints(self, remains: Remains) -> Emptied:
        """Empty every touchpoint that is theirs or names them, and delete what it said of anybody."""
        ...

    async def consents(
        self, said: Mapping[Identifier, Statements], emptied: Collection[str]
    ) -> Mapping[Identifier, Statements]:
        """What is left of what was said under identifiers that stay, without what these events said; kept so."""
        ...

    async def graph(self, remains: Remains, components: Sequence[str]) -> None:
        """Delete them and all that names them; the components too where nobody else lies in them."""
        ...

    async def cards(self, cards: Sequence[PersonIdentified]) -> None:
        """Have people bear these cards."""
        ...

    async def settle(self, erasure_id: str, remains: Remains, person_id: str) -> None:
        """Keep that they were erased, and that nothing is taken under their names; with what was removed so far."""
        ...

    def removed(self, store: str, rows: int) -> None:
        """Count rows of a store that were removed by somebody else."""
        ...
