"""A period: from a time, inclusive, to a time, exclusive; either may be left open. Times are milliseconds UTC.

What is summed by month and by day answers for a period as far as those lie whole within it; the rest is its ends.
"""

from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from shared.kernel import instant
from shared.kernel.instant import DAY, Instant


@dataclass(frozen=True, slots=True)
class Period:
    """Between two times; none: since ever, for ever."""

    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Cover:
    """A period, cut into whole months, whole days, and what is left at its ends."""

    months: tuple[Period, ...]
    days: tuple[Period, ...]
    ends: tuple[Period, ...]


def cover(period: Period) -> Cover:
    """The cut that takes as much as it can by month, then by day."""
    months, rest = _whole(period, month_of)
    days: list[Period] = []
    ends: list[Period] = []
    for part in rest:
        whole, left = _whole(part, day_of)
        days.extend(whole)
        ends.extend(left)
    return Cover(tuple(months), tuple(days), tuple(ends))


def month_of(at: int) -> int:
    """The first millisecond of the month of a time."""
    return _month_of_day(day_of(at))


def day_of(at: int) -> int:
    """The first millisecond of the day of a time."""
    return at - at % DAY


def _whole(period: Period, start_of: Callable[[int], int]) -> tuple[list[Period], list[Period]]:
    """What of a period is whole months, or whole days, and what is left before and after them."""
    since, until = period.since, period.until
    first = None if since is None else _at_or_after(since, start_of)
    last = None if until is None else start_of(until)
    if first is not None and last is not None and first >= last:
        return [], [period]
    ends = (Period(since, first) if since != first else None, Period(last, until) if until != last else None)
    return [Period(first, last)], [end for end in ends if end is not None]


def _at_or_after(at: int, start_of: Callable[[int], int]) -> int:
    start = start_of(at)
    return start if start == at else start + _LENGTHS[start_of](start)


@lru_cache(maxsize=4_096)
def _month_of_day(day: int) -> int:
    return instant.from_datetime(instant.to_datetime(Instant(day)).replace(day=1))


def _month_length(start: int) -> int:
    # Counted in days: the first instant after the year 9999 is no datetime.
    moment = instant.to_datetime(Instant(start))
    return monthrange(moment.year, moment.month)[1] * DAY


_LENGTHS: Mapping[Callable[[int], int], Callable[[int], int]] = {month_of: _month_length, day_of: lambda _: DAY}
"""From the start of one to that of the next."""
