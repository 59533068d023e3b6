"""Whatever a receiver answers, the schedule holds."""

from hypothesis import given
from hypothesis import strategies as st

from services.handoff.domain.delivery import (
    DEFAULT_SCHEDULE,
    Delivered,
    Failure,
    GiveUp,
    Outcome,
    RetryAt,
    Schedule,
    next_attempt,
    parse_schedule,
)
from shared.kernel.instant import Instant

NOW = Instant(1_780_000_000_000)
JITTERS = st.floats(-1, 1)
SCHEDULES = st.lists(st.integers(0, 10**6), min_size=1, max_size=12).map(lambda steps: tuple(sorted(steps)))
RETRY_AFTER = st.none() | st.text(max_size=40) | st.integers(-10, 10**12).map(str) | st.floats().map(str)
FAILURES: list[Failure] = ["timeout", "dns", "connect", "tls", "broken"]
OUTCOMES = st.builds(Outcome, st.integers(100, 599), retry_after=RETRY_AFTER) | st.builds(
    Outcome, st.none(), st.sampled_from(FAILURES)
)


@given(st.sampled_from([*range(300, 410), *range(411, 600)]), JITTERS)
def test_under_one_answer_and_jitter_pauses_never_shrink(status: int, jitter: float) -> None:
    decisions = [next_attempt(attempt, Outcome(status), NOW, jitter) for attempt in range(1, len(DEFAULT_SCHEDULE))]
    times = [decision.at for decision in decisions if isinstance(decision, RetryAt)]
    assert len(times) == len(DEFAULT_SCHEDULE) - 1
    assert times == sorted(times)


@given(OUTCOMES, SCHEDULES, JITTERS, st.integers(1, 14))
def test_a_retry_is_within_the_schedule_and_twice_that(
    outcome: Outcome, schedule: Schedule, jitter: float, attempt: int
) -> None:
    decision = next_attempt(attempt, outcome, NOW, jitter, schedule)
    if isinstance(decision, RetryAt):
        assert attempt < len(schedule)
        step = schedule[attempt]
        longest = max(1.2 * step, min(60_000, schedule[-1]))
        assert round(0.8 * step) <= decision.at - NOW <= 2 * longest + 1


@given(OUTCOMES, SCHEDULES, JITTERS)
def test_an_answer_that_never_changes_ends_after_as_many_attempts_as_the_schedule_has(
    outcome: Outcome, schedule: Schedule, jitter: float
) -> None:
    attempt, now = 1, NOW
    while isinstance(decision := next_attempt(attempt, outcome, now, jitter, schedule), RetryAt):
        assert decision.at >= now
        attempt, now = attempt + 1, decision.at
    assert attempt <= len(schedule)
    assert isinstance(decision, Delivered) == outcome.succeeded
    if isinstance(decision, GiveUp):
        assert attempt == len(schedule)


@given(SCHEDULES)
def test_a_schedule_reads_back_as_it_was_written(schedule: Schedule) -> None:
    assert parse_schedule(",".join(f"{step / 1_000:.3f}" for step in schedule)) == schedule
