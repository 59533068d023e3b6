"""Costs: what a lead, each stage after it and a won deal cost by channel or campaign, and how long until what was
credited covered the spend.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from services.attribution.domain.report import Sum
from services.attribution.domain.returns import Spent, return_on, with_spend
from shared.kernel.instant import DAY

Sums = Mapping[tuple[str, ...], Sum]


class Entries(NamedTuple):
    """How many people entered each stage, and how many of their deals were won."""

    leads: int = 0
    mqls: int = 0
    sals: int = 0
    sqls: int = 0
    won: int = 0


class Each(NamedTuple):
    """What one of each cost, in minor units; None where there was none."""

    lead: int | None
    mql: int | None
    sal: int | None
    sql: int | None
    won: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """One channel or campaign; amounts are minor units of one currency."""

    key: str
    spend_minor: int
    deals: Fraction
    """Won, by credit."""
    earned_minor: int
    entries: Entries
    each: Each
    per_deal_minor: int | None
    """None where nothing was won."""
    roi: Fraction | None
    payback_days: int | None
    """From the first day of spend to the close that covered all of it; None where nothing did, or nothing was spent."""
    open_minor: int
    """What it would earn of the deals that are open."""


def costs(spend: Spent, earned: Sums, by_day: Sums, entries: Mapping[str, Entries], pipeline: Sums) -> tuple[Cost, ...]:
    """The most expensive first; `by_day` has in its keys the first millisecond of the close's day, as text, and
    `pipeline` has the stage before the key."""
    days: defaultdict[tuple[str, ...], list[tuple[int, Sum]]] = defaultdict(list)
    for (key, day), found in by_day.items():
        days[key,].append((int(day), found))
    opened: Counter[str] = Counter()
    for (_, key), found in pipeline.items():
        opened[key] += found.amount_minor
    sums: dict[tuple[str, ...], Sum] = {(key,): Sum() for key in (*entries, *opened)}
    rows = (
        _cost(key, spend, found, days[key], entries.get(key[0], Entries()), opened[key[0]])
        for key, found in {**sums, **with_spend(earned, spend)}.items()
    )
    return tuple(sorted(rows, key=lambda row: (-row.spend_minor, -row.earned_minor, row.key)))


def _cost(
    key: tuple[str, ...],
    spend: Spent,
    earned: Sum,
    days: Iterable[tuple[int, Sum]],
    entries: Entries,
    open_minor: int,
) -> Cost:
    spent = spend.by_key.get(key, 0)
    return Cost(
        key=key[0],
        spend_minor=spent,
        deals=earned.deals,
        earned_minor=earned.amount_minor,
        entries=entries,
        each=Each(*(round(Fraction(spent, count)) if count else None for count in entries)),
        per_deal_minor=round(spent / earned.deals) if earned.deals else None,
        roi=return_on(earned.amount_minor, spent),
        payback_days=payback(spent, spend.first_day[key], days) if spent else None,
        open_minor=open_minor,
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
