"""Months: the periods that are closed. They begin and end at midnight UTC, the first instant inside, the last out."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.kernel.errors import Reject
from shared.kernel.instant import DAY, Instant, from_datetime, to_datetime

_WRITTEN = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Month:
    """A month as `2026-10`, from its first instant to the first one after it (milliseconds UTC)."""

    id: str
    since: Instant
    until: Instant


def month(text: str) -> Month:
    """The month a text names; raises Reject where it names none."""
    read = _WRITTEN.fullmatch(text)
    if read is None or read[1] == "0000":
        raise Reject("bad_period", "a period is a month, such as 2026-10", "period")
    return _month(int(read[1]), int(read[2]))


def month_of(instant: int) -> Month:
    """The month an instant is in; raises OverflowError outside the years 1 to 9999."""
    moment = to_datetime(Instant(instant))
    return _month(moment.year, moment.month)


def _month(year: int, number: int) -> Month:
    since = from_datetime(datetime(year, number, 1, tzinfo=UTC))
    # Counted in days: the first instant after the year 9999 is no datetime.
    return Month(f"{year:04}-{number:02}", since, Instant(since + monthrange(year, number)[1] * DAY))
