"""What was spent, as collected at the doors: on a channel or one of its campaigns, on one day."""

from msgspec import Struct


class CollectedSpend(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`spend.collected`: one version of what a source says was spent. The highest (version, event_id) wins.

    `version` is the sender's, else the time the post speaks of, else its arrival.
    """

    event_id: str
    id: str
    """The same for every version: derived from source, channel, campaign and day."""
    version: int
    source: str
    received_at: int
    channel: str
    day: int
    """Its first millisecond, UTC."""
    amount_minor: int
    currency: str
    campaign: str | None = None
