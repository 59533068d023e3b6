"""The quality of sources: what became of the leads that each of them found.

A lead is counted once, under what is asked about; a won deal once, with its lead, in the currency of the report at
the rate of its close. What has no rate is in no amount, and counted apart by currency.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple

from services.attribution.domain.converted import Count
from services.attribution.domain.rates import Rates
from shared.kernel.instant import DAY

Key = tuple[str, ...]


class Counted(NamedTuple):
    """How many leads, and how many of them took each step; `reasons`: why, for each of these leads."""

    leads: int
    mqls: int
    accepted: int
    rejected: int
    contacted: int
    reasons: tuple[str, ...] = ()


class Bought(NamedTuple):
    """A won deal of a lead, in minor units; times are milliseconds UTC."""

    person_id: str
    lead_at: int
    closed_at: int
    currency: str
    amount_minor: int


@dataclass(slots=True)
class Quality:
    """What became of some leads. Shares are of the step before, None where nobody took that."""

    leads: int = 0
    mqls: int = 0
    accepted: int = 0
    rejected: int = 0
    contacted: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    """Why hand-offs were turned down, each hand-off once."""
    deals: int = 0
    amount_minor: int = 0
    _customers: set[str] = field(default_factory=set)
    _lasted: list[int] = field(default_factory=list)

    def count(self, some: Counted) -> None:
        """Count leads."""
        self.leads += some.leads
        self.mqls += some.mqls
        self.accepted += some.accepted
        self.rejected += some.rejected
        self.contacted += some.contacted
        for reason in some.reasons:
            self.reasons[reason] += some.leads

    def win(self, deal: Bought, amount_minor: int | None) -> None:
        """Count a won deal; `amount_minor`: in the currency of the report, None where it has no rate."""
        self.deals += 1
        self.amount_minor += amount_minor or 0
        self._customers.add(deal.person_id)
        self._lasted.append(deal.closed_at - deal.lead_at)

    @property
    def customers(self) -> int:
        """Leads with a won deal."""
        return len(self._customers)

    @property
    def median_days(self) -> float | None:
        """From becoming a lead to the close of a won deal."""
        return median(self._lasted) / DAY if self._lasted else None

    @property
    def conversion(self) -> Mapping[str, float | None]:
        """Shares, 0 to 1: of leads that qualified, of those that sales accepted, of leads that bought."""
        return {
            "lead_to_mql": _share(self.mqls, self.leads),
            "mql_to_accepted": _share(self.accepted, self.mqls),
            "lead_to_won": _share(self.customers, self.leads),
        }


@dataclass(frozen=True, slots=True)
class Sources:
    """Leads added up by where they came from; `into`: the currency of the amounts."""

    into: str
    rates: Rates
    rows: defaultdict[Key, Quality] = field(default_factory=lambda: defaultdict(Quality))
    all: Quality = field(default_factory=Quality)
    unconverted: defaultdict[str, Count] = field(default_factory=lambda: defaultdict(Count))
    """By currency, what was won and has no rate."""

    def count(self, leads: Iterable[tuple[Key, Counted]]) -> None:
        """Count leads, each under its key."""
        for key, some in leads:
            self.rows[key].count(some)
            self.all.count(some)

    def win(self, deals: Iterable[tuple[Key, Bought]]) -> None:
        """Count won deals, each under the key of its lead."""
        for key, deal in deals:
            amount = self.rates.converted(deal.amount_minor, deal.currency, self.into, deal.closed_at)
            if amount is None:
                self.unconverted[deal.currency].add(1, deal.amount_minor)
            self.rows[key].win(deal, amount)
            self.all.win(deal, amount)

    def ranked(self) -> list[tuple[Key, Quality]]:
        """The rows, those with the most leads first."""
        return sorted(self.rows.items(), key=lambda row: (-row[1].leads, -row[1].amount_minor, row[0]))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
