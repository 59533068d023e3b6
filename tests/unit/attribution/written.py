"""Paths as people write them, for tests: `a > b` and how many such journeys were won, worth and lost."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from services.attribution.domain.paths.encoded import Paths

Row = tuple[str, float, float]
"""A path, how many journeys of it were won, how many lost."""


def paths(*rows: Row, values: Iterable[float] | None = None) -> Paths:
    """The rows as paths; what was won is worth 10 a journey where nothing else is said."""
    split = [path.split(" > ") for path, _, _ in rows]
    names = sorted({channel for channels in split for channel in channels})
    won = np.array([won for _, won, _ in rows], np.float64)
    return Paths(
        names=names,
        touches=np.array([names.index(channel) for channels in split for channel in channels], np.uint16),
        offsets=np.cumsum([0, *map(len, split)]).astype(np.intp),
        conversions=won,
        values=won * 10 if values is None else np.array(list(values), np.float64),
        lost=np.array([lost for _, _, lost in rows], np.float64),
    )


def named(paths: Paths, figures: NDArray[np.float64]) -> dict[str, float]:
    """Figures by channel, as far as a person would read them."""
    return {name: round(float(figure), 6) for name, figure in zip(paths.names, figures, strict=True)}
