"""All to one end: the first, the last, the last that is not direct."""

from fractions import Fraction

from services.attribution.domain.journey import Journey
from services.attribution.domain.models.model import Model, all_to
from services.attribution.domain.models.places import Places, by_places

_ALL, _NOTHING = Fraction(1), Fraction(0)


def _first(_count: int) -> Places:
    return Places(_ALL, _NOTHING, _NOTHING)


def _last(count: int) -> Places:
    return Places(_NOTHING, _NOTHING, _ALL) if count > 1 else _first(count)


def _last_non_direct(journey: Journey) -> tuple[Fraction, ...]:
    told = [index for index, interaction in enumerate(journey.interactions) if interaction.channel != "direct"]
    return all_to(told[-1] if told else -1, len(journey.interactions))


FIRST_TOUCH = by_places(
    "first_touch", _first, "Everything to the first interaction.", "HubSpot, Marketo Measure, Google Ads"
)
LAST_TOUCH = by_places("last_touch", _last, "Everything to the last interaction.", "HubSpot, Snowplow, PostHog")
LAST_NON_DIRECT = Model(
    "last_non_direct",
    _last_non_direct,
    "Everything to the last interaction that was not a direct visit; to the last where all were.",
    "Matomo",
)
