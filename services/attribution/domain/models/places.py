"""Models that look at places alone: what the first, each between and the last get, by how many there are."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from services.attribution.domain.journey import Journey
from services.attribution.domain.models.model import Model

_LENGTHS = 1_024
"""Journeys of one length are split alike."""


class Places(NamedTuple):
    """The shares of one journey by place; an only interaction is the first."""

    first: Fraction
    between: Fraction
    """Of each of those between."""
    last: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedModel(Model):
    """A model that can be told by the length of a journey."""

    places: Callable[[int], Places]


def by_places(name: str, places: Callable[[int], Places], rule: str, source: str) -> PlacedModel:
    """The model that gives these shares to a journey of so many interactions."""

    @lru_cache(maxsize=_LENGTHS)
    def placed(count: int) -> tuple[Fraction, ...]:
        first, between, last = places(count)
        return (first,) if count == 1 else (first, *[between] * (count - 2), last)

    def shares(journey: Journey) -> tuple[Fraction, ...]:
        return placed(len(journey.interactions))

    return PlacedModel(name, shares, rule, source, places=places)


def ends(name: str, first: Fraction, last: Fraction, source: str) -> PlacedModel:
    """The model that gives these parts to the ends, and the rest to those between.

    Where nobody is between, the ends share everything in the proportion they have. Raises ValueError where the
    parts are negative or exceed the whole.
    """
    both = first + last
    if first < 0 or last < 0 or not 0 < both <= 1:
        raise ValueError("the first and the last part are each 0 or more and together at most the whole")

    def places(count: int) -> Places:
        if count == 1:
            return Places(Fraction(1), Fraction(0), Fraction(0))
        if count == 2:
            return Places(first / both, Fraction(0), last / both)
        return Places(first, (1 - both) / (count - 2), last)

    rule = f"{_percent(first)} to the first, {_percent(last)} to the last, the rest in equal parts to those between."
    return by_places(name, places, rule, source)


def _percent(part: Fraction) -> str:
    return f"{float(part * 100):g} %"
