"""Leads: of whom a batch has news, and what the API asks about all of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from services.attribution.domain.costs import Entries
from services.attribution.domain.period import Period
from services.attribution.domain.quality import By
from services.attribution.domain.sources import Sources


@dataclass(frozen=True, slots=True)
class Changed:
    """Whose way as a lead a batch may have changed."""

    members: Mapping[str, str]
    """Ids, and who stands for each."""
    named: frozenset[str] = frozenset()
    """Ids whose person is not known here."""
    touches: frozenset[str] = frozenset()
    """Touches that nobody had heard of."""
    promotions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class QualityAsked:
    """Which leads are asked for, by when they became one, and what they are told by."""

    keys: tuple[str, ...]
    by: By
    currency: str
    period: Period


@dataclass(frozen=True, slots=True)
class EnteredAsked:
    """What people are told by who entered a stage in a time."""

    key: str
    by: By
    period: Period


class QualityReading(Protocol):
    """What the API asks about leads."""

    async def quality(self, asked: QualityAsked) -> Sources:
        """What became of everybody who became a lead in a time, by where they came from."""
        ...

    async def entered(self, asked: EnteredAsked) -> Mapping[str, Entries]:
        """How many people entered each stage in a time, and how many of their deals closed in it, by where they came
        from."""
        ...
