"""Money is an integer of minor units and a currency; it is read from the text as sent, never from a float.

Exponents: ISO 4217. What is split is split by largest remainder, so the parts always sum to the whole.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from shared.kernel.errors import Reject

_EXPONENT = dict.fromkeys(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"),
    0,
) | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)
_DEFAULT_EXPONENT = 2
_NO_CURRENCY = frozenset(("XTS", "XXX"))
"""For tests, and for what involves no currency."""
_PLAIN = re.compile(r"([+-]?)([0-9]{1,16})(?:\.([0-9]{1,32}))?")
_LARGEST_MINOR = 10**15
"""Past this an amount is a mistake, and it still fits a 64-bit column with room for sums."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of a currency (ISO 4217 code)."""

    amount_minor: int
    currency: str


def exponent(currency: str) -> int:
    """How many digits a currency has after the point."""
    return _EXPONENT.get(currency, _DEFAULT_EXPONENT)


def letters(text: str) -> str:
    """The upper-case code, whether it names a currency or none; raises Reject where the text is not three letters."""
    code = text.strip().upper()
    if len(code) != 3 or not code.isascii() or not code.isalpha():
        raise Reject("bad_currency", "a currency is three letters (ISO 4217)", "currency")
    return code


def is_currency(code: str) -> bool:
    """Whether a code is not one of those that ISO 4217 keeps for no currency."""
    return code not in _NO_CURRENCY


def currency_code(text: str) -> str:
    """The upper-case code of a currency; raises Reject where the text is not three letters, or names none."""
    code = letters(text)
    if not is_currency(code):
        raise Reject("bad_currency", "the code stands for no currency (ISO 4217)", "currency")
    return code


def minor_units(text: str, currency: str) -> int:
    """The minor units a decimal text names; raises Reject where it has more digits than the currency, zeros too."""
    read = _PLAIN.fullmatch(text.strip())
    if read is None:
        raise Reject("bad_amount", "an amount is a plain decimal number of at most 16 digits", "amount")
    sign, whole, after = read.groups()
    digits = exponent(currency)
    if len(after or "") > digits:
        raise Reject("bad_amount", f"{currency} has {digits} digits after the point", "amount")
    minor = int(whole + (after or "").ljust(digits, "0"))
    if minor > _LARGEST_MINOR:
        raise Reject("bad_amount", "the amount is too large", "amount")
    return -minor if sign == "-" else minor


def split(amount_minor: int, shares: Sequence[Fraction]) -> list[int]:
    """Parts of an amount in the proportion of shares, which sum to it exactly.

    Largest remainder (Hamilton): each part is rounded towards zero, then what is left goes, one unit each,
    to the largest remainders; equal remainders go to the earlier one. Raises ValueError where shares do not
    sum to one, or none is given for an amount that is not zero.
    """
    if not shares and amount_minor == 0:
        return []
    _, whole, weights = _weighed(shares)
    amount = abs(amount_minor)
    exact = [divmod(amount * weight, whole) for weight in weights]
    parts, remainders = [part for part, _ in exact], [remainder for _, remainder in exact]
    left = amount - sum(parts)
    # Sorted backwards, equal ones still stand in their own order.
    for index in sorted(range(len(parts)), key=remainders.__getitem__, reverse=True)[:left] if left else ():
        parts[index] += 1
    return parts if amount_minor >= 0 else [-part for part in parts]


_Weighed = tuple[Sequence[Fraction], int, Sequence[int]]
_known: dict[int, _Weighed] = {}
"""By the identity of the shares, which are kept here, so that it is nobody else's meanwhile."""
_MOST_KNOWN = 4_096


def _weighed(shares: Sequence[Fraction]) -> _Weighed:
    """Shares over their common denominator, as integers. Journeys of one shape are split by the very same tuple, and to
    ask its fractions what they are takes longer than all other arithmetic here."""
    known = _known.get(id(shares))
    if known is not None and known[0] is shares:
        return known
    ratios = [share.as_integer_ratio() for share in shares]
    whole = lcm(*[below for _, below in ratios])
    weights = [above * (whole // below) for above, below in ratios]
    if sum(weights) != whole or min(weights, default=0) < 0:
        raise ValueError("shares are not negative and must sum to one")
    found = shares, whole, weights
    if isinstance(shares, tuple):
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[id(shares)] = found
    return found
