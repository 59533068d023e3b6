"""Time decay: the nearer to the close, the more; an interaction one half-life earlier gets half as much.

Six interactions, ten days apart, half-life 7 days: 0.4459, 1.2003, 3.2309, 8.6969, 23.4103, 63.0158 %.
The weights are integers, so that the same journey is split alike on every machine.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from services.attribution.domain.journey import Journey
from services.attribution.domain.models.model import Model
from shared.kernel.instant import DAY

HALF_LIFE = 7 * DAY
_BITS = 64
"""Of a weight: the nearest interaction has 2**64, and 64 half-lives before it nothing is left."""
_HALVINGS = 40
"""Binary digits of a part of a half-life: well under a millisecond for any half-life of years."""


def _roots() -> tuple[int, ...]:
    """2 ** -1/2, 2 ** -1/4, ... as integers over 2 ** 64."""
    found = [1 << (_BITS - 1)]
    for _ in range(_HALVINGS):
        found.append(isqrt(found[-1] << _BITS))
    return tuple(found[1:])


_ROOTS = _roots()


def halved(age: int, half_life: int) -> int:
    """2 ** -(age / half_life) as an integer over 2 ** 64, of two durations in the same unit."""
    halves, part = divmod(age, half_life)
    weight = 1 << _BITS
    digits = (part << _HALVINGS) // half_life
    for number, root in enumerate(_ROOTS, 1):
        if digits >> (_HALVINGS - number) & 1:
            weight = weight * root >> _BITS
    return weight >> halves


@dataclass(frozen=True, slots=True, kw_only=True)
class DecayModel(Model):
    """A model that can be told by the times of a journey."""

    half_life: int
    """Milliseconds."""


def time_decay(half_life: int = HALF_LIFE) -> DecayModel:
    """The model with a half-life in milliseconds; raises ValueError where it is not above 0."""
    if half_life <= 0:
        raise ValueError("a half-life is longer than nothing")

    def shares(journey: Journey) -> tuple[Fraction, ...]:
        # How long before the close the last one was is a factor of all weights, and cancels out.
        last = journey.interactions[-1].occurred_at
        weights = [halved(last - interaction.occurred_at, half_life) for interaction in journey.interactions]
        whole = sum(weights)
        return tuple(Fraction(weight, whole) for weight in weights)

    rule = f"Each gets half as much as one {half_life / DAY:g} days later."
    source = "Google Ads (7 days), HubSpot; PostHog with a quarter of its window"
    return DecayModel("time_decay", shares, rule, source, half_life=half_life)


TIME_DECAY = time_decay()
