"""What leaves, and what is asked over HTTP: the relay and commands, on SQLite and on PostgreSQL."""

# ruff: noqa: S101 - assert is what a suite is made of

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from itertools import cycle

import pytest
from msgspec import msgpack, structs
from sqlalchemy import select

from shared.contracts.records import Outgoing
from shared.contracts.topics import dead_topic
from shared.db import outbox
from shared.db.spine import DEAD_LETTERS, OUTBOX, RELAY
from shared.kernel.errors import Conflict, TryLater
from shared.kernel.keys import Key
from shared.observe.metrics import Metrics
from shared.runtime.command import perform
from shared.runtime.relay import SLICE_BYTES, Relay
from shared.testing.loop_suite import (
    COUNTED,
    GROUP,
    NOW,
    PARTITIONS,
    TOPIC,
    Counting,
    FlakyLog,
    World,
    drained,
    open_counting,
    says,
)
from shared.testing.store_suite import SERVICE, Opened

AN_HOUR = 3_600.0
SOON = 0.3
"""Long enough for what waits for nothing to be over."""


class Strained(FlakyLog):
    """A log that is late with much at once, and with every second publish."""

    def __init__(self) -> None:
        super().__init__()
        self._late = cycle([False, True])

    async def publish(self, records: Sequence[Outgoing]) -> None:
        if next(self._late) or sum(len(record.value) for record in records) > 1.5 * SLICE_BYTES:
            raise TryLater("late")
        await super().publish(records)


class RelaySuite:
    """The suite; pytest runs it through a subclass a store, which gives the fixture `opened`."""

    @pytest.fixture
    async def world(self, opened: Opened) -> World:
        """A fresh world on whose log a record may arrive an hour late."""
        world = World(opened, AN_HOUR)
        await world.log.start(PARTITIONS)
        return world

    async def leave(self, world: World, *values: bytes) -> None:
        """Leave records in the outbox."""
        async with world.database.work() as work:
            await outbox.add(work, [Outgoing(COUNTED, b"k", value) for value in values])

    async def test_what_waits_is_sent_in_order_and_deleted(self, world: World) -> None:
        await self.leave(world, *(str(n).encode() for n in range(50)))
        await world.relayed(Relay(world.log, world.database))
        assert [int(record.value) for record in await world.on_log(COUNTED)] == list(range(50))
        async with world.database.read() as reader:
            assert await outbox.depth(reader) == 0

    async def test_a_header_that_was_kept_without_a_value_leaves_with_an_empty_one(self, world: World) -> None:
        row = {"topic": COUNTED, "key": b"k", "value": b"1", "headers": msgpack.encode([("a", None), ("b", b"1")])}
        async with world.database.work() as work:
            await work.execute(OUTBOX.insert().values(row))
        await world.relayed(Relay(world.log, world.database))
        assert [record.headers for record in await world.on_log(COUNTED)] == [(("a", b""), ("b", b"1"))]

    async def test_a_relay_that_dies_between_sending_and_deleting_sends_the_same_once_more(self, world: World) -> None:
        sent = structs.replace(says(1, "a"), topic=COUNTED)
        async with world.database.work() as work:
            await outbox.add(work, [sent])
        for _ in range(2):
            dying = Relay(world.log, world.database)
            async with world.database.hold("outbox") as held:
                assert held is not None
                assert await dying.turn(held) == 1
        records = await world.on_log(COUNTED)
        assert [(record.value, record.headers) for record in records] == [(sent.value, sent.headers)] * 2

    async def test_one_who_takes_over_from_a_relay_that_died_waits_until_nothing_of_it_can_arrive(
        self, world: World
    ) -> None:
        async with world.database.work() as work:
            await work.execute(RELAY.insert().values(name="outbox", running=1))
        await self.leave(world, b"1")
        waiting = asyncio.create_task(world.relayed(Relay(world.log, world.database)))
        await asyncio.wait([waiting], timeout=SOON)
        assert not waiting.done()
        assert await world.on_log(COUNTED) == []
        waiting.cancel()
        await asyncio.wait([waiting])

    async def test_one_who_follows_a_relay_that_said_good_bye_waits_for_nothing(self, world: World) -> None:
        async with asyncio.timeout(AN_HOUR / 100):
            for _ in range(2):
                await self.leave(world, b"1")
                await world.relayed(Relay(world.log, world.database))
        assert len(await world.on_log(COUNTED)) == 2
        async with world.database.read() as reader:
            assert await reader.scalar(select(RELAY.c.running)) == 0

    async def test_a_record_that_is_too_large_for_the_log_holds_up_nobody(self, world: World) -> None:
        await self.leave(world, b"1", b"x" * world.log.features.max_record_bytes, b"2")
        await world.relayed(Relay(world.log, world.database))
        assert [record.value for record in await world.on_log(COUNTED)] == [b"1", b"2"]

    async def test_a_record_that_is_too_large_for_the_log_becomes_a_dead_letter_in_place_of_being_sent(
        self, world: World
    ) -> None:
        large, metrics = b"x" * world.log.features.max_record_bytes, Metrics()
        await self.leave(world, b"1", large, b"2")
        for _ in range(2):
            dying = Relay(world.log, world.database, now=lambda: NOW, metrics=metrics)
            async with world.database.hold("outbox") as held:
                assert held is not None
                await dying.turn(held)
        async with world.database.read() as reader:
            (letter,) = await reader.rows(select(DEAD_LETTERS))
        assert (letter.group_name, letter.topic, letter.key, letter.value) == (SERVICE, COUNTED, b"k", large)
        assert (letter.reason, letter.at, letter.record_offset) == ("event_too_large", NOW, -1)
        assert f'throughline_dead_letters_total{{topic="{COUNTED}"}} 1.0' in metrics.text().decode()

    async def test_a_dead_letter_that_is_too_large_for_its_topic_is_kept_once(self, world: World) -> None:
        said = structs.replace(says(1, "a"), value=b"")
        rest = len(said.key) + sum(len(name) + len(text) for name, text in said.headers)
        await world.log.publish([structs.replace(said, value=b"x" * (world.log.features.max_record_bytes - rest))])
        await drained(world.consumer())
        await world.relayed(Relay(world.log, world.database))
        assert len(await world.letters()) == 1
        assert await world.on_log(dead_topic(TOPIC, GROUP)) == []

    async def test_what_is_heavy_leaves_part_by_part_and_no_part_that_was_taken_leaves_again(
        self, world: World
    ) -> None:
        world.log = Strained()
        await world.log.start(PARTITIONS)
        await self.leave(world, *(bytes([n]) * (SLICE_BYTES // 6) for n in range(12)))
        left = []
        for _ in range(3):
            with suppress(TryLater):
                await world.relayed(Relay(world.log, world.database))
            async with world.database.read() as reader:
                left.append(await outbox.depth(reader))
        assert left == [7, 2, 0]
        assert [record.value[0] for record in await world.on_log(COUNTED)] == list(range(12))

    async def test_a_log_that_is_away_loses_nothing(self, world: World) -> None:
        await self.leave(world, b"1")
        await world.log.close()
        with pytest.raises(TryLater):
            await world.relayed(Relay(world.log, world.database))
        await world.log.start(PARTITIONS)
        async with world.database.read() as reader:
            assert await outbox.depth(reader) == 1

    async def test_a_relay_that_is_woken_sends_and_ends_when_it_is_told_to(self, world: World) -> None:
        relay, stopping = Relay(world.log, world.database), asyncio.Event()
        running = asyncio.create_task(relay.run(stopping))
        await self.leave(world, b"1")
        relay.wake()
        async with asyncio.timeout(20):
            while not await world.on_log(COUNTED):
                await asyncio.wait([running], timeout=0.01)
            stopping.set()
            await running
        async with world.database.read() as reader:
            assert await outbox.depth(reader) == 0

    async def test_a_command_is_committed_before_it_is_answered(self, world: World) -> None:
        seen: list[int] = []

        def act(session: Counting) -> str:
            session.count("a")
            return "answer"

        answer = await perform(
            world.database, open_counting, frozenset(), act, now=lambda: NOW, committed=lambda: seen.append(1)
        )
        assert (answer, seen, await world.counts()) == ("answer", [1], {"a": 1})

    async def test_a_command_that_is_refused_leaves_nothing(self, world: World) -> None:
        def act(session: Counting) -> None:
            session.count("a")
            raise Conflict("no")

        never: list[int] = []
        with pytest.raises(Conflict):
            await perform(
                world.database, open_counting, frozenset(), act, now=lambda: NOW, committed=lambda: never.append(1)
            )
        assert never == []
        assert await world.counts() == {}

    async def test_a_command_that_needs_a_key_nobody_named_is_done_again_with_it(self, world: World) -> None:
        def act(session: Counting) -> None:
            session.count("unlocked")

        await perform(
            world.database, open_counting, frozenset([Key("person", "a")]), act, now=lambda: NOW, committed=lambda: None
        )
        assert await world.counts() == {"unlocked": 1}
