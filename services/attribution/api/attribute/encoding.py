"""Rows become arrays a block at a time: beside one block of text, a file takes only what its numbers need."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from services.attribution.domain.paths.encoded import MOST_CHANNELS, Channels, Floats, Indexes, Paths

T = TypeVar("T", bound=np.generic)


class Names(dict[str, int]):
    """Channel name to index: a name that is new gets the next one; spaces around a name do not count."""

    def __init__(self) -> None:
        super().__init__()
        self.in_order: list[str] = []

    def __missing__(self, text: str) -> int:
        name = text.strip()
        if not name:
            raise ValueError("a channel without a name")
        index = self.get(name)
        if index is None:
            index = self[name] = len(self.in_order)
            if index >= MOST_CHANNELS:
                raise ValueError(f"more than {MOST_CHANNELS} different channels")
            self.in_order.append(name)
        self[text] = index
        return index


class Encoder:
    """Takes paths block by block, and in the end is Paths."""

    def __init__(self) -> None:
        self.names = Names()
        self._touches: list[Channels] = []
        self._lengths: list[Indexes] = []
        self._won: list[Floats] = []
        self._values: list[Floats] = []
        self._lost: list[Floats] = []

    def add(self, touches: Channels, lengths: Indexes, won: Floats, values: Floats, lost: Floats) -> None:
        """Paths behind those that are there."""
        self._touches.append(touches)
        self._lengths.append(lengths)
        self._won.append(won)
        self._values.append(values)
        self._lost.append(lost)

    def paths(self) -> Paths:
        """All that was added."""
        lengths = _joined(self._lengths, np.intp)
        return Paths(
            names=self.names.in_order,
            touches=_joined(self._touches, np.uint16),
            offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.intp),
            conversions=_joined(self._won, np.float64),
            values=_joined(self._values, np.float64),
            lost=_joined(self._lost, np.float64),
        )


def _joined(parts: Sequence[NDArray[T]], kind: type[T]) -> NDArray[T]:
    return np.concatenate([np.zeros(0, kind), *parts])
