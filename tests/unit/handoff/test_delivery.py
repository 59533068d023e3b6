"""What each answer of a receiver means."""

import pytest

from services.handoff.domain.delivery import (
    DEFAULT_SCHEDULE,
    Decision,
    Delivered,
    Disable,
    GiveUp,
    Health,
    Outcome,
    RetryAt,
    next_attempt,
    parse_schedule,
)
from shared.kernel import instant
from shared.kernel.instant import HOUR, MINUTE, SECOND, Instant

NOW = instant.parse("2026-11-23T12:00:00Z")


def in_seconds(seconds: float) -> RetryAt:
    return RetryAt(Instant(NOW + round(seconds * SECOND)))


def test_the_default_schedule_is_ten_attempts_over_75_hours() -> None:
    assert len(DEFAULT_SCHEDULE) == 10
    assert sum(DEFAULT_SCHEDULE) == 75 * HOUR + 35 * MINUTE + 5 * SECOND


@pytest.mark.parametrize(
    ("outcome", "decision"),
    [
        (Outcome(200), Delivered()),
        (Outcome(204), Delivered()),
        (Outcome(299), Delivered()),
        (Outcome(410), Disable("gone")),
        (Outcome(None, "blocked"), GiveUp("blocked")),
        (Outcome(301), in_seconds(5)),
        (Outcome(400), in_seconds(5)),
        (Outcome(401), in_seconds(5)),
        (Outcome(500), in_seconds(5)),
        (Outcome(503), in_seconds(5)),
        (Outcome(None, "dns"), in_seconds(5)),
        (Outcome(None, "tls"), in_seconds(5)),
        (Outcome(None, "connect"), in_seconds(5)),
        (Outcome(None, "broken"), in_seconds(5)),
        (Outcome(429), in_seconds(60)),
        (Outcome(502), in_seconds(60)),
        (Outcome(504), in_seconds(60)),
        (Outcome(None, "timeout"), in_seconds(60)),
    ],
)
def test_an_answer_to_the_first_attempt_decides_what_follows(outcome: Outcome, decision: Decision) -> None:
    assert next_attempt(1, outcome, NOW, 0.0) == decision


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("400", 400),
        ("350.5", 350.5),
        ("1", 300),
        ("0", 300),
        ("999999999", 600),
        ("Mon, 23 Nov 2026 12:07:00 GMT", 420),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 300),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 600),
        ("-5", 300),
        ("soon", 300),
        ("", 300),
        ("inf", 300),
        ("1e9", 300),
        ("\u0664\u0660\u0660", 300),
    ],
)
def test_a_receiver_may_ask_for_up_to_twice_the_pause(retry_after: str, seconds: float) -> None:
    assert next_attempt(2, Outcome(503, retry_after=retry_after), NOW, 0.0) == in_seconds(seconds)


@pytest.mark.parametrize(("jitter", "seconds"), [(-1.0, 240), (-0.5, 270), (1.0, 360), (7.0, 360)])
def test_jitter_moves_an_attempt_by_a_fifth_at_most(jitter: float, seconds: int) -> None:
    assert next_attempt(2, Outcome(500), NOW, jitter) == in_seconds(seconds)


def test_the_schedule_ends() -> None:
    assert isinstance(next_attempt(9, Outcome(500), NOW, 0.0), RetryAt)
    assert next_attempt(10, Outcome(500), NOW, 0.0) == GiveUp("exhausted")
    assert next_attempt(11, Outcome(500), NOW, 0.0) == GiveUp("exhausted")


def test_the_last_attempt_may_succeed() -> None:
    assert next_attempt(10, Outcome(200), NOW, 0.0) == Delivered()


def test_an_overloaded_receiver_does_not_stretch_a_schedule_that_was_made_short() -> None:
    assert next_attempt(1, Outcome(429), NOW, 0.0, parse_schedule("0,0.1,2")) == in_seconds(2)


def test_a_schedule_is_read_from_seconds() -> None:
    assert parse_schedule("0, 5,300") == (0, 5_000, 300_000)
    assert parse_schedule("0.25") == (250,)


@pytest.mark.parametrize("text", ["", ",", "0,,5", "0,-1", "0,five", "5,0", "0,1e3", "nan", "0;5"])
def test_a_text_that_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="schedule"):
        parse_schedule(text)


def failing(*hours: float) -> Health:
    """The health after failed attempts at these hours."""
    health = Health()
    for hour in hours:
        health = health.after(Outcome(500), Instant(NOW + round(hour * HOUR)))
    return health


def test_an_endpoint_is_failing_from_its_fourth_failure_on() -> None:
    assert not failing(0, 1, 2).is_failing
    assert failing(0, 1, 2, 3).is_failing


def test_an_endpoint_that_failed_for_120_hours_is_overdue() -> None:
    health = failing(0, 60, 119)
    assert not health.overdue(Instant(NOW + 119 * HOUR))
    assert health.overdue(Instant(NOW + 120 * HOUR))


def test_one_success_makes_an_endpoint_healthy() -> None:
    assert failing(0, 60, 119).after(Outcome(204), Instant(NOW + 120 * HOUR)) == Health()
    assert not Health().overdue(NOW)


def test_failures_of_an_endpoint_that_was_hardly_used_are_forgiven() -> None:
    health = failing(0, 241)
    assert health.failures == 1
    assert not health.overdue(Instant(NOW + 242 * HOUR))
