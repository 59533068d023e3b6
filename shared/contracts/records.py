"""Records as they lie on the log: what is in them is the envelope's matter."""

from typing import NamedTuple

from msgspec import Struct


class Partition(NamedTuple):
    """One ordered part of a topic."""

    topic: str
    number: int


class Outgoing(Struct, frozen=True, gc=False):
    """A record to publish. The partition is drawn from the key; an empty key goes to partition 0."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


class Record(NamedTuple):
    """A record as the log holds it. `at`: milliseconds since the epoch, when the log took it."""

    partition: Partition
    offset: int
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]
    at: int
