"""First touch: everything to whoever opened the door.

Six interactions: 100, 0, 0, 0, 0, 0 %. One: 100 %.
"""

from fractions import Fraction

from services.attribution.domain.models.places import Places, by_places


def _places(_count: int) -> Places:
    return Places(Fraction(1), Fraction(0), Fraction(0))


FIRST_TOUCH = by_places(
    "first_touch", _places, "Everything to the first interaction.", "HubSpot, Marketo Measure, Google Ads"
)
