"""Business time over any calendar, through every change of the clocks."""

from hypothesis import given
from hypothesis import strategies as st

from services.handoff.domain.sla import Calendar, add_business, business_between, calendar
from shared.kernel.instant import DAY, MINUTE, Instant

# Berlin and New York change by an hour, Lord Howe by half of one, Cairo at midnight; Apia once left out a day.
ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Pacific/Apia", "Asia/Kolkata"]
)
STARTS = st.integers(1_320_000_000_000, 1_800_000_000_000).map(Instant)
MINUTES = st.integers(0, 5_000)


def _text(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _hours(marks: list[int]) -> list[str]:
    return [f"{_text(begins)}-{_text(ends)}" for begins, ends in zip(marks[::2], marks[1::2], strict=False)]


DAYS = st.lists(st.integers(0, 96).map(lambda quarter: quarter * 15), max_size=6, unique=True).map(sorted).map(_hours)
CALENDARS = st.builds(
    lambda zone, week: calendar(zone, {"tue": ["09:00-17:00"]} | week),
    ZONES,
    st.dictionaries(st.sampled_from(["mon", "wed", "fri", "sat", "sun"]), DAYS),
)


@given(STARTS, st.integers(0, 3 * DAY), MINUTES, CALENDARS)
def test_a_later_start_is_never_due_earlier(start: Instant, later: int, minutes: int, when: Calendar) -> None:
    assert add_business(start, minutes, when) <= add_business(Instant(start + later), minutes, when)


@given(STARTS, MINUTES, MINUTES, CALENDARS)
def test_a_longer_promise_is_never_due_earlier(start: Instant, minutes: int, more: int, when: Calendar) -> None:
    due = add_business(start, minutes, when)
    assert start <= due <= add_business(start, minutes + more, when)


@given(STARTS, MINUTES, CALENDARS)
def test_exactly_the_promised_time_lies_between_start_and_due(start: Instant, minutes: int, when: Calendar) -> None:
    assert business_between(start, add_business(start, minutes, when), when) == minutes * MINUTE


@given(STARTS, st.integers(0, 20 * DAY), CALENDARS)
def test_working_time_never_exceeds_the_time_that_passed(start: Instant, passed: int, when: Calendar) -> None:
    assert 0 <= business_between(start, Instant(start + passed), when) <= passed
