"""What attribution answers of spend, pipeline and cost, on the wire: amounts are minor units, days dates."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """What one day of a channel, or of one of its campaigns, cost by one source."""

    id: str
    source: str
    channel: str
    campaign: str | None
    day: str
    amount_minor: int
    currency: str
    version: int
    received_at: str
