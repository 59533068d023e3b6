"""The models that look at places alone, over paths: one pass serves them all.

It sums what was won by length of path, place and channel; a model is then a weight for each length and place.
"""

import numpy as np

from services.attribution.domain.models.places import PlacedModel
from services.attribution.domain.paths.encoded import Credited, Floats, Indexes, Paths, tally

_PLACES = 3
"""First, between, last."""


class PlacedSums:
    """What was won by length, place and channel."""

    def __init__(self, paths: Paths) -> None:
        self._lengths: Indexes = np.flatnonzero(np.bincount(paths.lengths))
        shape = (len(self._lengths), _PLACES, len(paths.names))
        self._conversions, self._values = _sums(paths, self._lengths, shape)

    def credited(self, model: PlacedModel) -> Credited:
        """What the channels earned by a model."""
        places = [[float(share) for share in model.places(int(length))] for length in self._lengths]
        weights = np.array(places).reshape(-1, _PLACES)
        return Credited(
            np.einsum("lp,lpc->c", weights, self._conversions), np.einsum("lp,lpc->c", weights, self._values)
        )


def _sums(paths: Paths, lengths: Indexes, shape: tuple[int, int, int]) -> tuple[Floats, Floats]:
    row_of = np.zeros(int(lengths[-1]) + 1 if len(lengths) else 0, np.intp)
    row_of[lengths] = np.arange(len(lengths))
    conversions, values = np.zeros(shape), np.zeros(shape)
    step = len(paths.names)
    for part in paths.parts():
        repeats = part.lengths
        cells = np.repeat((row_of[repeats] * _PLACES + 1) * step, repeats)
        cells[part.offsets[1:] - 1] += step
        # An only touch is the first: it is moved back twice, the others of its place once.
        cells[part.offsets[:-1]] -= np.where(repeats == 1, 2 * step, step)
        cells += part.touches
        for sums, won in ((conversions, part.conversions), (values, part.values)):
            sums += tally(cells, np.repeat(won, repeats), sums.size).reshape(shape)
    return conversions, values
