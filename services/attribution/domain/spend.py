"""Spend: what one day of a channel, or of one of its campaigns, cost by one source."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spend:
    """What was spent, in the version that holds. `day`: its first millisecond, UTC."""

    id: str
    source: str
    channel: str
    campaign: str | None
    day: int
    amount_minor: int
    currency: str
    version: int
    received_at: int


@dataclass(frozen=True, slots=True)
class SpendLine:
    """What was spent on a channel or campaign, on one day or, in the currency it is asked for in, from a day on."""

    channel: str
    campaign: str | None
    day: int
    amount_minor: int
    currency: str
