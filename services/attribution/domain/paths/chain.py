"""The absorbing chain behind Markov credit: from the start over channels to a conversion or to nothing.

A state is the last touches of a journey, up to as many as the order; transitions are counted, not drawn. A channel's
removal effect is the part of all conversions that would be lost if every journey ended where it meets the channel.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.attribution.domain.paths.encoded import Floats, Indexes, Paths, tally

ORDERS = (1, 2, 3, 4)
_MOST_DENSE = 2_000
"""States up to which the chain is solved as one matrix; past it, it is walked."""
_CLOSE_ENOUGH = 1e-11
"""Of a removal effect; a hundredth of what is promised."""
_CLOSE_ENOUGH_OF_ALL = 1e-14
"""Of the chance to convert at all, which may itself be small."""
_MOST_CELLS = 1 << 22
"""Counters up to this many are kept in full; past it, only those that are met."""


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """Transition probabilities between states; the first state is the start."""

    channels: int
    sources: Indexes
    targets: Indexes
    chances: Floats
    """Of each transition from one state to another; what a state lacks to one ends in nothing."""
    converts: Floats
    """By state, the chance that the journey is won there."""
    met: NDArray[np.uint16]
    """By state, the channels it remembers, counted from 1, the newest first; 0 where the journey had not begun."""


class _Counter:
    """Sums of weights by code."""

    def __init__(self, size: int) -> None:
        self._dense: Floats | None = np.zeros(size) if size <= _MOST_CELLS else None
        self._met: list[tuple[NDArray[np.int64], Floats]] = []

    def add(self, codes: NDArray[np.int64], weights: Floats) -> None:
        """Add weights to the sums of their codes."""
        if self._dense is not None:
            self._dense += tally(codes, weights, len(self._dense))
        else:
            self._met.append(_summed(codes, weights))

    def sums(self) -> tuple[NDArray[np.int64], Floats]:
        """The codes whose sum is not 0, in order, and their sums."""
        if self._dense is not None:
            codes = np.flatnonzero(self._dense)
            return codes, self._dense[codes]
        codes, sums = _summed(*(np.concatenate(each) for each in zip(*self._met, strict=True)))
        return codes[sums != 0], sums[sums != 0]


def _summed(codes: NDArray[np.int64], weights: Floats) -> tuple[NDArray[np.int64], Floats]:
    met, inverse = np.unique(codes, return_inverse=True)
    return met, tally(inverse, weights, len(met))


def chain(paths: Paths, order: int = 1) -> Chain:
    """The chain of an order, of at least one path; raises ValueError where it is not 1 to 4."""
    channels = len(paths.names)
    digits = channels + 1
    if order not in ORDERS or digits ** (order + 1) >= 2**62:
        raise ValueError(f"the order is 1 to 4, and at most 4 with {channels} channels")
    steps, won, lost = (_Counter(size) for size in (digits**order * channels, digits**order, digits**order))
    for part in paths.parts():
        states = _states(part, order)
        journeys = part.conversions + part.lost
        weights = np.repeat(journeys, part.lengths)
        weights[part.offsets[:-1]] = 0.0  # Nobody steps from the end of one path to the beginning of the next.
        steps.add(states[:-1] * channels + part.touches[1:], weights[1:])
        steps.add(part.touches[part.offsets[:-1]].astype(np.int64), journeys)
        ends = states[part.offsets[1:] - 1]
        won.add(ends, part.conversions)
        lost.add(ends, part.lost)
    return _chain(steps, won, lost, channels, order)


def _states(paths: Paths, order: int) -> NDArray[np.int64]:
    """The state at each touch, as a number with a digit for each touch that is remembered, the newest the last."""
    digits = len(paths.names) + 1
    newest = paths.touches.astype(np.int64) + 1
    states = newest.copy()
    places = np.arange(len(newest)) - np.repeat(paths.offsets[:-1], paths.lengths) if order > 1 else newest
    for back in range(1, order):
        remembered = newest[:-back] * digits**back
        states[back:] += np.where(places[back:] >= back, remembered, 0)
    return states


def _chain(steps: _Counter, won: _Counter, lost: _Counter, channels: int, order: int) -> Chain:
    digits = channels + 1
    pairs, stepped = steps.sums()
    ends = [counter.sums() for counter in (won, lost)]
    sources = pairs // channels
    targets = sources % digits ** (order - 1) * digits + pairs % channels + 1
    states = np.unique(np.concatenate([[0], sources, targets, *(codes for codes, _ in ends)]))
    size = len(states)
    sources, targets = (np.searchsorted(states, codes) for codes in (sources, targets))
    (converted, _), (left, _) = ends
    conversions = tally(np.searchsorted(states, converted), ends[0][1], size)
    nothing = tally(np.searchsorted(states, left), ends[1][1], size)
    leaving = tally(sources, stepped, size) + conversions + nothing
    leaving[leaving == 0] = 1.0
    met = np.array([states // digits**back % digits for back in range(order)], dtype=np.uint16)
    return Chain(channels, sources, targets, stepped / leaving[sources], conversions / leaving, met)


def removal_effects(chain: Chain) -> Floats:
    """By channel, the part of all conversions that its removal loses, 0 to 1; all 0 where nothing converts."""
    if not chain.converts.any():
        return np.zeros(chain.channels)
    return solved(chain) if len(chain.converts) <= _MOST_DENSE else walked(chain)


def solved(chain: Chain) -> Floats:
    """One inverse tells how often each state is visited; a channel's first visits follow from those of its states."""
    size = len(chain.converts)
    stays = np.eye(size)
    np.subtract.at(stays, (chain.sources, chain.targets), chain.chances)
    visits = np.linalg.inv(stays)
    converts = visits @ chain.converts
    effects = np.zeros(chain.channels)
    for channel in range(chain.channels):
        own = np.flatnonzero(chain.met[0] == channel + 1)
        if len(own):
            first_visits = np.linalg.solve(visits[np.ix_(own, own)].T, visits[0, own])
            effects[channel] = first_visits @ converts[own] / converts[0]
    return np.clip(effects, 0.0, 1.0)


def walked(chain: Chain) -> Floats:
    """All journeys walk on together, until what is still to come can be told from how their number falls."""
    whole = _reached(chain, np.ones(len(chain.chances), dtype=bool), _CLOSE_ENOUGH_OF_ALL)
    effects = np.zeros(chain.channels)
    for channel in range(chain.channels):
        clear = (chain.met != channel + 1).all(axis=0)
        open_ways = clear[chain.sources] & clear[chain.targets]
        effects[channel] = 1 - _reached(chain, open_ways, _CLOSE_ENOUGH * whole) / whole
    return np.clip(effects, 0.0, 1.0)


def _reached(chain: Chain, open_ways: NDArray[np.bool_], close_enough: float) -> float:
    """The chance that a journey converts where only some transitions are open; it is off by `close_enough` at most.

    Were each step to leave the same part of those on the way where they are, all future steps would be a geometric
    series. How far one step is from doing so bounds the error, because nobody converts more than once.
    """
    size = len(chain.converts)
    sources, targets = chain.sources[open_ways], chain.targets[open_ways]
    chances = chain.chances[open_ways]
    here = np.zeros(size)
    here[0] = 1.0
    reached = 0.0
    while True:
        there = tally(targets, here[sources] * chances, size)
        stay = float(there.sum() / here.sum())
        if stay < 1 and np.abs(there - stay * here).sum() <= close_enough * (1 - stay):
            return reached + float(here @ chain.converts) / (1 - stay)
        reached += float(here @ chain.converts)
        here = there
