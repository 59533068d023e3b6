"""Credit: a deal's amount split over its journey by a model, to the last minor unit.

Shares are exact fractions that sum to one; amounts follow by largest remainder, equal remainders to the
earlier interaction. Whether a deal is worth reporting (won, open, lost) is the caller's question.
"""

from dataclasses import dataclass
from fractions import Fraction

from services.attribution.domain.deal import Deal
from services.attribution.domain.journey import Journey
from services.attribution.domain.models.model import Model
from shared.kernel.money import split

UNATTRIBUTED = "unattributed"
"""Channel and department of what no interaction earned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
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
    if not journey.interactions:
        return (_unattributed(deal.amount_minor),)
    shares = model.shares(journey)
    amounts = split(deal.amount_minor, shares)
    return tuple(
        Credit(
            interaction_id=interaction.id,
            occurred_at=interaction.occurred_at,
            person_id=interaction.person_id,
            kind=interaction.kind,
            channel=interaction.channel,
            campaign=interaction.campaign,
            department=interaction.department,
            source=interaction.source,
            utm_source=interaction.utm_source,
            content=interaction.content,
            share=share,
            amount_minor=amount,
        )
        for interaction, share, amount in zip(journey.interactions, shares, amounts, strict=True)
        if share
    )


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
