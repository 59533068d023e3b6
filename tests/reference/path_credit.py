"""Credit of journeys by the book: a dense solve, a walk over all subsets, a touch at a time."""

from collections import defaultdict
from collections.abc import Mapping
from itertools import combinations, pairwise
from math import factorial

import numpy as np

Journeys = list[tuple[tuple[str, ...], float, float]]
"""A path, how many journeys of it were won, how many lost."""
State = tuple[str, ...]
_START: State = ("start",)
_WON: State = ("won",)
_LOST: State = ("lost",)


def removal_effects(journeys: Journeys, order: int) -> dict[str, float]:
    """One equation a state for the chance to convert, and the same again with all ways into a channel lost."""
    steps: defaultdict[tuple[State, State], float] = defaultdict(float)
    for path, won, lost in journeys:
        states: list[State] = [_START, *(("at", *path[max(0, end - order) : end]) for end in range(1, len(path) + 1))]
        for sooner, later in pairwise(states):
            steps[sooner, later] += won + lost
        steps[states[-1], _WON] += won
        steps[states[-1], _LOST] += lost
    whole = _converting(steps, None)
    channels = sorted({channel for path, _, _ in journeys for channel in path})
    return {channel: 1 - _converting(steps, channel) / whole if whole else 0.0 for channel in channels}


def _converting(steps: Mapping[tuple[State, State], float], removed: str | None) -> float:
    leaving: defaultdict[State, float] = defaultdict(float)
    for (source, _), count in steps.items():
        leaving[source] += count
    states = [state for state in leaving if leaving[state]]
    if _START not in states:
        return 0.0
    ways, converts = np.eye(len(states)), np.zeros(len(states))
    for (source, target), count in steps.items():
        if not count or removed in target[1:]:
            continue
        if target == _WON:
            converts[states.index(source)] += count / leaving[source]
        elif target != _LOST:
            ways[states.index(source), states.index(target)] -= count / leaving[source]
    return float(np.linalg.solve(ways, converts)[states.index(_START)])


def shapley(journeys: Journeys) -> dict[str, float]:
    """Every set of channels, what it is worth, and what each channel adds to it."""
    channels = sorted({channel for path, _, _ in journeys for channel in path})

    def worth(members: frozenset[str]) -> float:
        return sum(won for path, won, _ in journeys if set(path) <= members)

    credit = dict.fromkeys(channels, 0.0)
    for channel in channels:
        others = [other for other in channels if other != channel]
        for size in range(len(others) + 1):
            weight = factorial(size) * factorial(len(others) - size) / factorial(len(channels))
            for chosen in map(frozenset, combinations(others, size)):
                credit[channel] += weight * (worth(chosen | {channel}) - worth(chosen))
    return credit


def ordered(journeys: Journeys) -> dict[tuple[int, str], float]:
    """By position and channel: what journeys won in which the channel was met at that position, in equal parts."""
    credit: defaultdict[tuple[int, str], float] = defaultdict(float)
    for path, won, _ in journeys:
        met = list(dict.fromkeys(path))
        for position, channel in enumerate(met):
            credit[position, channel] += won / len(met)
    return {key: found for key, found in credit.items() if found}


def inside_journeys(journeys: Journeys, effects: dict[str, float]) -> dict[str, float]:
    """Each journey's own over its touches, by their removal effects."""
    credit = dict.fromkeys(effects, 0.0)
    for path, won, _ in journeys:
        for channel in path if won else ():
            credit[channel] += won * effects[channel] / sum(effects[met] for met in path)
    return credit
