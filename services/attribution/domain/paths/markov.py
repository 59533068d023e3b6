"""Markov credit: removal effects, shared over the whole set or inside each journey."""

import numpy as np

from services.attribution.domain.paths.encoded import Credited, Floats, Paths, tally


def over_the_set(paths: Paths, effects: Floats) -> Credited:
    """The textbook figure: all that was won, in the proportion of removal effects. A channel may earn of journeys
    it was not on."""
    whole = effects.sum()
    shares = effects / whole if whole else effects
    return Credited(shares * paths.won, shares * paths.values.sum(), effects)


def inside_journeys(paths: Paths, effects: Floats) -> Credited:
    """Each journey's own, shared over its touches in the proportion of their removal effects, repeats counted."""
    size = len(paths.names)
    conversions, values = np.zeros(size), np.zeros(size)
    for part in paths.parts():
        lengths = part.lengths
        wholes = np.add.reduceat(effects[part.touches], part.offsets[:-1])
        for sums, won in ((conversions, part.conversions), (values, part.values)):
            per_effect = np.divide(won, wholes, out=np.zeros(len(part)), where=wholes > 0)
            sums += tally(part.touches, np.repeat(per_effect, lengths), size)
    return Credited(conversions * effects, values * effects, effects)
