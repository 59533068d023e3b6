"""All to one end: the first, the last, the last that is not direct."""

from fractions import Fraction

from services.attribution.domain.journey import Journey
from services.attribution.domain.models.model import Model, all_to


def _first(journey: Journey) -> tuple[Fraction, ...]:
    return all_to(0, len(journey.interactions))


def _last(journey: Journey) -> tuple[Fraction, ...]:
    return all_to(-1, len(journey.interactions))


def _last_non_direct(journey: Journey) -> tuple[Fraction, ...]:
    told = [index for index, interaction in enumerate(journey.interactions) if interaction.channel != "direct"]
    return all_to(told[-1] if told else -1, len(journey.interactions))


FIRST_TOUCH = Model(
    "first_touch", _first, "Everything to the first interaction.", "HubSpot, Marketo Measure, Google Ads"
)
LAST_TOUCH = Model("last_touch", _last, "Everything to the last interaction.", "HubSpot, Snowplow, PostHog")
LAST_NON_DIRECT = Model(
    "last_non_direct",
    _last_non_direct,
    "Everything to the last interaction that was not a direct visit; to the last where all were.",
    "Matomo",
)
