"""First and last: who opened the door and who closed it, with a part for those between.

Six interactions: 40, 5, 5, 5, 5, 40 %. Two: 50, 50 %.
"""

from fractions import Fraction

from services.attribution.domain.models.places import PlacedModel, ends

_SOURCE = "the default charter; 40-20-40 at Google Ads, PostHog, Snowplow, Matomo"


def first_last(first: Fraction, last: Fraction) -> PlacedModel:
    """The model with these parts; raises ValueError where they are negative or exceed the whole."""
    return ends("first_last", first, last, _SOURCE)


FIRST_LAST = first_last(Fraction(2, 5), Fraction(2, 5))
