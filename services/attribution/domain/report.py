"""Reports: credits added up by what they have in common. Every sum is exact; rounding is for whoever shows it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from operator import attrgetter
from types import MappingProxyType

from services.attribution.domain.credit import Credit

Key = Callable[[Credit], str | None]

NONE = "(none)"
"""The row of what does not have the attribute grouped by."""

DEPARTMENTS = ("marketing", "sales", "service")

KEYS: MappingProxyType[str, Key] = MappingProxyType(
    {
        name: attrgetter(name)
        for name in ("campaign", "channel", "content", "department", "kind", "source", "utm_source")
    }
)
"""What a credit itself can be grouped by; other keys are functions of whoever knows more."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: how many deals' worth of credit, how much money, and its part of the whole (0 to 1)."""

    key: tuple[str, ...]
    deals: Fraction
    amount_minor: int
    share: Fraction


@dataclass(slots=True)
class Sum:
    """What the credits of one row add up to, wherever they were added."""

    deals: Fraction = Fraction(0)
    amount_minor: int = 0
    volume: int = 0
    """Money moved, whatever its sign: what parts of a whole can be taken of."""

    def add(self, deals: Fraction, amount_minor: int, volume: int) -> None:
        """Add to it."""
        self.deals += deals
        self.amount_minor += amount_minor
        self.volume += volume


def by(earned: Iterable[Credit], *keys: Key) -> tuple[Row, ...]:
    """A row for each combination of keys, the most money first; amounts and deals sum to those of the credits."""
    sums: dict[tuple[str, ...], Sum] = {}
    for credit in earned:
        row = sums.setdefault(tuple(key(credit) or NONE for key in keys), Sum())
        row.add(credit.share, credit.amount_minor, abs(credit.amount_minor))
    return ranked(sums)


def ranked(sums: Mapping[tuple[str, ...], Sum]) -> tuple[Row, ...]:
    """The rows of sums, the most money first."""
    return tuple(sorted(_rows(sums), key=lambda row: (-row.amount_minor, -row.deals, row.key)))


def by_department(earned: Iterable[Credit]) -> tuple[Row, ...]:
    """Marketing, sales and service, each there even with nothing, then whatever else earned credit."""
    return departments(by(earned, KEYS["department"]))


def departments(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Rows by department alone, with those that earned nothing."""
    found = {row.key: row for row in rows}
    named = [found.pop((name,), Row((name,), Fraction(0), 0, Fraction(0))) for name in DEPARTMENTS]
    return (*named, *found.values())


def _rows(sums: Mapping[tuple[str, ...], Sum]) -> Iterable[Row]:
    """Parts of the money; of the deals where there is no money to take parts of."""
    volume = sum(row.volume for row in sums.values())
    deals = sum((row.deals for row in sums.values()), Fraction(0))
    for key, row in sums.items():
        share = Fraction(row.volume, volume) if volume else row.deals / deals if deals else Fraction(0)
        yield Row(key, row.deals, row.amount_minor, share)
