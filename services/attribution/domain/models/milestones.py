"""Models that give fixed parts to the milestones of a journey, and what is left to the interactions besides.

An interaction that is several milestones gets all their parts. Where a milestone is missing, or nobody is left
for the rest, the other parts grow in the proportion they have. HubSpot, Marketo Measure and others say nothing
about the first of these cases; this is our ruling.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from services.attribution.domain.journey import Journey, Milestone
from services.attribution.domain.models.model import Model, all_to

MiddleScope = Literal["all", "between"]
_SHAPES = 4_096
"""Journeys of one length, with their milestones in the same places, are split alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the first interaction and the milestones get; the rest goes to others in equal parts."""

    first: Fraction = Fraction(0)
    milestones: Mapping[Milestone, Fraction]
    middle: MiddleScope = "all"
    """Whom the rest goes to: all others, or only those between two of the milestones."""

    @property
    def rest(self) -> Fraction:
        """What the milestones leave to the others."""
        return 1 - self.first - sum(self.milestones.values(), Fraction(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneModel(Model):
    """A model that can be told by the milestones of a journey."""

    parts: Parts


def by_milestones(name: str, parts: Parts, rule: str, source: str) -> MilestoneModel:
    """The model that gives these parts; the first interaction takes all where nobody has a part."""

    @lru_cache(maxsize=_SHAPES)
    def placed(count: int, positions: tuple[int | None, ...]) -> tuple[Fraction, ...]:
        weights = _weights(parts, count, dict(zip(parts.milestones, positions, strict=True)))
        whole = sum(weights, Fraction(0))
        return tuple(weight / whole for weight in weights) if whole else all_to(0, count)

    def shares(journey: Journey) -> tuple[Fraction, ...]:
        return placed(len(journey.interactions), tuple(journey.position(milestone) for milestone in parts.milestones))

    return MilestoneModel(name, shares, rule, source, tuple(parts.milestones), parts=parts)


def _weights(parts: Parts, count: int, positions: Mapping[Milestone, int | None]) -> list[Fraction]:
    """The parts as they are written down; they sum to less than one where something is missing."""
    weights = [Fraction(0)] * count
    found = {0} if parts.first else set()
    weights[0] += parts.first
    for milestone, part in parts.milestones.items():
        position = positions[milestone]
        if position is not None:
            weights[position] += part
            found.add(position)
    others = set(range(count)) - found
    if parts.middle == "between":
        others &= set(range(min(found, default=0), max(found, default=0)))
    for position in others if parts.rest else ():
        weights[position] = parts.rest / len(others)
    return weights
