"""What every store keeps, whichever database it lies in: one suite, run on SQLite and on a real PostgreSQL.

A database's tests subclass StoreSuite and give the fixture `opened`. Leaves out what only a server can do:
killed sessions, locks between processes.
"""

# ruff: noqa: S101, PT012 - assert is what a suite is made of; a unit of work is a block, and its end may fail

import asyncio
from collections.abc import Callable, Sequence
from itertools import permutations

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, func, select, text
from sqlalchemy.schema import CreateSchema

from shared.contracts.records import Outgoing, Partition, Record
from shared.db import dead_letters, outbox, positions, seen
from shared.db.dialect import Upsert
from shared.db.engine import Database
from shared.db.people import lock_people, members_of, people_table, roots_of
from shared.db.positions import Move, Standing
from shared.db.spine import DEAD_LETTERS, spine
from shared.db.work import Work
from shared.kernel.errors import Fenced, NotLoaded
from shared.kernel.instant import DAY, Instant
from shared.kernel.keys import Key

SERVICE = "store_suite"
METADATA = MetaData()
spine(METADATA)
people_table(METADATA)
THINGS = Table(
    "things",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("said", String(64)),
    Column("version", Integer, nullable=False),
)
IGNORE = Upsert(THINGS, conflict=("id",))
REPLACE = Upsert(THINGS, conflict=("id",), update=("said", "version"))
NEWER = Upsert(THINGS, conflict=("id",), update=("said", "version"), newer=("version",))
A, B, C = (f"00000000-0000-5000-8000-00000000000{letter}" for letter in "abc")

Opened = Callable[[], Database]
"""One more process's view of the store under test, with the tables of this suite in it."""


async def make_tables(database: Database) -> None:
    """Put the suite's tables into an empty store."""
    async with database.engine.connect() as connection:
        writing = await connection.execution_options(throughline_writes=True)
        async with writing.begin():
            if database.dialect == "postgresql":
                await writing.execute(CreateSchema(SERVICE, if_not_exists=True))
            await writing.run_sync(METADATA.create_all)


async def things(database: Database) -> dict[str, tuple[str | None, int]]:
    """What is in the table of things."""
    async with database.read() as reader:
        return {row.id: (row.said, row.version) for row in await reader.rows(select(THINGS))}


async def write(database: Database, upsert: Upsert, *rows: tuple[str, str, int]) -> None:
    """Write things in a transaction of their own."""
    async with database.work() as work:
        await work.write(upsert, rows)


async def begin(database: Database, partitions: int) -> None:
    """Have a group stand at 0 of so many partitions."""
    async with database.work() as work:
        await positions.begin(work, "g", {Partition("t", n): Standing(0, "i") for n in range(partitions)})


async def stands(database: Database) -> dict[int, int]:
    """Where the group stands, by partition."""
    async with database.read() as reader:
        return {p.number: s.next_offset for p, s in (await positions.standing(reader, "g")).items()}


async def advance(database: Database, *moves: tuple[int, int, int]) -> None:
    """Move positions in a transaction of their own, given as (partition, expected, reached)."""
    async with database.work() as work:
        await positions.advance(work, "g", [Move(Partition("t", n), was, to) for n, was, to in moves])


def outgoing(value: str) -> Outgoing:
    """A record of that value."""
    return Outgoing("t", b"k", value.encode(), (("h", b"1"),))


Aliasing = tuple[str, str | None, int]


async def alias(database: Database, *changes: Aliasing) -> dict[str, str]:
    """Take merges and splits in one batch as a consumer does; answers the members of all who are touched."""
    keys = {one for person_id, into, _ in changes for one in (person_id, into) if one}
    while True:
        try:
            async with database.work() as work:
                people = await lock_people(work, sorted(keys))
                for change in changes:
                    people.alias(*change)
                return await people.settle()
        except NotLoaded as missing:
            keys |= {key.id for key in missing.keys if isinstance(key, Key)}


async def roots(database: Database, *ids: str) -> dict[str, str]:
    """Who stands for these ids."""
    async with database.read() as reader:
        return await roots_of(reader, ids)


class StoreSuite:
    """The suite; pytest runs it through a subclass a database."""

    async def test_of_two_owners_of_a_partition_exactly_one_moves_it(self, opened: Opened) -> None:
        owners = [opened(), opened()]
        await begin(owners[0], 1)
        for offset in range(10):
            moves = (advance(owner, (0, offset, offset + 1)) for owner in owners)
            ends = await asyncio.gather(*moves, return_exceptions=True)
            assert [type(end) for end in ends if end is not None] == [Fenced]
        assert await stands(owners[0]) == {0: 10}

    async def test_positions_move_all_together_or_none_does(self, opened: Opened) -> None:
        database = opened()
        await begin(database, 3)
        await advance(database, (1, 0, 5))
        with pytest.raises(Fenced) as fenced:
            await advance(database, (2, 0, 9), (1, 0, 9), (0, 0, 9))
        assert fenced.value.partitions == (Partition("t", 1),)
        assert await stands(database) == {0: 0, 1: 5, 2: 0}

    async def test_a_position_that_was_never_begun_is_nobodys_to_move(self, opened: Opened) -> None:
        with pytest.raises(Fenced):
            await advance(opened(), (0, 0, 1))

    async def test_a_position_that_is_there_is_not_begun_again(self, opened: Opened) -> None:
        database = opened()
        await begin(database, 1)
        await advance(database, (0, 0, 7))
        await begin(database, 2)
        assert await stands(database) == {0: 7, 1: 0}

    async def test_many_owners_who_move_the_same_partitions_in_any_order_never_wait_for_ever(
        self, opened: Opened
    ) -> None:
        database = opened()
        await begin(database, 8)

        async def owner(number: int) -> None:
            for _ in range(10):
                now = await stands(database)
                turned = [(number + n) % 8 for n in range(8)]
                try:
                    await advance(database, *((n, now[n], now[n] + 1) for n in turned))
                except Fenced:
                    continue

        async with asyncio.timeout(30):
            await asyncio.gather(*map(owner, range(8)))
        assert len(set((await stands(database)).values())) == 1

    async def test_an_event_is_new_to_exactly_one_of_many_who_take_it_at_once(self, opened: Opened) -> None:
        database = opened()

        async def takes() -> set[str]:
            async with database.work() as work:
                return await seen.unseen(work, [("1", Instant(5)), ("2", Instant(DAY))])

        new = await asyncio.gather(*(takes() for _ in range(6)))
        assert sorted(event for one in new for event in one) == ["1", "2"]

    async def test_an_event_that_comes_twice_in_one_batch_is_new_once(self, opened: Opened) -> None:
        async with opened().work() as work:
            assert await seen.unseen(work, [("1", Instant(5)), ("1", Instant(5))]) == {"1"}
            assert await seen.unseen(work, [("1", Instant(5))]) == set()
            assert await seen.unseen(work, []) == set()

    async def test_what_was_seen_is_forgotten_by_the_day_of_the_event(self, opened: Opened) -> None:
        now = Instant(100 * DAY)
        on_the_day, before = Instant((100 - seen.KEPT_DAYS) * DAY), Instant((100 - seen.KEPT_DAYS) * DAY - 1)
        async with opened().work() as work:
            await seen.unseen(work, [("kept", on_the_day), ("old", before)])
            assert await seen.trim(work, now) == 1
            assert await seen.unseen(work, [("kept", on_the_day), ("old", before)]) == {"old"}

    async def test_what_is_left_to_be_sent_waits_in_the_order_in_which_it_was_left(self, opened: Opened) -> None:
        database = opened()
        for start in (0, 3):
            async with database.work() as work:
                await outbox.add(work, [outgoing(str(n)) for n in range(start, start + 3)])
        async with database.work() as work:
            waiting = await outbox.waiting(work, 4)
            assert [one.record for one in waiting] == [outgoing(str(n)) for n in range(4)]
            await outbox.sent(work, [one.id for one in waiting[:2]])
            assert [one.record.value for one in await outbox.waiting(work, 9)] == [b"2", b"3", b"4", b"5"]
            assert await outbox.depth(work) == 4

    async def test_an_id_of_the_outbox_is_never_given_again(self, opened: Opened) -> None:
        async with opened().work() as work:
            await outbox.add(work, [outgoing("1")])
            first = await outbox.waiting(work, 1)
            await outbox.sent(work, [first[0].id])
            await outbox.add(work, [outgoing("2")])
            assert (await outbox.waiting(work, 1))[0].id > first[0].id

    async def test_a_dead_letter_is_kept_whole_and_leaves_with_the_reason(self, opened: Opened) -> None:
        record = Record(Partition("t", 3), 17, b"k", b"\x00\xff", (("h", b"\xfe"),), 1)
        async with opened().work() as work:
            await dead_letters.set_aside(work, "g", record, "ValueError", Instant(99))
            (row,) = await work.rows(select(DEAD_LETTERS))
            (waiting,) = await outbox.waiting(work, 9)
        assert (row.group_name, row.topic, row.partition, row.record_offset) == ("g", "t", 3, 17)
        assert (row.key, row.value, row.reason, row.at) == (b"k", b"\x00\xff", "ValueError", 99)
        assert (waiting.record.topic, waiting.record.key, waiting.record.value) == ("t.g.dead", b"k", b"\x00\xff")
        assert dict(waiting.record.headers)["x-dlq-offset"] == b"17"
        assert dict(waiting.record.headers)["h"] == b"\xfe"

    @pytest.mark.parametrize(
        ("upsert", "expected"),
        [
            (IGNORE, {"a": ("first", 2), "b": ("new", 1)}),
            (REPLACE, {"a": ("second", 1), "b": ("new", 1)}),
            (NEWER, {"a": ("first", 2), "b": ("new", 1)}),
        ],
    )
    async def test_a_row_that_is_there_is_kept_or_replaced_as_was_asked(
        self, opened: Opened, upsert: Upsert, expected: dict[str, tuple[str, int]]
    ) -> None:
        database = opened()
        await write(database, upsert, ("a", "first", 2))
        await write(database, upsert, ("a", "second", 1), ("b", "new", 1))
        assert await things(database) == expected

    async def test_only_a_newer_row_replaces_and_an_equal_one_is_not_newer(self, opened: Opened) -> None:
        database = opened()
        for row in (("a", "two", 2), ("a", "two again", 2), ("a", "three", 3), ("a", "one", 1)):
            await write(database, NEWER, row)
        assert await things(database) == {"a": ("three", 3)}

    async def test_a_row_is_new_to_exactly_one_of_many_who_write_it_at_once(self, opened: Opened) -> None:
        databases = [opened(), opened()]

        async def writes(number: int) -> set[tuple[str, ...]]:
            async with databases[number % 2].work() as work:
                return await work.write_new(IGNORE, [(f"{n:03}", str(number), 1) for n in range(100)])

        new = await asyncio.gather(*map(writes, range(6)))
        assert sorted(map(len, new)) == [0, 0, 0, 0, 0, 100]

    async def test_of_rows_written_as_new_those_that_are_there_are_told_apart(self, opened: Opened) -> None:
        async with opened().work() as work:
            assert await work.write_new(IGNORE, []) == set()
            assert await work.write_new(IGNORE, [("b", "x", 1), ("b", "y", 1)]) == {("b",)}
            assert await work.write_new(IGNORE, [("a", "x", 1), ("b", "x", 1)]) == {("a",)}

    async def test_rows_that_are_appended_are_there_with_all_else_or_not_at_all(self, opened: Opened) -> None:
        database = opened()
        async with database.work() as work:
            await work.append(IGNORE, [])
            await work.append(IGNORE, [("a", "tab\t, line\n, \\N", 1), ("b", "", 2)])
        with pytest.raises(ZeroDivisionError):
            async with database.work() as work:
                await work.append(IGNORE, [("c", "gone", 1)])
                raise ZeroDivisionError
        assert await things(database) == {"a": ("tab\t, line\n, \\N", 1), "b": ("", 2)}

    @pytest.mark.parametrize("count", [0, 1, 5_000])
    async def test_one_among_any_number_of_values_is_found(self, opened: Opened, count: int) -> None:
        values = [f"id-{n}" for n in range(count)]
        async with opened().work() as work:
            await work.write(IGNORE, [(value, None, 1) for value in [*values, "another"]])
            found = await work.rows(select(THINGS.c.id).where(work.among(THINGS.c.id, values)))
        assert sorted(row.id for row in found) == sorted(values)

    async def test_odd_texts_are_found_as_they_are(self, opened: Opened) -> None:
        odd = ["", " ", "'", '"', "\\", "a,b", "{a}", "[]", "null", "%", "é", "\U0001f600", "\t\n", "1", "ﬀ"]
        async with opened().work() as work:
            await work.write(IGNORE, [(value, value, 1) for value in odd])
            found = await work.rows(select(THINGS).where(work.among(THINGS.c.id, odd)))
            for value in odd:
                only = await work.rows(select(THINGS.c.id).where(work.among(THINGS.c.said, [value])))
                assert [row.id for row in only] == [value]
        assert sorted(row.id for row in found) == sorted(odd)

    @pytest.mark.parametrize("error", [ValueError, asyncio.CancelledError, KeyboardInterrupt])
    async def test_work_that_fails_leaves_nothing(self, opened: Opened, error: type[BaseException]) -> None:
        database = opened()
        with pytest.raises(error):
            async with database.work() as work:
                await work.write(IGNORE, [("a", "x", 1)])
                raise error
        assert await things(database) == {}

    async def test_work_that_is_cancelled_at_any_time_leaves_all_or_nothing_and_the_store_usable(
        self, opened: Opened
    ) -> None:
        database = opened()

        async def writes(name: str) -> None:
            async with database.work() as work:
                await work.write(IGNORE, [(f"{name}-{n}", "x", 1) for n in range(3)])
                await work.write(IGNORE, [(f"{name}-{n}", "x", 1) for n in range(3, 6)])

        for number in range(40):
            task = asyncio.create_task(writes(str(number)))
            await asyncio.wait([task], timeout=number / 10_000)
            task.cancel()
            await asyncio.wait([task])
        found = await things(database)
        assert {sum(one.startswith(f"{n}-") for one in found) for n in range(40)} <= {0, 6}
        await write(database, IGNORE, ("last", "x", 1))
        assert "last" in await things(database)

    async def test_what_reads_writes_nothing(self, opened: Opened) -> None:
        database = opened()
        async with database.read() as reader:
            await reader.rows("INSERT INTO things (id, version) VALUES ('a', 1) RETURNING id")
        assert await things(database) == {}

    async def test_reads_go_on_while_somebody_writes(self, opened: Opened) -> None:
        database = opened()
        async with database.work() as work:
            await work.write(IGNORE, [("a", "x", 1)])
            assert await things(database) == {}
        assert await things(database) == {"a": ("x", 1)}

    async def test_no_update_is_lost_between_those_who_read_and_write_under_a_lock(self, opened: Opened) -> None:
        database = opened()
        await write(database, IGNORE, ("a", "x", 0))

        async def count(work: Work) -> None:
            (row,) = await work.locked(select(THINGS.c.version).where(THINGS.c.id == "a"))
            await work.write(REPLACE, [("a", "x", row.version + 1)])

        async def counts() -> None:
            for _ in range(10):
                async with database.work() as work:
                    await count(work)

        await asyncio.gather(*(counts() for _ in range(4)))
        assert await things(database) == {"a": ("x", 40)}

    async def test_what_is_worked_under_a_lock_is_committed(self, opened: Opened) -> None:
        database = opened()
        async with database.hold("relay") as held:
            assert held is not None
            async with held.work() as work:
                await work.write(IGNORE, [("a", "x", 1)])
            with pytest.raises(ValueError, match="no"):
                async with held.work() as work:
                    await work.write(IGNORE, [("b", "x", 1)])
                    raise ValueError("no")
        assert set(await things(database)) == {"a"}

    async def test_an_id_nobody_has_heard_of_stands_for_itself(self, opened: Opened) -> None:
        assert await roots(opened(), A) == {A: A}

    @pytest.mark.parametrize("order", list(permutations(range(3))))
    async def test_merges_and_splits_in_any_order_of_arrival_give_the_same_roots(
        self, opened: Opened, order: Sequence[int]
    ) -> None:
        database = opened()
        changes: list[Aliasing] = [(C, B, 1), (B, A, 1), (C, None, 2)]
        for number in order:
            await alias(database, changes[number])
        assert await roots(database, A, B, C) == {A: A, B: A, C: C}

    async def test_a_chain_of_aliases_leads_to_its_end_and_its_end_knows_them_all(self, opened: Opened) -> None:
        database = opened()
        assert await alias(database, (C, B, 1), (B, A, 1)) == {A: A, B: A, C: A}
        async with database.read() as reader:
            assert await members_of(reader, [A]) == {A: A, B: A, C: A}

    async def test_while_a_chain_bites_its_tail_its_smallest_id_stands_for_all(self, opened: Opened) -> None:
        database = opened()
        await alias(database, (A, B, 1))
        await alias(database, (B, A, 1))
        assert await roots(database, A, B) == {A: A, B: A}
        await alias(database, (A, None, 2))
        assert await roots(database, A, B, C) == {A: A, B: A, C: C}

    async def test_a_stranger_touched_in_a_batch_is_refused_until_it_is_locked(self, opened: Opened) -> None:
        async with opened().work() as work:
            people = await lock_people(work, [A])
            with pytest.raises(NotLoaded):
                people.touch(B)

    async def test_every_service_counts_its_own_rows(self, opened: Opened) -> None:
        async with opened().read() as reader:
            assert await reader.scalar(select(func.count()).select_from(THINGS)) == 0
            assert await reader.first(text("SELECT id FROM things")) is None
