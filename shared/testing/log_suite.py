"""What every log keeps, whichever driver it is: one suite, run on memory, SQLite and a real Kafka.

A driver's tests subclass LogSuite and give the fixture `opened`. Leaves out what a driver does alone:
dying brokers, second processes, retention.
"""

# ruff: noqa: S101 - assert is what a suite is made of

import asyncio
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

import pytest

from shared.kernel.errors import PositionLost, Reject, TryLater
from shared.log.partitioning import partition_of
from shared.log.ports import Bounds, Locate, Log, Outgoing, Partition, Record, Subscription

Opened = Callable[[Mapping[str, int]], Awaitable[Log]]
"""Opens the log under test, once more each call where it was closed, and starts it with these topics."""

SECONDS = 30.0
"""A condition that has not come true after this long never will."""
POLL_MS = 50
_FAR_AHEAD = 2**52
"""Every record is from before this."""


def fresh(kind: str) -> str:
    """A topic or group name no other test uses."""
    return f"{kind}-{secrets.token_hex(6)}"


def numbered(topic: str, key: str, numbers: Iterable[int]) -> list[Outgoing]:
    """Records of one key whose values are numbers."""
    return [Outgoing(topic, key.encode(), str(number).encode(), (("n", str(number).encode()),)) for number in numbers]


def values_by_key(records: Iterable[Record]) -> dict[str, list[int]]:
    """The numbers read, by key, in the order they were read."""
    found: dict[str, list[int]] = {}
    for record in records:
        found.setdefault(record.key.decode(), []).append(int(record.value))
    return found


async def from_start(partitions: frozenset[Partition]) -> Mapping[Partition, int]:
    """A Locate for those who have read nothing yet."""
    return dict.fromkeys(partitions, 0)


async def poll_until(
    members: Sequence[Subscription], true: Callable[[list[Record]], bool], seconds: float = SECONDS
) -> list[Record]:
    """Poll the members in turn until what they read in all makes it true; the records, in that order."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    found: list[Record] = []
    while not true(found):
        assert loop.time() < deadline, f"not true after {seconds} s, with {len(found)} records read"
        for batch in await asyncio.gather(*(member.poll(500, POLL_MS) for member in members)):
            found += batch
    return found


def shared_by(members: Sequence[Subscription], partitions: int) -> Callable[[list[Record]], bool]:
    """Whether each member holds something and together they hold that many partitions, none twice."""

    def settled(_: list[Record]) -> bool:
        held = [member.held() for member in members]
        return all(held) and sum(map(len, held)) == partitions == len(frozenset().union(*held))

    return settled


class LogSuite:
    """The suite; pytest runs it through a subclass a driver."""

    async def test_the_records_of_a_key_stay_in_the_order_its_publisher_gave_them(self, opened: Opened) -> None:
        topic = fresh("topic")
        log = await opened({topic: 3})

        async def publisher(key: str) -> None:
            for start in range(0, 75, 3):
                await log.publish(numbered(topic, key, range(start, start + 3)))

        keys = [f"key-{number}" for number in range(8)]
        await asyncio.gather(*map(publisher, keys))
        member = await log.subscribe(fresh("group"), [topic], from_start)
        read = await poll_until([member], lambda found: len(found) >= 600)
        assert values_by_key(read) == {key: list(range(75)) for key in keys}

    async def test_a_published_record_is_read_whole_in_the_partition_of_its_key(self, opened: Opened) -> None:
        topic = fresh("topic")
        log = await opened({topic: 4})
        sent = [Outgoing(topic, f"k{n}".encode(), f"v{n}".encode(), (("a", b"1"), ("b", b""))) for n in range(40)]
        sent.append(Outgoing(topic, b"", b"no key"))
        await log.publish(sent)
        member = await log.subscribe(fresh("group"), [topic], from_start)
        read = await poll_until([member], lambda found: len(found) >= len(sent))
        assert {(r.key, r.value, r.headers) for r in read} == {(s.key, s.value, s.headers) for s in sent}
        assert all(record.partition == Partition(topic, partition_of(record.key, 4)) for record in read)

    async def test_offsets_are_dense_and_bounds_tell_them(self, opened: Opened) -> None:
        topic = fresh("topic")
        log = await opened({topic: 2})
        await asyncio.gather(*(log.publish(numbered(topic, f"k{n}", range(5))) for n in range(10)))
        member = await log.subscribe(fresh("group"), [topic], from_start)
        read = await poll_until([member], lambda found: len(found) >= 50)
        for partition, bounds in (await log.bounds([topic])).items():
            offsets = [record.offset for record in read if record.partition == partition]
            assert offsets == list(range(bounds.first, bounds.end))

    async def test_a_poll_with_nothing_to_read_comes_back_empty_and_the_next_publish_is_read(
        self, opened: Opened
    ) -> None:
        topic = fresh("topic")
        log = await opened({topic: 1})
        member = await log.subscribe(fresh("group"), [topic], from_start)
        await poll_until([member], lambda _: bool(member.held()))
        assert await member.poll(10, POLL_MS) == []
        await log.publish(numbered(topic, "k", [1]))
        assert values_by_key(await poll_until([member], bool)) == {"k": [1]}

    async def test_a_poll_gives_no_more_than_its_limit(self, opened: Opened) -> None:
        topic = fresh("topic")
        log = await opened({topic: 1})
        await log.publish(numbered(topic, "k", range(10)))
        member = await log.subscribe(fresh("group"), [topic], from_start)
        await poll_until([member], lambda _: bool(member.held()))
        member.seek({Partition(topic, 0): 0})
        read: list[Record] = []
        while len(read) < 10:
            batch = await member.poll(3, 1_000)
            assert len(batch) <= 3
            read += batch
        assert values_by_key(read) == {"k": list(range(10))}

    async def test_what_is_sought_back_to_is_delivered_again(self, opened: Opened) -> None:
        topic = fresh("topic")
        log = await opened({topic: 1})
        await log.publish(numbered(topic, "k", range(10)))
        member = await log.subscribe(fresh("group"), [topic], from_start)
        await poll_until([member], lambda found: len(found) >= 10)
        member.seek({Partition(topic, 0): 4, Partition("never-held", 0): 1})
        again = await poll_until([member], lambda found: len(found) >= 6)
        assert values_by_key(again) == {"k": [4, 5, 6, 7, 8, 9]}

    async def test_a_poll_that_is_cancelled_loses_nothing(self, opened: Opened) -> None:
        topic = fresh("topic")
        log = await opened({topic: 1})
        member = await log.subscribe(fresh("group"), [topic], from_start)
        await poll_until([member], lambda _: bool(member.held()))
        read: list[Record] = []
        for number in range(10):
            waiting = asyncio.create_task(member.poll(10, 10_000))
            await log.publish(numbered(topic, "k", [number]))
            waiting.cancel()
            await asyncio.wait([waiting])
            read += [] if waiting.cancelled() else waiting.result()
        read += await poll_until([member], lambda found: len(read) + len(found) >= 10)
        assert values_by_key(read) == {"k": list(range(10))}

    async def test_two_members_share_the_partitions_and_read_nothing_twice(self, opened: Opened) -> None:
        topic, group = fresh("topic"), fresh("group")
        log = await opened({topic: 4})
        members = [await log.subscribe(group, [topic], from_start) for _ in range(2)]
        await poll_until(members, shared_by(members, 4))
        await asyncio.gather(*(log.publish(numbered(topic, f"k{n}", range(10))) for n in range(20)))
        read = await poll_until(members, lambda found: len(found) >= 200)
        assert set(Counter((record.partition, record.offset) for record in read).values()) == {1}
        assert [len(member.held()) for member in members] == [2, 2]

    async def test_two_groups_each_read_everything(self, opened: Opened) -> None:
        topic = fresh("topic")
        log = await opened({topic: 2})
        await log.publish(numbered(topic, "k", range(5)))
        for _ in range(2):
            member = await log.subscribe(fresh("group"), [topic], from_start)
            assert values_by_key(await poll_until([member], lambda found: len(found) >= 5)) == {"k": list(range(5))}

    async def test_members_of_one_group_may_read_topics_of_their_own(self, opened: Opened) -> None:
        topics, group = (fresh("topic"), fresh("topic")), fresh("group")
        log = await opened(dict.fromkeys(topics, 3))
        members = [await log.subscribe(group, [topic], from_start) for topic in topics]
        await poll_until(members, shared_by(members, 6))
        assert [{partition.topic for partition in member.held()} for member in members] == [{one} for one in topics]
        await log.publish([*numbered(topics[0], "k", range(5)), *numbered(topics[1], "k", range(10, 15))])
        read = [await poll_until([member], lambda found: len(found) >= 5) for member in members]
        assert [values_by_key(one) for one in read] == [{"k": [*range(5)]}, {"k": [*range(10, 15)]}]

    async def test_a_partition_handed_over_is_read_on_from_where_locate_says(self, opened: Opened) -> None:
        topic, group = fresh("topic"), fresh("group")
        log = await opened({topic: 2})
        positions = {Partition(topic, 0): 0, Partition(topic, 1): 0}
        revoked = asyncio.Event()

        async def locate(partitions: frozenset[Partition]) -> Mapping[Partition, int]:
            return {partition: positions[partition] for partition in partitions}

        async def finish() -> None:
            revoked.set()

        await log.publish([record for n in range(20) for record in numbered(topic, f"k{n}", [n])])
        first = await log.subscribe(group, [topic], locate, finish)
        for record in await poll_until([first], lambda found: len(found) >= 20):
            positions[record.partition] = record.offset + 1
        second = await log.subscribe(group, [topic], _only_after(revoked, locate))
        await poll_until([first, second], shared_by([first, second], 2))
        await log.publish([record for n in range(20) for record in numbered(topic, f"k{n}", [100 + n])])
        read = await poll_until([first, second], lambda found: len(found) >= 20)
        assert sorted(int(record.value) for record in read) == list(range(100, 120))

    async def test_what_a_member_that_closed_held_goes_to_the_others(self, opened: Opened) -> None:
        topic, group = fresh("topic"), fresh("group")
        log = await opened({topic: 4})
        leaving, staying = [await log.subscribe(group, [topic], from_start) for _ in range(2)]
        await poll_until([leaving, staying], shared_by([leaving, staying], 4))
        await leaving.close()
        await poll_until([staying], shared_by([staying], 4))

    async def test_a_partition_that_was_another_s_for_a_while_is_read_on_from_where_locate_says(
        self, opened: Opened
    ) -> None:
        topic, group = fresh("topic"), fresh("group")
        log = await opened({topic: 2})
        await log.publish([record for n in range(20) for record in numbered(topic, f"k{n}", [n])])
        first = await log.subscribe(group, [topic], from_start)
        before = await poll_until([first], lambda found: len(found) >= 20)
        second = await log.subscribe(group, [topic], from_start)
        await poll_until([second], lambda _: bool(second.held()))
        taken = second.held()
        await second.close()
        theirs = {record.value for record in before if record.partition in taken}
        # Nothing that was read has been worked, so all of it comes again, although nobody was asked in between.
        again = await poll_until([first], lambda found: theirs <= {record.value for record in found})
        assert theirs <= {record.value for record in again}

    async def test_a_store_that_cannot_say_where_it_stands_is_asked_again_by_the_next_poll(
        self, opened: Opened
    ) -> None:
        topic = fresh("topic")
        log = await opened({topic: 1})
        await log.publish(numbered(topic, "k", [1]))
        answers = iter([TryLater("the store is away")])

        async def locate(partitions: frozenset[Partition]) -> Mapping[Partition, int]:
            for failure in answers:
                raise failure
            return dict.fromkeys(partitions, 0)

        member = await log.subscribe(fresh("group"), [topic], locate)
        with pytest.raises(TryLater, match="the store is away"):
            await poll_until([member], bool)
        assert values_by_key(await poll_until([member], bool)) == {"k": [1]}

    @pytest.mark.parametrize("beyond", [True, False])
    async def test_a_position_the_log_does_not_hold_is_lost_and_nothing_is_read(
        self, opened: Opened, beyond: bool
    ) -> None:
        topic = fresh("topic")
        log = await opened({topic: 1})
        await log.publish(numbered(topic, "k", range(3)))

        async def locate(partitions: frozenset[Partition]) -> Mapping[Partition, int]:
            if not beyond:
                raise PositionLost("the topic is another one")
            return dict.fromkeys(partitions, 1_000)

        member = await log.subscribe(fresh("group"), [topic], locate)
        with pytest.raises(PositionLost):
            await poll_until([member], bool)

    async def test_an_oversized_record_is_refused_and_nothing_of_its_call_is_written(self, opened: Opened) -> None:
        topic = fresh("topic")
        log = await opened({topic: 1})
        too_large = Outgoing(topic, b"k", b"x" * log.features.max_record_bytes)
        with pytest.raises(Reject) as refused:
            await log.publish([*numbered(topic, "k", [1]), too_large])
        assert refused.value.code == "event_too_large"
        await log.publish(numbered(topic, "k", [2]))
        assert (await log.bounds([topic]))[Partition(topic, 0)].end == 1

    async def test_a_publish_larger_than_any_batch_is_written_whole_and_in_order(self, opened: Opened) -> None:
        topic = fresh("topic")
        log = await opened({topic: 1})
        size = log.features.max_record_bytes - 100
        sent = [Outgoing(topic, b"k", str(number).encode().rjust(size)) for number in range(5)]
        await log.publish(sent)
        member = await log.subscribe(fresh("group"), [topic], from_start)
        read = await poll_until([member], lambda found: len(found) >= len(sent))
        assert values_by_key(read) == {"k": list(range(len(sent)))}

    async def test_every_publish_that_returned_before_or_while_closing_is_there(self, opened: Opened) -> None:
        topic = fresh("topic")
        log = await opened({topic: 3})
        returned: list[bytes] = []

        async def publisher(key: str) -> None:
            for number in range(1_000_000):
                await log.publish(numbered(topic, key, [number]))
                returned.append(f"{key}:{number}".encode())

        publishers = [asyncio.create_task(publisher(f"k{number}")) for number in range(8)]
        while len(returned) < 50:
            await asyncio.wait(publishers, timeout=0.01)
        await log.close()
        ends = await asyncio.gather(*publishers, return_exceptions=True)
        assert {type(end) for end in ends} == {TryLater}
        again = await opened({topic: 3})
        member = await again.subscribe(fresh("group"), [topic], from_start)
        there: set[bytes] = set()

        def all_there(found: list[Record]) -> bool:
            there.update(record.key + b":" + record.value for record in found)
            return there.issuperset(returned)

        await poll_until([member], all_there)

    async def test_a_closed_log_takes_nothing(self, opened: Opened) -> None:
        topic = fresh("topic")
        log = await opened({topic: 1})
        await log.close()
        with pytest.raises(TryLater):
            await log.publish(numbered(topic, "k", [1]))

    async def test_a_topic_the_log_does_not_have_is_a_mistake_of_the_caller(self, opened: Opened) -> None:
        log = await opened({fresh("topic"): 1})
        with pytest.raises(ValueError, match="not a topic"):
            await log.publish(numbered("no-such-topic", "k", [1]))
        with pytest.raises(ValueError, match="not a topic"):
            await log.subscribe(fresh("group"), ["no-such-topic"], from_start)

    async def test_a_topic_with_another_number_of_partitions_is_refused(self, opened: Opened) -> None:
        topic = fresh("topic")
        await (await opened({topic: 2})).close()
        with pytest.raises(ValueError, match="2 partitions, not 3"):
            await opened({topic: 3})

    async def test_an_identity_outlives_a_restart_and_is_of_one_topic(self, opened: Opened) -> None:
        one, other = fresh("topic"), fresh("topic")
        log = await opened({one: 1, other: 1})
        before = await log.identity(one)
        assert before != await log.identity(other)
        await log.close()
        assert await (await opened({one: 1, other: 1})).identity(one) == before

    async def test_what_is_discarded_is_gone_where_the_log_discards_and_the_rest_stays_as_it_was(
        self, opened: Opened
    ) -> None:
        topic = fresh("topic")
        log = await opened({topic: 1})
        await log.publish(numbered(topic, "k", range(10)))
        for _ in range(2):
            await log.discard({Partition(topic, 0): 7})
        first = 7 if log.features.discards else 0
        assert await log.bounds([topic]) == {Partition(topic, 0): Bounds(first, 10)}
        await log.publish(numbered(topic, "k", [10]))
        member = await log.subscribe(fresh("group"), [topic], _from(first))
        read = await poll_until([member], lambda found: len(found) >= 11 - first)
        assert [(record.offset, int(record.value)) for record in read] == [(n, n) for n in range(first, 11)]

    async def test_what_is_trimmed_is_old_and_read(self, opened: Opened) -> None:
        topic = fresh("topic")
        log = await opened({topic: 1})
        whole = Partition(topic, 0)
        await log.publish(numbered(topic, "k", range(10)))
        assert await log.trim({whole: 10}, before=0) == 0
        assert await log.trim({whole: 7}, before=_FAR_AHEAD) == (7 if log.features.discards else 0)
        assert await log.bounds([topic]) == {whole: Bounds(7 if log.features.discards else 0, 10)}

    async def test_reporting_and_closing_never_raise(self, opened: Opened) -> None:
        topic = fresh("topic")
        log = await opened({topic: 1})
        member = await log.subscribe(fresh("group"), [topic], from_start)
        await poll_until([member], lambda _: bool(member.held()))
        await member.report({Partition(topic, 0): 0})
        await member.report({Partition("never-held", 0): 1})
        await member.close()
        await member.close()


def _from(offset: int) -> Locate:
    """A Locate for those who have read all before an offset."""

    async def located(partitions: frozenset[Partition]) -> Mapping[Partition, int]:
        return dict.fromkeys(partitions, offset)

    return located


def _only_after(event: asyncio.Event, locate: Locate) -> Locate:
    """A Locate that must not be asked before something has happened."""

    async def located(partitions: frozenset[Partition]) -> Mapping[Partition, int]:
        assert event.is_set(), "asked for positions before the partitions were given up"
        return await locate(partitions)

    return located
