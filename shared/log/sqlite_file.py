"""The file of the SQLite log: its tables, how a record is found by rowid, and who may open it.

A record's rowid is topic number << 48 | partition << 40 | offset, so a partition is one range of rowids:
an append writes to the end of the b-tree of that partition and a read is one range scan, with no index.
"""

import fcntl
import os
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.kernel.errors import Conflict
from shared.log.ports import Bounds, Partition

MAX_PARTITIONS = 1 << 8
_OFFSET_BITS = 40
_OFFSETS = 1 << _OFFSET_BITS

_LAST = "select id, at from records where id between ? and ? order by id desc limit 1"
_SCHEMA = """
create table if not exists topics (
    number integer primary key, name text not null unique, partitions integer not null, identity text not null
);
create table if not exists floors (base integer primary key, first integer not null);
create table if not exists records (
    id integer primary key, key blob not null, value blob not null, headers blob, at integer not null
);
"""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as the file has it; `number` is part of its records' rowids."""

    number: int
    partitions: int
    identity: str

    def base(self, partition: int) -> int:
        """The rowid of offset 0 of one of its partitions."""
        return self.number << 48 | partition << _OFFSET_BITS


class FileLock:
    """Keeps a second process off a log file for as long as it is held."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._descriptor)
            raise Conflict(f"the log {path} is open in another process; one process owns a data directory") from None

    def release(self) -> None:
        os.close(self._descriptor)


def connect(path: Path) -> sqlite3.Connection:
    """A connection for one thread, in autocommit, durable at every commit."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    connection.execute("pragma busy_timeout = 5000")
    # The writer never stalls for a checkpoint: another connection does them.
    connection.execute("pragma wal_autocheckpoint = 0")
    return connection


def open_topics(connection: sqlite3.Connection, wanted: Mapping[str, int]) -> dict[str, Topic]:
    """All topics of the file, with those wanted made where they are missing.

    Raises ValueError where a topic has another number of partitions."""
    connection.executescript(_SCHEMA)
    connection.execute("begin immediate")
    for name, partitions in wanted.items():
        if not 1 <= partitions <= MAX_PARTITIONS:
            raise ValueError(f"{name}: a topic has 1 to {MAX_PARTITIONS} partitions")
        connection.execute(
            "insert or ignore into topics (name, partitions, identity) values (?, ?, ?)",
            (name, partitions, secrets.token_hex(16)),
        )
    connection.execute("commit")
    rows = connection.execute("select name, number, partitions, identity from topics")
    topics = {name: Topic(number, partitions, identity) for name, number, partitions, identity in rows}
    for name, partitions in wanted.items():
        if topics[name].partitions != partitions:
            raise ValueError(f"{name} has {topics[name].partitions} partitions, not {partitions}")
    return topics


def read_extents(connection: sqlite3.Connection, topics: Mapping[str, Topic]) -> tuple[dict[Partition, Bounds], int]:
    """What every partition holds, and the time of the latest record."""
    floors = dict(connection.execute("select base, first from floors"))
    extents: dict[Partition, Bounds] = {}
    latest = 0
    for name, topic in topics.items():
        for number in range(topic.partitions):
            base = topic.base(number)
            first = end = floors.get(base, 0)
            for last, at in connection.execute(_LAST, (base, base + _OFFSETS - 1)):
                end, latest = last - base + 1, max(latest, at)
            extents[Partition(name, number)] = Bounds(first, end)
    return extents, latest


def first_since(connection: sqlite3.Connection, base: int, extent: Bounds, before: int) -> int:
    """The first offset whose record is not older than `before`: a binary search, for times never run backwards."""
    low, high = extent
    while low < high:
        middle = (low + high) // 2
        (at,) = connection.execute("select at from records where id = ?", (base + middle,)).fetchone()
        low, high = (middle + 1, high) if at < before else (low, middle)
    return low
