"""A loop that lets another go first: what the other leaves, never less than its share, and never nothing for long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.instant import HOUR, MINUTE, SECOND, Instant
from shared.runtime.pace import Pace

_STEP = 20
"""Milliseconds between two looks."""


class Clock:
    """A time that tests set."""

    def __init__(self) -> None:
        self.at = 1_000_000

    def now(self) -> Instant:
        return Instant(self.at)


def taken(pace: Pace, clock: Clock, seconds: int, *, busy: float) -> int:
    """How many records are taken in so long, where there are always more than may be; the other loop is busy for a
    part of the time."""
    count = 0
    for _ in range(seconds * SECOND // _STEP):
        if busy:
            pace.others_took(busy * _STEP / SECOND)
        if most := pace.most():
            pace.took(most, clock.now())
            count += most
        clock.at += _STEP
    return count


@given(st.integers(5, 2_000), st.integers(1, 10), st.floats(0.1, 1))
def test_while_others_have_no_time_left_it_takes_its_share(per_second: int, seconds: int, busy: float) -> None:
    clock = Clock()
    pace = Pace(per_second, clock.now)
    taken(pace, clock, 1, busy=busy)  # by then it is known what the others do
    count = taken(pace, clock, seconds, busy=busy)
    assert count <= per_second * (seconds + 0.2)
    assert count >= per_second * seconds * 0.7


def test_it_takes_more_as_others_leave_more() -> None:
    counts = []
    for busy in (0.3, 0.02, 0.004, 0.0001):
        clock = Clock()
        pace = Pace(100, clock.now)
        taken(pace, clock, 1, busy=busy)
        counts.append(taken(pace, clock, 10, busy=busy))
    assert counts == sorted(counts)
    assert counts[1] >= 1.5 * counts[0], "they come by dozens a second"
    assert counts[2] >= 7 * counts[0], "they come by ones"
    assert counts[3] == 10 * SECOND // _STEP * 20, "a chunk at every look"


@pytest.mark.parametrize("batch", [5, 20])
def test_among_two_hundred_events_a_second_it_stays_at_its_share(batch: int) -> None:
    clock = Clock()
    pace = Pace(250, clock.now)
    count = 0
    for step in range(11 * SECOND // _STEP):
        if step * _STEP % (batch * SECOND // 200) < _STEP:
            pace.others_took(batch * 0.0002)  # as fast as an idle machine works them
        if most := pace.most():
            pace.took(most, clock.now())
            count += most if step >= SECOND // _STEP else 0
        clock.at += _STEP
    assert count <= 250 * 10 * 1.1


def test_where_nobody_else_comes_it_takes_a_whole_batch_each_time() -> None:
    clock = Clock()
    pace = Pace(100, clock.now)
    assert taken(pace, clock, 1, busy=0) == 200 * SECOND // _STEP
    pace.others_took(1.0)
    pace.took(20, clock.now())
    assert pace.most() == 0
    clock.at += SECOND
    assert pace.most() == 200


def test_a_clock_that_is_set_back_stops_nothing() -> None:
    clock = Clock()
    pace = Pace(100, clock.now)
    pace.others_took(1.0)
    pace.took(pace.most(), clock.now())
    clock.at -= HOUR
    assert pace.most() == 200, "nobody came lately, as far as the clock knows"
    pace.others_took(1.0)
    assert pace.most() == 20


def test_a_batch_that_was_small_is_waited_for_in_proportion() -> None:
    clock = Clock()
    pace = Pace(100, clock.now)
    pace.others_took(1.0)
    pace.took(1, clock.now())
    assert pace.most() == 0
    clock.at += SECOND // 100
    assert pace.most() == 20


@pytest.mark.parametrize(("waited", "most"), [(4 * MINUTE, 0), (6 * MINUTE, 200)])
def test_what_has_waited_for_minutes_waits_for_nobody(waited: int, most: int) -> None:
    clock = Clock()
    pace = Pace(100, clock.now)
    pace.others_took(1.0)
    pace.took(20, Instant(clock.at - waited))
    assert pace.most() == most
