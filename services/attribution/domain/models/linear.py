"""Linear: equal parts."""

from fractions import Fraction

from services.attribution.domain.journey import Journey
from services.attribution.domain.models.model import Model


def _shares(journey: Journey) -> tuple[Fraction, ...]:
    count = len(journey.interactions)
    return (Fraction(1, count),) * count


LINEAR = Model("linear", _shares, "Every interaction gets an equal part.", "HubSpot, Google Ads, PostHog, Snowplow")
