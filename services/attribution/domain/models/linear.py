"""Linear: equal parts.

Six interactions: 100/6, 100/6, 100/6, 100/6, 100/6, 100/6 %. Two: 50, 50 %.
"""

from fractions import Fraction

from services.attribution.domain.models.places import Places, by_places


def _places(count: int) -> Places:
    part = Fraction(1, count)
    return Places(part, part, part)


LINEAR = by_places("linear", _places, "Every interaction gets an equal part.", "HubSpot, Google Ads, PostHog, Snowplow")
