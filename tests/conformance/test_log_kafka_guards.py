"""The guards of the Kafka log that need no broker: what happens where aiokafka gives no answer."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaConnectionError, OffsetOutOfRangeError

from shared.kernel.errors import PositionLost, TryLater
from shared.log.group_commit import GroupCommit, Patience
from shared.log.kafka_subscription import KafkaSubscription
from shared.log.ports import Bounds, Partition
from shared.testing.log_suite import from_start, numbered

_PATIENCE = Patience(deadline=0.05, abandon=0.2)
_AT = Partition("topic", 0)
_MANY = 100_000
"""More than can be asked for in the time that a test takes."""


class Builder:
    """A batch with room for three records."""

    def __init__(self) -> None:
        self.values: list[bytes] = []

    def append(self, *, timestamp: None, key: bytes, value: bytes, headers: object) -> object:
        if len(self.values) == 3:
            return None
        self.values.append(value)
        return self


class Wire:
    """Stands in for aiokafka's producer; the test acknowledges, in its own time."""

    def __init__(self) -> None:
        self.sent: list[tuple[Builder, asyncio.Future[Any]]] = []

    def create_batch(self) -> Builder:
        return Builder()

    async def send_batch(self, batch: Builder, topic: str, *, partition: int) -> asyncio.Future[Any]:
        self.sent.append((batch, asyncio.get_running_loop().create_future()))
        return self.sent[-1][1]

    def values(self) -> list[list[bytes]]:
        """What was sent, batch by batch."""
        return [batch.values for batch, _ in self.sent]

    async def until_sent(self, batches: int) -> None:
        async with asyncio.timeout(5):
            while len(self.sent) < batches:
                await _turn()


Fetched = Mapping[TopicPartition, list[ConsumerRecord]]


class Consumer:
    """Stands in for aiokafka's consumer; a fetch raises or brings what is next, and nothing once that is all."""

    def __init__(self, *fetches: Fetched | Exception) -> None:
        self._fetches = list(fetches)
        self.sought: list[int] = []

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.sought.append(offset)

    async def getmany(self, *, timeout_ms: int, max_records: int) -> Fetched:
        fetched = self._fetches.pop(0) if self._fetches else {}
        if isinstance(fetched, Exception):
            raise fetched
        return fetched


@pytest.fixture
async def wire() -> Wire:
    return Wire()


@pytest.fixture
async def commit(wire: Wire) -> GroupCommit:
    return GroupCommit(wire, {"topic": 1}, _PATIENCE)


async def _turn() -> None:
    """Let everything that is ready run."""
    turned = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(turned.set_result, None)
    await turned


async def test_a_partition_has_one_send_in_flight_and_the_next_fills_meanwhile(wire: Wire, commit: GroupCommit) -> None:
    first = asyncio.create_task(commit.publish(numbered("topic", "k", [1])))
    await wire.until_sent(1)
    others = [asyncio.create_task(commit.publish(numbered("topic", "k", [n]))) for n in (2, 3)]
    await _turn()
    assert len(wire.sent) == 1
    wire.sent[0][1].set_result(None)
    await first
    await wire.until_sent(2)
    wire.sent[1][1].set_result(None)
    await asyncio.gather(*others)
    assert wire.values() == [[b"1"], [b"2", b"3"]]
    await commit.abort()


async def test_a_publish_over_several_builders_returns_after_the_last_of_them(wire: Wire, commit: GroupCommit) -> None:
    publishing = asyncio.create_task(commit.publish(numbered("topic", "k", range(4))))
    for sent in (1, 2):
        await wire.until_sent(sent)
        assert not publishing.done()
        wire.sent[-1][1].set_result(None)
    await publishing
    await commit.abort()


async def test_without_an_answer_a_publish_hears_in_time_and_the_next_at_once(wire: Wire, commit: GroupCommit) -> None:
    with pytest.raises(TryLater, match="no acknowledgement"):
        await commit.publish(numbered("topic", "k", [1]))
    with pytest.raises(TryLater, match="does not answer"):
        await commit.publish(numbered("topic", "k", [2]))
    wire.sent[0][1].set_result(None)
    await _turn()
    assert wire.values() == [[b"1"]]
    await commit.abort()


async def test_the_time_of_a_publish_begins_with_it_whoever_came_before(wire: Wire, commit: GroupCommit) -> None:
    loop = asyncio.get_running_loop()
    before = asyncio.create_task(commit.publish(numbered("topic", "k", [1])))
    await wire.until_sent(1)
    loop.call_later(0.03, wire.sent[0][1].set_result, None)
    await before
    began = loop.time()
    with pytest.raises(TryLater, match="no acknowledgement"):
        await commit.publish(numbered("topic", "k", [2]))
    assert _PATIENCE.deadline <= loop.time() - began < _PATIENCE.abandon
    await commit.abort()


async def test_what_was_not_sent_within_its_deadline_is_never_sent(wire: Wire, commit: GroupCommit) -> None:
    late = [asyncio.create_task(commit.publish(numbered("topic", "k", [1])))]
    await wire.until_sent(1)
    late.append(asyncio.create_task(commit.publish(numbered("topic", "k", [2]))))
    assert {type(end) for end in await asyncio.gather(*late, return_exceptions=True)} == {TryLater}
    wire.sent[0][1].set_result(None)
    third = asyncio.create_task(_publish_when_taken(commit, 3))
    await wire.until_sent(2)
    wire.sent[1][1].set_result(None)
    await third
    assert wire.values() == [[b"1"], [b"3"]]
    await commit.abort()


async def test_the_end_of_a_call_is_never_written_without_its_start(wire: Wire, commit: GroupCommit) -> None:
    first = asyncio.create_task(commit.publish(numbered("topic", "k", [1])))
    await wire.until_sent(1)
    second = asyncio.create_task(commit.publish(numbered("topic", "k", [2, 3])))
    await asyncio.wait([second], timeout=_PATIENCE.deadline / 2)
    over_two_builders = asyncio.create_task(commit.publish(numbered("topic", "k", [4, 5])))
    await asyncio.wait([second])
    wire.sent[0][1].set_result(None)
    ends = await asyncio.gather(first, second, over_two_builders, return_exceptions=True)
    assert {type(end) for end in ends} == {TryLater}
    assert wire.values() == [[b"1"]]
    await commit.abort()


async def test_as_long_as_the_broker_keeps_up_nobody_is_told_to_try_later(wire: Wire) -> None:
    commit, loop = GroupCommit(wire, {"topic": 1}, Patience(deadline=0.4, abandon=1)), asyncio.get_running_loop()
    over = loop.time() + 1.2
    calls = [asyncio.create_task(commit.publish(numbered("topic", "k", range(4))))]
    while loop.time() < over:
        await asyncio.wait(calls[-1:], timeout=0.04)
        calls.append(asyncio.create_task(commit.publish(numbered("topic", "k", range(3)))))
        _acknowledge(wire)
    while not all(call.done() for call in calls):
        _acknowledge(wire)
        await _turn()
    assert [call.exception() for call in calls] == [None] * len(calls)
    await commit.abort()


async def test_a_broker_silent_for_too_long_breaks_the_producer(commit: GroupCommit) -> None:
    with pytest.raises(TryLater):
        await commit.publish(numbered("topic", "k", [1]))
    async with asyncio.timeout(5):
        assert isinstance(await commit.broken, TimeoutError)
    await commit.abort()


async def test_a_refused_batch_breaks_the_producer(wire: Wire, commit: GroupCommit) -> None:
    publishing = asyncio.create_task(commit.publish(numbered("topic", "k", [1])))
    await wire.until_sent(1)
    wire.sent[0][1].set_exception(KafkaConnectionError())
    with pytest.raises(TryLater, match="did not take"):
        await publishing
    assert isinstance(await commit.broken, KafkaConnectionError)
    await commit.abort()


async def test_a_publisher_that_is_cancelled_leaves_the_others_of_its_batch_alone(
    wire: Wire, commit: GroupCommit
) -> None:
    leaving, staying = [asyncio.create_task(commit.publish(numbered("topic", "k", [n]))) for n in (1, 2)]
    await wire.until_sent(1)
    leaving.cancel()
    await asyncio.wait([leaving])
    wire.sent[0][1].set_result(None)
    await staying
    assert leaving.cancelled()
    await commit.abort()


@pytest.mark.parametrize(("end", "starves"), [(5, True), (0, False)])
async def test_a_member_is_starved_where_records_wait_and_none_comes(end: int, starves: bool) -> None:
    reasons: list[str] = []
    member = _member(Consumer(), end, reasons.append)
    over = asyncio.get_running_loop().time() + 0.2
    while asyncio.get_running_loop().time() < over:
        assert await member.poll(10, 0) == []
        await _turn()
    assert bool(reasons) is starves


async def test_a_member_whose_every_fetch_fails_is_starved_too() -> None:
    reasons: list[str] = []
    member = _member(Consumer({}, *[KafkaConnectionError()] * _MANY), 5, reasons.append)
    assert await member.poll(10, 0) == []
    over = asyncio.get_running_loop().time() + 0.2
    while asyncio.get_running_loop().time() < over:
        with pytest.raises(TryLater):
            await member.poll(10, 0)
    assert reasons


async def test_an_offset_out_of_range_that_aiokafka_had_from_elsewhere_is_not_where_the_member_stands() -> None:
    elsewhere = OffsetOutOfRangeError({TopicPartition(*_AT): 3})
    consumer = Consumer(elsewhere, elsewhere, OffsetOutOfRangeError({TopicPartition(*_AT): 0}))
    member = _member(consumer)
    for _ in range(2):
        assert await member.poll(10, 0) == []
    assert consumer.sought == [0, 0, 0]
    with pytest.raises(PositionLost):
        await member.poll(10, 0)


async def test_a_header_that_has_no_value_on_the_wire_has_an_empty_one() -> None:
    headers = (("traceparent", None), ("ce_id", b"1"))
    record = ConsumerRecord(*_AT, 0, 1, 0, b"k", b"v", None, 1, 1, headers)
    member = _member(Consumer({}, {TopicPartition(*_AT): [record]}))
    assert await member.poll(10, 0) == []
    assert [one.headers for one in await member.poll(10, 0)] == [(("traceparent", b""), ("ce_id", b"1"))]


def _member(consumer: Consumer, end: int = 0, starved: Callable[[str], None] = lambda _: None) -> KafkaSubscription:
    """A member that reads one partition, which ends there, from its start."""

    async def bounds(_: Iterable[str]) -> Mapping[Partition, Bounds]:
        return {_AT: Bounds(0, end)}

    member = KafkaSubscription(consumer, from_start, None, bounds, starved, 0.01)
    member.assign(frozenset({_AT}))
    return member


async def _publish_when_taken(commit: GroupCommit, number: int) -> None:
    while True:
        try:
            return await commit.publish(numbered("topic", "k", [number]))
        except TryLater:
            await _turn()


def _acknowledge(wire: Wire) -> None:
    for _, sent in wire.sent:
        if not sent.done():
            sent.set_result(None)
