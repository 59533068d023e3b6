"""The memory log under the suite, and what only it promises: determinism and steps to crash at."""

import asyncio
from collections.abc import Mapping

import pytest

from shared.log.memory import MemoryLog
from shared.log.ports import Log, Partition
from shared.testing.log_suite import LogSuite, Opened, from_start, numbered, poll_until, shared_by
from shared.testing.sending_suite import SendingSuite

_SESSION_SECONDS = 0.3


class Crash(Exception):
    """The simulated process died here."""


class TestMemoryLog(LogSuite, SendingSuite):
    @pytest.fixture
    def opened(self) -> Opened:
        log = MemoryLog(session_seconds=_SESSION_SECONDS)

        async def open_log(topics: Mapping[str, int]) -> Log:
            await log.start(topics)
            return log

        return open_log

    async def test_what_a_member_that_stopped_polling_held_goes_to_the_others(self, opened: Opened) -> None:
        log = await opened({"topic": 4})
        gone, staying = [await log.subscribe("group", ["topic"], from_start) for _ in range(2)]
        await poll_until([gone, staying], shared_by([gone, staying], 4))
        await poll_until([staying], shared_by([staying], 4))
        assert gone.held() == frozenset()

    async def test_a_member_that_was_left_out_joins_again_by_polling(self, opened: Opened) -> None:
        log = await opened({"topic": 4})
        slow, quick = [await log.subscribe("group", ["topic"], from_start) for _ in range(2)]
        await poll_until([quick], shared_by([quick], 4))
        await poll_until([slow, quick], shared_by([slow, quick], 4))


async def test_a_crash_before_a_partition_is_written_leaves_the_others_written() -> None:
    steps = 0

    async def crash_at_the_third_step() -> None:
        nonlocal steps
        steps += 1
        if steps == 3:
            raise Crash

    log = MemoryLog(step=crash_at_the_third_step)
    await log.start({"topic": 2})
    with pytest.raises(Crash):
        await log.publish([*numbered("topic", "", [1]), *numbered("topic", "k1", [2]), *numbered("topic", "k2", [3])])
    bounds = await log.bounds(["topic"])
    assert sorted(bound.end for bound in bounds.values()) in ([0, 1], [0, 2])


async def test_records_are_stamped_with_the_given_time() -> None:
    log = MemoryLog(now=lambda: 1_234)
    await log.start({"topic": 1})
    await log.publish(numbered("topic", "k", [1]))
    member = await log.subscribe("group", ["topic"], from_start)
    assert [record.at for record in await member.poll(10, 0)] == [1_234]


async def test_what_on_revoke_raises_is_raised_by_the_poll_of_the_member_it_belongs_to() -> None:
    async def fail() -> None:
        raise Crash

    log = MemoryLog()
    await log.start({"topic": 2})
    failing = await log.subscribe("group", ["topic"], from_start, fail)
    other = await log.subscribe("group", ["topic"], from_start)
    await other.poll(1, 0)
    assert len(other.held()) == 1
    with pytest.raises(Crash):
        await failing.poll(1, 0)


async def test_a_publish_wakes_a_poll_that_waits() -> None:
    log = MemoryLog()
    await log.start({"topic": 1})
    member = await log.subscribe("group", ["topic"], from_start)
    waiting = asyncio.create_task(member.poll(1, 20_000))
    await asyncio.wait([waiting], timeout=0.05)
    await log.publish(numbered("topic", "k", [1]))
    async with asyncio.timeout(5):
        assert [record.partition for record in await waiting] == [Partition("topic", 0)]
