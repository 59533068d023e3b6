"""Shapley credit, exact for any number of channels.

A set of channels is worth the conversions of the journeys inside it. Then the Shapley value of a channel is the sum of
R(S)/|S| over the sets S it is in, where R(S) is what journeys with exactly these channels won: no walk over subsets.
By position (Zhao et al. 2018): the channels of a journey in the order in which they were first met.
"""

import numpy as np
from numpy.typing import NDArray

from services.attribution.domain.paths.encoded import Channels, Credited, Floats, Indexes, Paths, tally

_BITS = 16
"""Channels in one mask: all of its sets are few enough to count each."""
_MOST_SEEN = 1 << 24
"""Cells of the table of who was met already."""


def shapley(paths: Paths) -> Credited:
    """Each journey's own in equal parts over its distinct channels."""
    size = len(paths.names)
    words = -(-size // _BITS)
    conversions, values = np.zeros((words, 1 << _BITS)), np.zeros((words, 1 << _BITS))
    for part in paths.parts():
        masks = [_masks(part, word) for word in range(words)]
        counts = sum(np.bitwise_count(mask).astype(np.float64) for mask in masks)
        for sums, won in ((conversions, part.conversions), (values, part.values)):
            each = won / counts
            for word, mask in enumerate(masks):
                sums[word] += tally(mask, each, 1 << _BITS)
    return Credited(_by_channel(conversions, size), _by_channel(values, size))


def _masks(paths: Paths, word: int) -> NDArray[np.uint16]:
    """By path, which of sixteen channels are on it."""
    channels = np.arange(len(paths.names)) - word * _BITS
    bits = np.where((channels >= 0) & (channels < _BITS), 1 << np.clip(channels, 0, _BITS - 1), 0).astype(np.uint16)
    return np.bitwise_or.reduceat(bits[paths.touches], paths.offsets[:-1])


def _by_channel(sums: Floats, size: int) -> Floats:
    sets = np.arange(1 << _BITS)
    # No product of vectors: for so little, waking the threads of a linear algebra library costs more than the sum.
    return np.array([sums[channel // _BITS, (sets >> channel % _BITS & 1) > 0].sum() for channel in range(size)])


def shapley_ordered(paths: Paths) -> Credited:
    """The same credit, told apart by the position at which a journey first met the channel."""
    size = len(paths.names)
    positions = np.zeros((size, size))
    values = np.zeros(size)
    for part in paths.parts():
        most = max(1, _MOST_SEEN // size)
        for first in range(0, len(part), most):
            _add_ordered(part, np.arange(first, min(first + most, len(part))), positions, values)
    return Credited(positions.sum(axis=0), values, positions=positions[positions.any(axis=1)])


def _add_ordered(paths: Paths, chosen: Indexes, positions: Floats, values: Floats) -> None:
    """Walk some paths in step, the longest first, so that those still going on are always the first ones."""
    lengths, size = paths.lengths[chosen], len(values)
    longest_first = np.argsort(-lengths, kind="stable")
    chosen, lengths = chosen[longest_first], lengths[longest_first]
    starts = paths.offsets[chosen]
    going_on = np.searchsorted(-lengths, -np.arange(lengths[0]), side="left")
    counts = _distinct(paths.touches, starts, going_on, size)
    won, worth = paths.conversions[chosen] / counts, paths.values[chosen] / counts
    seen = np.zeros((len(chosen), size), dtype=bool)
    met = np.zeros(len(chosen), dtype=np.intp)
    for step, count in enumerate(going_on):
        channels = paths.touches[starts[:count] + step]
        new = np.flatnonzero(~seen[np.arange(count), channels])
        seen[new, channels[new]] = True
        cells = met[new] * size + channels[new]
        positions += tally(cells, won[new], positions.size).reshape(positions.shape)
        values += tally(channels[new], worth[new], size)
        met[new] += 1


def _distinct(touches: Channels, starts: Indexes, going_on: Indexes, size: int) -> Floats:
    seen = np.zeros((len(starts), size), dtype=bool)
    for step, count in enumerate(going_on):
        seen[np.arange(count), touches[starts[:count] + step]] = True
    counts: Floats = seen.sum(axis=1, dtype=np.float64)
    return counts
