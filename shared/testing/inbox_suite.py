"""When the inbox forgets, whichever store it stands on: one suite, run on SQLite and on PostgreSQL."""

# ruff: noqa: S101 - assert is what a suite is made of

import pytest

from shared.contracts import topics
from shared.kernel.instant import DAY, Instant
from shared.runtime.inbox import Inbox
from shared.testing.loop_suite import GROUP, NOW, PARTITIONS, World, drained
from shared.testing.store_suite import Opened

_READ = (topics.TOUCHPOINTS_REJECTED,)


class InboxSuite:
    """The suite; pytest runs it through a subclass a store, which gives the fixture `opened`."""

    @pytest.fixture
    async def world(self, opened: Opened) -> World:
        """A world in which one event was worked."""
        world = World(opened)
        await world.log.start(PARTITIONS)
        await world.say("a")
        await drained(world.consumer())
        return world

    async def test_an_event_is_forgotten_once_all_that_the_log_held_after_its_days_is_read(self, world: World) -> None:
        inbox, later = Inbox(world.log, world.database, GROUP, _READ), Instant(NOW + 40 * DAY)
        await world.say("a")
        assert [await inbox.due(later) for _ in range(3)] == [0, 0, 0]
        await drained(world.consumer())
        assert [await inbox.due(later) for _ in range(2)] == [1, 0]
        assert await world.counts() == {"a": 1}

    async def test_an_event_is_not_forgotten_before_its_days_are_over(self, world: World) -> None:
        inbox = Inbox(world.log, world.database, GROUP, _READ)
        assert [await inbox.due(Instant(NOW + 30 * DAY)) for _ in range(3)] == [0, 0, 0]
        await world.say("a")
        await drained(world.consumer())
        assert await world.counts() == {"a": 1}

    async def test_of_two_workers_one_forgets_and_the_other_finds_nothing(self, world: World) -> None:
        workers, later = [Inbox(world.log, world.database, GROUP, _READ) for _ in range(2)], Instant(NOW + 40 * DAY)
        for worker in workers:
            await worker.due(later)
        assert sorted([await worker.due(later) for worker in workers]) == [0, 1]
