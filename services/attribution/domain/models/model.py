"""What a rule model is: a name, how it splits one journey, and the rule in a sentence."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from services.attribution.domain.journey import Journey, Milestone


@dataclass(frozen=True, slots=True)
class Model:
    """A rule that splits the credit of one deal by its journey alone.

    `shares` is given a journey with at least one interaction and answers one share for each, in order: none
    negative, summing to exactly one.
    """

    name: str
    shares: Callable[[Journey], tuple[Fraction, ...]]
    rule: str
    """One sentence for people."""
    source: str
    """Whose rule it is."""
    milestones: tuple[Milestone, ...] = ()
    """What it gives parts to besides the first interaction; where one is missing, the other parts grow."""

    def missing(self, journey: Journey) -> tuple[Milestone, ...]:
        """The milestones it asks for that a journey does not have."""
        return tuple(milestone for milestone in self.milestones if journey.position(milestone) is None)


def all_to(index: int, count: int) -> tuple[Fraction, ...]:
    """Shares that give everything to the interaction at an index (from the end where negative)."""
    shares = [Fraction(0)] * count
    shares[index] = Fraction(1)
    return tuple(shares)
