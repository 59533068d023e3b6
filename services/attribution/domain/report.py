"""Reports: credits added up by what they have in common. Every sum is exact; rounding is for whoever shows it."""

from collections.abc import Callable, Iterable
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
class _Sum:
    deals: Fraction = Fraction(0)
    amount_minor: int = 0
    volume: int = 0
    """Money moved, whatever its sign: what parts of a whole can be taken of."""


def by(earned: Iterable[Credit], *keys: Key) -> tuple[Row, ...]:
    """A row for each combination of keys, the most money first; amounts and deals sum to those of the credits."""
    sums: dict[tuple[str, ...], _Sum] = {}
    for credit in earned:
        row = sums.setdefault(tuple(key(credit) or NONE for key in keys), _Sum())
        row.deals += credit.share
        row.amount_minor += credit.amount_minor
        row.volume += abs(credit.amount_minor)
    return tuple(sorted(_rows(sums), key=lambda row: (-row.amount_minor, -row.deals, row.key)))


def by_department(earned: Iterable[Credit]) -> tuple[Row, ...]:
    """Marketing, sales and service, each there even with nothing, then whatever else earned credit."""
    rows = {row.key: row for row in by(earned, KEYS["department"])}
    named = [rows.pop((name,), Row((name,), Fraction(0), 0, Fraction(0))) for name in DEPARTMENTS]
    return (*named, *rows.values())


def _rows(sums: dict[tuple[str, ...], _Sum]) -> Iterable[Row]:
    """Parts of the money; of the deals where there is no money to take parts of."""
    volume = sum(row.volume for row in sums.values())
    deals = sum((row.deals for row in sums.values()), Fraction(0))
    for key, row in sums.items():
        share = Fraction(row.volume, volume) if volume else row.deals / deals
        yield Row(key, row.deals, row.amount_minor, share)
