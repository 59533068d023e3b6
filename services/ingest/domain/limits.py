"""What a door takes at most, and a card. A source may be given less, never more."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one request: bytes are counted after decompression, depth is that of the whole JSON document."""

    body_bytes: int = 4 * 1024 * 1024
    """RudderStack's clients send this much in one batch."""
    item_bytes: int = 32 * 1024
    items: int = 2_500
    depth: int = 20
    body_seconds: float = 10.0
    """A body that takes longer holds a connection for nothing."""


IDENTIFIER_LENGTH = 256
MESSAGE_ID_LENGTH = 100
NAME_LENGTH = 200
CAMPAIGN_LENGTH = 256
PROPERTY_NAME_LENGTH = 1_024
EMAIL_LENGTH = 254
TRAIT_NAME_LENGTH = 256

MOST_TRAITS = 500
TRAITS_BYTES = 128 * 1024
"""Traits of a person, as JSON. A card goes with every lead, and a record of the log may have 900 KiB."""
MOST_OF_A_KIND = 200
"""A card tells so many e-mails, phones, ids and accounts of a person at most."""
