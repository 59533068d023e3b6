"""The one thread that writes the SQLite log: whatever waits goes into one transaction, synced once.

Promises: a future is done only after the commit that holds its records; offsets are dense; record times
never run backwards. A transaction that fails fails all that was in it, and a thread that ends all that waits.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import NamedTuple

from msgspec import msgpack

from shared.kernel.errors import TryLater
from shared.log.ports import Bounds, Heard, Outgoing, Partition
from shared.log.sqlite_file import Topic, first_since, read_extents

_RECORDS_A_COMMIT = 2_000
"""Past this a commit takes longer than its sync, and waiting for the next one costs nothing."""
_TRIMMED_A_COMMIT = 10_000
"""Deleting is cut into pieces, so that a publish never waits long behind it."""

_INSERT = "insert into records (id, key, value, headers, at) values (?, ?, ?, ?, ?)"
_FLOOR = "insert into floors (base, first) values (?, ?) on conflict (base) do update set first = excluded.first"


class Append(NamedTuple):
    """The records of one send, each with its partition, and who is told of them."""

    records: Sequence[tuple[Partition, Outgoing]]
    heard: Heard


class Trim(NamedTuple):
    """Delete what a partition holds before an offset and from before an instant; answers how many records that were."""

    partition: Partition
    read: int
    before: int
    done: asyncio.Future[int]


class Discard(NamedTuple):
    """Delete what a partition holds before an offset; answers how many records that were."""

    partition: Partition
    before: int
    done: asyncio.Future[int]


class Rebuild(NamedTuple):
    """Leave nothing of what was deleted in the file and its write-ahead log."""

    done: asyncio.Future[int]


Put = Append | Trim | Discard | Rebuild

_FAILS = (sqlite3.Error, ArithmeticError, LookupError, TypeError, ValueError)
"""What a sick disk, a file with a hole, or a record that cannot be written raises: it fails one transaction."""


@dataclass(slots=True)
class Committed:
    """What one transaction changed, for the event loop."""

    extents: dict[Partition, Bounds]
    size: int = 0
    appended: list[Append] = field(default_factory=list)
    trimmed: list[tuple[Trim | Discard | Rebuild, int]] = field(default_factory=list)
    failure: TryLater | None = None


class Writer:
    """The writing thread; it owns the connection. `committed` is called on the event loop, once a transaction."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        topics: Mapping[str, Topic],
        now: Callable[[], int],
        committed: Callable[[Committed], None],
    ) -> None:
        self._connection = connection
        self._topics = topics
        self._now = now
        self._committed = committed
        self._extents, self._latest = read_extents(connection, topics)
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[Put | None] = SimpleQueue()
        self._stopped: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    def extents(self) -> dict[Partition, Bounds]:
        """What the partitions hold before anything is put."""
        return dict(self._extents)

    @property
    def ended(self) -> bool:
        """Whether the thread has ended: nothing that is put now is written."""
        return self._stopped.done()

    def put(self, work: Put) -> None:
        """Have it written; who waits for it is told through `committed`."""
        self._queue.put(work)

    async def stop(self) -> None:
        """Write what was put and end the thread, which closes the connection."""
        self._queue.put(None)
        await asyncio.shield(self._stopped)

    def _run(self) -> None:
        waiting: list[Put] = []
        stopping = False
        try:
            while not stopping:
                waiting, stopping = self._take()
                self._work(waiting)
        finally:
            self._connection.close()
            self._loop.call_soon_threadsafe(self._end, waiting)

    def _work(self, waiting: Sequence[Put]) -> None:
        appends = [work for work in waiting if isinstance(work, Append)]
        if appends:
            self._transact(self._append, Committed({}, appended=appends))
        for work in waiting:
            if isinstance(work, Rebuild):
                self._rebuild(work)
            elif not isinstance(work, Append):
                self._delete(work)

    def _end(self, left: list[Put]) -> None:
        """On the event loop, once the thread has ended: whoever was not answered hears it."""
        while not self._queue.empty():
            work = self._queue.get()
            if work is not None:
                left.append(work)
        appends = [work for work in left if isinstance(work, Append)]
        others = [(work, 0) for work in left if not isinstance(work, Append)]
        failure = TryLater("the log is no longer written")
        self._stopped.set_result(None)
        self._committed(Committed({}, appended=appends, trimmed=others, failure=failure))

    def _take(self) -> tuple[list[Put], bool]:
        """Everything that waits now, at least one; and whether that is the end."""
        taken: list[Put] = []
        records = 0
        try:
            work = self._queue.get()
            while work is not None:
                taken.append(work)
                records += len(work.records) if isinstance(work, Append) else 0
                if records >= _RECORDS_A_COMMIT:
                    return taken, False
                work = self._queue.get_nowait()
        except Empty:
            return taken, False
        return taken, True

    def _transact(self, change: Callable[[Committed], None], result: Committed) -> bool:
        """Make one change durable and tell the event loop; False where it could not be made."""
        try:
            self._connection.execute("begin immediate")
            change(result)
            self._connection.execute("commit")
            self._extents.update(result.extents)
        except _FAILS as error:
            result.failure = TryLater(f"the log could not be written: {error}")
            result.extents = {}  # They were the commit's, which may have been what failed.
            self._recover()
        self._loop.call_soon_threadsafe(self._committed, result)
        return result.failure is None

    def _recover(self) -> None:
        """Forget the broken transaction. Where the file cannot even be read, the next one fails the same way."""
        try:
            if self._connection.in_transaction:
                self._connection.execute("rollback")
            self._extents, self._latest = read_extents(self._connection, self._topics)
        except sqlite3.Error:
            return

    def _append(self, result: Committed) -> None:
        at = self._latest = max(self._latest, self._now())
        ends: dict[Partition, int] = {}
        rows = []
        for append in result.appended:
            for partition, record in append.records:
                offset = ends.get(partition)
                if offset is None:
                    offset = self._extents[partition].end
                ends[partition] = offset + 1
                base = self._topics[partition.topic].base(partition.number)
                headers = msgpack.encode(record.headers) if record.headers else None
                rows.append((base + offset, record.key, record.value, headers, at))
                result.size += len(record.value)
        self._connection.executemany(_INSERT, rows)
        result.extents = {partition: Bounds(self._extents[partition].first, end) for partition, end in ends.items()}

    def _delete(self, asked: Trim | Discard) -> None:
        """Delete a piece; what was put meanwhile waits for one piece at most, then comes first."""
        base = self._topics[asked.partition.topic].base(asked.partition.number)
        extent = self._extents[asked.partition]

        def delete(result: Committed) -> None:
            before = asked.before
            if isinstance(asked, Trim):
                before = min(asked.read, first_since(self._connection, base, extent, asked.before))
            first = max(extent.first, min(before, extent.end, extent.first + _TRIMMED_A_COMMIT))
            self._connection.execute("delete from records where id between ? and ?", (base, base + first - 1))
            self._connection.execute(_FLOOR, (base, first))
            result.extents = {asked.partition: Bounds(first, extent.end)}
            result.trimmed = [(asked, first - extent.first)]

        self._transact(delete, Committed({}, trimmed=[(asked, 0)]))

    def _rebuild(self, asked: Rebuild) -> None:
        result = Committed({}, trimmed=[(asked, 0)])
        try:
            self._connection.execute("vacuum")
            (busy, *_) = self._connection.execute("pragma wal_checkpoint(truncate)").fetchone()
            if busy:
                result.failure = TryLater("the log is being read: it cannot be rebuilt now")
        except sqlite3.Error as error:
            result.failure = TryLater(f"the log could not be rebuilt: {error}")
        self._loop.call_soon_threadsafe(self._committed, result)
