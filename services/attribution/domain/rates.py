"""Rates: what one unit of a currency was worth in the charter's currency, from a day on until the next one named.

Amounts are converted from minor units to minor units with exact fractions and rounded once, half to even. What has
no rate on its day or before is not converted.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from shared.kernel import instant
from shared.kernel.errors import Reject
from shared.kernel.money import currency_code, exponent

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_RATE = re.compile(r"\d{1,12}(\.\d{1,18})?", re.ASCII)
_EVER = -(2**63)

Dated = Sequence[tuple[int, Fraction]]
"""Rates by the first millisecond of their days, in order."""


@dataclass(frozen=True, slots=True)
class Rates:
    """The rates of a deployment; without any, nothing is converted."""

    dated: Mapping[str, Dated] = field(default_factory=dict)
    """By currency; that of the charter is there with 1, where any other is."""

    def knows(self, currency: str) -> bool:
        """Whether there is any rate of a currency."""
        return currency in self.dated

    def rate(self, currency: str, at: int) -> Fraction | None:
        """The last rate of a currency on or before a time (milliseconds UTC)."""
        dated = self.dated.get(currency, ())
        found = bisect_right(dated, at, key=lambda one: one[0])
        return dated[found - 1][1] if found else None

    def factor(self, currency: str, into: str, at: int) -> Fraction | None:
        """How many minor units of `into` one of a currency is; None where one of them has no rate."""
        if currency == into:
            return Fraction(1)
        given, taken = self.rate(currency, at), self.rate(into, at)
        if given is None or taken is None:
            return None
        return given / taken * Fraction(10) ** (exponent(into) - exponent(currency))

    def converted(self, amount_minor: int, currency: str, into: str, at: int) -> int | None:
        """Minor units of a currency as minor units of another; None where one of them has no rate."""
        if currency == into:
            return amount_minor
        factor = self.factor(currency, into, at)
        return None if factor is None else round(amount_minor * factor)


NO_RATES = Rates()


def rates_of(rows: Iterable[Mapping[str, str]], base: str) -> Rates:
    """The rates of rows `day`, `currency`, `rate` (into `base`). Raises ValueError, naming the row that is wrong."""
    found: dict[str, dict[int, Fraction]] = {base: {_EVER: Fraction(1)}}
    for number, row in enumerate(rows, 1):
        try:
            day, currency, rate = _day(row["day"]), currency_code(row["currency"]), _rate(row["rate"])
        except (KeyError, ValueError, Reject) as error:
            what = f"{error} is missing" if isinstance(error, KeyError) else error
            raise ValueError(f"rates, row {number}: {what}") from None
        dated = found.setdefault(currency, {})
        if currency == base or day in dated:
            raise ValueError(f"rates, row {number}: {currency} has its rate already")
        dated[day] = rate
    return Rates({currency: sorted(dated.items()) for currency, dated in found.items()})


def _day(text: str) -> int:
    if not _DAY.fullmatch(text.strip()):
        raise ValueError("a day is a date such as 2026-11-23")
    return instant.parse(text.strip())


def _rate(text: str) -> Fraction:
    if not _RATE.fullmatch(text.strip()) or not (rate := Fraction(text.strip())):
        raise ValueError("a rate is a plain decimal number above 0")
    return rate
