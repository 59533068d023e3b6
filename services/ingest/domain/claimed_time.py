"""What a sender calls the time: texts, and epochs in seconds or milliseconds.

It is read, not judged: a clock that is wrong is corrected where arrival and `sentAt` are known together.
"""

import re
from datetime import UTC, datetime

from shared.kernel import instant
from shared.kernel.instant import SECOND, Instant

_LEAP_SECOND = re.compile(r":60(?=\D|$)")
_DIGITS = re.compile(r"-?\d{9,16}(\.\d+)?")
_LARGEST_SECONDS = 100_000_000_000
"""Above it a number counts milliseconds: as seconds it would lie past the year 5000."""
_LATEST = instant.from_datetime(datetime(9999, 12, 31, tzinfo=UTC))


def claimed(value: object) -> Instant | None:
    """The instant a sender means, or None where it can mean none. A text without an offset is read as UTC."""
    if isinstance(value, str):
        try:
            # Not so digits alone: thirteen of them can also be read as a date and a time of day without signs.
            return instant.parse(value) if value[4:5] == "-" else _from_text(value)
        except ValueError:
            return _from_leap_second(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_number(value)
    return None


def _from_text(text: str) -> Instant | None:
    return _from_number(float(text)) if _DIGITS.fullmatch(text) else instant.parse(text)


def _from_leap_second(text: str) -> Instant | None:
    patient, leaps = _LEAP_SECOND.subn(":59", text, count=1)
    try:
        return instant.told(Instant(instant.parse(patient) + SECOND)) if leaps else None
    except ValueError:
        return None


def _from_number(number: float) -> Instant | None:
    milliseconds = number if abs(number) >= _LARGEST_SECONDS else number * SECOND
    return Instant(int(milliseconds)) if 0 < milliseconds <= _LATEST else None
