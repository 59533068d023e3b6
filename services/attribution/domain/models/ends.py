"""Models that give a part to either end of a journey, and what is left to those between.

Where nobody is between, the ends share everything in the proportion they have.
"""

from fractions import Fraction

from services.attribution.domain.journey import Journey
from services.attribution.domain.models.model import Model


def ends(name: str, first: Fraction, last: Fraction, source: str) -> Model:
    """The model that gives these parts to the ends; raises ValueError where they are negative or exceed the whole."""
    both = first + last
    if first < 0 or last < 0 or not 0 < both <= 1:
        raise ValueError("the first and the last part are each 0 or more and together at most the whole")

    def shares(journey: Journey) -> tuple[Fraction, ...]:
        between = len(journey.interactions) - 2
        if between < 0:
            return (Fraction(1),)
        if between == 0:
            return first / both, last / both
        return first, *[(1 - both) / between] * between, last

    rule = f"{_percent(first)} to the first, {_percent(last)} to the last, the rest in equal parts to those between."
    return Model(name, shares, rule, source)


def _percent(part: Fraction) -> str:
    return f"{float(part * 100):g} %"
