"""Return: what was spent, held against what was credited, in one currency."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from services.attribution.domain.rates import Rates
from services.attribution.domain.report import NONE, Sum
from services.attribution.domain.spend import SpendLine

SPENT_ON = frozenset({"channel", "campaign"})
"""What spend is known by."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent by key in one currency, and what there was no rate for, by currency."""

    by_key: Mapping[tuple[str, ...], int]
    first_day: Mapping[tuple[str, ...], int]
    """Of each key, its first millisecond, UTC."""
    unconverted: Mapping[str, int]

    @property
    def amount_minor(self) -> int:
        """All that was converted."""
        return sum(self.by_key.values())


def spent(lines: Iterable[SpendLine], keys: Sequence[str], into: str, rates: Rates) -> Spent:
    """Spend by channel, campaign or both, each line converted by the rate of its day."""
    by_key: defaultdict[tuple[str, ...], int] = defaultdict(int)
    first_day: dict[tuple[str, ...], int] = {}
    unconverted: defaultdict[str, int] = defaultdict(int)
    for line in lines:
        key = tuple(line.channel if name == "channel" else line.campaign or NONE for name in keys)
        amount = rates.converted(line.amount_minor, line.currency, into, line.day)
        if amount is None:
            unconverted[line.currency] += line.amount_minor
        else:
            by_key[key] += amount
            first_day[key] = min(line.day, first_day.get(key, line.day))
    return Spent(by_key, first_day, dict(sorted(unconverted.items())))


def with_spend(sums: Mapping[tuple[str, ...], Sum], spend: Spent) -> Mapping[tuple[str, ...], Sum]:
    """Sums with a row for whatever was paid for, if nothing came of it too."""
    return {**{key: Sum() for key in spend.by_key}, **sums}


def return_on(earned_minor: int, spent_minor: int) -> Fraction | None:
    """What came back beyond what was spent, in parts of it; None where nothing was."""
    return Fraction(earned_minor - spent_minor, spent_minor) if spent_minor else None
