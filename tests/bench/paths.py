"""Journeys to be credited: 12 channels of unlike weight, 6.6 touches on average, the same on every run.

`python -m tests.bench.paths 1000000 > paths.csv` writes them as `throughline attribute` reads them.
"""

import sys
from collections.abc import Iterator

import numpy as np

from services.attribution.domain.paths.encoded import Paths

NAMES = tuple(f"channel {number:02d}" for number in range(12))
_SEED = 7
_MEAN_TOUCHES = 6.6
_CONVERTING = 0.1
_ROWS_AT_ONCE = 100_000


def made(count: int) -> Paths:
    """So many paths."""
    rng = np.random.default_rng(_SEED)
    lengths = rng.geometric(1 / _MEAN_TOUCHES, count)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    weights = rng.dirichlet(np.full(len(NAMES), 2.0))
    touches = rng.choice(len(NAMES), int(offsets[-1]), p=weights).astype(np.uint16)
    conversions = rng.binomial(4, _CONVERTING, count).astype(np.float64)
    return Paths(
        names=NAMES,
        touches=touches,
        offsets=offsets,
        conversions=conversions,
        values=conversions * rng.integers(10, 500, count),
        lost=rng.integers(0, 6, count).astype(np.float64),
    )


def rows(paths: Paths) -> Iterator[str]:
    """The lines of a file of paths."""
    yield "path,conversions,value,null"
    for first in range(0, len(paths), _ROWS_AT_ONCE):
        offsets = paths.offsets[first : first + _ROWS_AT_ONCE + 1].tolist()
        named = [NAMES[channel] for channel in paths.touches[offsets[0] : offsets[-1]].tolist()]
        counts = (each[first:].tolist() for each in (paths.conversions, paths.values, paths.lost))
        for begin, end, won, value, lost in zip(offsets, offsets[1:], *counts, strict=False):
            path = " > ".join(named[begin - offsets[0] : end - offsets[0]])
            yield f"{path},{won:.0f},{value:.0f},{lost:.0f}"


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in rows(made(int(sys.argv[1]))))
