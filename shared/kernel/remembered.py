"""A cache for hot paths: a hit is one look into a dict, where `lru_cache` also moves what it found to the front.

What is there is never stale, for what is computed depends on the key alone; when it is full, all is forgotten.
"""

from collections.abc import Callable
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Remembered(dict[K, V]):
    """What `compute` gives for a key, of up to `most` keys. What raises is not remembered."""

    def __init__(self, compute: Callable[[K], V], most: int) -> None:
        super().__init__()
        self._compute = compute
        self._most = most

    def __missing__(self, key: K) -> V:
        value = self._compute(key)
        if len(self) >= self._most:
            self.clear()
        self[key] = value
        return value
