"""What back ends post, field by field: each is read from the plain words of a JSON object, or refused with its path.

Promises: numbers are the decimal texts that were sent, so no amount ever was a float; nothing is echoed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.ingest.domain import calls
from services.ingest.domain.claimed_time import claimed
from services.ingest.domain.limits import NAME_LENGTH
from services.ingest.domain.text import readable
from shared.kernel.errors import Reject
from shared.kernel.instant import Instant
from shared.kernel.money import minor_units

_LARGEST = 2**63 - 1
_MOST_DIGITS = len(str(_LARGEST))
_AMOUNT_LENGTH = 40
_NO_FRACTION = "JPY"


@dataclass(frozen=True, slots=True)
class PostArrival:
    """How an item came; `content` is its text, numbers as sent."""

    source: str
    received_at: int
    content: str


def identifier(words: Mapping[str, Any], key: str, *, required: bool) -> str:
    """An id, as text; empty where there is none and none is required."""
    value = calls.identifier(words.get(key), key) or ""
    if required and not value.strip():
        raise Reject("missing_field", f"{key} is missing", key)
    return value


def text(
    words: Mapping[str, Any], key: str, *, required: bool = False, within: str = "", longest: int = NAME_LENGTH
) -> str:
    """A text as people read it; empty where there is none and none is required."""
    value = words.get(key)
    if value is None:
        if required:
            raise Reject("missing_field", f"{key} is missing", f"{within}{key}")
        return ""
    if not isinstance(value, str):
        raise Reject("bad_text", f"{key} is a text", f"{within}{key}")
    read = readable(value)
    if len(read) > longest:
        raise Reject("name_too_long", f"{key} has at most {longest} characters", f"{within}{key}")
    return read


def one_of(words: Mapping[str, Any], key: str, allowed: tuple[str, ...], default: str | None = None) -> str:
    """A word of a closed list, in lower case."""
    value = words.get(key)
    if value is None and default is not None:
        return default
    if value is None:
        raise Reject("missing_field", f"{key} is missing", key)
    if not isinstance(value, str) or value.lower() not in allowed:
        raise Reject(f"bad_{key}", f"{key} is one of {', '.join(allowed)}", key)
    return value.lower()


def moment(words: Mapping[str, Any], key: str) -> Instant | None:
    """A time; None where there is none."""
    value = words.get(key)
    if value is None:
        return None
    read = claimed(value)
    if read is None or read <= 0:
        raise Reject("bad_time", f"{key} is a RFC 3339 time", key)
    return read


def version(words: Mapping[str, Any], otherwise: int) -> int:
    """Which version this is: the highest holds."""
    value = words.get("version")
    if value is None:
        return otherwise
    digits = value.lstrip("0") or "0" if isinstance(value, str) and value else ""
    # Counted first: a text of thousands of digits is no number worth reading.
    if not digits.isascii() or not digits.isdigit() or len(digits) > _MOST_DIGITS or int(digits) > _LARGEST:
        raise Reject("bad_version", "a version is a whole number from 0", "version")
    return int(digits)


def amount(words: Mapping[str, Any], currency: str) -> int:
    """Minor units, from `amount` (decimal) or `amount_minor`: zero or more."""
    decimal, minor = words.get("amount"), words.get("amount_minor")
    if (decimal is None) == (minor is None):
        raise Reject("bad_amount", "name amount or amount_minor, one of them", "amount")
    path, value = ("amount", decimal) if minor is None else ("amount_minor", minor)
    if not isinstance(value, str) or len(value) > _AMOUNT_LENGTH:
        raise Reject("bad_amount", "an amount is a decimal number", path)
    if minor is not None and "." in value:
        raise Reject("bad_amount", "minor units are a whole number", path)
    try:
        # Minor units are whole; a currency without a fraction reads them with the same checks.
        units = minor_units(value, currency if minor is None else _NO_FRACTION)
    except ArithmeticError:
        raise Reject("bad_amount", "the amount is too large", path) from None
    except Reject as reason:
        raise Reject(reason.code, reason.message, path) from None
    if units < 0:
        raise Reject("bad_amount", "an amount is zero or more", path)
    return units
