"""Instants: milliseconds since the epoch, always UTC.

An integer sorts, subtracts and is stored the same way on SQLite and PostgreSQL. Texts are RFC 3339
with milliseconds and `Z`. Nothing here reads a clock.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NewType

Instant = NewType("Instant", int)
"""Milliseconds since 1970-01-01T00:00:00Z."""

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def from_datetime(moment: datetime) -> Instant:
    """The instant of an aware datetime; a naive one is read as UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    since = moment - _EPOCH
    return Instant((since.days * DAY) + since.seconds * SECOND + since.microseconds // 1_000)


_FIRST = from_datetime(datetime.min)  # noqa: DTZ901 - one without a zone is read as UTC
_LAST = from_datetime(datetime.max)  # noqa: DTZ901 - as above
"""What a text can tell: an offset may lead past either."""


def to_datetime(instant: Instant) -> datetime:
    """The aware UTC datetime of an instant; raises OverflowError outside the years 1 to 9999."""
    return _EPOCH + timedelta(milliseconds=instant)


def parse(text: str) -> Instant:
    """The instant a RFC 3339 text names; raises ValueError where it names none that could be told in UTC again."""
    if len(text) == _MILLISECONDS_LENGTH and text[19] == "." and text[23] == "Z":
        milliseconds = _MILLISECONDS.get(text[20:23])
        if milliseconds is not None:
            return Instant(_second_of(text[:19]) + milliseconds)
    return told(from_datetime(datetime.fromisoformat(text)))


def told(instant: Instant) -> Instant:
    """The same where a text can tell it, in the years 1 to 9999 of UTC; raises ValueError elsewhere."""
    if not _FIRST <= instant <= _LAST:
        raise ValueError("a time is in the years 1 to 9999 of UTC")
    return instant


def to_text(instant: Instant) -> str:
    """RFC 3339, UTC, three decimals: `2026-11-23T17:46:00.000Z`."""
    second, millisecond = divmod(instant, SECOND)
    return f"{_second_text(second)}.{millisecond:03d}Z"


_MILLISECONDS_LENGTH = len("2026-11-23T17:46:00.000Z")
_MILLISECONDS = {f"{number:03d}": number for number in range(SECOND)}
"""By their three digits: looking them up is cheaper than reading them."""


@lru_cache(maxsize=4_096)
def _second_of(text: str) -> int:
    """Milliseconds; the same for all events of a second, and reading it is the cost."""
    return told(from_datetime(datetime.fromisoformat(text)))


@lru_cache(maxsize=4_096)
def _second_text(second: int) -> str:
    # Events come close together: most of them share their second with another, and formatting is the cost.
    return to_datetime(Instant(second * SECOND)).isoformat()[:19]
