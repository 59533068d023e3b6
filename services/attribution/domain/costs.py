"""Costs: what a won deal cost by channel or campaign, and how long until what was credited covered the spend."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from services.attribution.domain.report import Sum
from services.attribution.domain.returns import Spent, return_on
from shared.kernel.instant import DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """One channel or campaign; amounts are minor units of one currency."""

    key: str
    spend_minor: int
    deals: Fraction
    """Won, by credit."""
    earned_minor: int
    per_deal_minor: int | None
    """None where nothing was won."""
    roi: Fraction | None
    payback_days: int | None
    """From the first day of spend to the close that covered all of it; None where nothing did, or nothing was spent."""


def costs(spend: Spent, earned: Mapping[tuple[str, ...], Sum]) -> tuple[Cost, ...]:
    """The most expensive first; `earned` is by key and day of the close (its first millisecond, as text)."""
    by_key: defaultdict[str, dict[int, Sum]] = defaultdict(dict)
    for (key,) in spend.by_key:
        by_key[key] = {}
    for (key, day), found in earned.items():
        by_key[key][int(day)] = found
    rows = (_cost(key, days, spend) for key, days in by_key.items())
    return tuple(sorted(rows, key=lambda row: (-row.spend_minor, -row.earned_minor, row.key)))


def _cost(key: str, days: Mapping[int, Sum], spend: Spent) -> Cost:
    spent = spend.by_key.get((key,), 0)
    deals = sum((day.deals for day in days.values()), Fraction(0))
    earned = sum(day.amount_minor for day in days.values())
    return Cost(
        key=key,
        spend_minor=spent,
        deals=deals,
        earned_minor=earned,
        per_deal_minor=round(spent / deals) if deals else None,
        roi=return_on(earned, spent),
        payback_days=payback(spent, spend.first_day[key,], days.items()) if spent else None,
    )


def payback(spent_minor: int, first_day: int, earned: Iterable[tuple[int, Sum]]) -> int | None:
    """Days until what was credited since the first day of spend covers all of it; None where it does not.

    What closed before that day was not brought by this spend, and does not count.
    """
    covered = 0
    for day, found in sorted(earned, key=lambda one: one[0]):
        covered += found.amount_minor if day >= first_day else 0
        if covered >= spent_minor:
            return (day - first_day) // DAY
    return None
