"""Closed deals as paths: what the models that learn make of journeys that were put together already.

Money is split over channels by largest remainder, so that the rows of a model sum to what was won.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from services.attribution.domain.credit import UNATTRIBUTED
from services.attribution.domain.paths.encoded import Paths
from services.attribution.domain.paths.study import Study
from services.attribution.domain.report import Sum
from shared.kernel.money import split


@dataclass(frozen=True, slots=True)
class Closed:
    """A deal that was won or lost: the channels of its journey, in order, and the amount of a won one."""

    channels: tuple[str, ...]
    amount_minor: int | None
    """None where it was lost."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What each channel earned by each model, and what has to be said of it."""

    sums: Mapping[str, Mapping[tuple[str, ...], Sum]]
    warnings: Sequence[str]


def learn(deals: Sequence[Closed], models: Sequence[str], amount_minor: int) -> Learned:
    """The amount, shared over channels by each model; in the proportion of amounts, whatever their sign."""
    won = [deal for deal in deals if deal.amount_minor is not None]
    nobodys = [deal for deal in won if not deal.channels]
    study = Study(paths_of([deal for deal in deals if deal.channels]))
    sums = {}
    for model in models if won else ():
        credited = study.credited(model)
        counts = [*credited.conversions.tolist(), float(len(nobodys))]
        volumes = [*credited.values.tolist(), float(sum(_volume(deal) for deal in nobodys))]
        sums[model] = _sums([*study.paths.names, UNATTRIBUTED], counts, volumes, amount_minor)
    warnings = dict.fromkeys(warning for model in sums for warning in study.warnings(model))
    return Learned(sums, list(warnings))


def _volume(deal: Closed) -> int:
    return abs(deal.amount_minor or 0)


def _sums(
    names: Sequence[str], counts: Sequence[float], volumes: Sequence[float], amount_minor: int
) -> Mapping[tuple[str, ...], Sum]:
    weights = [Fraction(weight) for weight in (volumes if any(volumes) else counts)]
    whole = sum(weights, Fraction(0))
    amounts = split(amount_minor, [weight / whole for weight in weights])
    return {
        (name,): Sum(Fraction(count), amount, abs(amount))
        for name, count, amount in zip(names, counts, amounts, strict=True)
        if count
    }


def paths_of(deals: Sequence[Closed]) -> Paths:
    """The paths of deals, each with one interaction at least; what they are worth is above 0, whatever its sign."""
    names = list(dict.fromkeys(channel for deal in deals for channel in deal.channels))
    index = {name: number for number, name in enumerate(names)}
    return Paths(
        names=names,
        touches=np.array([index[channel] for deal in deals for channel in deal.channels], np.uint16),
        offsets=np.cumsum([0, *(len(deal.channels) for deal in deals)]).astype(np.intp),
        conversions=np.array([deal.amount_minor is not None for deal in deals], np.float64),
        values=np.array([_volume(deal) for deal in deals], np.float64),
        lost=np.array([deal.amount_minor is None for deal in deals], np.float64),
    )
