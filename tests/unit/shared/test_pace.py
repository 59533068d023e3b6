"""A loop that lets another go first: never more than its share while the other has work, and never nothing for long."""

from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.instant import SECOND, Instant
from shared.runtime.pace import Pace

_STEP = 20
"""Milliseconds between two looks."""


class Clock:
    """A time that tests set."""

    def __init__(self) -> None:
        self.at = 1_000_000

    def now(self) -> Instant:
        return Instant(self.at)


def taken(pace: Pace, clock: Clock, seconds: int, *, others: bool) -> int:
    """How many records are taken in so long, where there are always more than may be."""
    count = 0
    for _ in range(seconds * SECOND // _STEP):
        if others:
            pace.others_came()
        if most := pace.most():
            pace.took(most)
            count += most
        clock.at += _STEP
    return count


@given(st.integers(5, 2_000), st.integers(1, 10))
def test_while_others_come_it_takes_its_share(per_second: int, seconds: int) -> None:
    clock = Clock()
    pace = Pace(per_second, clock.now)
    count = taken(pace, clock, seconds, others=True)
    assert count <= per_second * (seconds + 0.2)
    assert count >= per_second * seconds * 0.7


def test_where_nobody_else_comes_it_takes_a_whole_batch_each_time() -> None:
    clock = Clock()
    pace = Pace(100, clock.now)
    assert taken(pace, clock, 1, others=False) == 200 * SECOND // _STEP
    pace.others_came()
    assert pace.most() == 0
    clock.at += SECOND
    assert pace.most() == 200


def test_a_clock_that_is_set_back_stops_nothing() -> None:
    clock = Clock()
    pace = Pace(100, clock.now)
    pace.others_came()
    pace.took(pace.most())
    clock.at -= 3_600 * SECOND
    assert pace.most() == 200, "nobody came lately, as far as the clock knows"
    pace.others_came()
    assert pace.most() == 20


def test_a_batch_that_was_small_is_waited_for_in_proportion() -> None:
    clock = Clock()
    pace = Pace(100, clock.now)
    pace.others_came()
    pace.took(1)
    assert pace.most() == 0
    clock.at += SECOND // 100
    assert pace.most() == 20
