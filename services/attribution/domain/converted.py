"""Deals one by one, each converted once: what a report adds up where no sums are kept in the currency asked for.

A deal's credits in the report's currency are its converted amount split by the same exact shares, so they sum to it.
What has no rate is added up by itself, in its own currency.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby
from math import floor
from operator import attrgetter

from services.attribution.domain.rates import Rates
from services.attribution.domain.report import Sum
from shared.kernel.money import split

_deal_id = attrgetter("deal_id")
_model = attrgetter("model")


@dataclass(frozen=True, slots=True)
class Line:
    """One credit of a deal, or the deal alone where `model` is none; lines of a deal and a model stand together."""

    deal_id: str
    at: int
    """The time whose rate holds."""
    currency: str
    deal_minor: int
    group: str
    """What deals are told apart by, whatever the credit: a stage."""
    model: str | None
    key: tuple[str, ...]
    share: str
    """The exact fraction; empty where no more than `part` is kept of it."""
    part: float
    amount_minor: int


@dataclass(slots=True)
class Count:
    """How many deals, and their money."""

    deals: int = 0
    amount_minor: int = 0

    def add(self, deals: int, amount_minor: int) -> None:
        """Add to it."""
        self.deals += deals
        self.amount_minor += amount_minor


@dataclass(frozen=True, slots=True)
class Converted:
    """What deals add up to in one currency."""

    into: str
    rates: Rates
    groups: defaultdict[str, Count] = field(default_factory=lambda: defaultdict(Count))
    unconverted: defaultdict[str, Count] = field(default_factory=lambda: defaultdict(Count))
    """By currency."""
    sums: defaultdict[str, defaultdict[tuple[str, ...], Sum]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Sum))
    )

    def take(self, lines: Iterable[Line]) -> None:
        """Add deals with their credits."""
        for _, group in groupby(lines, _deal_id):
            self._take(list(group))

    def _take(self, lines: Sequence[Line]) -> None:
        deal = lines[0]
        amount = self.rates.converted(deal.deal_minor, deal.currency, self.into, deal.at)
        if amount is None:
            self.unconverted[deal.currency].add(1, deal.deal_minor)
            return
        self.groups[deal.group].add(1, amount)
        for model, group in groupby(lines, _model):
            if model is not None:
                self._credit(model, list(group), amount)

    def _credit(self, model: str, lines: Sequence[Line], amount_minor: int) -> None:
        sums = self.sums[model]
        for line, amount in zip(lines, self._amounts(lines, amount_minor), strict=True):
            sums[line.key].add(Fraction(line.part), amount, abs(amount))

    def _amounts(self, lines: Sequence[Line], amount_minor: int) -> list[int]:
        if lines[0].currency == self.into:
            return [line.amount_minor for line in lines]
        return split(amount_minor, _shares(lines))


def _shares(lines: Sequence[Line]) -> list[Fraction]:
    """Exact shares; numbers that stand for them are taken of their sum, so that they are of one whole all the same."""
    if all(line.share for line in lines):
        return [Fraction(line.share) for line in lines]
    parts = [Fraction(line.part) for line in lines]
    whole = sum(parts, Fraction(0))
    return [part / whole for part in parts]


def apportioned(exact: Sequence[Fraction]) -> list[int]:
    """Whole numbers for exact ones of either sign, each less than one away; they sum to the sum, rounded half to even.

    What is left after rounding down goes to the largest remainders, one each; of equal ones to the earlier.
    """
    parts = [floor(one) for one in exact]
    left = round(sum(exact, Fraction(0))) - sum(parts)
    for index in sorted(range(len(parts)), key=lambda index: (parts[index] - exact[index], index))[:left]:
        parts[index] += 1
    return parts
