"""Clocks in business time."""

from datetime import date

import pytest

from services.handoff.domain.sla import add_business, business_between, calendar, clock_state, promised
from shared.kernel import instant
from shared.kernel.errors import Reject
from shared.kernel.instant import MINUTE, Instant

OFFICE = calendar("Europe/Berlin")
NIGHT = calendar("Europe/Berlin", {"sat": ["22:00-24:00"], "sun": ["00:00-06:00"]})
SIESTA = calendar("UTC", {"mon": ["15:00-18:00", "09:00-12:00"]})


def at(text: str) -> Instant:
    return instant.parse(text)


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        ("2026-11-23T09:00+01:00", 240, "2026-11-23T13:00+01:00"),
        ("2026-11-23T16:00+01:00", 240, "2026-11-24T12:00+01:00"),
        ("2026-11-20T16:00+01:00", 240, "2026-11-23T12:00+01:00"),
        ("2026-11-21T12:00+01:00", 60, "2026-11-23T10:00+01:00"),
        ("2026-11-23T03:00+01:00", 0, "2026-11-23T09:00+01:00"),
        ("2026-11-23T09:00+01:00", 480, "2026-11-23T17:00+01:00"),
        ("2026-11-23T09:00+01:00", 481, "2026-11-24T09:01+01:00"),
        ("2026-03-27T16:00+01:00", 120, "2026-03-30T10:00+02:00"),
    ],
)
def test_a_promise_falls_due_in_working_hours(start: str, minutes: int, due: str) -> None:
    assert add_business(at(start), minutes, OFFICE) == at(due)


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        ("2026-03-28T23:00+01:00", 180, "2026-03-29T03:00+02:00"),
        ("2026-10-24T23:00+02:00", 240, "2026-10-25T02:00+01:00"),
    ],
)
def test_an_hour_the_clocks_skip_or_repeat_is_not_worked_or_worked_twice(start: str, minutes: int, due: str) -> None:
    assert add_business(at(start), minutes, NIGHT) == at(due)


def test_a_span_the_clocks_skip_over_holds_no_time() -> None:
    skipped = calendar("Europe/Berlin", {"sun": ["02:00-03:00"], "mon": ["09:00-10:00"]})
    assert add_business(at("2026-03-28T12:00Z"), 30, skipped) == at("2026-03-30T09:30+02:00")


def test_holidays_do_not_count() -> None:
    off = calendar("Europe/Berlin", holidays=frozenset({date(2026, 11, 24)}))
    assert add_business(at("2026-11-23T16:00+01:00"), 120, off) == at("2026-11-25T10:00+01:00")


def test_spans_may_be_given_in_any_order() -> None:
    assert add_business(at("2026-11-23T11:00Z"), 120, SIESTA) == at("2026-11-23T16:00Z")


def test_working_time_between_two_instants_leaves_out_what_lies_outside() -> None:
    passed = business_between(at("2026-11-20T16:00+01:00"), at("2026-11-23T10:30+01:00"), OFFICE)
    assert passed == 150 * MINUTE
    assert business_between(at("2026-11-23T10:00Z"), at("2026-11-23T09:00Z"), OFFICE) == 0


def test_a_calendar_of_nothing_but_holidays_holds_no_promise() -> None:
    always = frozenset(date.fromordinal(date(2026, 1, 1).toordinal() + day) for day in range(2_000))
    with pytest.raises(ValueError, match="too little"):
        add_business(at("2026-11-23T09:00Z"), 1, calendar("UTC", holidays=always))


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "/etc/passwd", "Europe", "\u0000", "x" * 300])
def test_a_time_zone_that_is_none_is_rejected(name: str) -> None:
    with pytest.raises(Reject) as caught:
        calendar(name)
    assert caught.value.code == "bad_time_zone"


@pytest.mark.parametrize(
    "hours",
    [
        {},
        {"mon": []},
        {"monday": ["09:00-17:00"]},
        {"mon": ["09:00"]},
        {"mon": ["9-17"]},
        {"mon": ["09:00-09:00"]},
        {"mon": ["17:00-09:00"]},
        {"mon": ["09:00-24:01"]},
        {"mon": ["09:60-17:00"]},
        {"mon": ["\u0660\u0669:00-17:00"]},
        {"mon": ["09:00-12:00", "11:00-17:00"]},
    ],
)
def test_hours_that_cannot_be_read_are_rejected(hours: dict[str, list[str]]) -> None:
    with pytest.raises(Reject) as caught:
        calendar("UTC", hours)
    assert caught.value.code == "bad_hours"


@pytest.mark.parametrize(
    ("met_at", "ended_at", "now", "state"),
    [
        (None, None, 9, "running"),
        (None, None, 10, "running"),
        (None, None, 11, "breached"),
        (10, None, 50, "met"),
        (11, None, 50, "breached"),
        (None, 9, 50, "waived"),
        (None, 11, 50, "breached"),
    ],
)
def test_a_clock_stands_as_what_was_done_by_when_it_was_due(
    met_at: int | None, ended_at: int | None, now: int, state: str
) -> None:
    def when(moment: int | None) -> Instant | None:
        return None if moment is None else Instant(moment)

    assert clock_state(Instant(10), when(met_at), when(ended_at), Instant(now)) == state


def test_a_promise_falls_due_at_last_where_too_little_is_worked() -> None:
    seldom = calendar("UTC", {"mon": ["09:00-09:01"]})
    assert promised(at("2026-11-23T10:00Z"), 480, seldom) == at("2029-11-25T10:00Z")
    assert promised(at("2026-11-23T10:00Z"), 2, seldom) == at("2026-12-07T09:01Z")
