"""Paths as arrays: what a million journeys are, so that a model is a few passes over numbers.

Touches of all paths lie behind each other, each the index of its channel; offsets say where a path begins.
Sums are of 64-bit floats; counts below 2**53 are exact.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.attribution.domain.journey import Milestone

Floats = NDArray[np.float64]
Indexes = NDArray[np.intp]
Channels = NDArray[np.uint16]

MOST_CHANNELS = 2**16
_TOUCHES_AT_ONCE = 1 << 18
"""A few arrays of so many numbers stay in the processor's cache, and bound what a model needs beside the paths."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Paths:
    """Journeys, each with at least one touch, in the order of event time."""

    names: Sequence[str]
    """Of the channels, by index."""
    touches: Channels
    offsets: Indexes
    """Where each path begins in `touches`, and the end of the last one: one more than there are paths."""
    conversions: Floats
    """By path: how many journeys of it were won."""
    values: Floats
    """By path: what all of them were worth."""
    lost: Floats
    """By path: how many journeys of it were lost."""

    def __len__(self) -> int:
        return len(self.conversions)

    @property
    def lengths(self) -> Indexes:
        """How many touches each path has."""
        return np.diff(self.offsets)

    @property
    def won(self) -> float:
        """How many journeys were won."""
        return float(self.conversions.sum())

    def parts(self) -> Iterator["Paths"]:
        """The same paths, a part at a time, none with many more touches than fit together into the cache."""
        first = 0
        while first < len(self):
            reach = self.offsets[first] + _TOUCHES_AT_ONCE
            until = max(first + 1, int(np.searchsorted(self.offsets, reach, side="right")) - 1)
            yield self._between(first, until)
            first = until

    def _between(self, first: int, until: int) -> "Paths":
        begin, end = self.offsets[first], self.offsets[until]
        return Paths(
            names=self.names,
            touches=self.touches[begin:end],
            offsets=self.offsets[first : until + 1] - begin,
            conversions=self.conversions[first:until],
            values=self.values[first:until],
            lost=self.lost[first:until],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Timed:
    """Paths, and when their touches were and which of them reached a milestone: one path a journey."""

    paths: Paths
    times: NDArray[np.int64]
    """Of each touch, in milliseconds."""
    marked: Mapping[Milestone, Indexes] = field(default_factory=dict)
    """By path, which touch of `touches` reached it; -1 where none did. Milestones that are unknown are absent."""


@dataclass(frozen=True, slots=True, eq=False)
class Credited:
    """What each channel earned, by index; a model that works with removal effects says which."""

    conversions: Floats
    values: Floats
    removal_effects: Floats | None = None
    positions: Floats | None = None
    """By position in the journey and channel, the conversions of models that tell them apart."""


def tally(indexes: NDArray[np.integer], weights: Floats, size: int) -> Floats:
    """The sum of the weights of each index below a size."""
    return np.bincount(indexes, weights=weights, minlength=size).astype(np.float64, copy=False)
