"""Single: the one interaction that the charter names takes all.

Six interactions A to F, where C asked for a demo, which the default charter names: 0, 0, 100, 0, 0, 0 %.
"""

from dataclasses import dataclass
from fractions import Fraction

from services.attribution.domain.interactions import Interaction
from services.attribution.domain.journey import Journey
from services.attribution.domain.models.last_touch import LAST_TOUCH
from services.attribution.domain.models.model import Model, all_to


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What an interaction has to have to be the one: one of each of these; an empty set asks for nothing."""

    kinds: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    campaigns: frozenset[str] = frozenset()

    def names(self, interaction: Interaction) -> bool:
        """Whether an interaction is one of those named."""
        return (
            (not self.kinds or not self.kinds.isdisjoint(interaction.kinds))
            and (not self.channels or interaction.channel in self.channels)
            and (not self.campaigns or interaction.campaign in self.campaigns)
        )

    def __str__(self) -> str:
        parts = (self.kinds, self.channels, self.campaigns)
        return ", ".join(" or ".join(sorted(part)) for part in parts if part) or "anything"


def single(named: Named, otherwise: Model = LAST_TOUCH) -> Model:
    """The model that gives everything to the last interaction named; where there is none, what `otherwise` gives."""

    def shares(journey: Journey) -> tuple[Fraction, ...]:
        matches = [index for index, interaction in enumerate(journey.interactions) if named.names(interaction)]
        return all_to(matches[-1], len(journey.interactions)) if matches else otherwise.shares(journey)

    rule = f"Everything to the last interaction with {named}; where there is none: {otherwise.rule}"
    return Model("single", shares, rule, "the default charter")


SINGLE = single(Named(kinds=frozenset({"demo_requested"})))
