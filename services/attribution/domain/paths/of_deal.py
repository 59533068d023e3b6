"""What the interactions of one deal earned by the models that learn: all of it, shared inside its journey.

Leaves out `markov_channel`, whose channels may earn of deals they were not on. Money is split by largest remainder.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from services.attribution.domain.credit import Credit
from services.attribution.domain.paths.closed import Closed, paths_of
from services.attribution.domain.paths.study import Study
from shared.kernel.money import split

MARKOV = "markov"
_SHAPLEY = "Each distinct channel of the journey gets an equal part, shared evenly over its repeats"
RULES: Mapping[str, str] = MappingProxyType(
    {
        MARKOV: "Interactions share by the removal effects of their channels, repeats counted.",
        "shapley": f"{_SHAPLEY}.",
        "shapley_ordered": f"{_SHAPLEY}: what it is over all positions.",
    }
)
"""The models that can be asked of a deal, by name."""
_DIGITS = 12
"""Of a removal effect: past this a float is noise, and would decide who gets the last cent of equals."""


@dataclass(frozen=True, slots=True)
class Effects:
    """By channel, the part of what was won that would be lost without it; and what has to be said of that."""

    by_channel: Mapping[str, float]
    warnings: Sequence[str]


NO_EFFECTS = Effects(MappingProxyType({}), ())


def effects(deals: Sequence[Closed]) -> Effects:
    """The removal effects that journeys of won and lost deals show, by the chain of order 1."""
    met = [deal for deal in deals if deal.channels]
    if not met:
        return NO_EFFECTS
    study = Study(paths_of(met))
    by_channel = dict(zip(study.paths.names, study.removal_effects.tolist(), strict=True))
    return Effects(by_channel, study.warnings(MARKOV))


def shares(model: str, channels: Sequence[str], by_channel: Mapping[str, float]) -> list[Fraction]:
    """What each touch of a journey gets by one of `RULES`; Shapley's value asks for no other journey."""
    return by_effects(channels, by_channel) if model == MARKOV else by_distinct(channels)


def by_effects(channels: Sequence[str], by_channel: Mapping[str, float]) -> list[Fraction]:
    """The shares of a journey's touches, one at least; equal ones where no channel has an effect."""
    weights = [Fraction(round(by_channel.get(channel, 0.0), _DIGITS)) for channel in channels]
    whole = sum(weights, Fraction(0))
    return [weight / whole if whole else Fraction(1, len(weights)) for weight in weights]


def by_distinct(channels: Sequence[str]) -> list[Fraction]:
    """The shares of a journey's touches: the Shapley value of a channel in it, over the channel's repeats."""
    repeats = Counter(channels)
    return [Fraction(1, len(repeats) * repeats[channel]) for channel in channels]


def shared(every: Sequence[Credit], shares: Sequence[Fraction]) -> list[Credit]:
    """A deal's credits by these shares; `every` are its credits by a model by which each interaction earns."""
    amounts = split(sum(credit.amount_minor for credit in every), shares)
    parts = zip(every, shares, amounts, strict=True)
    return [credit._replace(share=share, amount_minor=amount) for credit, share, amount in parts if share]
