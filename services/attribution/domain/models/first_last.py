"""First and last: who opened the door and who closed it, with a part for those between.

Where nobody is between, the ends share everything in the proportion they have.
"""

from fractions import Fraction

from services.attribution.domain.journey import Journey
from services.attribution.domain.models.model import Model


def first_last(first: Fraction, last: Fraction) -> Model:
    """The model that gives these parts to the ends; raises ValueError where they are negative or exceed the whole."""
    ends = first + last
    if first < 0 or last < 0 or not 0 < ends <= 1:
        raise ValueError("the first and the last part are each 0 or more and together at most the whole")

    def shares(journey: Journey) -> tuple[Fraction, ...]:
        between = len(journey.interactions) - 2
        if between < 0:
            return (Fraction(1),)
        if between == 0:
            return first / ends, last / ends
        return first, *[(1 - ends) / between] * between, last

    rule = f"{_percent(first)} to the first, {_percent(last)} to the last, the rest in equal parts to those between."
    return Model("first_last", shares, rule, "the default charter; 40-20-40 at Google Ads, PostHog, Snowplow, Matomo")


def _percent(part: Fraction) -> str:
    return f"{float(part * 100):g} %"


FIRST_LAST = first_last(Fraction(2, 5), Fraction(2, 5))
