"""When it happened, by a clock that may be wrong."""

import pytest

from services.ingest.domain.moments import occurred_at
from shared.kernel.instant import DAY, HOUR, SECOND

NOW = 1_795_302_296_000
YEAR = 365 * DAY


@pytest.mark.parametrize("skew", [-300 * DAY, -HOUR, 0, HOUR, 300 * DAY])
def test_a_clock_that_is_fast_or_slow_is_corrected_where_the_time_of_sending_is_known(skew: int) -> None:
    assert occurred_at(NOW, NOW + skew - 7 * SECOND, NOW + skew) == (NOW - 7 * SECOND, False)


def test_without_a_time_of_sending_the_time_stands_as_it_is() -> None:
    assert occurred_at(NOW, NOW - 3 * DAY, None) == (NOW - 3 * DAY, False)
    assert occurred_at(NOW, NOW + 23 * HOUR, None) == (NOW + 23 * HOUR, False)


def test_without_a_time_it_happened_when_it_arrived() -> None:
    assert occurred_at(NOW, None, NOW) == (NOW, False)


def test_an_event_from_years_ago_may_be_sent_today() -> None:
    assert occurred_at(NOW, NOW - 10 * YEAR, NOW) == (NOW - 10 * YEAR, False)


@pytest.mark.parametrize("sent_at", [0, NOW - 2 * HOUR, NOW + 900 * YEAR, -NOW])
def test_a_time_of_sending_that_is_absurd_or_before_the_event_corrects_nothing(sent_at: int) -> None:
    assert occurred_at(NOW, NOW - HOUR, sent_at) == (NOW - HOUR, False)


@pytest.mark.parametrize("timestamp", [0, 946_684_799_999, NOW + DAY + 1, NOW + 900 * YEAR])
def test_a_time_that_cannot_be_is_replaced_by_arrival_and_flagged(timestamp: int) -> None:
    assert occurred_at(NOW, timestamp, None) == (NOW, True)


@pytest.mark.parametrize("timestamp", [946_684_800_000, NOW + DAY])
def test_the_bounds_themselves_are_believed(timestamp: int) -> None:
    assert occurred_at(NOW, timestamp, None) == (timestamp, False)
