"""Which partition a key belongs to: Kafka's murmur2 on every driver, so all clients of one log agree."""

from functools import lru_cache

from aiokafka.partitioner import murmur2

_POSITIVE = 0x7FFFFFFF
KEYS_REMEMBERED = 65_536
"""murmur2 is pure Python, about 10 us for an id; keys come again, so most are looked up instead."""


@lru_cache(maxsize=KEYS_REMEMBERED)
def partition_of(key: bytes, partitions: int) -> int:
    """The partition, from 0, of a key in a topic of that many; the empty key is always in partition 0."""
    if not key:
        return 0
    return int(murmur2(key) & _POSITIVE) % partitions
