"""Credit: a deal's amount split over its journey by a model, to the last minor unit.

Shares are exact fractions that sum to one; amounts follow by largest remainder, equal remainders to the
earlier interaction. Whether a deal is worth reporting (won, open, lost) is the caller's question.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from services.attribution.domain.deal import Deal
from services.attribution.domain.interactions import Interaction
from services.attribution.domain.journey import Journey
from services.attribution.domain.models.model import Model
from shared.kernel.money import split

UNATTRIBUTED = "unattributed"
"""Channel and department of what no interaction earned."""
_Text = str | None
_Told = tuple[str, int, _Text, str, str, _Text, str, _Text, _Text, _Text]
"""What a credit says of its interaction, in its own order."""


class Credit(NamedTuple):
    """What one interaction earned of one deal; without an interaction, what nobody earned."""

    interaction_id: str | None
    occurred_at: int | None
    person_id: str | None
    kind: str | None
    channel: str
    campaign: str | None
    department: str
    source: str | None
    utm_source: str | None
    content: str | None
    share: Fraction
    amount_minor: int


def credit(deal: Deal, journey: Journey, model: Model) -> tuple[Credit, ...]:
    """The credits of a deal in the order of its journey; what has no share has no credit.

    They sum to one and to the deal's amount. Raises ValueError where the model's shares do not sum to one.
    """
    return credits_by(deal, journey, {model.name: model})[model.name]


def credits_by(deal: Deal, journey: Journey, models: Mapping[str, Model]) -> dict[str, tuple[Credit, ...]]:
    """The same by each of some models, of which there are many a deal: interactions are asked who they are once."""
    if not journey.interactions:
        nobody = (_unattributed(deal.amount_minor),)
        return dict.fromkeys(models, nobody)
    told = [_told(interaction) for interaction in journey.interactions]
    found: dict[str, tuple[Credit, ...]] = {}
    for name, model in models.items():
        shares = model.shares(journey)
        amounts = split(deal.amount_minor, shares)
        parts = zip(told, shares, amounts, strict=True)
        found[name] = tuple(Credit(*who, share, amount) for who, share, amount in parts if share)
    return found


def _told(one: Interaction) -> _Told:
    return (
        one.id, one.occurred_at, one.person_id, one.kind, one.channel, one.campaign, one.department, one.source,
        one.utm_source, one.content,
    )  # fmt: skip


def _unattributed(amount_minor: int) -> Credit:
    return Credit(
        interaction_id=None,
        occurred_at=None,
        person_id=None,
        kind=None,
        channel=UNATTRIBUTED,
        campaign=None,
        department=UNATTRIBUTED,
        source=None,
        utm_source=None,
        content=None,
        share=Fraction(1),
        amount_minor=amount_minor,
    )
