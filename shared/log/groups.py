"""Consumer groups inside one process, for the logs that have no broker: who holds which partition.

Promises: partitions are shared evenly; one is handed over only after its holder's `on_revoke` ended or ran
out of time; a member that stopped polling loses its partitions. Leaves out: where a group stands.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping

from shared.log.ports import Partition

REVOKE_SECONDS = 5.0
"""How long a member may finish its work before its partitions go to another."""


class Member:
    """One member of a group, and the partitions it may read."""

    def __init__(self, topics: Iterable[str], on_revoke: Callable[[], Awaitable[None]] | None) -> None:
        self.topics = frozenset(topics)
        self.assigned: frozenset[Partition] = frozenset()
        self.lost: frozenset[Partition] = frozenset()
        """What was taken from it since it last looked: where it stood there says nothing, also if it has it again."""
        self.changed = asyncio.Event()
        """Set whenever there may be something new to read."""
        self.seen_at = 0.0
        self.failure: BaseException | None = None
        """What `on_revoke` raised; it belongs to this member, not to the one that asked for the partitions."""
        self._on_revoke = on_revoke

    async def give_up(self, lost: frozenset[Partition]) -> None:
        """Let the member finish, for REVOKE_SECONDS at most, then take these partitions from it."""
        try:
            if self._on_revoke is not None:
                async with asyncio.timeout(REVOKE_SECONDS):
                    await self._on_revoke()
        except TimeoutError:
            pass  # its positions are fenced in the store: late work is rolled back there
        finally:
            self.lose(lost)

    def lose(self, lost: frozenset[Partition]) -> None:
        self.assigned -= lost
        self.lost |= lost

    def take_over(self, gained: frozenset[Partition]) -> None:
        self.assigned |= gained
        self.changed.set()


class Groups:
    """All groups of one log."""

    def __init__(self, partitions: Mapping[str, int], session_seconds: float) -> None:
        self._partitions = partitions
        self._members: dict[str, list[Member]] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._unsettled: set[str] = set()
        self.session_seconds = session_seconds

    async def attend(self, group: str, member: Member) -> None:
        """Join, or stay in, a group; members that have not attended for a session are left out from now on."""
        now = asyncio.get_running_loop().time()
        member.seen_at = now
        members = self._members.setdefault(group, [])
        silent = [other for other in members if now - other.seen_at > self.session_seconds]
        if member in members and not silent and group not in self._unsettled:
            return
        async with self._lock(group):
            for other in silent:
                self._drop(group, other)
            if member not in members:
                members.append(member)
            await self._rebalance(group)

    async def leave(self, group: str, member: Member) -> None:
        """Leave a group; what the member held goes to the others."""
        async with self._lock(group):
            if member in self._members.get(group, []):
                self._drop(group, member)
                await self._rebalance(group)

    def wake(self, topics: Iterable[str]) -> None:
        """Wake every member that reads one of these topics."""
        written = frozenset(topics)
        for members in self._members.values():
            for member in members:
                if not written.isdisjoint(member.topics):
                    member.changed.set()

    def _lock(self, group: str) -> asyncio.Lock:
        return self._locks.setdefault(group, asyncio.Lock())

    def _drop(self, group: str, member: Member) -> None:
        if member in self._members[group]:
            self._members[group].remove(member)
        member.lose(member.assigned)

    async def _rebalance(self, group: str) -> None:
        self._unsettled.add(group)  # until the end: who asked may be cancelled on the way, another then goes on
        members = list(self._members[group])
        shares = self._shares(members)
        losers = [
            (member, lost) for member, share in zip(members, shares, strict=True) if (lost := member.assigned - share)
        ]
        ends = await asyncio.gather(*(member.give_up(lost) for member, lost in losers), return_exceptions=True)
        for (member, _), end in zip(losers, ends, strict=True):
            member.failure = end
        for member, share in zip(members, shares, strict=True):
            member.take_over(share - member.assigned)
        self._unsettled.discard(group)

    def _shares(self, members: list[Member]) -> list[frozenset[Partition]]:
        shares: list[set[Partition]] = [set() for _ in members]
        topics = sorted(frozenset().union(*(member.topics for member in members)))
        partitions = [Partition(topic, number) for topic in topics for number in range(self._partitions[topic])]
        for turn, partition in enumerate(partitions):
            readers = [i for i, member in enumerate(members) if partition.topic in member.topics]
            shares[readers[turn % len(readers)]].add(partition)
        return [frozenset(share) for share in shares]
