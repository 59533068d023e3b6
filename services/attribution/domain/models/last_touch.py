"""Last touch: everything to whoever closed the door.

Six interactions: 0, 0, 0, 0, 0, 100 %. One: 100 %.
"""

from fractions import Fraction

from services.attribution.domain.models.places import Places, by_places

_ALL, _NOTHING = Fraction(1), Fraction(0)


def _places(count: int) -> Places:
    return Places(_NOTHING, _NOTHING, _ALL) if count > 1 else Places(_ALL, _NOTHING, _NOTHING)


LAST_TOUCH = by_places("last_touch", _places, "Everything to the last interaction.", "HubSpot, Snowplow, PostHog")
