"""A credit as a row, both ways. The share is kept as the exact fraction, and as a number to sum in reports."""

from fractions import Fraction
from typing import Any

from sqlalchemy import Row

from services.attribution.domain.credit import Credit


def credit_row(deal_id: str, model: str, number: int, credit: Credit) -> tuple[object, ...]:
    """The row of a deal's credit by a model, the `number`th of its journey."""
    *told, share, amount_minor = credit
    return deal_id, model, number, *told, str(share), part_of(share), amount_minor


def part_of(share: Fraction) -> float:
    """A share as a number: what `float` says, without asking a fraction what it is, which takes four times as long."""
    return share.numerator / share.denominator


def credit_of(row: Row[Any]) -> Credit:
    """The credit of a row."""
    return Credit(
        interaction_id=row.interaction_id,
        occurred_at=row.occurred_at,
        person_id=row.person_id,
        kind=row.kind,
        channel=row.channel,
        campaign=row.campaign,
        department=row.department,
        source=row.source,
        utm_source=row.utm_source,
        content=row.content,
        share=Fraction(row.share),
        amount_minor=row.amount_minor,
    )
