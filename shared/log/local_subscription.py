"""A member of a group on a log inside this process: the same reading for the memory and the SQLite log."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from shared.kernel.errors import PositionLost, TryLater
from shared.log.groups import Groups, Member
from shared.log.ports import Bounds, Locate, Partition, Record


class Source(Protocol):
    """What the log gives its members to read."""

    def extent(self, partition: Partition) -> Bounds:
        """What the partition holds now, without I/O."""
        ...

    async def read(self, wanted: Sequence[tuple[Partition, int]], limit: int) -> list[Record]:
        """Up to `limit` records from these offsets on, partition after partition."""
        ...


class LocalSubscription:
    """Subscription over a Source; newly assigned partitions are located by the next poll."""

    def __init__(self, source: Source, groups: Groups, group: str, member: Member, locate: Locate) -> None:
        self._source = source
        self._groups = groups
        self._group = group
        self._member = member
        self._locate = locate
        self._positions: dict[Partition, int] = {}
        self._turn = 0
        self._closed = False

    async def poll(self, limit: int, wait_ms: int) -> Sequence[Record]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_ms / 1000
        while True:
            self._raise_failure()
            self._member.changed.clear()
            await self._groups.attend(self._group, self._member)
            await self._locate_assigned()
            records = await self._read(limit)
            remaining = deadline - loop.time()
            if records or remaining <= 0:
                return records
            # Not the whole of a long wait at once: a member that waits must still attend.
            with suppress(TimeoutError):
                async with asyncio.timeout(min(remaining, self._groups.session_seconds / 3)):
                    await self._member.changed.wait()

    def held(self) -> frozenset[Partition]:
        return self._member.assigned.intersection(self._positions) - self._member.lost

    def seek(self, positions: Mapping[Partition, int]) -> None:
        held = self.held()
        self._positions.update({at: offset for at, offset in positions.items() if at in held})
        self._member.changed.set()

    async def report(self, positions: Mapping[Partition, int]) -> None:
        """Nothing to do: there are no lag tools beside the store for a log inside the process."""

    async def close(self) -> None:
        self._closed = True
        self._member.changed.set()
        await self._groups.leave(self._group, self._member)

    def _raise_failure(self) -> None:
        if self._closed:
            raise TryLater("the subscription is closed")
        failure, self._member.failure = self._member.failure, None
        if failure is not None:
            raise failure

    async def _locate_assigned(self) -> None:
        assigned, lost = self._member.assigned, self._member.lost
        self._member.lost = frozenset()
        self._positions = {at: offset for at, offset in self._positions.items() if at in assigned and at not in lost}
        unlocated = assigned.difference(self._positions)
        if not unlocated:
            return
        located = await self._locate(unlocated)
        # While we asked, some may have been taken away again: those must not be read.
        self._positions.update({at: located[at] for at in unlocated & self._member.assigned})

    async def _read(self, limit: int) -> list[Record]:
        wanted = self._behind()
        if not wanted:
            return []
        started = dict(wanted)
        records = [
            record
            for record in await self._source.read(wanted, limit)
            if record.partition in self._member.assigned
            and self._positions[record.partition] == started[record.partition]
        ]
        self._positions.update({record.partition: record.offset + 1 for record in records})
        return records

    def _behind(self) -> list[tuple[Partition, int]]:
        """The held partitions that have something to read, another one first each time."""
        behind = []
        for at in sorted(self.held()):
            offset, extent = self._positions[at], self._source.extent(at)
            if not extent.first <= offset <= extent.end:
                raise PositionLost(f"{at.topic}/{at.number} holds {extent.first} to {extent.end}, not {offset}")
            if offset < extent.end:
                behind.append((at, offset))
        self._turn += 1
        turn = self._turn % len(behind) if behind else 0
        return behind[turn:] + behind[:turn]
