"""What the loop and the relay keep, whichever store they stand on: one suite, run on SQLite and on PostgreSQL.

The service under test counts what its events say. The log is in memory; what logs promise is another suite's matter.
"""

# ruff: noqa: S101 - assert is what a suite is made of

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from msgspec import structs
from sqlalchemy import select, update

from shared.contracts import topics
from shared.contracts.envelope import Emit, Event, encode
from shared.contracts.records import Outgoing, Partition, Record
from shared.contracts.topics import dead_topic
from shared.contracts.touchpoints import RejectedTouchpoint
from shared.db import outbox, positions
from shared.db.engine import Database
from shared.db.spine import DEAD_LETTERS, LOG_POSITIONS
from shared.db.work import Reader, Work
from shared.kernel.errors import Fenced, NotLoaded, PositionLost, TryLater
from shared.kernel.ids import derived
from shared.kernel.instant import Instant
from shared.kernel.keys import Key
from shared.log.memory import MemoryLog
from shared.log.ports import Locate, Subscription
from shared.runtime.consume import MOST_SET_ASIDE_IN_A_ROW, Broken, Consumer
from shared.runtime.relay import Relay
from shared.runtime.session import GATHER_MS, Consuming, On
from shared.testing.store_suite import REPLACE, THINGS, Opened, things

TOPIC, GROUP, COUNTED = topics.TOUCHPOINTS_REJECTED.name, "counting", "counted"
PARTITIONS = {TOPIC: 3, COUNTED: 1, dead_topic(TOPIC, GROUP): 1}
NOW = Instant(1_795_302_296_000)
_LATE = Key("person", "late")
"""What a batch turns out to need only when it is worked."""


def says(number: int, word: str) -> Outgoing:
    """An event that says a word, the same under the same number."""
    data = RejectedTouchpoint(
        id=derived("said", str(number)), source="s", door="d", received_at=NOW, codes=(), reasons=(), body=word
    )
    return Outgoing(TOPIC, word.encode(), *encode(Event(data.id, "touchpoint.rejected", "s", NOW, data)))


class Counting:
    """A session that counts words; `poison` cannot be worked, `unlocked` needs a key nobody named."""

    def __init__(self, work: Work, keys: frozenset[Key]) -> None:
        self._work = work
        self._keys = keys
        self._counts: Counter[str] = Counter()
        self._said: list[RejectedTouchpoint] = []

    def take(self, event: RejectedTouchpoint) -> None:
        """Count what an event says."""
        self.count(event.body)
        self._said.append(event)

    def count(self, word: str) -> None:
        """Count a word."""
        if word == "poison":
            raise ValueError(word)
        if word == "unlocked" and _LATE not in self._keys:
            raise NotLoaded([_LATE])
        self._counts[word] += 1

    async def close(self) -> Sequence[Emit]:
        """Write the counts; says each event again under an id of its own."""
        counts = self._counts
        among = self._work.among(THINGS.c.id, sorted(counts))
        known = {row.id: row.version for row in await self._work.rows(select(THINGS).where(among))}
        rows = [(word, None, known.get(word, 0) + counts[word]) for word in sorted(counts)]
        await self._work.write(REPLACE, rows)
        return [
            Emit(COUNTED, e.body, Event(derived("counted", e.id), "touchpoint.rejected", "c", NOW, e))
            for e in self._said
        ]


async def open_counting(work: Work, keys: frozenset[Key], _now: Instant) -> Counting:
    """A session."""
    return Counting(work, keys)


def _keys(event: RejectedTouchpoint) -> Iterable[Key]:
    return [Key("person", event.body)]


def _take(event: RejectedTouchpoint, session: Counting) -> None:
    session.take(event)


HANDLERS = {"touchpoint.rejected": On(_keys, _take, inbox=True)}


class Flaky:
    """Something that fails the next so many times it is asked."""

    def __init__(self) -> None:
        self.failures = 0

    def ask(self) -> None:
        """Raises TryLater while failures are left."""
        if self.failures:
            self.failures -= 1
            raise TryLater("away")


class FlakySubscription:
    """A subscription that hands over a few records at a time. While more are gathered it may fail, or begin again where
    the store stands, as one whose partitions are taken and given back."""

    def __init__(self, inner: Subscription, flaky: Flaky, stands: Mapping[Partition, int]) -> None:
        self._inner = inner
        self._flaky = flaky
        self._stands = stands
        self.held, self.seek, self.report, self.close = inner.held, inner.seek, inner.report, inner.close

    async def poll(self, limit: int, wait_ms: int) -> Sequence[Record]:
        """As the log does it; it is the gathering poll that may fail."""
        if wait_ms == GATHER_MS:
            self._flaky.ask()
            self._inner.seek(self._stands)
        return await self._inner.poll(min(limit, 5), wait_ms)


class FlakyLog(MemoryLog):
    """A log that may fail between two polls, and on which records may arrive late."""

    def __init__(self, delivery_seconds: float = 0.0) -> None:
        super().__init__()
        self.features = replace(MemoryLog.features, delivery_seconds=delivery_seconds)
        self.gathering = Flaky()
        self.given_back: dict[Partition, int] = {}

    async def subscribe(  # type: ignore[override]  # a subscription of another kind, as the port allows
        self,
        group: str,
        topics: Iterable[str],
        locate: Locate,
        on_revoke: Callable[[], Awaitable[None]] | None = None,
    ) -> Subscription:
        member = await super().subscribe(group, topics, locate, on_revoke)
        return FlakySubscription(member, self.gathering, self.given_back)


class FlakyDatabase(Database):
    """A store whose reads may fail."""

    def __init__(self, inner: Database) -> None:
        super().__init__(inner.url, inner.service)
        self.reading = Flaky()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Reader]:
        self.reading.ask()
        async with super().read() as reader:
            yield reader


class World:
    """A log, a store, and the service that counts."""

    def __init__(self, opened: Opened, delivery_seconds: float = 0.0) -> None:
        self.log = FlakyLog(delivery_seconds)
        self.database = FlakyDatabase(opened())
        self.opening = Flaky()

    async def _open(self, work: Work, keys: frozenset[Key], now: Instant) -> Counting:
        self.opening.ask()
        return await open_counting(work, keys, now)

    def consumer(self) -> Consumer[Counting]:
        """One member of the group."""
        service = Consuming(GROUP, (topics.TOUCHPOINTS_REJECTED,), HANDLERS, self._open)
        return Consumer(self.log, self.database, service, now=lambda: NOW)

    async def say(self, *words: str, start: int = 0) -> None:
        """Publish events, numbered from `start`."""
        await self.log.publish([says(start + number, word) for number, word in enumerate(words)])

    async def counts(self) -> dict[str, int]:
        """How often each word was counted."""
        return {word: count for word, (_, count) in (await things(self.database)).items()}

    async def letters(self) -> list[str]:
        """The reasons of the dead letters."""
        async with self.database.read() as reader:
            return [row.reason for row in await reader.rows(select(DEAD_LETTERS).order_by(DEAD_LETTERS.c.id))]

    async def stood(self) -> dict[Partition, int]:
        """Where the group stands."""
        async with self.database.read() as reader:
            return {p: s.next_offset for p, s in (await positions.standing(reader, GROUP)).items()}

    async def ends(self) -> dict[Partition, int]:
        """Where it would stand if it had worked everything."""
        return {p: bounds.end for p, bounds in (await self.log.bounds([TOPIC])).items()}

    async def stand_at(self, offset: int) -> None:
        """Put the group somewhere else in the partitions it has read."""
        moved = update(LOG_POSITIONS).where(LOG_POSITIONS.c.next_offset > 0).values(next_offset=offset)
        async with self.database.work() as work:
            await work.execute(moved)

    async def relayed(self, relay: Relay) -> None:
        """Have a relay send what waits, and say good-bye."""
        async with self.database.hold("outbox") as held:
            assert held is not None
            await relay.take_over(held)
            while await relay.turn(held):
                pass
            await relay.hand_back(held)

    async def on_log(self, topic: str) -> list[Record]:
        """What a topic holds."""
        return await self.log.read([(Partition(topic, 0), 0)], 10_000)


async def drained(consumer: Consumer[Counting]) -> None:
    """Have everything worked that is there, trying again as `run` does."""
    for _ in range(200):
        try:
            if not await consumer.turn(0):
                return
        except TryLater:
            continue
    raise AssertionError("the consumer comes to no end")


class LoopSuite:
    """The suite; pytest runs it through a subclass a store, which gives the fixture `opened`."""

    @pytest.fixture
    async def world(self, opened: Opened) -> World:
        """A fresh world."""
        world = World(opened)
        await world.log.start(PARTITIONS)
        return world

    async def test_every_event_has_its_effect_once(self, world: World) -> None:
        await world.say(*["a", "b", "c"] * 40)
        await drained(world.consumer())
        assert await world.counts() == {"a": 40, "b": 40, "c": 40}
        assert await world.stood() == await world.ends()

    @pytest.mark.parametrize("places", [(0,), (29,), (3, 17), (5, 6, 7)])
    async def test_poison_is_set_aside_alone_and_its_partition_goes_on(
        self, world: World, places: Sequence[int]
    ) -> None:
        await world.say(*("poison" if number in places else "word" for number in range(30)))
        await drained(world.consumer())
        assert await world.counts() == {"word": 30 - len(places)}
        assert await world.letters() == ["ValueError"] * len(places)
        assert await world.stood() == await world.ends()

    async def test_a_dead_letter_leaves_for_its_own_topic_as_it_came(self, world: World) -> None:
        await world.say("poison")
        await drained(world.consumer())
        await world.relayed(Relay(world.log, world.database))
        (dead,) = await world.on_log(dead_topic(TOPIC, GROUP))
        sent = says(0, "poison")
        assert (dead.key, dead.value) == (sent.key, sent.value)
        assert dead.headers[: len(sent.headers)] == sent.headers
        assert dict(dead.headers)["x-dlq-reason"] == b"ValueError"

    async def test_what_cannot_be_read_is_set_aside_with_its_reason_and_holds_up_nobody(self, world: World) -> None:
        unreadable = [structs.replace(says(1, "x"), value=b"{"), structs.replace(says(2, "x"), headers=())]
        odd = structs.replace(says(3, "x"), headers=(*says(3, "x").headers, ("ce_type", b"throughline.unheard.v1")))
        await world.log.publish([*unreadable, odd, says(4, "x")])
        await drained(world.consumer())
        assert await world.counts() == {"x": 1}
        assert sorted(await world.letters()) == [
            "a CloudEvents attribute is missing or unreadable",
            "data does not fit touchpoint.rejected: DecodeError",
            "unknown event type",
        ]

    async def test_what_is_read_again_before_it_was_worked_is_worked_once(self, world: World) -> None:
        await world.log.publish([structs.replace(says(1, "x"), value=b"{"), says(2, "a"), says(3, "b")])
        world.log.given_back.update(dict.fromkeys(await world.log.bounds([TOPIC]), 0))
        consumer = world.consumer()
        await consumer.turn(0)
        assert await world.letters() == ["data does not fit touchpoint.rejected: DecodeError"]
        assert await world.counts() == {"a": 1, "b": 1}

    async def test_trouble_with_the_store_sets_nothing_aside_and_passes(self, world: World) -> None:
        await world.say("a", "b", "c")
        consumer = world.consumer()
        world.opening.failures = 5
        for _ in range(5):
            with pytest.raises(TryLater):
                await consumer.turn(0)
            assert set((await world.stood()).values()) == {0}
        await drained(consumer)
        assert await world.counts() == {"a": 1, "b": 1, "c": 1}
        assert await world.letters() == []

    async def test_more_poison_in_a_row_than_there_can_be_stops_the_consumer(self, world: World) -> None:
        await world.say(*["poison"] * (MOST_SET_ASIDE_IN_A_ROW + 5))
        with pytest.raises(Broken):
            await world.consumer().run(asyncio.Event())
        assert len(await world.letters()) == MOST_SET_ASIDE_IN_A_ROW

    async def test_much_poison_with_good_events_between_stops_nobody(self, world: World) -> None:
        await world.say(*["poison", "good"] * (MOST_SET_ASIDE_IN_A_ROW + 5))
        await drained(world.consumer())
        assert await world.counts() == {"good": MOST_SET_ASIDE_IN_A_ROW + 5}

    async def test_a_consumer_that_finds_another_in_its_place_gives_way_and_goes_on_from_there(
        self, world: World
    ) -> None:
        consumer = world.consumer()
        await world.say("a")
        await drained(consumer)
        await world.say(*["a"] * 4, start=1)
        await world.stand_at(3)
        with pytest.raises(Fenced):
            await consumer.turn(0)
        await drained(consumer)
        assert await world.counts() == {"a": 1 + 2}

    async def test_of_two_who_read_the_same_partitions_each_event_still_counts_once(self, world: World) -> None:
        twins = [World(lambda: world.database) for _ in range(2)]
        for twin in twins:
            await twin.log.start(PARTITIONS)
            await twin.say(*["a", "b", "c"] * 20)
        await asyncio.gather(*(drained(twin.consumer()) for twin in twins))
        assert await world.counts() == {"a": 20, "b": 20, "c": 20}

    async def test_a_key_that_nobody_named_is_locked_and_the_batch_is_done_again(self, world: World) -> None:
        await world.say("a", "unlocked", "a")
        assert await world.consumer().turn(0) == 3
        assert await world.counts() == {"a": 2, "unlocked": 1}
        assert await world.letters() == []

    async def test_what_is_delivered_again_has_no_further_effect(self, world: World) -> None:
        await world.say(*["a", "b"] * 10)
        await drained(world.consumer())
        async with world.database.read() as reader:
            waiting = await outbox.depth(reader)
        await world.stand_at(0)
        await drained(world.consumer())
        assert await world.counts() == {"a": 10, "b": 10}
        async with world.database.read() as reader:
            assert await outbox.depth(reader) == waiting

    async def test_an_event_that_its_sender_published_twice_has_its_effect_once(self, world: World) -> None:
        for _ in range(2):
            await world.say("a", "b")
        await drained(world.consumer())
        assert await world.counts() == {"a": 1, "b": 1}

    async def test_nothing_is_skipped_where_the_log_fails_while_a_batch_is_gathered(self, world: World) -> None:
        await world.say(*["a"] * 30)
        consumer = world.consumer()
        world.log.gathering.failures = 2
        for _ in range(2):
            with pytest.raises(TryLater):
                await consumer.turn(0)
        await drained(consumer)
        assert await world.counts() == {"a": 30}

    async def test_nothing_is_skipped_where_the_way_back_to_the_store_fails_too(self, world: World) -> None:
        consumer = world.consumer()
        await world.say("a")
        await drained(consumer)
        await world.say("b", start=1)
        world.opening.failures = 1
        with pytest.raises(TryLater):
            await consumer.turn(0)
        await world.say("c", "b", start=2)
        world.database.reading.failures = 3
        for _ in range(3):
            with pytest.raises(TryLater):
                await consumer.turn(0)
        await drained(consumer)
        assert await world.counts() == {"a": 1, "b": 2, "c": 1}

    async def test_a_position_the_log_does_not_hold_stops_the_consumer(self, world: World) -> None:
        await world.say("a")
        await drained(world.consumer())
        await world.stand_at(1_000)
        with pytest.raises(PositionLost):
            await world.consumer().run(asyncio.Event())

    async def test_a_topic_that_was_made_again_stops_the_consumer(self, world: World) -> None:
        await drained(world.consumer())
        async with world.database.work() as work:
            await work.execute(update(LOG_POSITIONS).values(topic_identity="another"))
        with pytest.raises(PositionLost, match="made again"):
            await world.consumer().run(asyncio.Event())
