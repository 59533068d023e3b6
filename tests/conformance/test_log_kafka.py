"""The Kafka log under the suite on a real broker, and what happens when that broker dies or hangs."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from typing import Protocol

import pytest

from shared.kernel.errors import TryLater
from shared.log.kafka import KafkaLog
from shared.log.ports import Log
from shared.testing.log_suite import (
    LogSuite,
    Opened,
    fresh,
    from_start,
    numbered,
    poll_until,
    shared_by,
    values_by_key,
)
from shared.testing.sending_suite import SendingSuite

_DEADLINE_SECONDS = 2.0
_LAST = 1_000_000
"""More than a test can publish one by one before its broker is killed."""
_SLACK_SECONDS = 1.0
"""What a busy machine may add to a deadline."""

_JOIN_AND_READ = """
import asyncio, sys
from shared.log.kafka import KafkaLog
from shared.testing.log_suite import from_start

async def main():
    log = KafkaLog(sys.argv[1])
    await log.start({sys.argv[2]: 4})
    member = await log.subscribe(sys.argv[3], [sys.argv[2]], from_start)
    while True:
        await member.poll(10, 100)
        if member.held():
            print(len(member.held()), flush=True)

asyncio.run(main())
"""

pytestmark = pytest.mark.kafka


class Broker(Protocol):
    """A broker a test may harm. Its calls block, so they are made in a thread."""

    bootstrap: str

    def start(self) -> None: ...

    def kill(self) -> None: ...

    def freeze(self) -> None: ...

    def resume(self) -> None: ...


class TestKafkaLog(LogSuite, SendingSuite):
    @pytest.fixture
    async def opened(self, kafka_broker: Broker) -> AsyncIterator[Opened]:
        logs: list[KafkaLog] = []

        async def open_log(topics: Mapping[str, int]) -> Log:
            logs.append(KafkaLog(kafka_broker.bootstrap))
            await logs[-1].start(topics)
            return logs[-1]

        yield open_log
        await asyncio.gather(*(log.close() for log in logs))

    @pytest.mark.slow
    async def test_what_a_killed_member_held_goes_to_the_others(self, opened: Opened, kafka_broker: Broker) -> None:
        topic, group = fresh("topic"), fresh("group")
        log = await opened({topic: 4})
        killed = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _JOIN_AND_READ, kafka_broker.bootstrap, topic, group),
            stdout=asyncio.subprocess.PIPE,
        )
        assert killed.stdout is not None
        assert await killed.stdout.readline() == b"4\n"
        staying = await log.subscribe(group, [topic], from_start)
        await poll_until([staying], lambda _: len(staying.held()) == 2)
        killed.kill()
        await killed.communicate()
        await poll_until([staying], shared_by([staying], 4))


@pytest.fixture
async def broker(own_kafka: Callable[[], Broker]) -> Broker:
    return await asyncio.to_thread(own_kafka)


@pytest.fixture
async def log(broker: Broker) -> AsyncIterator[KafkaLog]:
    log = KafkaLog(broker.bootstrap)
    await log.start({"topic": 2})
    yield log
    await log.close()


async def test_a_log_without_a_broker_is_to_be_tried_later() -> None:
    with pytest.raises(TryLater):
        await KafkaLog("127.0.0.1:1").start({"topic": 1})


@pytest.mark.slow
async def test_a_killed_broker_loses_nothing_acknowledged_and_readers_go_on_after_its_return(
    broker: Broker, log: KafkaLog
) -> None:
    member = await log.subscribe("group", ["topic"], from_start)
    publishing = asyncio.create_task(_publish_until_refused(log))
    before = await poll_until([member], lambda found: len(found) >= 50)
    await asyncio.to_thread(broker.kill)
    acknowledged = await publishing
    assert await _refusal_seconds(log) < _DEADLINE_SECONDS + _SLACK_SECONDS
    await asyncio.to_thread(broker.start)
    await _publish_until_taken(log, _LAST)
    after = await poll_until([member], lambda found: any(int(record.value) == _LAST for record in found), 60)
    assert set(acknowledged) <= set(values_by_key([*before, *after])["k"])
    assert not log.failed.is_set()


@pytest.mark.slow
async def test_a_frozen_broker_refuses_within_the_deadline_and_holds_no_close_up(broker: Broker) -> None:
    log = KafkaLog(broker.bootstrap)
    await log.start({"topic": 2})
    await log.subscribe("group", ["topic"], from_start)
    await log.publish(numbered("topic", "k", [1]))
    await asyncio.to_thread(broker.freeze)
    assert await _refusal_seconds(log) < _DEADLINE_SECONDS + _SLACK_SECONDS
    async with asyncio.timeout(10.0 + _SLACK_SECONDS):
        await log.close()
    await asyncio.to_thread(broker.resume)


@pytest.mark.slow
async def test_a_broker_that_was_frozen_for_long_takes_records_again_from_a_new_producer(
    broker: Broker, log: KafkaLog
) -> None:
    await asyncio.to_thread(broker.freeze)
    over = asyncio.get_running_loop().time() + log.features.delivery_seconds + 3
    while asyncio.get_running_loop().time() < over:
        await _refusal_seconds(log)
        await _pause(log)
    await asyncio.to_thread(broker.resume)
    await _publish_until_taken(log, _LAST)
    member = await log.subscribe("group", ["topic"], from_start)
    await poll_until([member], lambda found: any(int(record.value) == _LAST for record in found))


async def _publish_until_refused(log: KafkaLog) -> list[int]:
    """Publish 0, 1, ... one after the other; those that were acknowledged."""
    for number in range(_LAST):
        try:
            await log.publish(numbered("topic", "k", [number]))
        except TryLater:
            return list(range(number))
    raise AssertionError("nothing was refused")


async def _publish_until_taken(log: KafkaLog, number: int) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                return await log.publish(numbered("topic", "k", [number]))
            except TryLater:
                await _pause(log)


async def _refusal_seconds(log: KafkaLog) -> float:
    """How long a publish takes to be refused."""
    started = asyncio.get_running_loop().time()
    with pytest.raises(TryLater):
        await log.publish(numbered("topic", "k", [0]))
    return asyncio.get_running_loop().time() - started


async def _pause(log: KafkaLog) -> None:
    """Wait a little, unless the log gives up."""
    with suppress(TimeoutError):
        async with asyncio.timeout(0.1):
            await log.failed.wait()
