"""Last non-direct: everything to the last that came from somewhere.

Six interactions A to F, where F was a direct visit: 0, 0, 0, 0, 100, 0 %.
"""

from fractions import Fraction

from services.attribution.domain.journey import Journey
from services.attribution.domain.models.model import Model, all_to


def _shares(journey: Journey) -> tuple[Fraction, ...]:
    told = [index for index, interaction in enumerate(journey.interactions) if interaction.channel != "direct"]
    return all_to(told[-1] if told else -1, len(journey.interactions))


LAST_NON_DIRECT = Model(
    "last_non_direct",
    _shares,
    "Everything to the last interaction that was not a direct visit; to the last where all were.",
    "Matomo",
)
