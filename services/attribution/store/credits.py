"""A credit as a row, both ways. The share is kept as the exact fraction, and as a number to sum in reports."""

from fractions import Fraction
from typing import Any

from sqlalchemy import Row

from services.attribution.domain.credit import Credit


def credit_row(deal_id: str, model: str, number: int, credit: Credit) -> tuple[object, ...]:
    """The row of a deal's credit by a model, the `number`th of its journey."""
    return (
        deal_id, model, number, credit.interaction_id, credit.occurred_at, credit.person_id, credit.kind,
        credit.channel, credit.campaign, credit.department, credit.source, credit.utm_source, credit.content,
        str(credit.share), float(credit.share), credit.amount_minor,
    )  # fmt: skip


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
