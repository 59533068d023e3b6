"""The rule models that need to know more of a touch than its place, over paths: channel, time or milestone.

Each gives every touch a weight; a touch earns its weight's part of its path's.
"""

import numpy as np
from numpy.typing import NDArray

from services.attribution.domain.models.milestones import Parts
from services.attribution.domain.paths.encoded import Credited, Floats, Indexes, Paths, Timed, tally


def by_weights(paths: Paths, weights: Floats) -> Credited:
    """What the channels earned where touches have these weights; each path has at least one above 0."""
    wholes = np.add.reduceat(weights, paths.offsets[:-1]) if len(paths) else np.zeros(0)
    size, lengths = len(paths.names), paths.lengths
    return Credited(
        *(
            tally(paths.touches, weights * np.repeat(won / wholes, lengths), size)
            for won in (paths.conversions, paths.values)
        )
    )


def last_but(paths: Paths, passed_over: str) -> Credited:
    """All to the last touch that was not of one channel (in lower case); to the last where all were."""
    size = len(paths.names)
    others = np.array([name.casefold() != passed_over for name in paths.names], dtype=bool)
    conversions, values = np.zeros(size), np.zeros(size)
    for part in paths.parts():
        candidates = np.where(others[part.touches], np.arange(len(part.touches)), -1)
        found = np.maximum.reduceat(candidates, part.offsets[:-1])
        takers = part.touches[np.where(found >= 0, found, part.offsets[1:] - 1)]
        conversions += tally(takers, part.conversions, size)
        values += tally(takers, part.values, size)
    return Credited(conversions, values)


def by_time(timed: Timed, half_life: int) -> Credited:
    """Half as much for each half-life (milliseconds) that a touch is older than the last of its path."""
    paths = timed.paths
    ages = np.repeat(timed.times[paths.offsets[1:] - 1], paths.lengths) - timed.times
    return by_weights(paths, np.exp2(-ages / half_life))


def by_marks(timed: Timed, parts: Parts) -> Credited:
    """Fixed parts for the milestones, the rest for others; all to the first touch where nobody has a part."""
    paths = timed.paths
    starts, weights = paths.offsets[:-1], np.zeros(len(paths.touches))
    marks = [timed.marked.get(milestone, _nowhere(paths)) for milestone in parts.milestones]
    shares = [float(part) for part in parts.milestones.values()]
    if parts.first:
        marks, shares = [starts, *marks], [float(parts.first), *shares]
    for mark, share in zip(marks, shares, strict=True):
        weights[mark[mark >= 0]] += share
    if parts.rest and len(paths):
        others = _others(paths, weights, marks if parts.middle == "between" else [])
        counts = np.add.reduceat(others, starts, dtype=np.intp)
        each = np.divide(float(parts.rest), counts, out=np.zeros(len(paths)), where=counts > 0)
        weights += np.where(others, np.repeat(each, paths.lengths), 0.0)
    if len(paths):
        weights[starts[np.add.reduceat(weights, starts) == 0]] = 1.0
    return by_weights(paths, weights)


def _nowhere(paths: Paths) -> Indexes:
    return np.full(len(paths), -1)


def _others(paths: Paths, weights: Floats, within: list[Indexes]) -> NDArray[np.bool_]:
    """The touches that are no milestone; where `within` is given, those between the outermost of these alone."""
    others: NDArray[np.bool_] = weights == 0
    if within:
        marks = np.array(within)
        first = np.where(marks < 0, len(weights), marks).min(axis=0)
        index = np.arange(len(weights))
        others &= (index > np.repeat(first, paths.lengths)) & (index < np.repeat(marks.max(axis=0), paths.lengths))
    return others
