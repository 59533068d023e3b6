"""Clocks in business time: when something falls due in an owner's zone and working hours, and how a clock stands.

Promises: a later start is never due earlier, and what counts is time that passed, so a working hour lost or
gained by a change of the clocks is lost or gained here as well. Leaves out what a breach does.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

from shared.kernel import instant
from shared.kernel.errors import Reject
from shared.kernel.instant import DAY, MINUTE, Instant

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MINUTES_A_DAY = 24 * 60
_HORIZON_DAYS = 3 * 366
"""Past this nothing falls due: somebody has declared every day a holiday."""

Spans = tuple[tuple[int, int], ...]
"""Working spans of a day as minutes since local midnight, in order, none touching the next."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """When somebody works: a zone, the spans of each weekday from Monday, and days off."""

    zone: ZoneInfo
    week: tuple[Spans, ...]
    holidays: frozenset[date] = frozenset()


DEFAULT_HOURS: Mapping[str, Sequence[str]] = dict.fromkeys(_DAYS[:5], ("09:00-17:00",))


def calendar(
    time_zone: str, hours: Mapping[str, Sequence[str]] = DEFAULT_HOURS, holidays: frozenset[date] = frozenset()
) -> Calendar:
    """The calendar of `{"mon": ["09:00-17:00"]}` in an IANA zone; raises Reject where either cannot be read
    or no hour of the week is worked."""
    try:
        zone = ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError):
        raise Reject("bad_time_zone", "a time zone is an IANA name like Europe/Berlin", "time_zone") from None
    unknown = set(hours) - set(_DAYS)
    if unknown:
        raise Reject("bad_hours", f"a weekday is one of {', '.join(_DAYS)}", "hours")
    week = tuple(_spans(hours.get(day, ())) for day in _DAYS)
    if not any(week):
        raise Reject("bad_hours", "at least one span of the week is worked", "hours")
    return Calendar(zone, week, holidays)


def add_business(start: Instant, minutes: int, when: Calendar) -> Instant:
    """The instant by which so many working minutes have passed since `start`; with none to pass, the first
    working instant. Raises ValueError where the calendar holds too few."""
    left = minutes * MINUTE
    for opens, closes in _windows(start, when):
        if left <= closes - opens:
            return Instant(opens + left)
        left -= closes - opens
    raise ValueError("the calendar holds too little working time")


def promised(start: Instant, minutes: int, when: Calendar) -> Instant:
    """As `add_business`; where the calendar holds too few minutes, the end of what it looks ahead: a promise that
    cannot be kept to the hour keeps nobody from being handed over."""
    try:
        return add_business(start, minutes, when)
    except ValueError:
        return Instant(start + _HORIZON_DAYS * DAY)


def business_between(start: Instant, end: Instant, when: Calendar) -> int:
    """Working milliseconds from `start` to `end`; 0 where the end is not after the start."""
    passed = 0
    for opens, closes in _windows(start, when):
        if opens >= end:
            break
        passed += min(closes, end) - opens
    return passed


ClockState = Literal["running", "met", "breached", "waived"]


def clock_state(due: Instant, met_at: Instant | None, ended_at: Instant | None, now: Instant) -> ClockState:
    """How a promise stands: kept or not by what was done, waived where the hand-off ended before it was due."""
    if met_at is not None:
        return "met" if met_at <= due else "breached"
    if ended_at is not None and ended_at <= due:
        return "waived"
    return "running" if now <= due and ended_at is None else "breached"


def _windows(start: Instant, when: Calendar) -> Iterator[tuple[Instant, Instant]]:
    """Working windows from `start` on, cut at it, in order and never overlapping."""
    cursor = start
    first = instant.to_datetime(start).astimezone(when.zone).date()
    for ahead in range(_HORIZON_DAYS):
        day = first + timedelta(days=ahead)
        if day in when.holidays:
            continue
        for begins, ends in when.week[day.weekday()]:
            opens, closes = max(cursor, _at(day, begins, when.zone)), _at(day, ends, when.zone)
            # A span the clocks skip over is empty, or ends before it begins.
            if closes > opens:
                yield opens, closes
                cursor = closes


def _at(day: date, minute: int, zone: ZoneInfo) -> Instant:
    """The instant of a local minute: one that the clocks skip is read by the offset before, one that comes twice
    is the first."""
    days, rest = divmod(minute, _MINUTES_A_DAY)
    wall = datetime.combine(day + timedelta(days=days), time(*divmod(rest, 60)), tzinfo=zone)
    return instant.from_datetime(wall)


def _spans(texts: Sequence[str]) -> Spans:
    spans = tuple(sorted(_span(text) for text in texts))
    if any(ends > begins for (_, ends), (begins, _) in pairwise(spans)):
        raise Reject("bad_hours", "the spans of a day do not overlap", "hours")
    return spans


def _span(text: str) -> tuple[int, int]:
    begins, _, ends = text.partition("-")
    span = (_minute(begins), _minute(ends))
    if span[0] >= span[1]:
        raise Reject("bad_hours", "a span ends after it begins, at 24:00 at the latest", "hours")
    return span


def _minute(text: str) -> int:
    hour, _, minute = text.partition(":")
    if not (len(hour) == len(minute) == 2 and (hour + minute).isascii() and (hour + minute).isdigit()):
        raise Reject("bad_hours", "a time of day is HH:MM", "hours")
    total = int(hour) * 60 + int(minute)
    if int(minute) > 59 or total > _MINUTES_A_DAY:
        raise Reject("bad_hours", "a time of day is HH:MM", "hours")
    return total
