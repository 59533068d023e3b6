"""Metrics keep their names, and lag is decided in one place."""

import asyncio
import time

import pytest

from shared.observe import clock
from shared.observe.lag import Deliveries, Lag, PartitionLag
from shared.observe.loop_lag import LoopWatch
from shared.observe.metrics import Metrics

DONE = Lag([PartitionLag("touchpoints", 0, position=7, end=7)], outbox=0, work=0)


def test_the_names_that_dashboards_use_are_there() -> None:
    metrics = Metrics()
    metrics.accepted.labels("segment").inc()
    metrics.rejected.labels("segment", "bad_text").inc(2)
    metrics.duplicates.inc()
    told = metrics.text().decode()
    assert 'throughline_accepted_total{door="segment"} 1.0' in told
    assert 'throughline_rejected_total{door="segment",reason="bad_text"} 2.0' in told
    assert "throughline_duplicates_total 1.0" in told


def test_two_services_in_one_process_do_not_share_their_metrics() -> None:
    Metrics().duplicates.inc()
    assert "throughline_duplicates_total 0.0" in Metrics().text().decode()


def test_lag_is_shown_as_the_sum_over_a_topics_partitions() -> None:
    metrics = Metrics()
    topics = [PartitionLag("deals", 0, position=1, end=4), PartitionLag("deals", 1, position=0, end=2)]
    metrics.observe_lag(Lag(topics, outbox=9, work=3))
    told = metrics.text().decode()
    assert 'throughline_lag_records{topic="deals"} 5.0' in told
    assert "throughline_outbox_depth 9.0" in told
    assert "throughline_work_depth 3.0" in told


@pytest.mark.parametrize(
    ("lag", "caught_up"),
    [
        (DONE, True),
        (Lag(DONE.topics, 0, 0, Deliveries(due=0, waiting=3)), True),
        (Lag(DONE.topics, 0, 0, Deliveries(due=1, waiting=0)), False),
        (Lag(DONE.topics, outbox=1, work=0), False),
        (Lag(DONE.topics, outbox=0, work=1), False),
        (Lag([PartitionLag("touchpoints", 0, position=6, end=7)], 0, 0), False),
    ],
)
def test_caught_up_means_nothing_unread_owed_or_due(lag: Lag, caught_up: bool) -> None:
    assert lag.caught_up is caught_up


def test_the_clock_tells_milliseconds_of_now() -> None:
    before = time.time_ns() // 1_000_000
    assert before <= clock.now() <= time.time_ns() // 1_000_000


async def test_a_blocked_loop_shows_in_the_metric() -> None:
    metrics = Metrics()
    watch = LoopWatch(metrics)
    task = asyncio.create_task(watch.run(asyncio.Event()))
    loop = asyncio.get_running_loop()
    loop.call_later(0.4, lambda: _block_until(time.perf_counter() + 0.3))
    deadline = loop.time() + 5
    while "throughline_loop_lag_seconds 0.0" in metrics.text().decode() and loop.time() < deadline:
        await asyncio.wait([task], timeout=0.05)
    task.cancel()
    assert watch.turning()
    assert "throughline_loop_lag_seconds 0.0" not in metrics.text().decode()


def _block_until(moment: float) -> None:
    while time.perf_counter() < moment:
        pass
