"""The books of a closed month: credit without people, and what has to be added to it once more is known.

As reported, and all adjustments, sum to what is known now, to the last minor unit, for every model and key.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import NamedTuple

from services.attribution.domain.credit import Credit

ATTRIBUTES = ("kind", "channel", "campaign", "department", "source", "utm_source", "content")
"""What the books tell credits apart by. Who did what is not among it: an erasure leaves the books as they are."""


class Line(NamedTuple):
    """A line of the books: a model and what its credit can be grouped by."""

    model: str
    currency: str
    account_id: str | None
    attributes: tuple[str | None, ...]
    """In the order of ATTRIBUTES."""


class Earned(NamedTuple):
    """How many deals' worth of credit, and how much money in minor units; negative where it is taken back."""

    deals: Fraction = Fraction(0)
    amount_minor: int = 0

    def plus(self, other: "Earned") -> "Earned":
        """The two together."""
        return Earned(self.deals + other.deals, self.amount_minor + other.amount_minor)

    def taken_back(self) -> "Earned":
        """What undoes it."""
        return Earned(-self.deals, -self.amount_minor)


class Adjustment(NamedTuple):
    """What is added to a closed month's books."""

    period: str
    line: Line
    earned: Earned


class Entry(NamedTuple):
    """The credit of one deal, and the closed month it belongs to; none where that month is still open."""

    period: str | None
    lines: Mapping[Line, Earned]


NOTHING = Entry(None, {})


def lines(currency: str, account_id: str | None, earned: Mapping[str, Iterable[Credit]]) -> dict[Line, Earned]:
    """The lines that one deal's credits come to, of each model."""
    found: defaultdict[Line, Earned] = defaultdict(Earned)
    for model, parts in earned.items():
        for one in parts:
            line = Line(model, currency, account_id, tuple(getattr(one, name) for name in ATTRIBUTES))
            found[line] = found[line].plus(Earned(one.share, one.amount_minor))
    return dict(found)


def adjustments(before: Entry, after: Entry) -> list[Adjustment]:
    """What a change of one deal's credit adds to closed months: to the one it was in, and to the one it is in."""
    found: defaultdict[tuple[str, Line], Earned] = defaultdict(Earned)
    for entry, sign in ((before, -1), (after, 1)):
        if entry.period is not None:
            for line, earned in entry.lines.items():
                change = earned if sign > 0 else earned.taken_back()
                found[entry.period, line] = found[entry.period, line].plus(change)
    changed = (Adjustment(period, line, earned) for (period, line), earned in found.items() if any(earned))
    return sorted(changed, key=_order)


def _order(one: Adjustment) -> tuple[str, str, list[str]]:
    line = one.line
    return one.period, line.model, [value or "" for value in (line.currency, line.account_id, *line.attributes)]
