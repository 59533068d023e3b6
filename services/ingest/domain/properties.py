"""What else the sender sent: plain data, bounded, without what the page's address had to give up.

Promises: at most 32 KiB are kept, `heard_from` (how a buyer says they found us) before all else. Leaves out: what is
read out of it (kinds.py, campaign.py, page.py).
"""

import re
from collections.abc import Mapping
from typing import Any

from services.ingest.domain.call import Call
from services.ingest.domain.page import without_secrets
from shared.kernel.money import is_currency

LARGEST = 32 * 1024
"""Bytes of compact JSON, escapes aside."""
CUT = "properties_cut"
BAD_AMOUNT = "bad_amount"
BAD_CURRENCY = "bad_currency"

_HEARD_FROM = "heard_from"
_IN_PAGE = frozenset(("url", "path", "title", "referrer", "search"))
"""Kept beside the properties of a page call, where they have been cleaned."""
_AMOUNTS = ("revenue", "value", "amount")
_LARGEST_AMOUNT = 10.0**13
_AMOUNT = re.compile(r"-?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?")
_BREAKERS = ("://", "javascript:")


def properties_of(call: Call) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The properties of a call as they are kept, and what was wrong with them."""
    page = call.type == "page" or call.type == "screen"
    kept: dict[str, Any] = {}
    size = 2
    for name, value in call.properties.items():
        if page and name in _IN_PAGE:
            continue
        kept[name] = without_secrets(value) if isinstance(value, str) and ":" in value else value
        size += _size(name) + _size(value) + 2
    flags: tuple[str, ...] = ()
    if size > LARGEST:
        kept, flags = _fitting(kept), (CUT,)
    if "currency" in kept or not kept.keys().isdisjoint(_AMOUNTS):
        flags += _settle_amounts(kept)
    return kept, flags


def _fitting(properties: dict[str, Any]) -> dict[str, Any]:
    """As many of the properties as there is room for, in the order they came in."""
    names = sorted(properties, key=lambda name: name != _HEARD_FROM)
    kept, room = {}, LARGEST - 2
    for name in names:
        size = _size(name) + _size(properties[name]) + 2
        if size <= room:
            kept[name] = properties[name]
            room -= size
    return kept


def _settle_amounts(properties: dict[str, Any]) -> tuple[str, ...]:
    """Amounts without thousands separators, currencies in capitals; what is neither stays as sent and is flagged."""
    flags = []
    for name in _AMOUNTS:
        value = properties.get(name)
        if isinstance(value, str) and _AMOUNT.fullmatch(value.strip()):
            properties[name] = value = value.strip().replace(",", "")
        if value is not None and BAD_AMOUNT not in flags and not _plausible(value) and name == "revenue":
            flags.append(BAD_AMOUNT)
    currency = properties.get("currency")
    if isinstance(currency, str) and len(code := currency.strip().upper()) == 3 and code.isascii() and code.isalpha():
        properties["currency"] = code
        currency = None if is_currency(code) else code
    if currency is not None:
        flags.append(BAD_CURRENCY)
    return tuple(flags)


def _plausible(amount: object) -> bool:
    if isinstance(amount, bool) or not isinstance(amount, int | float | str):
        return False
    try:
        return 0 <= float(amount) <= _LARGEST_AMOUNT
    except (OverflowError, ValueError):
        return False


def _size(value: object) -> int:
    """Bytes of a value as JSON, near enough: a bound, not an encoding."""
    if isinstance(value, str):
        return (len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))) + 2
    if isinstance(value, Mapping):
        return 2 + sum(_size(name) + _size(inner) + 2 for name, inner in value.items())
    if isinstance(value, list | tuple):
        return 2 + sum(_size(inner) + 1 for inner in value)
    return 8 if not isinstance(value, int) else len(str(value)) if abs(value) < 10**18 else 24
