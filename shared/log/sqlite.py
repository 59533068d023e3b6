"""A log in one SQLite file: the embedded default. WAL and a sync at every commit, one process.

Promises: what `publish` returned for outlives the machine; an idle poll touches no disk and a publish in
this process wakes it. Leaves out: other processes; a second one is refused.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

from msgspec import msgpack

from shared.kernel.errors import TryLater
from shared.log.groups import Groups, Member
from shared.log.local_subscription import LocalSubscription
from shared.log.partitioning import partition_of
from shared.log.ports import Bounds, Heard, Locate, LogFeatures, Outgoing, Partition, Record
from shared.log.sending import sent, tell_all
from shared.log.sizes import MAX_RECORD_BYTES, refuse_oversized
from shared.log.sqlite_file import FileLock, Topic, connect, open_topics
from shared.log.sqlite_writer import Append, Committed, Discard, Rebuild, Trim, Writer
from shared.observe import clock

_CLOSE_SECONDS = 10.0
_CHECKPOINT_BYTES = 4 * 1024 * 1024
"""So much may be written before another connection moves it from the WAL to the file."""
_LONGEST_WAL_PAGES = 4_096
"""Past this, in pages of 4 KiB, the WAL begins anew even where writing never pauses."""
_COMMIT_BYTES = 16 * 1024
"""Counted for a commit beside its records: it writes whole pages, however small they are."""

_SELECT = "select id, key, value, headers, at from records where id >= ? and id < ? order by id limit ?"
_HEADERS = msgpack.Decoder(tuple[tuple[str, bytes], ...])


class SqliteLog:
    """Log in the file `path`. `now`: milliseconds since the epoch, what records are stamped with."""

    features = LogFeatures(
        name="sqlite",
        durable=True,
        shared=False,
        max_record_bytes=MAX_RECORD_BYTES,
        delivery_seconds=0.0,
        discards=True,
    )

    def __init__(self, path: Path, *, now: Callable[[], int] = clock.now, session_seconds: float = 30.0) -> None:
        self._path = path
        self._now = now
        self._topics: dict[str, Topic] = {}
        self._partitions: dict[str, int] = {}
        self._extents: dict[Partition, Bounds] = {}
        self._groups = Groups(self._partitions, session_seconds)
        self._open: _Open | None = None

    async def start(self, topics: Mapping[str, int]) -> None:
        """As the port says; also raises Conflict where another process has the file open."""
        if self._open is not None:
            await self.close()
        try:
            opened = _Open(self._path, topics, self._now, self._committed)
        except sqlite3.Error as error:
            raise TryLater(f"the log {self._path} cannot be opened: {error}") from error
        self._topics = opened.topics
        self._extents.update(opened.writer.extents())
        self._partitions.update({name: topic.partitions for name, topic in opened.topics.items()})
        self._open = opened

    async def publish(self, records: Sequence[Outgoing]) -> None:
        await sent(self.send, records)

    def send(self, records: Sequence[Outgoing], heard: Heard) -> None:
        opened = self._opened()
        refuse_oversized(records, self.features.max_record_bytes)
        placed = [
            (Partition(record.topic, partition_of(record.key, self._topic(record.topic).partitions)), record)
            for record in records
        ]
        if placed:
            opened.writer.put(Append(placed, heard))
        else:
            heard(None)

    async def trim(self, read: Mapping[Partition, int], before: int) -> int:
        deleted = 0
        for partition, offset in read.items():
            piece = 1
            while piece:
                piece = await self._ask(Trim(partition, offset, before, self._asked()))
                deleted += piece
        return deleted

    @staticmethod
    def _asked() -> "asyncio.Future[int]":
        return asyncio.get_running_loop().create_future()

    async def _ask(self, work: Trim | Discard | Rebuild) -> int:
        self._opened().writer.put(work)
        return await work.done

    async def discard(self, before: Mapping[Partition, int]) -> None:
        """As the port says; publishes wait while the file is rebuilt from what is left."""
        for partition, offset in before.items():
            piece = 1
            while piece:
                piece = await self._ask(Discard(partition, offset, self._asked()))
        await self._ask(Rebuild(self._asked()))

    async def subscribe(
        self,
        group: str,
        topics: Iterable[str],
        locate: Locate,
        on_revoke: Callable[[], Awaitable[None]] | None = None,
    ) -> LocalSubscription:
        self._opened()
        member = Member(topics, on_revoke)
        for topic in member.topics:
            self._topic(topic)
        await self._groups.attend(group, member)
        return LocalSubscription(self, self._groups, group, member, locate)

    async def bounds(self, topics: Iterable[str]) -> Mapping[Partition, Bounds]:
        self._opened()
        return {
            Partition(topic, number): self.extent(Partition(topic, number))
            for topic in topics
            for number in range(self._topic(topic).partitions)
        }

    async def identity(self, topic: str) -> str:
        return self._topic(topic).identity

    async def close(self) -> None:
        opened, self._open = self._open, None
        if opened is not None:
            await opened.close()

    def extent(self, partition: Partition) -> Bounds:
        return self._extents[partition]

    async def read(self, wanted: Sequence[tuple[Partition, int]], limit: int) -> list[Record]:
        opened = self._opened()
        ranges = [(at, self._topics[at.topic].base(at.number), offset, self._extents[at].end) for at, offset in wanted]
        try:
            return await asyncio.get_running_loop().run_in_executor(opened.reader, opened.read, ranges, limit)
        except sqlite3.Error as error:
            raise TryLater(f"the log could not be read: {error}") from error

    def _committed(self, result: Committed) -> None:
        """On the event loop, after each transaction: tell who waits for it, wake who reads its topics."""
        self._extents.update(result.extents)
        for trim, deleted in result.trimmed:
            if not trim.done.done():
                if result.failure is None:
                    trim.done.set_result(deleted)
                else:
                    trim.done.set_exception(result.failure)
        self._groups.wake({partition.topic for partition in result.extents})
        if self._open is not None:
            self._open.checkpoint_after(result.size)
        tell_all([append.heard for append in result.appended], result.failure)

    def _opened(self) -> "_Open":
        if self._open is None or self._open.writer.ended:
            raise TryLater("the log is closed")
        return self._open

    def _topic(self, name: str) -> Topic:
        if name not in self._topics:
            raise ValueError(f"{name} is not a topic of this log")
        return self._topics[name]


class _Open:
    """What an open file needs: its lock, the writing thread, a reading thread and one for checkpoints."""

    def __init__(
        self, path: Path, topics: Mapping[str, int], now: Callable[[], int], committed: Callable[[Committed], None]
    ) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with ExitStack() as undo:
            self._lock = FileLock(path)
            undo.callback(self._lock.release)
            writing, self._reading, self._checkpointing = (undo.enter_context(closing(connect(path))) for _ in range(3))
            self.topics = open_topics(writing, topics)
            self.writer = Writer(writing, self.topics, now, committed)
            undo.pop_all()
        self.reader = ThreadPoolExecutor(1, "log-reader")
        self._checkpointer = ThreadPoolExecutor(1, "log-checkpoint")
        self._checkpoint: asyncio.Future[None] | None = None
        self._unchecked = 0

    def read(self, ranges: Sequence[tuple[Partition, int, int, int]], limit: int) -> list[Record]:
        """In the reading thread: records of (partition, its base, from, to), up to `limit` in all."""
        found: list[Record] = []
        for at, base, start, end in ranges:
            rows = self._reading.execute(_SELECT, (base + start, base + end, limit - len(found)))
            found += [
                Record(at, row_id - base, key, value, _HEADERS.decode(headers) if headers else (), stamped)
                for row_id, key, value, headers, stamped in rows
            ]
            if len(found) >= limit:
                break
        return found

    def checkpoint_after(self, size: int) -> None:
        """Count what a commit wrote; past _CHECKPOINT_BYTES have it checkpointed, one checkpoint at a time."""
        self._unchecked += size + _COMMIT_BYTES
        if self._unchecked >= _CHECKPOINT_BYTES and (self._checkpoint is None or self._checkpoint.done()):
            self._unchecked = 0
            self._checkpoint = asyncio.get_running_loop().run_in_executor(self._checkpointer, self._run_checkpoint)

    async def close(self) -> None:
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self.writer.stop()
                await asyncio.get_running_loop().run_in_executor(self._checkpointer, self._run_checkpoint)
        except TimeoutError:
            return  # the disk does not answer: the lock stays with this process until it ends
        self.reader.shutdown()
        self._checkpointer.shutdown()
        self._reading.close()
        self._checkpointing.close()
        self._lock.release()

    def _run_checkpoint(self) -> None:
        """A checkpoint that cannot be made now is made later; the records are safe in the WAL."""
        try:
            _, pages, _ = self._checkpointing.execute("pragma wal_checkpoint(passive)").fetchone()
            if pages > _LONGEST_WAL_PAGES:
                # Who writes all the time leaves no moment in which all of it is moved, and it only grows: wait for one.
                self._checkpointing.execute("pragma wal_checkpoint(restart)").fetchall()
        except sqlite3.OperationalError:
            return
